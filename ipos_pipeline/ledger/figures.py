"""How the ledger stands, in numbers by location: what a watch from outside asks for every minute.

Each query reads what is open, or a row for each store-day; none grows with what is posted. A status
stands in the statement as it does in the partial index: SQLite would not see from a parameter that
it may use it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    and_,
    case,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from ipos_pipeline.domain.closing import UnprovedState
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE
from ipos_pipeline.ledger.acknowledgements import DUE
from ipos_pipeline.ledger.entry import OPEN_TO_RUNS, Status
from ipos_pipeline.ledger.integration_errors import CLOSED, OPEN, Stage
from ipos_pipeline.ledger.runs import Runs
from ipos_pipeline.ledger.schema import (
    acknowledgement,
    integration_error,
    posting_entry,
    source_document,
    store_day,
    store_day_proof,
)

Counts = dict[tuple[str, ...], int]
Moments = dict[tuple[str, ...], datetime]
"""By location, or by location and one more word."""


_IS_NOT_POSTED = posting_entry.c.status != literal_column(f"'{Status.POSTED}'")
_IS_SENDING = posting_entry.c.status == literal_column(f"'{Status.SENDING}'")
_IS_NOT_CLOSED = integration_error.c.status != literal_column(f"'{CLOSED}'")
_IS_DUE = acknowledgement.c.status == literal_column(f"'{DUE}'")


class Figures:
    """Reads what is counted and what is the oldest; writes nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def entries(self) -> Counts:
        """Count the entries that are not posted, by location and status."""
        column = posting_entry.c
        return self._counts(
            select(column.location_code, column.status, func.count())
            .where(_IS_NOT_POSTED)
            .group_by(column.location_code, column.status)
        )

    def oldest_unposted(self) -> Moments:
        """Tell when the oldest invoice was sold that has an entry of an open status, by both."""
        column = posting_entry.c
        sold = func.min(source_document.c.occurred_at, type_=source_document.c.occurred_at.type)
        rows = self._connection.execute(
            select(column.location_code, column.status, sold)
            .join(source_document, source_document.c.document_key == column.document_key)
            .where(_IS_NOT_POSTED, column.status.in_(OPEN_TO_RUNS))
            .group_by(column.location_code, column.status)
        )
        return {(code, status): at for code, status, at in rows}

    def open_errors(self) -> Counts:
        """Count the open errors by location and code."""
        column = integration_error.c
        return self._counts(
            select(column.location_code, column.code, func.count())
            .where(_IS_NOT_CLOSED, column.status == OPEN)
            .group_by(column.location_code, column.code)
        )

    def quarantined(self) -> Counts:
        """Count the invoices that cannot be read, by location."""
        column = integration_error.c
        return self._counts(
            select(column.location_code, func.count())
            .where(
                _IS_NOT_CLOSED,
                column.status == OPEN,
                column.stage == Stage.PARSE,
            )
            .group_by(column.location_code)
        )

    def acknowledgements_due(self) -> Counts:
        """Count the invoices that IPOS is to hear of, by location."""
        column = acknowledgement.c
        return self._counts(
            select(column.location_code, func.count()).where(_IS_DUE).group_by(column.location_code)
        )

    def last_looks(self, *, first_day: date) -> Moments:
        """Tell when IPOS was last asked about a business day since a first one, by location."""
        column = store_day.c
        rows = self._connection.execute(
            select(column.location_code, func.max(column.looked_at, type_=column.looked_at.type))
            .where(column.business_date >= first_day, column.looked_at.is_not(None))
            .group_by(column.location_code)
        )
        return {(code,): at for code, at in rows}

    def last_syncs(self, location_codes: Iterable[str]) -> Moments:
        """Tell when a run last left nothing unposted, by location and record type.

        One look into an index for each: the table itself grows with every run.
        """
        runs = Runs(self._connection)
        found = {
            (code, kind): runs.last_complete_at(code, kind)
            for code in location_codes
            for kind in (CASH_SALE, CASH_REFUND)
        }
        return {key: at for key, at in found.items() if at is not None}

    def unproved_store_days(self, first_day: date, last_day: date) -> Counts:
        """Count store-days of a span without a proof or with one that differs, by location.

        As they stood when they were last reconciled: what was posted since is not looked for, which
        would read every entry (overview.py does).
        """
        proof, known = store_day_proof.c, store_day.c
        state = case(
            (proof.is_proved.is_(None), literal(UnprovedState.NOT_RECONCILED)),
            else_=literal(UnprovedState.DIFFERS),
        )
        joined = store_day.outerjoin(
            store_day_proof,
            and_(
                proof.location_code == known.location_code,
                proof.business_date == known.business_date,
            ),
        )
        return self._counts(
            select(known.location_code, state, func.count())
            .select_from(joined)
            .where(
                known.business_date.between(first_day, last_day),
                or_(
                    proof.is_proved == false(),
                    and_(
                        proof.is_proved.is_(None),
                        or_(known.unacknowledged > 0, known.shown_documents > 0),
                    ),
                ),
            )
            .group_by(known.location_code, state)
        )

    def sending(self, *, claimed_after: datetime) -> int:
        """Count the documents that living runs have claimed and not settled."""
        column = posting_entry.c
        query = (
            select(func.count())
            .select_from(posting_entry)
            .where(
                _IS_SENDING,
                column.claimed_at > claimed_after,
            )
        )
        return self._connection.execute(query).scalar_one()

    def _counts(self, query: Select[Any]) -> Counts:
        return {tuple(words): count for *words, count in self._connection.execute(query)}
