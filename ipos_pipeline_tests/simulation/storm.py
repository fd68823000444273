"""One storm: a seed draws a day, faults, crashes and late data; ticks run until all is quiet.

Real clients, steps and ledger, simulators in this process, a clock that only ticks and sleeps move.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx2

from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.due import StoreDayKey
from ipos_pipeline.domain.store_day_proof import DifferenceKind, StoreDayProof
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.inspection import broken_rules, looked_at
from ipos_pipeline.ledger.integration_errors import ErrorRecord, Stage
from ipos_pipeline_tests.builders import DAY
from ipos_pipeline_tests.simulated_world import SimulatedWorld
from ipos_pipeline_tests.simulation.process import (
    Fuse,
    FusedTransport,
    SimulatedCrash,
    fuse_ledger,
)
from ipos_pipeline_tests.simulation.store_day import look, reconcile_all, run_store_day
from ipos_pipeline_tests.simulation.truth import Truth, document_key_of
from ipos_pipeline_tests.simulation.weather import Weather
from simulators.faults import NO_FAULTS

TICK = timedelta(minutes=15)
CALM_TICKS_MAX = 120
"""A day and more: the longest that anything waits before it is tried again by itself."""

STORE_DAYS = [DAY - timedelta(days=back) for back in range(4)]

Connect = Callable[..., Connections]
"""Opens a process's connections; a sabotaged one stands in for a lost safeguard."""


@dataclass
class Storm:
    """A world, its weather, and what went wrong in it."""

    world: SimulatedWorld
    weather: Weather
    connect: Connect = Connections
    truth: Truth = field(default_factory=Truth)
    violations: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def run(self) -> list[str]:
        """Run to the end and give every violation of the promise."""
        self._arrive(self.weather.first_invoices())
        for tick in range(self.weather.stormy_ticks):
            self.world.ipos.faults = self.weather.ipos_faults()
            self.world.netsuite.faults = self.weather.netsuite_faults(self.world.clock.now)
            self._change_something(tick)
            self._tick()
        self._calm_down()
        for _ in range(CALM_TICKS_MAX):
            if not self._tick() and not self._left_open():
                break
        else:
            self.violations.append("something is left after a day and more without faults")
        self._judge()
        return self.violations

    def _calm_down(self) -> None:
        self.counts["IPOS faults"] += self.world.ipos.fault_counts.total()
        self.counts["NetSuite faults"] += self.world.netsuite.fault_counts.total()
        self.world.ipos.faults = NO_FAULTS
        self.world.netsuite.faults = NO_FAULTS
        self.weather.calm_down()

    def _arrive(self, invoices: list[dict[str, Any]]) -> None:
        self.truth.add(invoices)
        self.world.ipos.add_invoices(invoices)
        self.counts["invoices"] += len(invoices)

    def _change_something(self, tick: int) -> None:
        """Let invoices arrive late, and let people edit what is there."""
        late = self.weather.late_invoices(tick)
        if late:
            self._arrive(late)
        edit = self.weather.edit(self.world.ipos.invoices())
        if edit is not None:
            raw, changes = edit
            names = (raw["LocationCode"], raw["DocType"], raw["InvNo"], raw["InvDate"])
            self.world.ipos.edit_invoice(*names, **changes)
            self.truth.add([{**raw, **changes}])
            self.counts["edits"] += 1

    def _tick(self) -> bool:
        """Look, and run what is due; tell whether there was anything to do."""
        self.world.clock.now += TICK
        due = self._in_process(look)
        if due is None:
            return True
        for key in sorted(due):
            together = 2 if self.weather.is_run_twice() else 1
            self._runs(key, together)
        return bool(due)

    def _runs(self, key: StoreDayKey, together: int) -> None:
        """Run one store-day, sometimes twice at the same moment."""

        async def work(*opened: Connections) -> list[StoreDayProof | BaseException]:
            return await asyncio.gather(
                *(
                    run_store_day(one, *key, run=f"run-{self.counts['runs']}-{number}")
                    for number, one in enumerate(opened)
                ),
                return_exceptions=True,
            )

        self.counts["runs"] += together
        for result in self._in_process(work, processes=together) or []:
            if isinstance(result, PipelineError):
                self.counts["failed runs"] += 1
            elif _is_crash(result):
                self.counts["crashes"] += 1
            elif isinstance(result, BaseException):
                self.violations.append(f"{type(result).__name__}: {result}")
        self._check_acknowledged()

    def _in_process(self, work: Callable[..., Any], processes: int = 1) -> Any:
        """Run something in processes of ours that may die; None if it failed or died as a whole."""
        opened = [self._open() for _ in range(processes)]
        try:
            return asyncio.run(work(*opened))
        except PipelineError:
            self.counts["failed looks"] += 1
        except BaseException as error:  # noqa: BLE001 - told apart below
            if not _is_crash(error):
                self.violations.append(f"{type(error).__name__}: {error}")
            self.counts["crashes"] += 1
        finally:
            for one in opened:
                one.__dict__.pop("_netsuite_http", None)
                one.__dict__.pop("_ipos_http", None)
                one.__exit__()
        return None

    def _open(self) -> Connections:
        fuse = Fuse(self.weather.crash_after())
        transport = FusedTransport(self.world.transport(), fuse, self._watch)
        connections = self.connect(
            self.world.environment,
            clock=self.world.clock,
            pacing=dataclasses.replace(self.world.clock.pacing(), random=self.weather.fraction),
            transport=transport,
        )
        fuse_ledger(connections, fuse)
        return connections

    def _watch(self, request: httpx2.Request) -> None:
        """Look at each request that goes out: what must never be asked, or not yet."""
        self.counts["requests"] += 1
        if request.method == "PUT" and "/record/v1/cash" in request.url.path:
            self.violations.append(f"PUT {request.url.path}: an upsert can duplicate lines")
        if request.url.path.endswith("/acknowledge"):
            told = json.loads(request.content)
            self._check_complete(told["LocationCode"], told["Documents"])

    def _check_complete(self, location: str, documents: list[dict[str, Any]]) -> None:
        """Whatever IPOS is told of must be in NetSuite before it is told."""
        posted = self._posted_by_document()
        for one in documents:
            key = document_key_of({**one, "LocationCode": location})
            if not self.truth.accepts(key, posted.get(key, {})):
                self.violations.append(
                    f"{key} acknowledged with only {sorted(posted.get(key, {}))}"
                )

    def _check_acknowledged(self) -> None:
        posted = self._posted_by_document()
        for one in self.world.ipos.acknowledgements():
            key = document_key_of(one)
            if not self.truth.accepts(key, posted.get(key, {})):
                self.violations.append(f"{key} is acknowledged and not in NetSuite as a whole")

    def _posted_by_document(self) -> dict[str, dict[str, Decimal]]:
        posted: dict[str, dict[str, Decimal]] = {}
        for one in self.world.netsuite.transactions():
            key = one["externalId"].rpartition("-")[0]
            posted.setdefault(key, {})[one["externalId"]] = one["total"]
        return posted

    def _judge(self) -> None:
        """Assert every invariant once nothing is left to do."""
        transactions = self.world.netsuite.transactions()
        twice = Counter(one["externalId"] for one in transactions)
        self.violations += [f"{key} is {n} times in NetSuite" for key, n in twice.items() if n > 1]
        posted = self._posted_by_document()
        self.violations += [
            f"{key} is in NetSuite as {posted.get(key)}, not as one of {versions}"
            for key, versions in self.truth.versions.items()
            if not self.truth.accepts(key, posted.get(key, {}))
        ]
        self.violations += [
            f"{key} was never sold" for key in posted.keys() - self.truth.versions.keys()
        ]
        told = {document_key_of(one) for one in self.world.ipos.acknowledgements()}
        self.violations += [f"{key} was never acknowledged" for key in posted.keys() - told]
        self.counts["documents"] += len(transactions)
        self.violations += self._left_open()
        with looked_at(self.world.environment["IPOS_PIPELINE_LEDGER_URL"]) as connection:
            self.violations += [f"not true: {one}" for one in broken_rules(connection)]
        self._judge_differences(posted)

    def _judge_differences(self, posted: dict[str, dict[str, Decimal]]) -> None:
        """Reconcile once more, as the night does: open is what was edited after posting, no more.

        What IPOS once wrote otherwise, without another meaning, counts as edited too.
        """
        self._in_process(lambda opened: reconcile_all(opened, STORE_DAYS))
        differences = [one for one in self._open_errors() if one.stage == Stage.RECONCILE]
        self.violations += [
            f"{one.external_id} is open for a person: {one.code} {one.message}"
            for one in differences
            if one.code != DifferenceKind.EDITED_IN_IPOS
        ]
        told = {one.external_id for one in differences}
        self.violations += [
            f"{key} was edited after it was posted, and no error says so"
            for key, versions in self.truth.versions.items()
            if versions[-1] != posted.get(key, {}) and key not in told
        ]
        self.counts["differences"] += len(differences)

    def _left_open(self) -> list[str]:
        """List what the ledger holds as not settled; what differs then is for a person."""
        left = [
            f"{error.external_id} is still open: {error.code} {error.message}"
            for error in self._open_errors()
            if error.stage != Stage.RECONCILE
        ]
        opened = Connections(self.world.environment, clock=self.world.clock)
        with opened as connections, connections.ledger.read() as work:
            left += [
                f"{entry.external_id} is still {entry.status}"
                for code, day in itertools.product(self.weather.shops, STORE_DAYS)
                for entry in work.entries.of_day(code, day)
                if entry.status != Status.POSTED
            ]
        return left

    def _open_errors(self) -> list[ErrorRecord]:
        opened = Connections(self.world.environment, clock=self.world.clock)
        with opened as connections, connections.ledger.read() as work:
            return [
                error
                for code, day in itertools.product(self.weather.shops, STORE_DAYS)
                for error in work.errors.open_of_day(code, day)
            ]


def _is_crash(error: object) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_is_crash(one) for one in error.exceptions)
    return isinstance(error, SimulatedCrash)
