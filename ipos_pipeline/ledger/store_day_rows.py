"""A store-day's rows without their payloads: what frames and sums need, however large the day is.

Belongs here: narrow reads of whole store-days. Not here: what a run decides by (documents.py,
entries.py), sums over many store-days (overview.py).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select, true

from ipos_pipeline.domain.netsuite_record import CASH_REFUND, RecordType
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.schema import acknowledgement, posting_entry, source_document


class LandedVersion(NamedTuple):
    """A landed document without its payloads."""

    document_key: str
    number: str
    occurred_at: datetime
    state: str
    filter_rule: str | None
    payload_hash: str
    replanned_hash: str | None
    first_seen_at: datetime


class LandedNumber(NamedTuple):
    """By what people know a landed document, its day, and the filter that keeps it out, if any."""

    document_key: str
    number: str
    business_date: date
    filter_rule: str | None


class EntryState(NamedTuple):
    """What became of a planned document, in the words of PostingEntry (entry.py).

    `first_seen_at` is when the source first showed the invoice that it belongs to.
    """

    external_id: str
    document_key: str
    record_type: RecordType
    status: str
    internal_id: str | None
    total: Decimal
    attempts: int
    posted_at: datetime | None
    netsuite_modified: str | None
    tran_date: date | None
    tax: Decimal | None
    first_seen_at: datetime


class AcknowledgementState(NamedTuple):
    """What the source has confirmed of a landed document; no `status`: it is not to be told yet."""

    document_key: str
    number: str
    state: str
    filter_rule: str | None
    first_seen_at: datetime
    status: str | None
    acknowledged_at: datetime | None


class PostedSum(NamedTuple):
    """How many documents are posted, and what they come to (AED; sales less refunds)."""

    documents: int
    total: Decimal


class StoreDayRows:
    """Reads `source_document` and `posting_entry` by store-day."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def documents(self, location_code: str, business_date: date) -> list[LandedVersion]:
        """Read a store-day's landed documents in order of their time and number."""
        query = (
            select(*(source_document.c[name] for name in LandedVersion._fields))
            .where(
                source_document.c.location_code == location_code,
                source_document.c.business_date == business_date,
            )
            .order_by(source_document.c.occurred_at, source_document.c.document_key)
        )
        return [LandedVersion._make(row) for row in self._connection.execute(query)]

    def numbers(self, location_code: str, first_day: date, last_day: date) -> list[LandedNumber]:
        """Read which documents of a location are landed for some days."""
        query = select(*(source_document.c[name] for name in LandedNumber._fields)).where(
            source_document.c.location_code == location_code,
            source_document.c.business_date.between(first_day, last_day),
        )
        return [LandedNumber._make(row) for row in self._connection.execute(query)]

    def entries(
        self, location_code: str, business_date: date, record_type: RecordType | None = None
    ) -> list[EntryState]:
        """Read a store-day's planned documents, of one type or all, by their external IDs."""
        entry = posting_entry.c
        is_asked = true() if record_type is None else entry.record_type == record_type
        query = (
            select(
                entry.external_id,
                entry.document_key,
                entry.record_type,
                entry.status,
                entry.internal_id,
                entry.total_cents,
                entry.attempts,
                entry.posted_at,
                entry.netsuite_modified,
                entry.tran_date,
                entry.tax_cents,
                source_document.c.first_seen_at,
            )
            .join(source_document, source_document.c.document_key == entry.document_key)
            .where(
                entry.location_code == location_code,
                entry.business_date == business_date,
                is_asked,
            )
            .order_by(entry.external_id)
        )
        return [EntryState._make(row) for row in self._connection.execute(query)]

    def acknowledgements(
        self, location_code: str, business_date: date
    ) -> list[AcknowledgementState]:
        """Read a store-day's landed documents in order of their time and number."""
        document, told = source_document.c, acknowledgement.c
        query = (
            select(
                document.document_key,
                document.number,
                document.state,
                document.filter_rule,
                document.first_seen_at,
                told.status,
                told.acknowledged_at,
            )
            .outerjoin(acknowledgement, told.document_key == document.document_key)
            .where(document.location_code == location_code, document.business_date == business_date)
            .order_by(document.occurred_at, document.document_key)
        )
        return [AcknowledgementState(*row) for row in self._connection.execute(query)]

    def external_ids(self, location_code: str, business_date: date) -> set[str]:
        """Give the external IDs of a store-day's planned documents."""
        query = select(posting_entry.c.external_id).where(
            posting_entry.c.location_code == location_code,
            posting_entry.c.business_date == business_date,
        )
        return set(self._connection.execute(query).scalars())

    def posted(self, location_code: str, business_date: date) -> PostedSum:
        """Add up what a store-day has posted under its own date."""
        entry = posting_entry.c
        signed = case(
            (entry.record_type == CASH_REFUND, -entry.total_cents), else_=entry.total_cents
        )
        query = select(
            func.count(), func.sum(signed, type_=entry.total_cents.type).label("total")
        ).where(
            entry.location_code == location_code,
            entry.business_date == business_date,
            entry.status == Status.POSTED,
            func.coalesce(entry.tran_date, business_date) == business_date,
        )
        documents, total = self._connection.execute(query).one()
        return PostedSum(documents, total or Decimal("0.00"))
