"""Dividing NetSuite's slots: all runs compute the same, and together never more than there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from ipos_pipeline.steps.sharing_slots import HANDED_OVER_IN, TURN, part_of
from ipos_pipeline_tests.builders import NOON

FOUR = ["run-a", "run-b", "run-c", "run-d"]


def parts(slots: int, runs: Sequence[str], at: datetime = NOON) -> list[int]:
    return [part_of(slots, runs, run=run, at=at) for run in runs]


def test_one_run_alone_has_all_slots() -> None:
    assert parts(15, ["run-a"]) == [15]


def test_a_run_that_has_claimed_nothing_yet_counts_itself() -> None:
    assert part_of(15, FOUR[:2], run="run-c", at=NOON) == 5


@pytest.mark.parametrize(
    ("slots", "expected"), [(15, [3, 4, 4, 4]), (16, [4] * 4), (5, [1, 1, 1, 2])]
)
def test_what_is_left_over_goes_to_some_runs(slots: int, expected: list[int]) -> None:
    assert sorted(parts(slots, FOUR, NOON + TURN / 2)) == expected


def test_there_is_one_for_each_even_where_there_are_more_runs_than_slots() -> None:
    """NetSuite refuses the rest, and each is served at last."""
    assert parts(2, FOUR) == [1] * 4


def test_the_order_in_which_the_ledger_names_them_does_not_matter() -> None:
    assert [part_of(15, FOUR[::-1], run=run, at=NOON) for run in FOUR] == parts(15, FOUR)


@pytest.mark.parametrize("slots", [5, 6, 15])
def test_each_run_has_what_is_left_over_for_as_long_as_the_others(slots: int) -> None:
    turns = [parts(slots, FOUR, NOON + (turn + 0.5) * TURN) for turn in range(len(FOUR))]

    assert len({sum(of_run) for of_run in zip(*turns, strict=True)}) == 1


def test_a_slot_is_handed_over_before_it_is_taken_up() -> None:
    """Both at once would be one more than there are, and a refusal with each turn."""
    totals = [
        sum(parts(15, FOUR, NOON + timedelta(seconds=second)))
        for second in range(4 * int(TURN.total_seconds()))
    ]

    assert max(totals) == 15
    assert min(totals) == 14
    assert totals.count(14) == 4 * HANDED_OVER_IN.total_seconds()
