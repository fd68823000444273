"""Watching freshness: a trading shop that nobody looks at is an outage, told like any other.

Belongs here: judging every location by the ledger, noting what begins and what is over. Not here:
what counts as stale (domain/freshness.py), mails (composing_mails.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime

from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.freshness import (
    FRESHNESS,
    Seen,
    TradingHours,
    Watch,
    watch_of,
    why_stale,
)
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.watching_outages import note_outage, note_recovery

RECOVERY = (
    "See in Dagster that store_days_sensor is on and what its last ticks say, and that runs of"
    " today's partition start and succeed. `ipos-pipeline check-connections` tries IPOS."
)


@dataclass(frozen=True, slots=True)
class LocationFreshness:
    """How fresh a location is; `why` says in a sentence what is wrong, if anything is.

    `is_watched`: it trades, and has for long enough to be judged.
    """

    location_code: str
    day: date
    is_watched: bool
    looked_at: datetime | None
    why: str | None


def judge_freshness(
    ledger: LedgerStore,
    locations: Iterable[IposConfiguration],
    hours: TradingHours,
    *,
    known_since: Mapping[str, datetime],
    now: datetime,
) -> list[LocationFreshness]:
    """Judge today's store-day of each location, by the ledger alone.

    `known_since`: when a location's record was first seen, so that a new one has its time too.
    """
    judged: list[LocationFreshness] = []
    with ledger.read() as work:
        for one in locations:
            since = known_since.get(one.location_code)
            watch = watch_of(one, hours, now=now, known_since=since)
            row = work.store_days.get(watch.location_code, watch.day) or {}
            judged.append(_judge(watch, Seen(row.get("looked_at"), row.get("unread_since")), now))
    return judged


def watch_freshness(
    ledger: LedgerStore,
    judged: Iterable[LocationFreshness],
    *,
    unsure: AbstractSet[str],
    run: str,
    at: datetime,
) -> None:
    """Note each stale location as an outage of its own, and as over what is stale no longer.

    A location that does not trade now stays as it is, and one whose record cannot be used
    (`unsure`); one that is no longer active is watched no longer.
    """
    by_location = {one.location_code: one for one in judged}
    for one in by_location.values():
        if one.why is not None:
            error = PipelineError(one.why, recovery=RECOVERY)
            error.system = FRESHNESS + one.location_code
            note_outage(ledger, error, run=run, at=at)
    undecided = unsure | {
        code for code, one in by_location.items() if one.why is not None or not one.is_watched
    }
    over = stale_locations(ledger) - undecided
    note_recovery(ledger, [FRESHNESS + code for code in over], run=run, at=at)


def stale_locations(ledger: LedgerStore) -> set[str]:
    """Give the locations that are noted as stale, whatever has become of them since."""
    with ledger.read() as work:
        systems = work.outages.open_systems()
    return {one.removeprefix(FRESHNESS) for one in systems if one.startswith(FRESHNESS)}


def _judge(watch: Watch, seen: Seen, now: datetime) -> LocationFreshness:
    return LocationFreshness(
        watch.location_code,
        watch.day,
        is_watched=watch.is_on(now),
        looked_at=seen.looked_at,
        why=why_stale(watch, seen, now=now),
    )
