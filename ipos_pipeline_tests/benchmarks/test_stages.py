"""The stages' figures are those of a day that really reached NetSuite, and of the right process."""

from __future__ import annotations

import sys
from dataclasses import astuple
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.rows import Row
from benchmarks.simulated import Scene
from benchmarks.stages import (
    CPU_MS_MAX,
    MEMORY_MB_MAX,
    MS,
    StageSeconds,
    WholeRun,
    rows_of,
    stage_seconds,
    watched,
    whole_run,
)

A_FEW = Scene(6, locations=1, lines=8)
QUARTER_GB = 256 * 10**6


def quiet() -> Console:
    return Console(quiet=True)


def by_name(rows: list[Row]) -> dict[str, Row]:
    return {row.what: row for row in rows}


def test_every_stage_of_a_small_day_costs_something() -> None:
    """The steps themselves refuse a day that does not land and post as a whole."""
    stages = stage_seconds(quiet(), A_FEW)

    assert stages.fetch > 0
    assert stages.split > 0
    assert stages.map > 0
    assert stages.acknowledge > 0
    assert stages.fetch + stages.land > 0, "landing is what its step took without the fetch"
    assert stages.map + stages.post > 0, "posting is what its step took without the mapping"
    assert stages.in_all == pytest.approx(sum(astuple(stages)))


def test_a_whole_run_is_measured_in_its_own_process() -> None:
    """Dagster and pandas alone take more than this test's own share of a process could hide."""
    run = whole_run(quiet(), A_FEW)

    assert run.cpu_seconds > 0
    assert 100 * 10**6 < run.peak_bytes < 1000 * 10**6


def test_the_memory_is_that_of_the_command_and_not_of_who_started_it(tmp_path: Path) -> None:
    ours = bytearray(QUARTER_GB)  # written to, so that it counts

    small = watched(quiet(), [sys.executable, "-c", PAUSE], {}, log=tmp_path / "small.log")
    large = watched(quiet(), [sys.executable, "-c", FILL + PAUSE], {}, log=tmp_path / "large.log")

    assert len(ours) > small.peak_bytes
    assert large.peak_bytes > QUARTER_GB


PAUSE = "import time; time.sleep(0.5)"
FILL = f"filled = b'1' * {QUARTER_GB}; "


def test_a_run_that_fails_is_told_and_not_measured(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such shop')"]

    with pytest.raises(RuntimeError, match="no such shop"):
        watched(quiet(), command, {}, log=tmp_path / "sync.log")


def test_the_rows_are_milliseconds_an_invoice_and_megabytes() -> None:
    stages = StageSeconds(fetch=1, land=2, split=3, map=4, post=5, acknowledge=6)
    run = WholeRun(cpu_seconds=50, wall_seconds=70, peak_bytes=410 * 10**6)

    rows = by_name(rows_of(stages, run, invoices=MS, large_day=10 * MS))

    assert [rows[name].figure for name in ("fetch", "land", "split", "map")] == [1, 2, 3, 4]
    assert [rows[name].figure for name in ("post", "acknowledge")] == [5, 6]
    assert (rows["all stages"].figure, rows["all stages"].most) == (21, CPU_MS_MAX)
    assert rows["a whole run"].figure == 5
    assert rows["a whole run, wall"].figure == 70
    memory = rows["its peak memory"]
    assert (memory.figure, memory.unit, memory.most) == (410, "MB", MEMORY_MB_MAX)
    assert not memory.is_kept
