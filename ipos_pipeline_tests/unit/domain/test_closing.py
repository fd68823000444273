"""Which days are closed, which store-days a night runs, of which days finance is told."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ipos_pipeline.domain.closing import (
    NIGHTLY_CLOSE,
    UnprovedDay,
    UnprovedState,
    closed_day,
    days_to_tell,
    last_closed_day,
    runs_of_night,
)
from ipos_pipeline_tests.builders import DAY, LOCATION, NOON, configuration

DUBAI = ZoneInfo("Asia/Dubai")
ONE_DAY = timedelta(days=1)
CLOSED = (LOCATION, DAY - ONE_DAY)


def unproved(days_ago: int, reconciled_days_ago: int | None = None) -> UnprovedDay:
    is_new = reconciled_days_ago is None
    return UnprovedDay(
        LOCATION,
        DAY - days_ago * ONE_DAY,
        UnprovedState.NOT_RECONCILED if is_new else UnprovedState.DIFFERS,
        0 if is_new else 3,
        None if reconciled_days_ago is None else NOON - reconciled_days_ago * ONE_DAY,
    )


def test_a_night_runs_the_closed_days_and_what_is_not_proved_with_its_reason() -> None:
    night = runs_of_night(
        [CLOSED], [unproved(1, 0), unproved(9, 1)], running=frozenset(), first_day=date.min
    )
    assert night.requests == {
        CLOSED: NIGHTLY_CLOSE,
        (LOCATION, DAY - 9 * ONE_DAY): f"{NIGHTLY_CLOSE}: 3 differ",
    }
    assert night.left == 0


def test_what_is_running_or_before_the_first_day_is_left_alone() -> None:
    night = runs_of_night(
        [CLOSED], [unproved(9)], running=frozenset({CLOSED}), first_day=DAY - 8 * ONE_DAY
    )
    assert (night.requests, night.left) == ({}, 0)


def test_a_night_that_cannot_run_all_begins_with_what_was_reconciled_longest_ago() -> None:
    """Else the same ones would be tried every night, and the others never."""
    days = [unproved(5, 1), unproved(4, 30), unproved(3)]
    night = runs_of_night([CLOSED], days, running=frozenset(), first_day=date.min, runs_max=3)
    assert [(DAY - day).days for _, day in night.requests] == [1, 3, 4]
    assert night.left == 1


@pytest.mark.parametrize(
    ("clock", "cutoff_hour", "days_ago"), [(4, 0, 1), (2, 3, 2), (4, 3, 1), (23, 0, 1)]
)
def test_the_closed_day_of_a_shop_follows_its_own_cut_off(
    clock: int, cutoff_hour: int, days_ago: int
) -> None:
    now = datetime(2026, 11, 20, clock, tzinfo=DUBAI)
    shop = configuration(day_cutoff_hour=cutoff_hour)
    assert (DAY - closed_day(shop, now=now)).days == days_ago


@pytest.mark.parametrize(("clock", "days_ago"), [(5, 2), (6, 1), (23, 1)])
def test_a_day_counts_as_closed_for_all_once_the_night_is_over(clock: int, days_ago: int) -> None:
    now = datetime(2026, 11, 20, clock, tzinfo=DUBAI)
    assert (DAY - last_closed_day(now, DUBAI)).days == days_ago


@pytest.mark.parametrize(
    ("told_days_ago", "count"), [(None, 1), (0, 0), (1, 1), (3, 3), (30, 7), (-1, 0)]
)
def test_finance_is_told_of_each_day_since_the_last_one_but_of_a_week_at_most(
    told_days_ago: int | None, count: int
) -> None:
    """A morning on which NetSuite was down must not leave a day untold."""
    told = None if told_days_ago is None else DAY - told_days_ago * ONE_DAY
    days = days_to_tell(DAY, told=told)
    assert days == [DAY - back * ONE_DAY for back in reversed(range(count))]
