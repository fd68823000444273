"""The shop's business day: its wall clock, and the hour at which trading of a day ends.

The business day D is `[D + cut-off, D + 1 day + cut-off)` in the location's time zone.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


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
