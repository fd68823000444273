"""The rows of a tick's cost, measured at a tiny size."""

from rich.console import Console

from benchmarks import ticks


def test_each_size_of_the_day_has_its_row_and_an_idle_tick_starts_nothing() -> None:
    rows = ticks.measure(Console(quiet=True), new=2, present=(0, 3))

    figures = {row.what: row.figure for row in rows}
    assert figures["runs that this tick starts"] == 0
    few, more = (figures[f"a run of 2 new invoices, {count} present"] for count in (0, 3))
    assert figures["the same: 3 present / 0 present"] == more / few
    assert min(few, more, figures["a run of 5 new invoices"]) > 0
