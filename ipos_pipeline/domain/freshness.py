"""Freshness: whether a shop's business day of today is looked at and read while it trades.

Belongs here: trading hours, and when a shop counts as left alone. Not here: looking
(steps/looking.py), telling people (steps/watching_freshness.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self

from ipos_pipeline.domain.business_day import business_date_at, end_of_business_day
from ipos_pipeline.domain.configuration import IposConfiguration

LIMIT = timedelta(minutes=30)
"""So long nobody may have looked at a trading shop, or left what a look has shown unread."""

FRESHNESS = "freshness of "
"""What the names of these outages begin with; a location code follows."""

ONE_DAY = timedelta(days=1)
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")


@dataclass(frozen=True, slots=True)
class TradingHours:
    """From when to when shops trade by their own clocks: times after midnight of the first day.

    `closes` is later than `opens`, at most a day, and so may lie after the next midnight.
    """

    opens: timedelta
    closes: timedelta

    @classmethod
    def of(cls, text: str) -> Self:
        """Read hours such as `08:00-24:00` or `10:00-02:00`. Raises ValueError for others."""
        match = _HOURS.fullmatch(text.strip())
        if match is None:
            message = "must be hours such as 08:00-24:00, or 10:00-02:00 past midnight"
            raise ValueError(message)
        from_hour, from_minute, to_hour, to_minute = match.groups()
        opens = timedelta(hours=int(from_hour), minutes=int(from_minute))
        closes = ONE_DAY
        if to_hour is not None:
            closes = timedelta(hours=int(to_hour), minutes=int(to_minute))
        return cls(opens, closes if closes > opens else closes + ONE_DAY)

    def opened_at(self, now: datetime) -> datetime | None:
        """Tell when the trading began that goes on at `now`, by the shop's clock, if any does."""
        today = datetime.combine(now.date(), time(), tzinfo=now.tzinfo)
        for midnight in (today, today - ONE_DAY):
            if midnight + self.opens <= now < midnight + self.closes:
                return midnight + self.opens
        return None


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a store-day: when IPOS was last asked about it, and what waits unread.

    `unread_since`: looks have shown more than is known since then, and no run has read the list.
    """

    looked_at: datetime | None = None
    unread_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """What is asked of a shop at a moment: its business day, and since when it is looked for.

    `since` is None where nothing is asked: the shop does not trade.
    """

    location_code: str
    day: date
    since: datetime | None

    def is_on(self, now: datetime) -> bool:
        """Tell whether the shop can be judged: it has traded long enough on this business day."""
        return self.since is not None and now - self.since > LIMIT


def watch_of(
    configuration: IposConfiguration,
    hours: TradingHours,
    *,
    now: datetime,
    known_since: datetime | None,
) -> Watch:
    """Say what is asked of a shop at an instant; `known_since`: when its record was first seen."""
    zone, cutoff_hour = configuration.zone, configuration.day_cutoff_hour
    day = business_date_at(now, timezone=zone, cutoff_hour=cutoff_hour)
    opened = hours.opened_at(now.astimezone(zone))
    if opened is None:
        return Watch(configuration.location_code, day, None)
    begun = end_of_business_day(day - ONE_DAY, timezone=zone, cutoff_hour=cutoff_hour)
    return Watch(configuration.location_code, day, max(opened, begun, known_since or opened))


def why_stale(watch: Watch, seen: Seen, *, now: datetime) -> str | None:
    """Say in a sentence why a shop that is watched is not fresh, or None."""
    if not watch.is_on(now):
        return None
    store_day = f"{watch.day} of {watch.location_code}"
    if seen.looked_at is None:
        return f"Nobody has asked IPOS yet about {store_day}."
    if now - seen.looked_at > LIMIT:
        return f"Nobody has asked IPOS about {store_day} for {_minutes(now - seen.looked_at)}."
    if seen.unread_since is not None and now - seen.unread_since > LIMIT:
        waiting = _minutes(now - seen.unread_since)
        return f"IPOS has shown invoices of {store_day} for {waiting} that no run has read."
    return None


def _minutes(length: timedelta) -> str:
    return f"{length // timedelta(minutes=1)} minutes"
