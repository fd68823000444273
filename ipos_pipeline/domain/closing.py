"""Closing days: which business days are over, which are not proved, which the night runs again.

Belongs here: decisions over days. Not here: what proves a store-day (store_day_proof.py), reading
the ledger (ledger/overview.py), starting runs (defs/nightly.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from ipos_pipeline.domain.business_day import business_date_at
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.due import StoreDayKey

WINDOW_DAYS = 60
"""How far back late and open work is looked for every night."""

RUNS_PER_NIGHT = 200
"""Store-days that one night runs: eight minutes of one processor's time."""

SHARED_PER_NIGHT = 1_000
"""The same where store-days share runs."""

CATCH_UP_DAYS = 7
"""Of so many days finance is still told when a summary was not made on its morning."""

NEVER = datetime.min.replace(tzinfo=UTC)
NIGHT_ENDS_HOUR = 6
"""By then the last shop has closed, and the night has reconciled the day."""

ONE_DAY = timedelta(days=1)
NIGHTLY_CLOSE = "nightly close"


class UnprovedState(StrEnum):
    """Why a store-day is not proved."""

    NOT_RECONCILED = "not_reconciled"
    DIFFERS = "differs"
    CHANGED_SINCE = "changed_since"


@dataclass(frozen=True, slots=True)
class UnprovedDay:
    """A store-day of which the ledger knows something, and that is not proved as it stands now.

    `differences` counts what broke its latest proof, if there is one.
    """

    location_code: str
    business_date: date
    state: UnprovedState
    differences: int
    reconciled_at: datetime | None

    @property
    def store_day(self) -> StoreDayKey:
        """The store-day."""
        return self.location_code, self.business_date

    def __str__(self) -> str:
        """Say why in a few words."""
        match self.state:
            case UnprovedState.NOT_RECONCILED:
                return "never reconciled"
            case UnprovedState.CHANGED_SINCE:
                return "changed since it was reconciled"
            case UnprovedState.DIFFERS:
                return f"{self.differences or 'its totals'} differ"


@dataclass(frozen=True, slots=True)
class NightRuns:
    """The store-days that a night runs, each with its reason, and how many it has to leave."""

    requests: Mapping[StoreDayKey, str] = field(default_factory=dict)
    left: int = 0


def closed_day(configuration: IposConfiguration, *, now: datetime) -> date:
    """Give a location's newest business day that is over."""
    zone, cutoff_hour = configuration.zone, configuration.day_cutoff_hour
    return business_date_at(now, timezone=zone, cutoff_hour=cutoff_hour) - ONE_DAY


def last_closed_day(now: datetime, zone: ZoneInfo) -> date:
    """Give the newest business day that is over at every shop, with the night after it.

    Only by the clock: of which shops there are the ledger alone does not know.
    """
    return business_date_at(now, timezone=zone, cutoff_hour=NIGHT_ENDS_HOUR) - ONE_DAY


def runs_of_night(
    closed: Iterable[StoreDayKey],
    unproved: Iterable[UnprovedDay],
    *,
    running: AbstractSet[StoreDayKey],
    first_day: date,
    runs_max: int = RUNS_PER_NIGHT,
) -> NightRuns:
    """Decide what a night runs: the days just closed, then what is not proved.

    What was reconciled longest ago comes first, so that every store-day has its turn. `unproved`
    may name days that just closed.
    """
    longest_ago = sorted(unproved, key=lambda one: one.reconciled_at or NEVER)
    wanted = dict.fromkeys(closed, NIGHTLY_CLOSE)
    for one in longest_ago:
        wanted.setdefault(one.store_day, f"{NIGHTLY_CLOSE}: {one}")
    due = {key: why for key, why in wanted.items() if key not in running and key[1] >= first_day}
    taken = dict(list(due.items())[:runs_max])
    return NightRuns(taken, len(due) - len(taken))


def days_to_tell(closed: date, *, told: date | None) -> list[date]:
    """List the business days that finance is to be told of now, oldest first.

    Those after the last one that was told, `CATCH_UP_DAYS` at most; without one the newest alone.
    """
    if told is None:
        return [closed]
    missed = min((closed - told).days, CATCH_UP_DAYS)
    return [closed - timedelta(days=back) for back in reversed(range(missed))]
