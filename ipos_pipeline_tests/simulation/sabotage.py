"""The product with one safeguard removed; storms that do not notice would prove nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import Connection, insert, select

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.clients.netsuite_rows import NetSuiteTransaction
from ipos_pipeline.connections import Connections
from ipos_pipeline.ledger.acknowledgements import DUE, Acknowledgements
from ipos_pipeline.ledger.entries import Entries
from ipos_pipeline.ledger.entry import PostingEntry
from ipos_pipeline.ledger.history import History
from ipos_pipeline.ledger.restores import Restored, Restores
from ipos_pipeline.ledger.schema import acknowledgement, source_document
from ipos_pipeline.ledger.store import LedgerStore, Transaction


class BlindNetSuiteClient(NetSuiteClient):
    """Finds nothing: what is in doubt is sent again without a look."""

    async def transactions_by_external_id(
        self,
        external_ids: Iterable[str],  # noqa: ARG002 - that is the point
    ) -> dict[str, NetSuiteTransaction]:
        """Look nothing up."""
        return {}


class WithoutLookUp(Connections):
    """No look-up before a document is sent again."""

    @cached_property
    def netsuite(self) -> NetSuiteClient:
        """The account, seen by a client that finds nothing."""
        seeing = Connections.netsuite.func(self)
        blind = BlindNetSuiteClient.__new__(BlindNetSuiteClient)
        blind.__dict__.update(seeing.__dict__)
        return blind


class ForgetfulEntries(Entries):
    """Claims without writing it down."""

    def claim(
        self,
        entries: Iterable[PostingEntry],
        *,
        run: str,  # noqa: ARG002
        at: datetime,  # noqa: ARG002
    ) -> set[str]:
        """Say that all are ours, and leave no trace of it."""
        return {entry.external_id for entry in entries}


class HastyAcknowledgements(Acknowledgements):
    """Tells IPOS of an invoice as soon as it is landed."""

    def due(self, location_code: str, business_date: date, *, now: datetime) -> list[str]:
        """List every landed document that IPOS has not confirmed."""
        query = select(source_document.c.document_key).where(
            source_document.c.location_code == location_code,
            source_document.c.business_date == business_date,
            source_document.c.document_key.not_in(select(acknowledgement.c.document_key)),
        )
        early = list(self._connection.execute(query).scalars())
        if early:
            row = {"location_code": location_code, "business_date": business_date}
            self._connection.execute(
                insert(acknowledgement),
                [row | {"document_key": key, "status": DUE, "due_at": now} for key in early],
            )
        return super().due(location_code, business_date, now=now)


class SabotagedLedger:
    """A ledger one of whose parts is replaced in every unit of work."""

    def __init__(self, ledger: LedgerStore, **parts: type) -> None:
        self._ledger = ledger
        self._parts = parts

    @contextmanager
    def write(self, actor: str) -> Iterator[Transaction]:
        """Begin a unit of work with the replaced parts."""
        with self._ledger.write(actor) as work:
            yield self._sabotaged(work)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Look at the ledger through the replaced parts."""
        with self._ledger.write("reader") as work:
            yield self._sabotaged(work)

    def close(self) -> None:
        """Close the real ledger."""
        self._ledger.close()

    @property
    def _engine(self) -> object:
        return self._ledger._engine

    def _sabotaged(self, work: Transaction) -> Transaction:
        connection, history = work.entries._connection, work.history
        made = {name: part(connection, history) for name, part in self._parts.items()}
        return dataclasses.replace(work, **made)


class WithoutRecordBeforeSend(Connections):
    """Nothing is written down before a request goes out."""

    @cached_property
    def ledger(self) -> SabotagedLedger:  # type: ignore[override]
        """A ledger that forgets claims."""
        return SabotagedLedger(Connections.ledger.func(self), entries=ForgetfulEntries)


class AcknowledgingAtOnce(Connections):
    """IPOS is told before NetSuite has everything."""

    @cached_property
    def ledger(self) -> SabotagedLedger:  # type: ignore[override]
        """A ledger whose outbox holds whatever is landed."""
        return SabotagedLedger(
            Connections.ledger.func(self), acknowledgements=HastyAcknowledgements
        )


class ForgetfulRestores(Restores):
    """Takes a restored ledger for one that knows everything."""

    def __init__(self, connection: Connection, _history: History) -> None:
        super().__init__(connection)

    def newest(self) -> Restored | None:
        """Know of no restore."""
        return None


class HeedingNoRestore(Connections):
    """Nothing is looked up, and nobody asked, after a backup was restored."""

    @cached_property
    def ledger(self) -> SabotagedLedger:  # type: ignore[override]
        """A ledger that was never restored."""
        return SabotagedLedger(Connections.ledger.func(self), restores=ForgetfulRestores)
