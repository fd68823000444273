"""When a shop that trades counts as left alone, by the clock and what the ledger knows."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ipos_pipeline.domain.freshness import LIMIT, Seen, TradingHours, watch_of, why_stale
from ipos_pipeline_tests.builders import DAY, NOON, configuration

DUBAI = ZoneInfo("Asia/Dubai")
MINUTE = timedelta(minutes=1)
USUAL = TradingHours.of("08:00-24:00")


def in_dubai(clock: str, day: int = 20) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=DUBAI)


def why(seen: Seen, now: datetime = NOON, **parts: object) -> str | None:
    known_since = parts.pop("known_since", None)
    watch = watch_of(configuration(**parts), USUAL, now=now, known_since=known_since)
    return why_stale(watch, seen, now=now)


@pytest.mark.parametrize(
    ("hours", "now", "opened"),
    [
        ("08:00-24:00", in_dubai("07:59"), None),
        ("08:00-24:00", in_dubai("08:00"), in_dubai("08:00")),
        ("08:00-24:00", in_dubai("23:59"), in_dubai("08:00")),
        ("10:00-02:00", in_dubai("01:59"), in_dubai("10:00", day=19)),
        ("10:00-02:00", in_dubai("02:00"), None),
        ("00:00-24:00", in_dubai("00:00"), in_dubai("00:00")),
        ("08:00-08:00", in_dubai("07:00"), in_dubai("08:00", day=19)),
    ],
)
def test_trading_goes_on_from_opening_to_closing_and_may_pass_midnight(
    hours: str, now: datetime, opened: datetime | None
) -> None:
    assert TradingHours.of(hours).opened_at(now) == opened


@pytest.mark.parametrize(
    "text", ["", "8-24", "08:00", "08:00-24:01", "24:00-08:00", "08:60-10:00", "08:00 to 24:00"]
)
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="hours such as"):
        TradingHours.of(text)


def test_a_shop_that_was_looked_at_within_the_limit_is_fresh() -> None:
    assert why(Seen(looked_at=NOON - LIMIT)) is None


def test_a_shop_that_nobody_has_looked_at_for_longer_is_stale() -> None:
    said = why(Seen(looked_at=NOON - LIMIT - MINUTE))
    assert said == f"Nobody has asked IPOS about {DAY} of DXB01 for 31 minutes."
    assert "yet" in str(why(Seen()))


def test_a_list_that_looks_show_and_no_run_reads_is_stale() -> None:
    """The looks go on; it is the runs that do not start, or do not get as far as the list."""
    unread_since = NOON - LIMIT - MINUTE
    assert "no run has read" in str(why(Seen(looked_at=NOON, unread_since=unread_since)))
    assert why(Seen(looked_at=NOON, unread_since=NOON - LIMIT)) is None


@pytest.mark.parametrize("clock", ["03:00", "07:59", "08:00", "08:30"])
def test_nothing_is_asked_while_a_shop_is_closed_and_just_after_it_opens(clock: str) -> None:
    assert why(Seen(), in_dubai(clock)) is None


def test_a_new_business_day_has_its_time_even_where_trading_goes_on_past_midnight() -> None:
    """At midnight nobody can have looked at the day that begins then."""
    hours = TradingHours.of("10:00-02:00")
    for clock, is_stale in (("00:20", False), ("00:31", True)):
        now = in_dubai(clock)
        watch = watch_of(configuration(), hours, now=now, known_since=None)
        assert (why_stale(watch, Seen(), now=now) is not None) == is_stale


def test_after_midnight_the_business_day_of_a_late_shop_is_still_yesterdays() -> None:
    hours, now = TradingHours.of("10:00-03:00"), in_dubai("01:00", day=21)
    watch = watch_of(configuration(day_cutoff_hour=3), hours, now=now, known_since=None)
    assert watch.day == DAY
    assert watch.is_on(now)


def test_a_location_that_is_new_has_its_time_too() -> None:
    assert why(Seen(), known_since=NOON - LIMIT) is None
    assert why(Seen(), known_since=NOON - LIMIT - MINUTE) is not None


def test_the_clock_of_the_shop_counts() -> None:
    """When it is noon in Dubai it is three in the morning in New York."""
    assert why(Seen(), timezone="America/New_York") is None
