"""What a tick costs: nothing to do, and a hundred invoices added to a day that holds many.

Run it with `python -m benchmarks.ticks` in the top folder of a clone. A run is measured in this
process, after another one has warmed it up, so that what differs is the store-day; its start is
measured apart, as a process of its own.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console

from benchmarks.rows import Row
from benchmarks.runs import Cost, Runner, installed
from benchmarks.simulated import DAY, Scene

BENCHMARK = "ticks"
NEW = 100
LINES = 8
PRESENT = (0, 1_000, 10_000)
WARM_UP, MEASURED = "DXB02", "DXB01"
TICK_TAGS = {"ipos/only_new": "true"}
RATIO_MOST = 1.3
RUN_CPU_MOST = 4.0


def measure(console: Console, *, new: int = NEW, present: Sequence[int] = PRESENT) -> list[Row]:
    """Measure each size of the day, then a run as a process of its own."""
    costs = {}
    for count in present:
        console.print(f"{new} invoices more in a day that holds {count:,} ...")
        with tempfile.TemporaryDirectory() as folder:
            costs[count] = cost_of_new(Path(folder), present=count, new=new)
    first = costs[present[0]]
    rows = [
        Row(
            BENCHMARK,
            f"a run of {new} new invoices, {count:,} present",
            cost.cpu_seconds,
            "CPU s",
        )
        for count, cost in costs.items()
    ]
    last = present[-1]
    rows.append(
        Row(
            BENCHMARK,
            f"the same: {last:,} present / {present[0]:,} present",
            costs[last].cpu_seconds / first.cpu_seconds,
            "x",
            most=RATIO_MOST,
        )
    )
    console.print("A run of 5 new invoices as a process of its own ...")
    with tempfile.TemporaryDirectory() as folder:
        rows.append(
            Row(
                BENCHMARK,
                "a run of 5 new invoices, with the start of its process",
                cpu_of_process(Path(folder)),
                "CPU s",
                most=RUN_CPU_MOST,
            )
        )
    return rows


def cost_of_new(state: Path, *, present: int, new: int) -> Cost:
    """Measure the run that finds `new` invoices more than the `present` ones it has posted."""
    scene = Scene(invoices=max(present, 1), locations=1 if present else 2, lines=LINES)
    with installed(scene, state) as simulated:
        runner = Runner()
        template = _invoices(simulated, MEASURED)[0]
        if present:
            runner.run(MEASURED)
        else:
            _delete(simulated, template)
            runner.run(WARM_UP)
        _add(simulated, [_copy(template, number) for number in range(new)])
        return runner.run(MEASURED, tags=TICK_TAGS)


def cpu_of_process(state: Path) -> float:
    """Measure a run of one location with a few new invoices, from its command to its end."""
    with installed(Scene(invoices=5, locations=1, lines=LINES), state) as simulated:
        (code,) = simulated["locations"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(  # noqa: S603 - our own command line
            [
                *(sys.executable, "-m", "dagster", "job", "execute"),
                *("-m", "ipos_pipeline.definitions", "-j", "sync_invoices"),
                *("--tags", f'{{"dagster/partition": "{DAY}|{code}"}}'),
            ],
            check=True,
            capture_output=True,
            env=dict(os.environ),
        )
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


def main() -> int:
    """Measure and print; exit code 1 if a limit is missed."""
    from benchmarks.__main__ import run_alone  # noqa: PLC0415

    return run_alone(measure)


if __name__ == "__main__":
    sys.exit(main())
