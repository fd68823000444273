"""How much of what NetSuite's slots allow is used: one run, and four locations' runs at once.

Run it with `python -m benchmarks.posting` in the top folder of a clone; it takes some ten minutes.
What counts is the whole posting step: with access token, look-up of items, slow start and the last
answer, as a store-day has all of them once. Ideal is what the slots would take for the same
documents if none were ever empty, at the latency that the simulated account really drew. The share
from the first request to the last answer is shown beside it; it leaves out what the step does
before it sends.

Each run is the product's posting step in a process of its own; the invoices are landed before. The
day of the replaced program (480 invoices an hour, all day, in four shops) is not posted in full: a
sample is, and its rate is carried forward.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.report import run_alone
from benchmarks.request_log import RequestLog, answered_in, period_of
from benchmarks.rows import Row
from benchmarks.simulated import DAY, Scene, environment_of, running_scene
from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.netsuite_record import CASH_SALE
from ipos_pipeline.errors import TransientError
from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.steps.landing import land_store_day
from ipos_pipeline.steps.posting_ipos import post_store_day

BENCHMARK = "posting"
RUN = "benchmark"
LINES = 8
DOCUMENTS = 3_000
LOCATIONS = 4
MEDIAN_SECONDS, SIGMA = 0.3, 0.3
SLOTS, FEW_SLOTS = 15, 5

ONE_RUN_LEAST = 0.95
FOUR_RUNS_LEAST = 0.90
THROTTLED_MOST = 0.03
FAIRNESS_LEAST = 0.7

REPLACED_SECONDS = 1.5
REPLACED_A_DAY = LOCATIONS * 2_880
SAMPLE = 100
HOURS_MOST = 24.0

READY_SECONDS_MAX = 120
SHOWN_EVERY_SECONDS = 0.2
GAVE_UP = 3
"""How the process of a run ends that found NetSuite answering nobody; the next run goes on."""

START_SECONDS_MAX = 600
TIMES_IDEAL_MAX = 5.0
"""Runs that take longer than this many times the ideal, and a minute, are ended."""


@dataclass(frozen=True)
class Posting:
    """What the runs of a scene took; `step_seconds` is that of the slowest posting step.

    `gave_up`: runs that ended early because NetSuite refused them for too long.
    """

    scene: Scene
    log: RequestLog
    step_seconds: float
    gave_up: int = 0

    @property
    def documents(self) -> int:
        """How many were posted."""
        return len(self.log.creations)

    @property
    def left(self) -> int:
        """How many documents were given up for now, and left to the next run."""
        return self.scene.locations * self.scene.invoices - self.documents

    @property
    def share_of_ideal(self) -> float:
        """Achieved / ideal over the whole posting step."""
        return self._share(self.documents / self.step_seconds)

    @property
    def share_on_the_wire(self) -> float:
        """Achieved / ideal from the first request to the last answer."""
        return self._share(self.documents / period_of(self.log.creations).seconds)

    @property
    def share_while_all_are_busy(self) -> float:
        """Achieved / ideal in the time in which every location was posting; 0 if there was none."""
        busy = self.log.all_busy()
        answered = answered_in(self.log.creations, busy)
        return self._share(answered / busy.seconds) if busy.seconds else 0.0

    @property
    def slowest_to_fastest(self) -> float:
        """Documents of the slowest / of the fastest location while all of them were posting."""
        busy = self.log.all_busy()
        counts = [answered_in(made, busy) for made in self.log.by_location().values()]
        return min(counts) / max(counts) if any(counts) else 0.0

    def hours_to_post(self, documents: int) -> float:
        """Carry the rate of the whole step forward to so many documents."""
        return documents / (self.documents / self.step_seconds) / 3600

    def _share(self, per_second: float) -> float:
        return per_second / self.log.ideal_per_second(self.scene.slots)


def measure(
    console: Console, *, documents: int = DOCUMENTS, sample: int = SAMPLE, pace: float = 1.0
) -> list[Row]:
    """Post all scenes; `pace` below 1 makes NetSuite quicker than the design says, for a trial."""

    def scene(invoices: int, locations: int, slots: int) -> Scene:
        return Scene(
            invoices,
            locations=locations,
            lines=LINES,
            latency_seconds=MEDIAN_SECONDS * pace,
            latency_sigma=SIGMA,
            slots=slots,
        )

    rows: list[Row] = []
    for slots in (SLOTS, FEW_SLOTS):
        rows += _one_run(post_scene(console, scene(documents, 1, slots), concurrency=slots))
    shared = scene(documents // LOCATIONS, LOCATIONS, SLOTS)
    rows += _four_runs(post_scene(console, shared, concurrency=SLOTS))
    for slots in (FEW_SLOTS, SLOTS):
        day = Scene(
            sample,
            locations=LOCATIONS,
            lines=LINES,
            latency_seconds=REPLACED_SECONDS * pace,
            slots=slots,
        )
        rows.append(_day_of_the_replaced(post_scene(console, day, concurrency=slots)))
    return rows


def _one_run(done: Posting) -> list[Row]:
    what = f"one run, {done.scene.slots} slots, {done.documents:,} documents"
    return [
        Row(BENCHMARK, what, done.share_of_ideal, "of ideal", least=ONE_RUN_LEAST),
        Row(BENCHMARK, f"{what}: first request to last answer", done.share_on_the_wire, "of ideal"),
        Row(BENCHMARK, f"{what}: refused for want of a slot", done.log.throttled_share, "of all"),
    ]


def _four_runs(done: Posting) -> list[Row]:
    runs = f"{done.scene.locations} runs share {done.scene.slots} slots"
    row = partial(Row, BENCHMARK)
    return [
        row(f"{runs}, in all", done.share_of_ideal, "of ideal", least=FOUR_RUNS_LEAST),
        row(f"{runs}, while all are busy", done.share_while_all_are_busy, "of ideal"),
        row(f"{runs}: refused (429)", done.log.throttled_share, "of all", most=THROTTLED_MOST),
        row(f"{runs}: slowest / fastest", done.slowest_to_fastest, "", least=FAIRNESS_LEAST),
        row(f"{runs}: left to the next run", done.left, "documents", most=0),
        row(f"{runs}: runs that gave up", done.gave_up, "", most=0),
    ]


def _day_of_the_replaced(done: Posting) -> Row:
    what = (
        f"{REPLACED_A_DAY:,} invoices at {done.scene.latency_seconds:g} s and {done.scene.slots}"
        f" slots, from a sample of {done.documents:,}"
    )
    if done.left:
        what += f" ({done.left} more were left to the next run)"
    return Row(BENCHMARK, what, done.hours_to_post(REPLACED_A_DAY), "hours", most=HOURS_MOST)


def post_scene(console: Console, scene: Scene, *, concurrency: int) -> Posting:
    """Land a scene, then post it with one process for each location, all at once.

    Raises RuntimeError if a run fails for another reason than NetSuite's being busy.
    """
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        with console.status("Starting simulators ..."), running_scene(scene, state) as simulated:
            environment = environment_of(simulated, state / "data", concurrency=concurrency)
            codes = simulated["locations"]
            with Connections(environment) as opened:
                for code in codes:
                    _land(opened, code)
            step_seconds, gave_up = _post_at_once(console, scene, environment, codes)
            log = RequestLog.of(simulated["netsuite_base_url"])
    return Posting(scene, log, step_seconds, gave_up)


def _land(opened: Connections, code: str) -> None:
    configuration = opened.configuration(code)
    opened.wait_for(
        land_store_day(
            opened.ipos(configuration),
            opened.ledger,
            configuration=configuration,
            profile=opened.profile(configuration),
            day=DAY,
            run=RUN,
            clock=opened.clock,
        )
    )


def _post_at_once(
    console: Console, scene: Scene, environment: Mapping[str, str], codes: list[str]
) -> tuple[float, int]:
    """Let one process post each location; gives the slowest step's seconds, and who gave up."""
    context = multiprocessing.get_context("spawn")
    seconds: SimpleQueue[float] = context.SimpleQueue()
    start = context.Barrier(len(codes) + 1)
    runs = [
        context.Process(target=_post_location, args=(environment, code, start, seconds))
        for code in codes
    ]
    for run in runs:
        run.start()
    try:
        start.wait(READY_SECONDS_MAX)
        _watch(console, scene, runs)
    finally:
        for run in runs:
            run.kill()
            run.join()
    ends = [run.exitcode for run in runs]
    if set(ends) - {0, GAVE_UP}:
        message = f"the runs of {', '.join(codes)} ended with {ends}"
        raise RuntimeError(message)
    return max(seconds.get() for _ in runs), ends.count(GAVE_UP)


def _watch(console: Console, scene: Scene, runs: Sequence[BaseProcess]) -> None:
    """Show how much of the ideal time has passed until all runs have ended.

    Raises TimeoutError if they do not.
    """
    documents = scene.locations * scene.invoices
    ideal = documents * scene.latency_seconds / scene.slots
    limit = time.monotonic() + START_SECONDS_MAX + ideal * TIMES_IDEAL_MAX
    text = f"{documents:,} documents, {scene.locations} runs, {scene.slots} slots"
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"{text} (ideal {ideal:.0f} s)", total=ideal)
        while any(run.is_alive() for run in runs):
            if time.monotonic() > limit:
                message = (
                    f"the runs have not ended {TIMES_IDEAL_MAX:g} times the ideal after they began"
                )
                raise TimeoutError(message)
            time.sleep(SHOWN_EVERY_SECONDS)
            progress.advance(task, SHOWN_EVERY_SECONDS)


def _post_location(
    environment: Mapping[str, str], code: str, start: Barrier, seconds: SimpleQueue[float]
) -> None:
    """Post one location's documents, in a process of its own, when all are ready."""
    gave_up = False
    with Connections(environment) as opened:
        rules = opened.mapping_rules(opened.configuration(code))
        start.wait(READY_SECONDS_MAX)
        started = time.monotonic()
        step = post_store_day(
            opened.netsuite,
            opened.ledger,
            rules,
            scope=PartitionScope(code, DAY, CASH_SALE),
            item_field=opened.settings.item_field,
            run=f"{RUN} {code}",
            clock=opened.clock,
            lease=opened.settings.claim_lease,
        )
        try:
            opened.wait_for(step)
        except TransientError:
            gave_up = True
        seconds.put(time.monotonic() - started)
    sys.exit(GAVE_UP if gave_up else 0)


if __name__ == "__main__":
    sys.exit(run_alone(measure))
