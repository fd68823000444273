"""Outages: noted when a system stops a run, over when all of a store-day has worked again.

What one look can see as a whole, such as all configuration records, is over when a look no longer
finds it; another location's good run says nothing about it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from ipos_pipeline.errors import PipelineError
from ipos_pipeline.ledger.store import LedgerStore

log = logging.getLogger(__name__)


def note_outage(ledger: LedgerStore, error: PipelineError, *, run: str, at: datetime) -> bool:
    """Note that a run was stopped; tell whether that began an outage of the error's system."""
    _say(error, run=run)
    with ledger.write(run) as work:
        return work.outages.fail(
            error.system, message=error.message, recovery=error.recovery, at=at
        )


def note_recovery(
    ledger: LedgerStore, systems: Iterable[str], *, run: str, at: datetime
) -> list[str]:
    """Note that systems have answered; give those whose outage is over."""
    with ledger.read() as work:
        over = work.outages.open_systems().intersection(systems)
    if not over:
        return []
    with ledger.write(run) as work:
        ended = work.outages.end(over, at=at)
    _say_over(ended, run=run)
    return ended


def note_look(
    ledger: LedgerStore, errors: Iterable[PipelineError], *, among: str, run: str, at: datetime
) -> None:
    """Note everything that a look has found wrong among the systems whose names begin so.

    Each error is an outage of its own system; one that the look did not find again is over.
    """
    found = {error.system: error for error in errors}
    with ledger.read() as work:
        noted = {system for system in work.outages.open_systems() if system.startswith(among)}
    if not found and not noted:
        return
    with ledger.write(run) as work:
        for system, error in found.items():
            _say(error, run=run)
            work.outages.fail(system, message=error.message, recovery=error.recovery, at=at)
        ended = work.outages.end(noted - found.keys(), at=at)
    _say_over(ended, run=run)


def _say(error: PipelineError, *, run: str) -> None:
    """Log whose trouble it is; the words may repeat what the other side said."""
    what = {"run": run, "system": error.system, "error": type(error).__name__}
    log.warning("outage", extra=what)


def _say_over(systems: Iterable[str], *, run: str) -> None:
    for system in systems:
        log.info("outage_over", extra={"run": run, "system": system})
