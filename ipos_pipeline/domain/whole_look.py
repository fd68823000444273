"""When a store-day is compared document by document, and when its sums are enough.

Belongs here: that decision. Not here: the comparison itself (reconciliation.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ipos_pipeline.domain.store_day_proof import StoreDayProof

WHOLE_UP_TO = 1_000
"""Landed invoices up to which comparing all of them costs a run next to nothing."""

WHOLE_EVERY = timedelta(hours=1)
"""How old the proof of a larger store-day may become while ticks bring invoices to it."""


def sums_are_enough(proof: StoreDayProof, *, landed: int, now: datetime) -> bool:
    """Tell whether a run that a tick started may leave a store-day's proof as it is.

    Comparing everything costs in proportion to the day, and a tick brings little to a large one.
    The night compares every day whole; so does a run that a person starts.
    """
    return landed > WHOLE_UP_TO and now - proof.reconciled_at < WHOLE_EVERY
