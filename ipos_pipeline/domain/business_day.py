"""The shop's business day: its wall clock, and the hour at which trading of a day ends.

The business day D is `[D + cut-off, D + 1 day + cut-off)` in the location's time zone.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CLOCK_TOLERANCE = timedelta(minutes=15)
"""How far a shop's clock may be ahead before its dates are suspicious."""


def business_date_of(local: datetime, *, cutoff_hour: int) -> date:
    """Tell to which business day a moment on the shop's wall clock belongs."""
    return (local.replace(tzinfo=None) - timedelta(hours=cutoff_hour)).date()


def business_day_bounds(day: date, *, cutoff_hour: int) -> tuple[datetime, datetime]:
    """Give the first wall-clock moment of a business day and the first one after it (naive)."""
    start = datetime.combine(day, time(hour=cutoff_hour))
    return start, start + timedelta(days=1)


def business_date_at(now: datetime, *, timezone: ZoneInfo, cutoff_hour: int) -> date:
    """Tell which business day a shop has at an aware instant."""
    return business_date_of(now.astimezone(timezone), cutoff_hour=cutoff_hour)


def end_of_business_day(day: date, *, timezone: ZoneInfo, cutoff_hour: int) -> datetime:
    """Give the instant at which a shop's business day is over and the next one begins."""
    _, end = business_day_bounds(day, cutoff_hour=cutoff_hour)
    return end.replace(tzinfo=timezone)


def suspicion_of(
    local: datetime, business_date: date, *, now: datetime, cutoff_hour: int
) -> str | None:
    """Say why a sale's dates look like those of a wrong clock, or None.

    `local` is the aware time on the shop's wall clock. Trading after midnight belongs to the day
    before; anything else between the two dates is suspicious. The business day is not changed.
    """
    if local > now + CLOCK_TOLERANCE:
        return f"{local.isoformat()} lies in the future"
    days_after = (business_date_of(local, cutoff_hour=cutoff_hour) - business_date).days
    if days_after not in (0, 1):
        return f"{local.isoformat()} is not on the business day {business_date}"
    return None
