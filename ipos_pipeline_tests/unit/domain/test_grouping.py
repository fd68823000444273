"""Which store-days share a run."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ipos_pipeline.domain.grouping import runs_of

DAY = date(2026, 11, 20)
EARLIER = date(2026, 11, 19)


def due(*codes: str, day: date = DAY) -> dict[tuple[str, date], str]:
    return {(code, day): "new" for code in codes}


def test_few_locations_have_runs_of_their_own_however_many_days_are_due() -> None:
    asked = due("A", "B") | due("A", "B", day=EARLIER)

    runs = runs_of(asked, above=2, group_size=10, in_trouble=frozenset())

    assert runs.alone == asked
    assert runs.groups == ()


def test_today_comes_before_earlier_days() -> None:
    runs = runs_of(
        due("A", "B", "C") | due("A", "B", "C", day=EARLIER),
        above=2,
        group_size=3,
        in_trouble=frozenset(),
    )

    assert [{day for _, day in group} for group in runs.groups] == [{DAY}, {EARLIER}]


def test_a_location_in_trouble_has_its_own_run() -> None:
    runs = runs_of(due("A", "B", "C", "D"), above=2, group_size=10, in_trouble={"C"})

    assert list(runs.alone) == [("C", DAY)]
    assert [sorted(code for code, _ in group) for group in runs.groups] == [["A", "B", "D"]]


def test_when_too_many_are_in_trouble_it_is_not_theirs_alone_and_they_share_runs() -> None:
    runs = runs_of(due("A", "B", "C"), above=1, group_size=10, in_trouble={"A", "B"})

    assert not runs.alone
    assert [len(group) for group in runs.groups] == [3]


@given(
    codes=st.sets(st.text("ABCDEFGH", min_size=1, max_size=3), max_size=40),
    above=st.integers(1, 10),
    group_size=st.integers(1, 15),
    in_trouble=st.sets(st.text("ABCDEFGH", min_size=1, max_size=3), max_size=10),
)
def test_each_is_run_once_and_groups_are_of_nearly_one_size(
    codes: set[str], above: int, group_size: int, in_trouble: set[str]
) -> None:
    asked = due(*codes)

    runs = runs_of(asked, above=above, group_size=group_size, in_trouble=in_trouble)

    run = [*runs.alone, *(key for group in runs.groups for key in group)]
    assert sorted(run) == sorted(asked)
    sizes = [len(group) for group in runs.groups]
    assert all(0 < size <= group_size for size in sizes)
    assert not sizes or max(sizes) - min(sizes) < max(2, len(sizes))
