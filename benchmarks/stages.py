"""What an invoice of 8 lines costs in each stage, and how much memory a large store-day takes.

Run it with `python -m benchmarks.stages` in the top folder of a clone. NetSuite answers at once and
the simulators are a process of their own, so that CPU seconds are those of the product alone. The
stages are the product's own steps on one store-day; what is done once for it (connections, the
access token, the catalogue) is shared by its invoices. The memory is that of the job
`sync_invoices` in a process of its own, as the daemon starts it: `dagster job execute`. The command
`ipos-pipeline sync` takes more, because Dagster keeps all frames of a run in the calling process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.report import run_alone
from benchmarks.rows import Row
from benchmarks.runs import command_of_run, installed
from benchmarks.simulated import Scene, environment_of, running_scene
from benchmarks.stopwatch import Stopwatch
from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.line_frames import split_lines
from ipos_pipeline.domain.netsuite_record import CASH_SALE, NetSuiteRecord
from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.steps.acknowledging import acknowledge_store_day
from ipos_pipeline.steps.landed_lines import landed_day
from ipos_pipeline.steps.landing import land_store_day
from ipos_pipeline.steps.posting_ipos import post_store_day
from ipos_pipeline.steps.preparing import Preparer

BENCHMARK = "stages"
RUN = "benchmark"
LINES = 8
INVOICES = 2_000
LARGE_DAY = 20_000
CPU_MS_MAX = 4.0
MEMORY_MB_MAX = 400.0
KIB, MB = 1024, 10**6
LOOK_SECONDS = 0.1
LOG_SHOWN_MAX = 2_000
MS = 1_000


@dataclass(frozen=True, slots=True)
class StageSeconds:
    """CPU seconds of the stages of one store-day; together they are all that was spent."""

    fetch: float
    land: float
    split: float
    map: float
    post: float
    acknowledge: float

    @property
    def in_all(self) -> float:
        """All stages together."""
        return self.fetch + self.land + self.split + self.map + self.post + self.acknowledge


@dataclass(frozen=True, slots=True)
class WholeRun:
    """What one run through Dagster took; memory in bytes at its highest."""

    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int


class StoreDaySteps:
    """The product's steps on the day of one location, one after the other."""

    def __init__(self, opened: Connections, location: str, scene: Scene) -> None:
        self._opened = opened
        self._ledger = opened.ledger
        self._scope = PartitionScope(location, scene.day, CASH_SALE)
        self._rules = opened.mapping_rules(opened.configuration(location))
        self._ipos = opened.ipos(self._rules.configuration)
        self._common: dict[str, Any] = {"run": RUN, "clock": opened.clock}

    def fetch(self) -> None:
        """Read the day's list, as landing does too."""

        async def read() -> int:
            pages = self._ipos.invoices(self._scope.business_date, "unacknowledged")
            return sum([len(page) async for page in pages])

        self._opened.wait_for(read())

    def fetch_and_land(self) -> None:
        """Read the day's list and land it."""
        landed = self._opened.wait_for(
            land_store_day(
                self._ipos,
                self._ledger,
                configuration=self._rules.configuration,
                profile=self._rules.profile,
                day=self._scope.business_date,
                **self._common,
            )
        )
        assert landed.new == landed.shown  # noqa: S101 - or something else would be measured

    def split(self) -> None:
        """Show the landed lines as frames, those sold and those returned."""
        rules = self._rules
        landed = landed_day(
            self._ledger,
            configuration=rules.configuration,
            profile=rules.profile,
            day=self._scope.business_date,
        )
        split_lines(landed.lines)

    def map(self) -> list[NetSuiteRecord]:
        """Map what is to be posted, as posting does too; gives the records in order."""
        with self._ledger.read() as work:
            due = work.entries.to_send(self._scope, now=self._opened.clock())
        preparer = Preparer(
            self._opened.netsuite,
            self._ledger,
            self._rules,
            item_field=self._opened.settings.item_field,
        )

        async def records() -> list[NetSuiteRecord]:
            prepared = [one.mapped async for one in preparer.prepare(due)]
            return [mapped for mapped in prepared if isinstance(mapped, NetSuiteRecord)]

        return self._opened.wait_for(records())

    def map_and_post(self) -> int:
        """Map, claim, send and settle what is to be posted; gives how many documents that were."""
        opened = self._opened
        posted = opened.wait_for(
            post_store_day(
                opened.netsuite,
                self._ledger,
                self._rules,
                scope=self._scope,
                item_field=opened.settings.item_field,
                lease=opened.settings.claim_lease,
                **self._common,
            )
        )
        assert not posted.rejected + posted.in_doubt + posted.not_sent  # noqa: S101 - as above
        return posted.created

    def acknowledge(self) -> None:
        """Tell IPOS."""
        self._opened.wait_for(
            acknowledge_store_day(
                self._ipos,
                self._ledger,
                profile=self._rules.profile,
                location_code=self._scope.location_code,
                day=self._scope.business_date,
                **self._common,
            )
        )


def stage_seconds(console: Console, scene: Scene) -> StageSeconds:
    """Bring a scene's one location to NetSuite step by step.

    Landing fetches and posting maps: each of these two is measured once by itself and taken off.
    """
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        simulated = stack.enter_context(running_scene(scene, state))
        opened = stack.enter_context(Connections(environment_of(simulated, state / "data")))
        steps = StoreDaySteps(opened, simulated["locations"][0], scene)
        fetch, fetch_and_land, split, mapped, map_and_post, acknowledge = (
            _cpu_seconds(console, step)
            for step in (
                steps.fetch,
                steps.fetch_and_land,
                steps.split,
                steps.map,
                steps.map_and_post,
                steps.acknowledge,
            )
        )
    return StageSeconds(
        fetch=fetch,
        land=fetch_and_land - fetch,
        split=split,
        map=mapped,
        post=map_and_post - mapped,
        acknowledge=acknowledge,
    )


def _cpu_seconds(console: Console, step: Callable[[], object]) -> float:
    with console.status(step.__doc__ or ""):
        watch = Stopwatch()
        step()
        return watch.cost().cpu_seconds


def whole_run(console: Console, scene: Scene) -> WholeRun:
    """Bring a scene's one location to NetSuite through Dagster, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder, installed(scene, Path(folder)) as simulated:
        command = command_of_run(simulated["locations"][0], day=scene.day)
        return watched(console, command, os.environ, log=Path(folder) / "run.log")


def watched(
    console: Console, command: Sequence[str], environment: Mapping[str, str], *, log: Path
) -> WholeRun:
    """Run a command to its end and tell what it took. Raises RuntimeError if it fails.

    Its memory is looked at while it runs: what the system tells of an ended process counts the
    memory of the one that started it, too.
    """
    started, peak, ended = time.monotonic(), 0, 0
    with log.open("w") as output, console.status("") as status:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)  # noqa: S603
        while not ended:
            time.sleep(LOOK_SECONDS)
            peak = _highest_bytes(process.pid) or peak
            ended, exit_status, used = os.wait4(process.pid, os.WNOHANG)
            seconds = time.monotonic() - started
            status.update(f"A run through Dagster: {seconds:.0f} s, {peak / MB:.0f} MB")
    process.returncode = os.waitstatus_to_exitcode(exit_status)
    if process.returncode:
        message = f"{command[0]} failed: {log.read_text()[-LOG_SHOWN_MAX:]}"
        raise RuntimeError(message)
    return WholeRun(used.ru_utime + used.ru_stime, seconds, peak)


def _highest_bytes(pid: int) -> int:
    """Read the high-water mark of a process's memory (Linux); 0 once it has ended."""
    status = Path(f"/proc/{pid}/status").read_text()
    named = dict(line.split(":", 1) for line in status.splitlines())
    return int(named["VmHWM"].split()[0]) * KIB if "VmHWM" in named else 0


def measure(console: Console, *, invoices: int = INVOICES, large_day: int = LARGE_DAY) -> list[Row]:
    """Measure the stages on a day of some invoices, and one run of a large day."""
    console.print(f"Stages: {invoices:,} invoices of {LINES} lines, step by step")
    stages = stage_seconds(console, Scene(invoices, locations=1, lines=LINES))
    console.print(f"Stages: one run of {large_day:,} invoices through Dagster")
    run = whole_run(console, Scene(large_day, locations=1, lines=LINES))
    return rows_of(stages, run, invoices=invoices, large_day=large_day)


def rows_of(stages: StageSeconds, run: WholeRun, *, invoices: int, large_day: int) -> list[Row]:
    """Say what an invoice cost in each stage, and what the run of a large day took."""
    unit = "CPU ms an invoice"
    return [
        *(
            Row(BENCHMARK, one.name, getattr(stages, one.name) / invoices * MS, unit)
            for one in fields(StageSeconds)
        ),
        Row(BENCHMARK, "all stages", stages.in_all / invoices * MS, unit, most=CPU_MS_MAX),
        Row(BENCHMARK, "a whole run", run.cpu_seconds / large_day * MS, unit),
        Row(BENCHMARK, "a whole run, wall", run.wall_seconds, "s"),
        Row(BENCHMARK, "its peak memory", run.peak_bytes / MB, "MB", most=MEMORY_MB_MAX),
    ]


if __name__ == "__main__":
    sys.exit(run_alone(measure))
