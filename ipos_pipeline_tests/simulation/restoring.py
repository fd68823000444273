"""A storm in which the ledger is lost, and an older backup is restored: what people then do too.

The backup is taken in the middle of a run. Later a person sets an invoice aside, which the backup
does not know; what the person remembers is decided again after the restore, and the rest retried.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx2

from ipos_pipeline.cli.rebuild_ledger import rebuild
from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.retry_policy import DECISION_LOST
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.ledger.backup import back_up
from ipos_pipeline.ledger.entry import PostingEntry, Status
from ipos_pipeline.ledger.integration_errors import Stage
from ipos_pipeline.ledger.restoring import Order, restore
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.resolving import By, retry, set_aside
from ipos_pipeline_tests.simulation.store_day import active_configurations
from ipos_pipeline_tests.simulation.storm import STORE_DAYS, Storm

PERSON = "noor by ipos-pipeline"
AFTER_CLOSING = timedelta(hours=14)
"""From noon: whatever is sold has been sold when the storm begins, so that people may decide."""

REQUESTS_MAX = 12


@dataclass
class RestoredStorm(Storm):
    """A storm with one backup, one decision, one restore and its documented steps."""

    seed: int = 0
    aside: set[str] = field(default_factory=set)
    """Document keys of invoices that a person has set aside: nothing of them may be posted."""

    def __post_init__(self) -> None:
        """Draw apart from the weather, so that a seed has the same weather in every storm."""
        self._draws = Random(f"restore {self.seed}")  # noqa: S311 - to be repeated
        last = self.weather.stormy_ticks - 1
        self._backup_tick = self._draws.randint(0, last - 1)
        self._decision_tick = self._draws.randint(self._backup_tick, last)
        self._restore_tick = self._draws.randint(self._backup_tick + 1, last + 1)
        self._waits_for_pending = self._draws.random() < 0.6
        self._backup_at = self._draws.randint(1, REQUESTS_MAX)
        self._decision_at = self._draws.randint(1, REQUESTS_MAX)
        self._rebuilds_first = self._draws.random() < 0.5
        self._is_file_lost = self._draws.random() < 0.5
        self._tick_number, self._requests = -1, 0
        self._is_restored = self._is_rebuilt = self._is_calm = self._has_run_since = False
        self._folder = tempfile.TemporaryDirectory()
        self._file = Path(self._folder.name) / "backup"
        self.world.clock.now += AFTER_CLOSING

    @property
    def _url(self) -> str:
        return self.world.environment["IPOS_PIPELINE_LEDGER_URL"]

    def run(self) -> list[str]:
        """Run to the end and give every violation of the promise."""
        with self._folder:
            return super().run()

    def _change_something(self, tick: int) -> None:
        super()._change_something(tick)
        if tick == self._restore_tick:
            self._restore()
        self._tick_number, self._requests = tick, 0

    def _calm_down(self) -> None:
        if not self._is_restored:
            self._restore()
        super()._calm_down()
        self._is_calm = True

    def _tick(self) -> bool:
        if self._is_restored and (self._rebuilds_first or self._has_run_since):
            self._rebuild()
            if not self._is_rebuilt:
                self.world.clock.now += timedelta(minutes=15)
                return True
        if self._is_calm and self._is_rebuilt:
            self._decide_again()
        self._has_run_since = self._is_calm
        return super()._tick() or not self._is_rebuilt

    def _watch(self, request: httpx2.Request) -> None:
        """Take the backup, and let the person decide, while a run is at work."""
        super()._watch(request)
        self._requests += 1
        is_time = self._tick_number >= self._backup_tick and self._requests >= self._backup_at
        if is_time and not self._file.exists() and self._shows_what_it_should():
            self._back_up()
        if self._tick_number >= self._decision_tick and self._requests >= self._decision_at:
            self._set_something_aside()

    def _shows_what_it_should(self) -> bool:
        """Some backups are taken at any moment, others when something is about to be sent."""
        return not self._waits_for_pending or any(
            one.status == Status.PENDING for one in self._entries()
        )

    def _entries(self) -> list[PostingEntry]:
        ledger = LedgerStore.open(self._url)
        with ledger.read() as work:
            entries = [
                one
                for code in self.weather.shops
                for day in STORE_DAYS
                for one in work.entries.of_day(code, day)
            ]
        ledger.close()
        return entries

    def _back_up(self) -> None:
        if not self._file.exists():
            back_up(self._url, self._file, on_progress=lambda _done, _total: None)
            self.counts["backups"] += 1

    def _set_something_aside(self) -> None:
        """Set aside an invoice of which nothing was ever sent; once, and after the backup."""
        if self.aside or self._is_restored or not self._file.exists():
            return
        entries = self._entries()
        begun = {
            one.document_key for one in entries if one.attempts or one.status != Status.PENDING
        }
        untouched = sorted({one.document_key for one in entries} - begun)
        if not untouched:
            return
        key = self._draws.choice(untouched)
        ledger = LedgerStore.open(self._url)
        with ledger.write(PERSON) as work:
            for one in entries:
                if one.document_key == key:
                    now = self.world.clock.now
                    work.decisions.set_entry_aside(one.external_id, at=now, reason="a test sale")
        ledger.close()
        self.aside.add(key)
        self.counts["set aside"] += 1

    def _restore(self) -> None:
        self._back_up()  # where the drawn request never came
        if self._is_file_lost and self._url.startswith("sqlite"):
            file = Path(self._url.removeprefix("sqlite:///"))
            for one in file.parent.glob(f"{file.name}*"):
                one.unlink()
        order = Order(self._url, self._file, PERSON, self.world.clock.now, replace=True)
        restore(order, on_progress=lambda _done, _total: None)
        self._is_restored = True
        self.counts["restores"] += 1

    def _rebuild(self) -> None:
        """Do what `ipos-pipeline rebuild-ledger` does, until it has ended once."""
        if not self._is_rebuilt:
            self._is_rebuilt = self._in_process(self._rebuild_all) is True

    async def _rebuild_all(self, opened: Connections) -> bool:
        for configuration in (await active_configurations(opened)).values():
            for day in STORE_DAYS:
                await rebuild(opened, configuration, day)
        return True

    def _decide_again(self) -> None:
        """Set aside again what the person remembers, and have the others posted."""
        by = By(PERSON, "after the restore", self.world.clock.now)
        asked = [one for one in self._open_errors() if one.code == DECISION_LOST]
        remembered = {one.external_id for one in asked if self._key(one.external_id) in self.aside}
        others = {one.external_id for one in asked} - remembered
        self.counts["asked again"] += len(asked)
        ledger = LedgerStore.open(self._url)
        for decide, external_ids in ((set_aside, remembered), (retry, others)):
            if external_ids:
                decide(ledger, Selection(external_ids=frozenset(external_ids)), by)
        ledger.close()

    @staticmethod
    def _key(external_id: str) -> str:
        return external_id.removesuffix("-CS").removesuffix("-CR")

    def _left_to_a_person(self) -> set[str]:
        """Give invoices that were edited, and of which the version that was posted is lost."""
        edited = {key for key, versions in self.truth.versions.items() if len(versions) > 1}
        differs = {
            self._key(one.external_id)
            for one in self._open_errors()
            if one.code == "total_differs" and one.stage == Stage.POST
        }
        return edited & differs

    def _judge(self) -> None:
        """Judge as ever, but for what is set aside, and for what only a person can compare."""
        posted = {self._key(one["externalId"]) for one in self.world.netsuite.transactions()}
        self.violations += [
            f"{key} was set aside, and is in NetSuite" for key in self.aside & posted
        ]
        excused = self.aside | self._left_to_a_person()
        before = len(self.violations)
        super()._judge()
        told = self.violations[before:]
        del self.violations[before:]
        self.violations += [one for one in told if not _is_about(one, excused)]

    def _left_open(self) -> list[str]:
        excused = self.aside | self._left_to_a_person()
        return [one for one in super()._left_open() if not _is_about(one, excused)]


def _is_about(violation: str, keys: set[str]) -> bool:
    """Tell whether a violation, other than a duplicate, begins with one of these invoices."""
    subject: Any = violation.partition(" ")[0]
    return RestoredStorm._key(subject) in keys and "times in NetSuite" not in violation
