"""Looking: ask IPOS and the ledger whether there is anything to do, at the lowest price.

Belongs here: one cheap count for each location and day, all at once. Not here: the decision
(domain/due.py), starting runs (defs/sensors.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from ipos_pipeline.clients.ipos import IposClient
from ipos_pipeline.domain.due import StoreDayKey, due_store_days
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.ledger.store import LedgerStore

LOOK_TIMEOUT_SECONDS = 20
"""A slow IPOS must not hold up the look at the other locations."""


@dataclass(slots=True)
class Look:
    """What IPOS answered: counts by store-day, and why there is none."""

    counts: dict[StoreDayKey, int] = field(default_factory=dict)
    unanswered: dict[StoreDayKey, str] = field(default_factory=dict)


async def look_at_ipos(
    clients: Mapping[str, IposClient], days: Mapping[str, Iterable[date]]
) -> Look:
    """Count what IPOS shows as unacknowledged for each location and day, all at once."""
    look = Look()

    async def count(code: str, day: date) -> None:
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_SECONDS):
                look.counts[code, day] = await clients[code].count(day, "unacknowledged")
        except TimeoutError:
            look.unanswered[code, day] = f"IPOS did not answer in {LOOK_TIMEOUT_SECONDS} s"
        except PipelineError as error:
            look.unanswered[code, day] = error.message

    await asyncio.gather(*(count(code, day) for code in clients for day in days[code]))
    return look


def decide(
    ledger: LedgerStore,
    look: Look,
    *,
    location_codes: Iterable[str],
    running: frozenset[StoreDayKey],
    first_day: date,
    lease: timedelta,
    clock: Callable[[], datetime],
) -> dict[StoreDayKey, str]:
    """Record the look and decide which store-days need a run: store-day -> why."""
    now, codes = clock(), list(location_codes)
    with ledger.write("look") as work:
        work.store_days.note_look(look.counts, at=now)
        known = work.store_days.known_unacknowledged(
            codes, first_day=min((day for _, day in look.counts), default=first_day)
        )
        with_due_work = work.store_days.with_due_work(codes, claimed_before=now - lease, now=now)
    # One unanswered day of a location is enough to see that it does not answer.
    latest = {code: max(d for c, d in look.unanswered if c == code) for code, _ in look.unanswered}
    return due_store_days(
        shown=look.counts,
        known=known,
        with_due_work=with_due_work,
        unanswered={(code, day): look.unanswered[code, day] for code, day in latest.items()},
        running=running,
        first_day=first_day,
    )
