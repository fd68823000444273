"""Many locations: one tick that finds five new invoices at each, until all are posted.

Run it with `python -m benchmarks.locations` in the top folder of a clone. The daemon is Dagster's
own, started as a process; its sensor ticks by itself. What is measured begins with the start of
the daemon and ends when NetSuite has everything, at zero latency; CPU seconds are those of the
daemon, of its code server and of all runs. Grouped means that `IPOS_PIPELINE_GROUP_ABOVE` lets
store-days share runs, ungrouped that each has its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import httpx2
from rich.console import Console

from benchmarks.report import run_alone
from benchmarks.rows import Row
from benchmarks.runs import evaluate, installed
from benchmarks.simulated import Scene, today
from benchmarks.stopwatch import Stopwatch
from ipos_pipeline.cli.store_day_runs import dagster_instance
from ipos_pipeline.defs.jobs import SYNC_INVOICES
from ipos_pipeline.defs.starting import SYNC_GROUP

BENCHMARK = "locations"
INVOICES = 5
SIZES = (4, 40, 400)
UNGROUPED_SIZES = (4, 40)
LOOK_BACK = timedelta(days=4)
POSTED_WITHIN_MOST = 300.0
EVALUATION_MOST = 5.0
NEVER = 100_000
DAEMON = str(Path(sys.executable).with_name("dagster-daemon"))
POLL_SECONDS = 1.0
WAIT_SECONDS_MAX = 3_600

POSTED = [
    dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.SUCCESS])
    for job in (SYNC_INVOICES, SYNC_GROUP)
]
"""Runs of store-days; at some minutes of a day the daemon starts others too."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one tick led to: until all was posted, in all, and in how many runs."""

    posted_seconds: float
    cpu_seconds: float
    runs: int


def measure(
    console: Console,
    *,
    sizes: Sequence[int] = SIZES,
    ungrouped_sizes: Sequence[int] = UNGROUPED_SIZES,
) -> list[Row]:
    """Measure each number of locations, first with shared runs, then each with its own."""
    rows: list[Row] = []
    for count in sizes:
        is_largest = count == max(sizes)
        console.print(f"{count} locations that share runs ...")
        ticked = _ticked(count, group_above=1)
        most = POSTED_WITHIN_MOST if is_largest else None
        rows += _rows(f"{count} locations, grouped", ticked, most=most)
        rows.append(_evaluation(count, most=EVALUATION_MOST if is_largest else None))
    for count in ungrouped_sizes:
        console.print(f"{count} locations, each with its own run ...")
        rows += _rows(f"{count} locations, ungrouped", _ticked(count, group_above=NEVER))
    return rows


def _scene(count: int) -> Scene:
    return Scene(invoices=INVOICES, locations=count, day=today())


def _rows(what: str, ticked: Ticked, *, most: float | None = None) -> list[Row]:
    return [
        Row(BENCHMARK, f"{what}: all posted after", ticked.posted_seconds, "s", most=most),
        Row(BENCHMARK, f"{what}: daemon and runs", ticked.cpu_seconds, "CPU s"),
        Row(BENCHMARK, f"{what}: runs", ticked.runs, "runs"),
    ]


def _ticked(count: int, *, group_above: int) -> Ticked:
    """Start the daemon, wait until everything is posted, end it."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        installed(_scene(count), Path(folder)) as simulated,
    ):
        os.environ["IPOS_PIPELINE_GROUP_ABOVE"] = str(group_above)
        watch = Stopwatch()
        with _daemon(Path(folder)) as session:
            _wait_until_posted(simulated, count * INVOICES)
            posted = watch.cost().wall_seconds
            with dagster_instance(os.environ) as instance:
                _wait_until_idle(instance)
                runs = sum(map(instance.get_runs_count, POSTED))
            return Ticked(posted, _cpu_of_session(session), runs)


def _evaluation(count: int, *, most: float | None) -> Row:
    """Measure one evaluation of the sensor over five days of each location, at its slowest moment.

    That is the first one: everything is due.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        installed(_scene(count), Path(folder)),
    ):
        os.environ["IPOS_PIPELINE_GROUP_ABOVE"] = "1"
        os.environ["IPOS_PIPELINE_START_DATE"] = (today() - LOOK_BACK).isoformat()
        with dagster_instance(os.environ) as instance:
            watch = Stopwatch()
            evaluate(instance)
            seconds = watch.cost().wall_seconds
    return Row(BENCHMARK, f"{count} locations: evaluation of the sensor", seconds, "s", most=most)


@contextmanager
def _daemon(folder: Path) -> Iterator[int]:
    """Run the daemon in a session of its own; gives the number of that session."""
    command = [DAEMON, "run", "-m", "ipos_pipeline.definitions"]
    with (folder / "daemon.log").open("w") as log:
        daemon = subprocess.Popen(  # noqa: S603 - our own command line
            command, stdout=log, stderr=log, env=dict(os.environ), start_new_session=True
        )
        try:
            yield daemon.pid
        finally:
            daemon.send_signal(signal.SIGINT)
            daemon.wait()
            with suppress(ProcessLookupError):  # its code server may take its time to notice
                os.killpg(daemon.pid, signal.SIGKILL)


def _cpu_of_session(session: int) -> float:
    """Add up what the processes of a session and those that they have waited for have used.

    Linux only: fields 6 and 14 to 17 of /proc/PID/stat (proc_pid_stat(5)).
    """
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _wait_until_posted(simulated: dict[str, Any], documents: int) -> None:
    """Wait for NetSuite to have so many. Raises TimeoutError."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    url = simulated["netsuite_base_url"] + "/_simulator/summary"
    while sum(group["count"] for group in httpx2.get(url).json()) < documents:
        if time.monotonic() > deadline:
            message = f"Not all of {documents} documents were posted in {WAIT_SECONDS_MAX} s."
            raise TimeoutError(message)
        time.sleep(POLL_SECONDS)


def _wait_until_idle(instance: dg.DagsterInstance) -> None:
    """Wait for the runs to end, so that all of their cost is counted."""
    busy = dg.RunsFilter(
        statuses=[
            dg.DagsterRunStatus.QUEUED,
            dg.DagsterRunStatus.STARTING,
            dg.DagsterRunStatus.STARTED,
        ]
    )
    while instance.get_runs_count(busy):
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(run_alone(measure))
