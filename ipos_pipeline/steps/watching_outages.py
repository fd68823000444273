"""Outages: noted when a system stops a run, over when all of a store-day has worked again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ipos_pipeline.errors import PipelineError
from ipos_pipeline.ledger.store import LedgerStore


def note_outage(ledger: LedgerStore, error: PipelineError, *, run: str, at: datetime) -> bool:
    """Note that a run was stopped; tell whether that began an outage of the error's system."""
    with ledger.write(run) as work:
        return work.outages.fail(
            error.system, message=error.message, recovery=error.recovery, at=at
        )


def note_recovery(
    ledger: LedgerStore, systems: Iterable[str], *, run: str, at: datetime
) -> list[str]:
    """Note that systems have answered; give those whose outage is over."""
    answering = set(systems)
    with ledger.read() as work:
        over = answering & {one.system for one in work.outages.all() if one.closed_at is None}
    if not over:
        return []
    with ledger.write(run) as work:
        return work.outages.end(over, at=at)
