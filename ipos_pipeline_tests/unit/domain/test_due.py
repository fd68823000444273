"""Which store-days need a run, by counts alone."""

from datetime import timedelta

import pytest

from ipos_pipeline.domain.due import StoreDayKey, due_store_days
from ipos_pipeline_tests.builders import DAY, LOCATION

TODAY = (LOCATION, DAY)


def due(shown: int, known: int, **parts: object) -> dict[StoreDayKey, str]:
    usual = {
        "closed": frozenset(),
        "with_due_work": [],
        "unanswered": {},
        "running": frozenset(),
        "first_day": DAY,
    }
    return due_store_days(shown={TODAY: shown}, known={TODAY: known}, **{**usual, **parts})


@pytest.mark.parametrize(
    ("shown", "known", "why"),
    [
        (3, 1, "IPOS shows 2 invoices that are not landed"),
        (1, 3, "IPOS no longer shows 2 invoices of its list"),
    ],
)
def test_a_list_that_grew_or_shrank_is_read_again(shown: int, known: int, why: str) -> None:
    """One that vanished would otherwise hide one that comes later (M1, M17)."""
    assert due(shown, known) == {TODAY: why}


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (1, "1 invoice arrived late: 2026-11-20 is reopened"),
        (2, "2 invoices arrived late: 2026-11-20 is reopened"),
    ],
)
def test_what_comes_after_the_day_was_over_and_looked_at_says_that_it_reopens_the_day(
    new: int, why: str
) -> None:
    assert due(new, 0, closed={TODAY}) == {TODAY: why}


@pytest.mark.parametrize("count", [0, 5])
def test_a_list_that_is_known_needs_no_run(count: int) -> None:
    assert due(count, count) == {}


def test_a_day_that_is_running_or_before_the_first_one_is_left_alone() -> None:
    assert due(1, 0, running=frozenset({TODAY})) == {}
    assert due(1, 0, first_day=DAY + timedelta(days=1)) == {}


def test_work_of_the_ledger_and_a_silent_ipos_need_a_run_too() -> None:
    assert list(due(0, 0, with_due_work=[TODAY])) == [TODAY]
    assert due(0, 0, unanswered={TODAY: "IPOS did not answer"}) == {TODAY: "IPOS did not answer"}
