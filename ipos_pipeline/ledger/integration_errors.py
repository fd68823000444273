"""Integration errors: one open for each document and stage; closed ones are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.domain.problem import MASTER_DATA_CODES
from ipos_pipeline.domain.retry_policy import next_attempt_at
from ipos_pipeline.ledger.history import History
from ipos_pipeline.ledger.schema import integration_error

LOOK_UP_MAX = 500
OPEN = "open"
SET_ASIDE = "set_aside"
CLOSED = "closed"


class Stage(StrEnum):
    """Where a document failed; at `RECONCILE` the three sides differ, and a person decides."""

    PARSE = "parse"
    MAP = "map"
    POST = "post"
    ACKNOWLEDGE = "acknowledge"
    RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt at a document, in words for the person who has to act."""

    external_id: str
    stage: Stage
    location_code: str
    business_date: date
    number: str | None
    record_type: str | None
    code: str
    message: str
    next_step: str
    path: str | None = None
    reference: str | None = None
    payload: str | None = None
    request: str | None = None
    response: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRecord(Failure):
    """An error as the ledger keeps it: its last failure; `status` is open, set_aside or closed."""

    id: int
    status: str
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime
    next_attempt_at: datetime | None
    closed_at: datetime | None
    closed_how: str | None

    @property
    def is_difference(self) -> bool:
        """Whether it is about a difference that a reconciliation found, not a failed attempt."""
        return self.stage == Stage.RECONCILE


class IntegrationErrors:
    """Reads and writes `integration_error`."""

    def __init__(self, connection: Connection, history: History) -> None:
        self._connection = connection
        self._history = history

    def fail(self, failure: Failure, *, at: datetime) -> datetime | None:
        """Open an error, or count another attempt at the one that is not closed.

        Returns when to try again, or None where time alone does not help.
        """
        values = {name: _storable(getattr(failure, name)) for name in failure.__slots__}
        known = self._connection.execute(
            select(
                integration_error.c.id,
                integration_error.c.code,
                integration_error.c.attempts,
                integration_error.c.first_failed_at,
            ).where(
                integration_error.c.external_id == failure.external_id,
                integration_error.c.stage == failure.stage,
                integration_error.c.status != CLOSED,
            )
        ).one_or_none()
        attempts = 1 if known is None else known.attempts + 1
        first_failed_at = at if known is None else known.first_failed_at
        values |= {
            "attempts": attempts,
            "last_failed_at": at,
            "next_attempt_at": next_attempt_at(
                failure.code, attempts=attempts, first_failed_at=first_failed_at, now=at
            ),
        }
        if known is None:
            self._connection.execute(
                insert(integration_error).values(**values, status=OPEN, first_failed_at=at)
            )
        else:
            self._connection.execute(
                update(integration_error).where(integration_error.c.id == known.id).values(**values)
            )
        if known is None or known.code != failure.code:
            self._history.add(
                "error_opened" if known is None else "error_changed",
                [failure.external_id],
                at=at,
                stage=failure.stage,
                code=failure.code,
                message=failure.message,
            )
        next_attempt: datetime | None = values["next_attempt_at"]
        return next_attempt

    def waiting_for_items(
        self, location_codes: Iterable[str] | None = None
    ) -> dict[str, list[str]]:
        """Give the barcodes that open errors wait for: external ID -> barcodes."""
        query = select(integration_error.c.external_id, integration_error.c.reference).where(
            integration_error.c.status == OPEN,
            integration_error.c.stage == Stage.MAP,
            integration_error.c.code.in_(MASTER_DATA_CODES),
            integration_error.c.reference.is_not(None),
        )
        if location_codes is not None:
            query = query.where(integration_error.c.location_code.in_(list(location_codes)))
        return {key: text.split("\n") for key, text in self._connection.execute(query)}

    def open_with_code(self, external_ids: Iterable[str], code: str) -> set[str]:
        """Give those of some external IDs that have an open error of this code."""
        return {
            key
            for chunk in chunked(external_ids, LOOK_UP_MAX)
            for key in self._connection.execute(
                select(integration_error.c.external_id).where(
                    integration_error.c.external_id.in_(chunk),
                    integration_error.c.status == OPEN,
                    integration_error.c.status != CLOSED,  # for the partial index of SQLite
                    integration_error.c.code == code,
                )
            ).scalars()
        }

    def close(
        self, external_ids: Iterable[str], stages: Iterable[Stage], *, at: datetime, how: str
    ) -> None:
        """Close the errors of some documents that have since succeeded at these stages."""
        for chunk in chunked(external_ids, LOOK_UP_MAX):
            self._close(
                integration_error.c.external_id.in_(chunk),
                integration_error.c.stage.in_(list(stages)),
                at=at,
                how=how,
            )

    def wait_longer(self, external_ids: Iterable[str], *, at: datetime) -> None:
        """Count an attempt at held documents that the source did not show again, where it was due.

        The errors stay open for a person.
        """
        for chunk in chunked(external_ids, LOOK_UP_MAX):
            due = self._connection.execute(
                select(
                    integration_error.c.id,
                    integration_error.c.code,
                    integration_error.c.attempts,
                    integration_error.c.first_failed_at,
                ).where(
                    integration_error.c.external_id.in_(chunk),
                    integration_error.c.status == OPEN,
                    integration_error.c.next_attempt_at <= at,
                )
            ).all()
            for id_, code, attempts, first_failed_at in due:
                next_attempt = next_attempt_at(
                    code, attempts=attempts + 1, first_failed_at=first_failed_at, now=at
                )
                self._connection.execute(
                    update(integration_error)
                    .where(integration_error.c.id == id_)
                    .values(attempts=attempts + 1, next_attempt_at=next_attempt)
                )

    def close_unreadable(
        self, location_code: str, business_date: date, *, but: Iterable[str], at: datetime
    ) -> None:
        """Close the quarantine of what IPOS no longer shows for a day in that form.

        It was corrected, and is landed under its number, or it was deleted there.
        """
        self._close(
            integration_error.c.location_code == location_code,
            integration_error.c.business_date == business_date,
            integration_error.c.stage == Stage.PARSE,
            integration_error.c.external_id.not_in(list(but)),
            at=at,
            how="IPOS no longer shows it in this form",
        )

    def open_of_day(self, location_code: str, business_date: date) -> list[ErrorRecord]:
        """Read what is open for a store-day, oldest first."""
        return read_errors(
            self._connection,
            integration_error.c.location_code == location_code,
            integration_error.c.business_date == business_date,
            integration_error.c.status == OPEN,
        )

    def differences_of_day(self, location_code: str, business_date: date) -> list[ErrorRecord]:
        """Read a store-day's differences that are not closed: open ones, and those accepted."""
        return read_errors(
            self._connection,
            integration_error.c.location_code == location_code,
            integration_error.c.business_date == business_date,
            integration_error.c.stage == Stage.RECONCILE,
            integration_error.c.status != CLOSED,
        )

    def count_unreadable(self, location_code: str, business_date: date) -> int:
        """Count the invoices of a day that could not be read and still cannot."""
        return self._connection.execute(
            select(func.count())
            .select_from(integration_error)
            .where(
                integration_error.c.location_code == location_code,
                integration_error.c.business_date == business_date,
                integration_error.c.stage == Stage.PARSE,
                integration_error.c.status != CLOSED,
            )
        ).scalar_one()

    def _close(self, *conditions: ColumnElement[bool], at: datetime, how: str) -> None:
        closed = self._connection.execute(
            update(integration_error)
            .where(*conditions, integration_error.c.status != CLOSED)
            .values(status=CLOSED, closed_at=at, closed_how=how)
            .returning(integration_error.c.external_id)
        ).scalars()
        self._history.add("error_closed", list(closed), at=at, how=how)


def keeps_aside() -> ColumnElement[bool]:
    """Build the condition that a person has set aside what an error is about.

    A difference that was accepted keeps nothing aside: its document is posted.
    """
    return and_(
        integration_error.c.status == SET_ASIDE, integration_error.c.stage != Stage.RECONCILE
    )


def read_errors(connection: Connection, *conditions: ColumnElement[bool]) -> list[ErrorRecord]:
    """Read the errors that fulfil all conditions, oldest first."""
    columns = integration_error.c
    query = (
        select(*(columns[one.name] for one in fields(ErrorRecord)))
        .where(*conditions)
        .order_by(columns.first_failed_at, columns.external_id, columns.id)
    )
    return [
        ErrorRecord(**{**row, "stage": Stage(row["stage"])})
        for row in connection.execute(query).mappings()
    ]


def _storable(value: Any) -> Any:  # noqa: ANN401 - any column's value
    """Show the one character that PostgreSQL takes in no text, instead of losing the error."""
    return value.replace("\0", "\\0") if isinstance(value, str) else value
