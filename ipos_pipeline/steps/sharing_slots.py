"""NetSuite's slots are shared among the runs that are posting now; the ledger knows which they are.

Belongs here: what one run's part is. Not here: how many requests that makes while others than our
runs use the account too (clients/adaptive_limit.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.ledger.store import LedgerStore

LOOKED_AGAIN_AFTER = timedelta(seconds=1)

TURN = timedelta(seconds=30)
"""How long a run keeps a slot that is left over when the slots are divided."""

HANDED_OVER_IN = timedelta(seconds=3)
"""By so much later is it taken up: a second until the last look, and a request's own time."""


class SharedSlots:
    """Keeps a run to its part of the slots; `lease` is when a claim counts as a dead run's."""

    def __init__(
        self,
        netsuite: NetSuiteClient,
        ledger: LedgerStore,
        *,
        run: str,
        clock: Callable[[], datetime],
        lease: timedelta,
    ) -> None:
        self._netsuite = netsuite
        self._ledger = ledger
        self._run = run
        self._clock = clock
        self._lease = lease
        self._looked_at: datetime | None = None

    def look_again(self) -> None:
        """See who else is posting, a second after the last look or later."""
        now = self._clock()
        if self._looked_at is not None and now - self._looked_at < LOOKED_AGAIN_AFTER:
            return
        self._looked_at = now
        with self._ledger.read() as work:
            runs = work.runs.posting(claimed_after=now - self._lease)
        self._netsuite.keep_to(part_of(self._netsuite.concurrency, runs, run=self._run, at=now))


def part_of(slots: int, runs: Sequence[str], *, run: str, at: datetime) -> int:
    """Divide slots among runs, one at least for each; what is left over is had by turns.

    All runs compute the same, so no run need ask another. One that is not among them, as nothing of
    its own is claimed, has the part of one more.
    """
    everyone = sorted({*runs, run})
    whole, left_over = divmod(slots, len(everyone))

    def has_one_more(moment: datetime) -> bool:
        turn = int(moment.timestamp() // TURN.total_seconds())
        return (everyone.index(run) + turn) % len(everyone) < left_over

    return max(1, whole + (has_one_more(at) and has_one_more(at - HANDED_OVER_IN)))
