"""What people were told of errors, outages and days, so that each is told once.

It is written in the transaction that queues the mail (ledger/mails.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from ipos_pipeline.domain.error_mail import ErrorToTell
from ipos_pipeline.domain.outage_mail import OutageToTell
from ipos_pipeline.ledger.history import History
from ipos_pipeline.ledger.integration_errors import OPEN
from ipos_pipeline.ledger.schema import (
    integration_error,
    outage,
    posting_entry,
    source_document,
    told_day,
    told_error,
    told_outage,
)

_UNTOLD_ERROR = and_(
    integration_error.c.status == OPEN,
    or_(told_error.c.code.is_(None), told_error.c.code != integration_error.c.code),
)
_WITH_WHAT_WAS_TOLD = integration_error.outerjoin(
    told_error, told_error.c.error_id == integration_error.c.id
)


class Told:
    """Reads and writes `told_error`, `told_outage` and `told_day`."""

    def __init__(self, connection: Connection, history: History) -> None:
        self._connection = connection
        self._history = history

    def errors_to_tell(self) -> list[ErrorToTell]:
        """List open errors that nobody was told of, or with another reason; oldest first.

        One that was closed or set aside before it was told is not among them.
        """
        document_key = func.coalesce(posting_entry.c.document_key, integration_error.c.external_id)
        joined = _WITH_WHAT_WAS_TOLD.outerjoin(
            posting_entry, posting_entry.c.external_id == integration_error.c.external_id
        ).outerjoin(source_document, source_document.c.document_key == document_key)
        query = (
            select(
                *_ERROR_COLUMNS,
                posting_entry.c.total_cents,
                source_document.c.source_total_cents,
                told_error.c.code.label("told_code"),
                told_error.c.thread_id,
            )
            .select_from(joined)
            .where(_UNTOLD_ERROR)
            .order_by(integration_error.c.id)
        )
        return [_error(row) for row in self._connection.execute(query).mappings()]

    def count_errors_to_tell(self) -> int:
        """Count what `errors_to_tell` would list."""
        query = select(func.count()).select_from(_WITH_WHAT_WAS_TOLD).where(_UNTOLD_ERROR)
        return self._connection.execute(query).scalar_one()

    def note_errors(self, errors: Iterable[ErrorToTell], *, message_id: str, at: datetime) -> None:
        """Note that a mail tells these errors with the reason they have now."""
        told = list(errors)
        for error in told:
            values = {"code": error.code, "message": error.message, "told_at": at}
            if error.told_code is None:
                statement: Any = insert(told_error).values(
                    **values, error_id=error.id, thread_id=message_id
                )
            else:
                statement = (
                    update(told_error).where(told_error.c.error_id == error.id).values(**values)
                )
            self._connection.execute(statement)
        subjects = [error.external_id for error in told]
        self._history.add("mail_queued", subjects, at=at, message_id=message_id)

    def outages_to_tell(self) -> list[OutageToTell]:
        """List outages whose beginning is not told, and ended ones of which only that is told.

        One that was over before it was told is not among them.
        """
        query = (
            select(*_OUTAGE_COLUMNS, told_outage.c.thread_id)
            .select_from(outage.outerjoin(told_outage, told_outage.c.outage_id == outage.c.id))
            .where(
                or_(
                    and_(told_outage.c.outage_id.is_(None), outage.c.closed_at.is_(None)),
                    and_(
                        told_outage.c.outage_id.is_not(None),
                        told_outage.c.end_told_at.is_(None),
                        outage.c.closed_at.is_not(None),
                    ),
                )
            )
            .order_by(outage.c.id)
        )
        return [OutageToTell(**row) for row in self._connection.execute(query).mappings()]

    def note_outage(self, told: OutageToTell, *, message_id: str, at: datetime) -> None:
        """Note that a mail tells of an outage as it stands now."""
        if told.closed_at is None:
            statement: Any = insert(told_outage).values(
                outage_id=told.id, thread_id=message_id, began_told_at=at
            )
        else:
            statement = (
                update(told_outage).where(told_outage.c.outage_id == told.id).values(end_told_at=at)
            )
        self._connection.execute(statement)
        self._history.add("mail_queued", [told.system], at=at, message_id=message_id)

    def last_day(self) -> date | None:
        """Give the newest business day of which finance was told."""
        newest: date | None = self._connection.execute(
            select(func.max(told_day.c.business_date))
        ).scalar_one()
        return newest

    def day_is_told(self, business_date: date) -> bool:
        """Tell whether a summary of a business day was queued."""
        query = select(told_day.c.told_at).where(told_day.c.business_date == business_date)
        return self._connection.execute(query).first() is not None

    def note_day(self, business_date: date, *, message_id: str, at: datetime) -> None:
        """Note that a mail sums a business day up, perhaps once more."""
        self._connection.execute(delete(told_day).where(told_day.c.business_date == business_date))
        self._connection.execute(
            insert(told_day).values(business_date=business_date, message_id=message_id, told_at=at)
        )
        self._history.add(
            "mail_queued", [f"summary of {business_date}"], at=at, message_id=message_id
        )


_TELLS_LEFT_OUT = {"amount", "told_code", "thread_id"}
_ERROR_COLUMNS: list[Any] = [
    integration_error.c[name] for name in ErrorToTell.__slots__ if name not in _TELLS_LEFT_OUT
]
_OUTAGE_COLUMNS: list[Any] = [
    outage.c[name] for name in OutageToTell.__slots__ if name != "thread_id"
]


def _error(row: Any) -> ErrorToTell:  # noqa: ANN401
    """Read a row; an error of the whole invoice has no entry, so the source's total counts."""
    values = dict(row)
    planned, source_total = values.pop("total_cents"), values.pop("source_total_cents")
    return ErrorToTell(**values, amount=source_total if planned is None else planned)
