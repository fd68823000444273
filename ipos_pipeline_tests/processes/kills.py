"""Kill runs with SIGKILL at random moments, go on, and look for what is lost or doubled.

`make kills KILLS=50 [START=n]`; one shop sells on a day of its own for each seed. NetSuite takes an
external ID twice here, which it does not in truth: what keeps the documents single is the pipeline.
A seed gives the same sales and delays; where exactly a kill falls is up to the machine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random, SystemRandom

from ipos_pipeline_tests.databases import KINDS, Databases, databases_on
from ipos_pipeline_tests.postgres import stop_shared_server
from ipos_pipeline_tests.processes.invariants import (
    broken_at_any_time,
    broken_when_quiet,
    is_quiet,
)
from ipos_pipeline_tests.processes.runs import DagsterJobExecute, ForkedRun, Run, last_look, set_up
from ipos_pipeline_tests.processes.shop import Shop, open_shop

FIRST_DAY = date(2026, 1, 2)
KILLS_A_DAY = 3
RUNS_TO_END_MAX = 5
LEASE_SECONDS = 1.1
"""A little more than `IPOS_PIPELINE_CLAIM_SECONDS` of the shop."""
POLL_SECONDS = 0.005


@dataclass
class Tally:
    """What came of it: in which step each kill fell, and every violation with its seed."""

    kills: Counter[str] = field(default_factory=Counter)
    too_late: int = 0
    days: int = 0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        by_step = ", ".join(f"{step} {n}" for step, n in self.kills.most_common())
        return (
            f"{self.kills.total()} kills, {len(self.violations)} violations"
            f" ({self.days} days; {by_step or 'none'}; {self.too_late} came after the end)"
        )


class Killer:
    """Kills the runs of one shop; `whole_seconds` is how long an undisturbed run works."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._next_day = FIRST_DAY
        self.tally = Tally()
        set_up(shop.environment)
        self.whole_seconds = self._measured()

    def spoil_a_day(self, seed: int, *, kills: int = KILLS_A_DAY) -> None:
        """Sell, kill up to so many runs of that day, let the last one end, and look."""
        random = Random(f"kills {seed}")  # noqa: S311 - to be repeated, not kept secret
        day = self._new_day(seed)
        broken: list[str] = []
        for n in range(kills):
            started = DagsterJobExecute if n == 0 else ForkedRun
            delay = random.uniform(0, self.whole_seconds)
            if not self._kill(started(self._shop.environment, day), delay):
                break
            broken += broken_at_any_time(self._shop, day)
        broken += self._finish(day) or broken_when_quiet(self._shop, day)
        self.tally.violations += [f"seed {seed}: {what}" for what in broken]

    def _kill(self, run: Run, delay: float) -> bool:
        """Kill a run some time after it has asked IPOS; False if it was over by then."""
        self._wait_until_reading(run)
        time.sleep(delay)
        if run.is_over():
            self.tally.too_late += 1
            return False
        run.kill()
        look = last_look(self._shop.environment)
        self.tally.kills[look["step"] if look["status"] == "STARTED" else "end"] += 1
        return True

    def _finish(self, day: date) -> list[str]:
        """Run the day until nothing is due; tell what keeps it from coming to rest."""
        for _ in range(RUNS_TO_END_MAX):
            code = ForkedRun(self._shop.environment, day).end()
            look = last_look(self._shop.environment)
            if code != 0 or look["status"] != "SUCCESS":
                return [f"a run after the kills ended with {code}: {look}"]
            if is_quiet(self._shop, day):
                return []
            time.sleep(LEASE_SECONDS)
        return [f"there is still something to do after {RUNS_TO_END_MAX} runs"]

    def _measured(self) -> float:
        day = self._new_day(seed=-1)
        run = ForkedRun(self._shop.environment, day)
        self._wait_until_reading(run)
        started = time.monotonic()
        assert run.end() == 0
        return time.monotonic() - started

    def _wait_until_reading(self, run: Run) -> None:
        before = self._shop.lists_read()
        while self._shop.lists_read() == before and not run.is_over():
            time.sleep(POLL_SECONDS)

    def _new_day(self, seed: int) -> date:
        day, self._next_day = self._next_day, self._next_day + timedelta(days=1)
        self._shop.sell(day, seed=seed)
        self.tally.days += 1
        return day


@contextmanager
def killer(folder: Path, databases: Databases | None = None) -> Iterator[Killer]:
    """Open a shop whose NetSuite would take an external ID twice, and a killer of its runs."""
    with open_shop(folder, FIRST_DAY, databases=databases, external_ids_unique=False) as shop:
        yield Killer(shop)


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill as often as asked; answer 1 if anything was lost, doubled or left over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="on each kind of database")
    parser.add_argument("--start", type=int, default=None, help="first seed; else a random one")
    parser.add_argument("--database", choices=KINDS, action="append")
    options = parser.parse_args(arguments)
    start = SystemRandom().randrange(10**6) if options.start is None else options.start
    tallies = []
    for name in options.database or KINDS:
        tallies.append(_kill_on(name, kills=options.kills, start=start))
        _say(f"{name}: {tallies[-1]}")
    kills = sum(one.kills.total() for one in tallies)
    violations = sum(len(one.violations) for one in tallies)
    _say(f"{kills} kills, {violations} violations; repeat with START={start}")
    return 1 if violations else 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command


def _kill_on(name: str, *, kills: int, start: int) -> Tally:
    with (
        tempfile.TemporaryDirectory() as folder,
        databases_on(name) as databases,
        killer(Path(folder), databases) as one,
    ):
        seed = start
        while (left := kills - one.tally.kills.total()) > 0:
            reported = len(one.tally.violations)
            one.spoil_a_day(seed, kills=min(left, KILLS_A_DAY))
            for violation in one.tally.violations[reported:]:
                _say(f"{name}, {violation}")
            seed += 1
        return one.tally


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        stop_shared_server()
