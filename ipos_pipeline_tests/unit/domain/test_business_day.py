"""To which day a sale belongs: the shop's clock and its cut-off hour decide."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipos_pipeline.domain.business_day import (
    business_date_at,
    business_date_of,
    business_day_bounds,
    suspicion_of,
)

NAIVE = st.datetimes(min_value=datetime(2001, 1, 1), max_value=datetime(2098, 1, 1))  # noqa: DTZ001
HOURS = st.integers(min_value=0, max_value=23)


@pytest.mark.parametrize(
    ("moment", "cutoff_hour", "day"),
    [
        ("2026-11-20T00:00:00", 0, "2026-11-20"),
        ("2026-11-20T23:59:59.999999", 0, "2026-11-20"),
        ("2026-11-21T00:00:00", 0, "2026-11-21"),
        ("2026-11-21T03:59:59", 4, "2026-11-20"),
        ("2026-11-21T04:00:00", 4, "2026-11-21"),
        ("2026-01-01T01:00:00", 2, "2025-12-31"),
    ],
)
def test_a_day_ends_at_its_cut_off(moment: str, cutoff_hour: int, day: str) -> None:
    local = datetime.fromisoformat(moment)
    assert business_date_of(local, cutoff_hour=cutoff_hour) == date.fromisoformat(day)


@given(NAIVE, HOURS)
def test_every_moment_lies_within_the_bounds_of_its_own_day(
    moment: datetime, cutoff_hour: int
) -> None:
    day = business_date_of(moment, cutoff_hour=cutoff_hour)
    start, end = business_day_bounds(day, cutoff_hour=cutoff_hour)
    assert start <= moment < end


def test_bounds_are_wall_clock_times_without_offset() -> None:
    start, end = business_day_bounds(date(2026, 11, 20), cutoff_hour=4)
    assert (start.isoformat(), end.isoformat()) == ("2026-11-20T04:00:00", "2026-11-21T04:00:00")


@pytest.mark.parametrize(
    ("utc", "zone", "day"),
    [
        ("2026-11-20T19:59:59", "Asia/Dubai", "2026-11-20"),
        ("2026-11-20T20:00:00", "Asia/Dubai", "2026-11-21"),
        ("2026-03-29T23:30:00", "Europe/London", "2026-03-30"),
        ("2026-10-25T23:30:00", "Europe/London", "2026-10-25"),
    ],
)
def test_today_is_the_day_on_the_shops_own_clock(utc: str, zone: str, day: str) -> None:
    """In London 23:30 UTC is the next day in summer, and the same day in winter."""
    now = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    found = business_date_at(now, timezone=ZoneInfo(zone), cutoff_hour=0)
    assert found == date.fromisoformat(day)


def test_the_cut_off_counts_on_the_wall_clock_when_the_clocks_change() -> None:
    """04:30 by the wall is after a cut-off at 4, though only 3.5 hours have passed since 0:00."""
    local = datetime(2026, 3, 29, 4, 30, tzinfo=ZoneInfo("Europe/London"))
    assert business_date_of(local, cutoff_hour=4) == date(2026, 3, 29)


@pytest.mark.parametrize(
    ("local", "day", "why"),
    [
        ("2026-11-20T11:00:00", 20, None),
        ("2026-11-20T12:15:00", 20, None),
        ("2026-11-20T12:15:01", 20, "future"),
        ("2026-11-20T01:30:00", 19, None),
        ("2026-11-19T23:30:00", 20, "not on the business day 2026-11-20"),
        ("2026-11-20T01:30:00", 18, "not on the business day 2026-11-18"),
    ],
)
def test_dates_that_a_right_clock_would_not_write_are_suspicious(
    local: str, day: int, why: str | None
) -> None:
    """Trading after midnight is ordinary, and so is a clock that is some minutes ahead (M19)."""
    dubai = ZoneInfo("Asia/Dubai")
    said = suspicion_of(
        datetime.fromisoformat(local).replace(tzinfo=dubai),
        date(2026, 11, day),
        now=datetime(2026, 11, 20, 12, 0, tzinfo=dubai),
        cutoff_hour=0,
    )
    assert said is None if why is None else why in str(said)
