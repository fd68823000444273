"""The rows of many locations, measured with two of them by Dagster's own daemon."""

from rich.console import Console

from benchmarks import locations


def test_locations_that_share_a_run_need_one_and_others_one_each() -> None:
    rows = locations.measure(Console(quiet=True), sizes=(2,), ungrouped_sizes=(2,))

    figures = {row.what: row.figure for row in rows}
    assert figures["2 locations, grouped: runs"] == 1
    assert figures["2 locations, ungrouped: runs"] == 2
    assert figures["2 locations, grouped: daemon and runs"] > 0
    assert figures["2 locations: evaluation of the sensor"] > 0
