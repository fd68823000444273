"""What a tick costs: nothing to do, and a hundred invoices added to a day that holds many.

Run it with `python -m benchmarks.ticks` in the top folder of a clone. A run is a process
of its own, as the daemon starts it: its CPU seconds are counted from its start to its end.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
from rich.console import Console

from benchmarks.report import run_alone
from benchmarks.rows import Row
from benchmarks.runs import command_of_run, evaluate, installed, run_here
from benchmarks.simulated import DAY, Scene, today
from benchmarks.stopwatch import Stopwatch
from ipos_pipeline.cli.store_day_runs import dagster_instance
from ipos_pipeline.defs.partitions import ONLY_NEW_TAG

BENCHMARK = "ticks"
NEW = 100
LINES = 8
PRESENT = (0, 1_000, 10_000)
LOCATIONS = 3
RATIO_MOST = 1.3
RUN_CPU_MOST = 4.0


def measure(console: Console, *, new: int = NEW, present: Sequence[int] = PRESENT) -> list[Row]:
    """Measure each size of the day, a run of a few invoices, and a tick that starts none."""
    costs = {}
    for count in present:
        console.print(f"{new} invoices more in a day that holds {count:,} ...")
        with tempfile.TemporaryDirectory() as folder:
            costs[count] = cpu_of_new(Path(folder), present=count, new=new)
    console.print("A run of 5 new invoices, and a tick with nothing to do ...")
    with tempfile.TemporaryDirectory() as folder:
        few, idle, starts = cpu_of_few(Path(folder))
    first, last = present[0], present[-1]
    return [
        *(
            Row(BENCHMARK, f"a run of {new} new invoices, {count:,} present", cpu, "CPU s")
            for count, cpu in costs.items()
        ),
        Row(
            BENCHMARK,
            f"the same: {last:,} present / {first:,} present",
            costs[last] / costs[first],
            "x",
            most=RATIO_MOST,
        ),
        Row(BENCHMARK, "a run of 5 new invoices", few, "CPU s", most=RUN_CPU_MOST),
        Row(BENCHMARK, "a tick with nothing to do", idle, "CPU s"),
        Row(BENCHMARK, "runs that this tick starts", starts, "runs", most=0),
    ]


def cpu_of_new(state: Path, *, present: int, new: int) -> float:
    """Measure the run that finds `new` invoices more than the `present` ones it has posted.

    The median of three locations.
    """
    scene = Scene(invoices=max(present, 1), locations=LOCATIONS, lines=LINES)
    with installed(scene, state) as simulated:
        return median(_cpu_of_new(simulated, code, present, new) for code in simulated["locations"])


def _cpu_of_new(simulated: dict[str, Any], code: str, present: int, new: int) -> float:
    template = _invoices(simulated, code)[0]
    if present:
        run_here(code)
    else:
        _delete(simulated, template)
    _add(simulated, [_copy(template, number) for number in range(new)])
    return cpu_of_process(code)


def cpu_of_few(state: Path) -> tuple[float, float, int]:
    """Measure a run of a few invoices, then the tick that finds nothing; and count its runs."""
    day = today()
    scene = Scene(invoices=5, locations=LOCATIONS, lines=LINES, day=day)
    with installed(scene, state) as simulated:
        run = median(cpu_of_process(code, day) for code in simulated["locations"])
        with dagster_instance(os.environ) as instance:
            evaluate(instance)  # what is imported then is not the tick's cost
            watch = Stopwatch()
            starts = evaluate(instance)
            return run, watch.cost().cpu_seconds, starts


def cpu_of_process(code: str, day: date = DAY) -> float:
    """Run the location as a tick would have it run; CPU seconds from the command to its end."""
    command = command_of_run(code, day=day, tags={ONLY_NEW_TAG: "true"})
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ))  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _invoices(simulated: dict[str, Any], location: str) -> list[dict[str, Any]]:
    answer = httpx2.get(
        simulated["ipos_base_url"] + "/_simulator/invoices", params={"location": location}
    )
    invoices: list[dict[str, Any]] = answer.raise_for_status().json()
    return invoices


def _add(simulated: dict[str, Any], invoices: list[dict[str, Any]]) -> None:
    url = simulated["ipos_base_url"] + "/_simulator/invoices"
    httpx2.post(url, json=invoices, timeout=60).raise_for_status()


def _delete(simulated: dict[str, Any], invoice: dict[str, Any]) -> None:
    key = {name: invoice[name] for name in ("LocationCode", "DocType", "InvNo", "InvDate")}
    url = simulated["ipos_base_url"] + "/_simulator/invoices"
    httpx2.request("DELETE", url, json=key).raise_for_status()


def _copy(template: dict[str, Any], number: int) -> dict[str, Any]:
    """Make another sale like one: its own number, the lines numbered like it."""
    inv_no = 900_000 + number
    lines = [{**line, "InvNo": inv_no} for line in template["Lines"]]
    return {**template, "InvNo": inv_no, "Posted": 0, "Lines": lines}


if __name__ == "__main__":
    sys.exit(run_alone(measure))
