"""Each status of an entry, and the call that moves entries to it."""

from collections.abc import Callable
from datetime import timedelta

from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.store import Transaction
from ipos_pipeline_tests.builders import DAY, LOCATION, NOON

SCOPE = PartitionScope(LOCATION, DAY, "cashSale")
LATER = NOON + timedelta(hours=1)

Move = Callable[[Transaction, str], object]

MOVE_TO: dict[Status, Move] = {
    Status.PENDING: lambda work, key: work.entries.release([key], at=NOON, reason="test"),
    Status.SENDING: lambda work, key: work.entries.claim([key], run="run-1", at=NOON),
    Status.IN_DOUBT: lambda work, key: work.entries.doubt([key], at=NOON, reason="test"),
    Status.POSTED: lambda work, key: work.entries.post({key: "987"}, at=NOON, how="test"),
    Status.REJECTED: lambda work, key: work.entries.reject(
        key, at=NOON, next_attempt_at=LATER, code="USER_ERROR", is_repeated=False
    ),
}

WAY_TO: dict[Status, list[Status]] = {
    Status.PENDING: [],
    Status.SENDING: [Status.SENDING],
    Status.IN_DOUBT: [Status.SENDING, Status.IN_DOUBT],
    Status.POSTED: [Status.SENDING, Status.POSTED],
    Status.REJECTED: [Status.SENDING, Status.REJECTED],
}
