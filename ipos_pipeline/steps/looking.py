"""Looking: ask IPOS and the ledger whether there is anything to do, at the lowest price.

Belongs here: one cheap count for each location and day, all at once. Not here: the decision
(domain/due.py), starting runs (defs/sensors.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from ipos_pipeline.clients.ipos import IposClient
from ipos_pipeline.domain.business_day import end_of_business_day
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.due import StoreDayKey, due_store_days
from ipos_pipeline.domain.filtering import SHADOW
from ipos_pipeline.domain.shadow import is_shadow
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.ledger.store import LedgerStore, Transaction

LOOK_TIMEOUT_SECONDS = 20
"""A slow IPOS must not hold up the look at the other locations."""


@dataclass(slots=True)
class Look:
    """What IPOS answered: counts by store-day, and why there is none."""

    counts: dict[StoreDayKey, int] = field(default_factory=dict)
    unanswered: dict[StoreDayKey, str] = field(default_factory=dict)


async def look_at_ipos(
    clients: Mapping[str, IposClient],
    days: Mapping[str, Iterable[date]],
    *,
    at_once: int | None = None,
) -> Look:
    """Count what IPOS shows as unacknowledged for each location and day.

    All at once, so that a look never takes longer than one call may; or so many `at_once`.
    """
    look = Look()
    gate = nullcontext() if at_once is None else asyncio.Semaphore(at_once)

    async def count(code: str, day: date) -> None:
        try:
            async with gate, asyncio.timeout(LOOK_TIMEOUT_SECONDS):
                look.counts[code, day] = await clients[code].count(day, "unacknowledged")
        except TimeoutError:
            look.unanswered[code, day] = f"IPOS did not answer in {LOOK_TIMEOUT_SECONDS} s"
        except PipelineError as error:
            look.unanswered[code, day] = error.message

    await asyncio.gather(*(count(code, day) for code in clients for day in days[code]))
    return look


def note_counts(
    ledger: LedgerStore, look: Look, *, location_codes: Iterable[str], at: datetime
) -> None:
    """Record what a look has shown; the next decision counts what of it is not known."""
    if look.counts:
        with ledger.write("look") as work:
            first_day = min(day for _, day in look.counts)
            known = work.store_days.known_unacknowledged(location_codes, first_day=first_day)
            work.store_days.note_look(look.counts, known=known, at=at)


def decide(
    ledger: LedgerStore,
    look: Look,
    *,
    locations: Mapping[str, IposConfiguration],
    running: frozenset[StoreDayKey],
    first_day: date,
    lease: timedelta,
    clock: Callable[[], datetime],
) -> dict[StoreDayKey, str]:
    """Record the look and decide which store-days need a run: store-day -> why.

    Store-days that this look left out count as an earlier, wider one has shown them, until a run
    has read their list.
    """
    now, codes = clock(), list(locations)
    silent = {code for code, _ in look.unanswered}
    with ledger.write("look") as work:
        answering = locations.keys() - silent
        shown = {**work.store_days.unread(answering, first_day=first_day), **look.counts}
        oldest = min((day for _, day in shown), default=first_day)
        known = work.store_days.known_unacknowledged(codes, first_day=oldest)
        looked_at = work.store_days.last_looks(codes, first_day=oldest)
        work.store_days.note_look(look.counts, known=known, at=now)
        with_due_work = _with_due_work(
            work, locations, first_day=oldest, claimed_before=now - lease, now=now
        )
    # One unanswered day of a location is enough to see that it does not answer.
    latest = {
        code: max(day for one, day in look.unanswered if one == code) for code in sorted(silent)
    }
    return due_store_days(
        shown=shown,
        known=known,
        closed=_looked_at_when_over(looked_at, locations),
        with_due_work=with_due_work,
        unanswered={(code, day): look.unanswered[code, day] for code, day in latest.items()},
        running=running,
        first_day=first_day,
    )


def _with_due_work(
    work: Transaction,
    locations: Mapping[str, IposConfiguration],
    *,
    first_day: date,
    claimed_before: datetime,
    now: datetime,
) -> set[StoreDayKey]:
    """List the store-days for which the ledger has work, and those that are in shadow no longer.

    In shadow what waits to be sent goes on waiting; only what was sent while live is settled.
    """

    def in_shadow(code: str, day: date) -> bool:
        return is_shadow(locations[code], day)

    codes = list(locations)
    due = work.store_days.with_due_work(codes, claimed_before=claimed_before, now=now)
    begun = work.store_days.with_begun_work(codes, claimed_before=claimed_before, now=now)
    # Others were never in shadow; or say too little, and their next run says so.
    live = {code for code, one in locations.items() if one.mode == "live" and one.live_from}
    listed = work.store_days.still_listed(live, SHADOW, first_day=first_day)
    return (
        {key for key in due if not in_shadow(*key)}
        | begun
        | {key for key, days in listed.items() if not all(in_shadow(key[0], day) for day in days)}
    )


def _looked_at_when_over(
    looked_at: Mapping[StoreDayKey, datetime], locations: Mapping[str, IposConfiguration]
) -> set[StoreDayKey]:
    return {
        (code, day)
        for (code, day), at in looked_at.items()
        if at
        > end_of_business_day(
            day, timezone=locations[code].zone, cutoff_hour=locations[code].day_cutoff_hour
        )
    }
