"""Each status of an entry, and the call that moves entries to it."""

from collections.abc import Callable
from datetime import timedelta

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
    return work.entries.release([key], at=NOON, reason="test") or work.entries.give_back(
        key, run=RUN, at=NOON, reason="test"
    )


def to_rejected(work: Transaction, key: str) -> object:
    """Refuse an entry, to be tried again an hour later."""
    moved = work.entries.reject(key, at=NOON, code="USER_ERROR", run=RUN, is_repeated=False)
    work.entries.try_again_at(key, LATER)
    return moved


MOVE_TO: dict[Status, Move] = {
    Status.PENDING: to_pending,
    Status.SENDING: lambda work, key: work.entries.claim([posting_entry(key)], run=RUN, at=NOON),
    Status.IN_DOUBT: lambda work, key: work.entries.doubt(key, run=RUN, at=NOON, reason="test"),
    Status.POSTED: lambda work, key: work.entries.post({key: "987"}, at=NOON, how="test"),
    Status.REJECTED: to_rejected,
}

WAY_TO: dict[Status, list[Status]] = {
    Status.PENDING: [],
    Status.SENDING: [Status.SENDING],
    Status.IN_DOUBT: [Status.SENDING, Status.IN_DOUBT],
    Status.POSTED: [Status.SENDING, Status.POSTED],
    Status.REJECTED: [Status.SENDING, Status.REJECTED],
}
