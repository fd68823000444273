"""What a person decides on an entry or an error; every decision is in the history with its reason.

Belongs here: the moves that no run makes by itself. Not here: who may decide what
(domain/operator_rules.py), the moves of runs (entries.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, delete, update

from ipos_pipeline.ledger.entries import UNSENT, Entries
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.history import History
from ipos_pipeline.ledger.integration_errors import OPEN, SET_ASIDE
from ipos_pipeline.ledger.schema import integration_error, posting_entry

_NOT_IN_NETSUITE: Mapping[str, None] = {
    "internal_id": None,
    "posted_at": None,
    "netsuite_modified": None,
    "tran_date": None,
    "claimed_by": None,
    "claimed_at": None,
    "next_attempt_at": None,
}


class Decisions:
    """Writes decisions; each method tells whether the thing was still as the person saw it."""

    def __init__(self, connection: Connection, entries: Entries, history: History) -> None:
        self._connection = connection
        self._entries = entries
        self._history = history

    def set_entry_aside(self, external_id: str, *, at: datetime, reason: str) -> bool:
        """Keep an entry from being posted until a person takes it up again."""
        moved = self._entries.move(
            [external_id],
            Status.SET_ASIDE,
            at=at,
            values={"next_attempt_at": None},
            reason=reason,
        )
        return bool(moved)

    def take_entry_up_again(self, external_id: str, *, at: datetime, reason: str) -> bool:
        """Undo that an entry was set aside: it is refused as before, and due now."""
        moved = self._entries.move(
            [external_id],
            Status.REJECTED,
            at=at,
            only_from=(Status.SET_ASIDE,),
            values={"next_attempt_at": at},
            reason=reason,
        )
        return bool(moved)

    def set_error_aside(
        self, error_id: int, external_id: str, *, at: datetime, reason: str
    ) -> bool:
        """Take an open error off the list of what is to be done."""
        moved = self._move_error(
            error_id, from_status=OPEN, to_status=SET_ASIDE, next_attempt_at=None
        )
        if moved:
            self._history.add("error_set_aside", [external_id], at=at, reason=reason)
        return moved

    def reopen_error(
        self, error_id: int, external_id: str, *, at: datetime, reason: str, is_due: bool = True
    ) -> bool:
        """Put an error that was set aside back on the list, due now if a run can solve it."""
        next_attempt_at = at if is_due else None
        moved = self._move_error(
            error_id, from_status=SET_ASIDE, to_status=OPEN, next_attempt_at=next_attempt_at
        )
        if moved:
            self._history.add("error_reopened", [external_id], at=at, reason=reason)
        return moved

    def make_error_due(self, error_id: int, external_id: str, *, at: datetime, reason: str) -> bool:
        """Have what an open error is about looked at again at the next run."""
        moved = self._move_error(error_id, from_status=OPEN, to_status=OPEN, next_attempt_at=at)
        if moved:
            self._history.add("due_again", [external_id], at=at, reason=reason)
        return moved

    def mark_posted(self, external_id: str, internal_id: str, *, at: datetime, how: str) -> bool:
        """Settle an entry that no run is busy with as what a person has booked by hand."""
        settled = (Status.PENDING, Status.REJECTED, Status.SET_ASIDE, Status.WITHDRAWN)
        posted = self._entries.settle_as_posted(
            {external_id: internal_id}, at=at, how=how, only_from=settled
        )
        return bool(posted)

    def begin_withdrawal(self, external_id: str, *, at: datetime, reason: str) -> bool:
        """Record that a posting is about to be deleted, before the request goes out."""
        moved = self._entries.move([external_id], Status.WITHDRAWING, at=at, reason=reason)
        return bool(moved)

    def end_withdrawal(self, external_id: str, *, at: datetime, internal_id: str) -> bool:
        """Note that NetSuite no longer has the posting; the history keeps its internal ID."""
        moved = self._entries.move(
            [external_id],
            Status.WITHDRAWN,
            at=at,
            values=_NOT_IN_NETSUITE,
            reason=f"NetSuite no longer has internal ID {internal_id}",
        )
        return bool(moved)

    def keep_posted(self, external_id: str, *, at: datetime, reason: str) -> bool:
        """Note that a posting that was to be withdrawn was not deleted."""
        moved = self._entries.move(
            [external_id], Status.POSTED, at=at, only_from=(Status.WITHDRAWING,), reason=reason
        )
        return bool(moved)

    def plan_again(
        self, external_id: str, total: Decimal, *, from_status: Status, at: datetime, reason: str
    ) -> bool:
        """Have a document that NetSuite has no more posted again, with what it comes to now."""
        moved = self._entries.move(
            [external_id],
            Status.PENDING,
            at=at,
            only_from=(from_status,),
            values={**_NOT_IN_NETSUITE, "total_cents": total, "attempts": 0},
            reason=reason,
        )
        return bool(moved)

    def drop(self, external_ids: Iterable[str]) -> None:
        """Forget entries of which nothing was sent, for a side that is planned anew."""
        self._connection.execute(
            delete(posting_entry).where(
                posting_entry.c.external_id.in_(list(external_ids)),
                posting_entry.c.status.in_((*UNSENT, Status.SET_ASIDE)),
            )
        )

    def _move_error(
        self, error_id: int, *, from_status: str, to_status: str, next_attempt_at: datetime | None
    ) -> bool:
        moved = self._connection.execute(
            update(integration_error)
            .where(integration_error.c.id == error_id, integration_error.c.status == from_status)
            .values(status=to_status, next_attempt_at=next_attempt_at)
            .returning(integration_error.c.id)
        ).scalars()
        return bool(list(moved))
