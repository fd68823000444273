"""What stands in the ledger over many store-days: open errors, days not proved, days as a whole.

Belongs here: reads for people who look after the pipeline; nothing is written. Not here: what a run
of one store-day reads (the other modules).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    true,
    union,
)

from ipos_pipeline.domain.closing import UnprovedDay, UnprovedState
from ipos_pipeline.domain.day_report import InvoiceMoment
from ipos_pipeline.domain.due import StoreDayKey
from ipos_pipeline.domain.retry_policy import REVIEW_AFTER
from ipos_pipeline.ledger.documents import State
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.integration_errors import OPEN, keeps_aside
from ipos_pipeline.ledger.schema import (
    integration_error,
    posting_entry,
    source_document,
    store_day,
    store_day_proof,
)

NOT_TO_POST = (Status.SET_ASIDE, Status.WITHDRAWING, Status.WITHDRAWN)
"""What a person has decided not to have in NetSuite."""


@dataclass(frozen=True, slots=True)
class OpenErrorRow:
    """An open error without its payload."""

    location_code: str
    business_date: date
    number: str | None
    external_id: str
    stage: str
    code: str
    message: str
    next_step: str
    attempts: int
    first_failed_at: datetime
    next_attempt_at: datetime | None


class Overview:
    """Reads sums and lists over store-days and locations."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count_open_errors(
        self, *, for_a_person_at: datetime | None = None
    ) -> dict[tuple[str, str], int]:
        """Count open errors by location and code; on request only those that no time will solve.

        Those are not tried again by themselves, or have been open for longer than a review waits.
        """
        columns = integration_error.c
        query = (
            select(columns.location_code, columns.code, func.count())
            .where(_is_open(for_a_person_at))
            .group_by(columns.location_code, columns.code)
            .order_by(columns.location_code, columns.code)
        )
        return {(row[0], row[1]): row[2] for row in self._connection.execute(query)}

    def oldest_open_errors(
        self, limit: int, *, for_a_person_at: datetime | None = None
    ) -> list[OpenErrorRow]:
        """Read the oldest of what `count_open_errors` counts."""
        query = (
            select(*(integration_error.c[name] for name in OpenErrorRow.__slots__))
            .where(_is_open(for_a_person_at))
            .order_by(integration_error.c.first_failed_at, integration_error.c.id)
            .limit(limit)
        )
        return [OpenErrorRow(**row) for row in self._connection.execute(query).mappings()]

    def unproved_days(self, first_day: date, last_day: date) -> list[UnprovedDay]:
        """List the store-days of a span that are not proved as they stand now, oldest first.

        Only those of which the ledger knows something: landed documents, an IPOS that showed
        invoices, or a proof. A proof counts for what the ledger held when it was made.
        """
        known = _known_days(first_day, last_day).subquery()
        proof = store_day_proof.c
        query = (
            select(
                known.c.location_code,
                known.c.business_date,
                proof.is_proved,
                proof.differences,
                proof.reconciled_at,
            )
            .select_from(
                known.outerjoin(
                    store_day_proof,
                    and_(
                        proof.location_code == known.c.location_code,
                        proof.business_date == known.c.business_date,
                    ),
                )
            )
            .where(or_(proof.is_proved.is_(None), ~proof.is_proved, _has_changed_since()))
            .order_by(known.c.business_date, known.c.location_code)
        )
        return [_unproved(row) for row in self._connection.execute(query)]

    def locations_of_day(self, business_date: date) -> set[str]:
        """Give the locations of which the ledger knows something of a business day."""
        known = _known_days(business_date, business_date).subquery()
        return set(self._connection.execute(select(known.c.location_code)).scalars())

    def invoices_of_day(self, location_code: str, business_date: date) -> list[InvoiceMoment]:
        """Read when a store-day's invoices were sold, and when all of each was in NetSuite.

        Left out is what a filter keeps out, or a person.
        """
        document, entry = source_document.c, posting_entry.c
        is_kept_out = exists().where(
            integration_error.c.external_id == document.document_key, keeps_aside()
        )
        is_waiting = case((entry.status == Status.POSTED, None), else_=1)
        query = (
            select(
                document.number,
                document.occurred_at,
                func.count(is_waiting).label("waiting"),
                func.max(entry.posted_at, type_=entry.posted_at.type).label("posted_at"),
            )
            .select_from(
                source_document.outerjoin(
                    posting_entry,
                    and_(
                        entry.document_key == document.document_key,
                        entry.status.not_in(NOT_TO_POST),
                    ),
                )
            )
            .where(
                document.location_code == location_code,
                document.business_date == business_date,
                document.state != State.FILTERED,
                ~is_kept_out,
            )
            .group_by(document.document_key, document.number, document.occurred_at, document.state)
            .having(or_(func.count(entry.external_id) > 0, document.state == State.HELD))
            .order_by(document.occurred_at, document.document_key)
        )
        return [
            InvoiceMoment(
                number=row.number,
                sold_at=row.occurred_at,
                posted_at=None if row.waiting else row.posted_at,
            )
            for row in self._connection.execute(query)
        ]

    def posted_late(
        self, location_codes: Iterable[str], *, before: date, since: datetime
    ) -> dict[StoreDayKey, int]:
        """Count the documents of earlier business days that were posted since an instant."""
        entry = posting_entry.c
        query = (
            select(entry.location_code, entry.business_date, func.count())
            .where(
                entry.location_code.in_(list(location_codes)),
                entry.business_date < before,
                entry.status == Status.POSTED,
                entry.posted_at >= since,
            )
            .group_by(entry.location_code, entry.business_date)
            .order_by(entry.business_date, entry.location_code)
        )
        return {(row[0], row[1]): row[2] for row in self._connection.execute(query)}


def _is_open(for_a_person_at: datetime | None) -> ColumnElement[bool]:
    is_open = integration_error.c.status == OPEN
    if for_a_person_at is None:
        return is_open
    waits = or_(
        integration_error.c.next_attempt_at.is_(None),
        integration_error.c.first_failed_at <= for_a_person_at - REVIEW_AFTER,
    )
    return and_(is_open, waits)


def _known_days(first_day: date, last_day: date) -> Any:  # noqa: ANN401 - a compound select
    """Select the store-days of a span of which the ledger knows something."""
    conditions = (
        # Its index begins with the location; whoever landed anything has looked at something.
        (source_document.c, source_document.c.location_code.in_(select(store_day.c.location_code))),
        (store_day.c, or_(store_day.c.unacknowledged > 0, store_day.c.shown_documents > 0)),
        (store_day_proof.c, true()),
    )
    return union(
        *(
            select(columns.location_code, columns.business_date).where(
                columns.business_date.between(first_day, last_day), condition
            )
            for columns, condition in conditions
        )
    )


def _has_changed_since() -> ColumnElement[bool]:
    """Tell whether a document or an entry of the store-day is newer than its proof."""
    proof = store_day_proof.c
    return or_(
        *(
            exists().where(
                columns.location_code == proof.location_code,
                columns.business_date == proof.business_date,
                moment > proof.reconciled_at,
            )
            for columns, moment in (
                (source_document.c, source_document.c.first_seen_at),
                (posting_entry.c, posting_entry.c.updated_at),
            )
        )
    )


def _unproved(row: Any) -> UnprovedDay:  # noqa: ANN401
    state = UnprovedState.CHANGED_SINCE
    if row.is_proved is None:
        state = UnprovedState.NOT_RECONCILED
    elif not row.is_proved:
        state = UnprovedState.DIFFERS
    return UnprovedDay(
        row.location_code, row.business_date, state, row.differences or 0, row.reconciled_at
    )
