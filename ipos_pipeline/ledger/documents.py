"""Landed documents of the source: insert, never overwrite what posting has begun on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, and_, exists, func, insert, select, update

from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.history import History
from ipos_pipeline.ledger.schema import posting_entry, source_document

LOOK_UP_MAX = 500


class State(StrEnum):
    """Whether a landed document is to be posted."""

    PLANNED = "planned"
    HELD = "held"
    FILTERED = "filtered"


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """One invoice as landed. `source_total` in AED, signed, as the source says."""

    document_key: str
    source: str
    location_code: str
    business_date: date
    number: str
    occurred_at: datetime
    state: State
    filter_rule: str | None
    payload: str
    payload_hash: str
    source_total: Decimal | None
    first_seen_at: datetime
    from_returns_feed: bool
    latest_hash: str | None = None


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """What the ledger knows of a document that is shown again."""

    payload_hash: str
    latest_hash: str | None
    is_held: bool
    is_frozen: bool


class Documents:
    """Reads and writes `source_document`."""

    def __init__(self, connection: Connection, history: History) -> None:
        self._connection = connection
        self._history = history

    def known(self, document_keys: Iterable[str]) -> dict[str, KnownVersion]:
        """Look documents up; one is frozen as soon as any entry of it may have been sent."""
        begun = exists().where(
            and_(
                posting_entry.c.document_key == source_document.c.document_key,
                posting_entry.c.status.in_([Status.SENDING, Status.IN_DOUBT, Status.POSTED]),
            )
        )
        found: dict[str, KnownVersion] = {}
        for keys in chunked(document_keys, LOOK_UP_MAX):
            query = select(
                source_document.c.document_key,
                source_document.c.payload_hash,
                source_document.c.latest_hash,
                source_document.c.state,
                begun.label("is_frozen"),
            ).where(source_document.c.document_key.in_(keys))
            for row in self._connection.execute(query):
                found[row.document_key] = KnownVersion(
                    row.payload_hash,
                    row.latest_hash,
                    is_held=row.state == State.HELD,
                    is_frozen=bool(row.is_frozen),
                )
        return found

    def add(self, documents: Sequence[SourceDocument]) -> None:
        """Land documents that the ledger does not know."""
        if not documents:
            return
        self._connection.execute(insert(source_document), [_row(one) for one in documents])
        self._history.add_each(
            "landed",
            {one.document_key: {"hash": one.payload_hash} for one in documents},
            at=documents[0].first_seen_at,
        )

    def replace(self, document: SourceDocument, *, at: datetime) -> None:
        """Take the newest version of a document nothing of which was sent."""
        row = _row(document)
        del row["first_seen_at"]
        self._connection.execute(
            update(source_document)
            .where(source_document.c.document_key == document.document_key)
            .values(**row, latest_payload=None, latest_seen_at=None)
        )
        self._history.add("replaced", [document.document_key], at=at, hash=document.payload_hash)

    def set_drift(
        self, document_key: str, *, payload: str | None, payload_hash: str | None, at: datetime
    ) -> None:
        """Keep a version that differs from the frozen one beside it, or note that it is gone."""
        self._connection.execute(
            update(source_document)
            .where(source_document.c.document_key == document_key)
            .values(latest_payload=payload, latest_hash=payload_hash, latest_seen_at=at)
        )
        self._history.add("drifted", [document_key], at=at, hash=payload_hash)

    def of_day(self, location_code: str, business_date: date) -> Iterator[SourceDocument]:
        """Read a store-day's landed documents in order of their time and number."""
        query = (
            _select()
            .where(
                source_document.c.location_code == location_code,
                source_document.c.business_date == business_date,
            )
            .order_by(source_document.c.occurred_at, source_document.c.document_key)
        )
        for row in self._connection.execute(query).mappings():
            yield _document(row)

    def by_key(self, document_keys: Iterable[str]) -> dict[str, SourceDocument]:
        """Read documents by their keys."""
        found: dict[str, SourceDocument] = {}
        for keys in chunked(document_keys, LOOK_UP_MAX):
            query = _select().where(source_document.c.document_key.in_(keys))
            for row in self._connection.execute(query).mappings():
                found[row["document_key"]] = _document(row)
        return found

    def count_between(self, location_code: str, start: datetime, end: datetime) -> int:
        """Count landed documents of a time span, whatever business day they were given."""
        return self._connection.execute(
            select(func.count())
            .select_from(source_document)
            .where(
                source_document.c.location_code == location_code,
                source_document.c.occurred_at >= start,
                source_document.c.occurred_at < end,
            )
        ).scalar_one()


_COLUMNS = [
    column
    for column in source_document.c
    if column.name not in {"latest_payload", "latest_seen_at"}
]


def _select() -> Any:  # noqa: ANN401
    return select(*_COLUMNS)


def _row(document: SourceDocument) -> dict[str, Any]:
    row = {name: getattr(document, name) for name in document.__slots__}
    row["source_total_cents"] = row.pop("source_total")
    return row


def _document(row: Any) -> SourceDocument:  # noqa: ANN401
    values = dict(row)
    values["source_total"] = values.pop("source_total_cents")
    values["state"] = State(values["state"])
    return SourceDocument(**values)
