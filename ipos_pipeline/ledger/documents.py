"""Landed documents of the source: insert, never overwrite what posting has begun on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, update

from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.ledger.entry import BEGUN, Status
from ipos_pipeline.ledger.history import History
from ipos_pipeline.ledger.integration_errors import keeps_aside
from ipos_pipeline.ledger.schema import event, integration_error, posting_entry, source_document

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
    replanned_payload: str | None = None
    replanned_hash: str | None = None

    def payload_of(self, payload_hash: str) -> str | None:
        """Give the version of that hash from which something is to be posted, or None."""
        if payload_hash == self.payload_hash:
            return self.payload
        return self.replanned_payload if payload_hash == self.replanned_hash else None


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """What the ledger knows of a document that is shown again."""

    payload_hash: str
    latest_hash: str | None
    filter_rule: str | None
    is_held: bool
    is_frozen: bool


class Documents:
    """Reads and writes `source_document`."""

    def __init__(self, connection: Connection, history: History) -> None:
        self._connection = connection
        self._history = history

    def known(self, document_keys: Iterable[str]) -> dict[str, KnownVersion]:
        """Look documents up.

        One is frozen as soon as any entry of it may have been sent, or a person has decided on it.
        """
        # NetSuite may show a record only after the look-up: what was once in doubt stays as it was
        # sent until it is settled, or the record would be found with another total.
        doubted = exists().where(
            and_(event.c.subject == posting_entry.c.external_id, event.c.kind == Status.IN_DOUBT)
        )
        begun = exists().where(
            and_(
                posting_entry.c.document_key == source_document.c.document_key,
                or_(
                    posting_entry.c.status.in_(BEGUN),
                    and_(posting_entry.c.status == Status.PENDING, doubted),
                ),
            )
        )
        put_aside = exists().where(
            integration_error.c.external_id == source_document.c.document_key, keeps_aside()
        )
        found: dict[str, KnownVersion] = {}
        for keys in chunked(document_keys, LOOK_UP_MAX):
            query = select(
                source_document.c.document_key,
                source_document.c.payload_hash,
                source_document.c.latest_hash,
                source_document.c.state,
                source_document.c.filter_rule,
                or_(begun, put_aside).label("is_frozen"),
            ).where(source_document.c.document_key.in_(keys))
            for row in self._connection.execute(query):
                found[row.document_key] = KnownVersion(
                    row.payload_hash,
                    row.latest_hash,
                    row.filter_rule,
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

    def latest_payload(self, document_key: str) -> str | None:
        """Read the newest version that the source has shown, where it is not the landed one."""
        payload: str | None = self._connection.execute(
            select(source_document.c.latest_payload).where(
                source_document.c.document_key == document_key
            )
        ).scalar_one_or_none()
        return payload

    def plan_from(self, document_key: str, *, payload: str, payload_hash: str) -> None:
        """Keep the version that a person has the unposted side planned from, beside the landed."""
        self._connection.execute(
            update(source_document)
            .where(source_document.c.document_key == document_key)
            .values(replanned_payload=payload, replanned_hash=payload_hash, state=State.PLANNED)
        )

    def note_listed(self, document_keys: Iterable[str], day: date, *, at: datetime) -> None:
        """Keep under which day the source lists documents as not told of.

        That is the day of its hours, not always the business day.
        """
        for keys in chunked(document_keys, LOOK_UP_MAX):
            self._connection.execute(
                update(source_document)
                .where(source_document.c.document_key.in_(keys))
                .values(listed_day=day, listed_at=at)
            )

    def held_and_gone(self, location_code: str, day: date, *, before: datetime) -> list[str]:
        """List held documents that a day's list once had, but not the one read at `before`."""
        query = select(source_document.c.document_key).where(
            source_document.c.location_code == location_code,
            source_document.c.listed_day == day,
            source_document.c.listed_at < before,
            source_document.c.state == State.HELD,
        )
        return list(self._connection.execute(query).scalars())

    def moments_of_day(self, location_code: str, business_date: date) -> list[datetime]:
        """Read when a store-day's landed documents were made."""
        query = select(source_document.c.occurred_at).where(
            source_document.c.location_code == location_code,
            source_document.c.business_date == business_date,
        )
        return list(self._connection.execute(query).scalars())

    def by_key(self, document_keys: Iterable[str]) -> dict[str, SourceDocument]:
        """Read documents by their keys."""
        found: dict[str, SourceDocument] = {}
        for keys in chunked(document_keys, LOOK_UP_MAX):
            query = _select().where(source_document.c.document_key.in_(keys))
            for row in self._connection.execute(query).mappings():
                found[row["document_key"]] = _document(row)
        return found

    def count_of_day(self, location_code: str, business_date: date) -> int:
        """Count a store-day's landed documents."""
        return self._connection.execute(
            select(func.count())
            .select_from(source_document)
            .where(
                source_document.c.location_code == location_code,
                source_document.c.business_date == business_date,
            )
        ).scalar_one()

    def count_between(self, location_code: str, start: datetime, end: datetime) -> int:
        """Count landed documents of a time span, whatever business day they were given."""
        return self._connection.execute(
            select(func.count())
            .select_from(source_document)
            .where(_occurred(location_code, start, end))
        ).scalar_one()

    def keys_between(self, location_code: str, start: datetime, end: datetime) -> set[str]:
        """Give the keys of landed documents of a time span."""
        query = select(source_document.c.document_key).where(_occurred(location_code, start, end))
        return set(self._connection.execute(query).scalars())


_COLUMNS = [
    column
    for column in source_document.c
    if column.name not in {"latest_payload", "latest_seen_at", "listed_day", "listed_at"}
]


def _occurred(location_code: str, start: datetime, end: datetime) -> ColumnElement[bool]:
    return and_(
        source_document.c.location_code == location_code,
        source_document.c.occurred_at >= start,
        source_document.c.occurred_at < end,
    )


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
