"""Each status of an entry, and the call that moves entries to it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.store import Transaction
from ipos_pipeline_tests.builders import DAY, LOCATION, NOON, posting_entry

SCOPE = PartitionScope(LOCATION, DAY, "cashSale")
LATER = NOON + timedelta(hours=1)
RUN = "run-1"

Move = Callable[[Transaction, str], object]


def to_pending(work: Transaction, key: str) -> object:
    """Make an entry pending again: looked up and not found, or not sent after all."""
    return (
        work.entries.release([key], at=NOON, reason="test")
        or work.entries.give_back(key, run=RUN, at=NOON, reason="test")
        or planned_again(work, key)
    )


def to_rejected(work: Transaction, key: str) -> object:
    """Refuse an entry, to be tried again an hour later, or undo that it was set aside."""
    moved = work.entries.reject(key, at=NOON, code="USER_ERROR", run=RUN, is_repeated=False)
    moved = moved or work.decisions.take_entry_up_again(key, at=NOON, reason="test")
    work.entries.try_again_at(key, LATER)
    return moved


def to_posted(work: Transaction, key: str) -> object:
    """Settle an entry as posted: created, booked by hand, or not deleted after all."""
    return (
        work.entries.post({key: "987"}, at=NOON, how="test")
        or work.decisions.mark_posted(key, "987", at=NOON, how="test")
        or work.decisions.keep_posted(key, at=NOON, reason="test")
    )


def planned_again(work: Transaction, key: str) -> object:
    """Plan what NetSuite has no more again, whichever way it went."""
    return any(
        work.decisions.plan_again(key, Decimal("3.99"), from_status=status, at=NOON, reason="test")
        for status in (Status.POSTED, Status.WITHDRAWN)
    )


MOVE_TO: dict[Status, Move] = {
    Status.PENDING: to_pending,
    Status.SENDING: lambda work, key: work.entries.claim([posting_entry(key)], run=RUN, at=NOON),
    Status.IN_DOUBT: lambda work, key: work.entries.doubt(key, run=RUN, at=NOON, reason="test"),
    Status.POSTED: to_posted,
    Status.REJECTED: to_rejected,
    Status.SET_ASIDE: lambda work, key: work.decisions.set_entry_aside(key, at=NOON, reason="test"),
    Status.WITHDRAWING: lambda work, key: work.decisions.begin_withdrawal(
        key, at=NOON, reason="test"
    ),
    Status.WITHDRAWN: lambda work, key: work.decisions.end_withdrawal(
        key, at=NOON, internal_id="987"
    ),
}

WAY_TO: dict[Status, list[Status]] = {
    Status.PENDING: [],
    Status.SENDING: [Status.SENDING],
    Status.IN_DOUBT: [Status.SENDING, Status.IN_DOUBT],
    Status.POSTED: [Status.SENDING, Status.POSTED],
    Status.REJECTED: [Status.SENDING, Status.REJECTED],
    Status.SET_ASIDE: [Status.SENDING, Status.REJECTED, Status.SET_ASIDE],
    Status.WITHDRAWING: [Status.SENDING, Status.POSTED, Status.WITHDRAWING],
    Status.WITHDRAWN: [Status.SENDING, Status.POSTED, Status.WITHDRAWING, Status.WITHDRAWN],
}
