"""The whole pipeline through Dagster: real assets, real clients, simulators in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ipos_pipeline.definitions import build_definitions
from ipos_pipeline.defs.jobs import SYNC_INVOICES
from ipos_pipeline.defs.partitions import LOCATIONS
from ipos_pipeline.ledger.integration_errors import ErrorRecord
from ipos_pipeline_tests.builders import DAY, LOCATION
from ipos_pipeline_tests.simulated_world import SimulatedWorld


@dataclass
class Pipeline:
    """The definitions on a simulated world and on a Dagster instance of their own."""

    world: SimulatedWorld
    instance: dg.DagsterInstance
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def definitions(self) -> dg.Definitions:
        environment = {**self.world.environment, **self.environment}
        return build_definitions(
            environment, connect=lambda: self.world.connections(**self.environment)
        )

    def run(
        self, day: date = DAY, location: str = LOCATION, **launched: Any
    ) -> dg.ExecuteInProcessResult:
        """Run the job for one store-day; a failed run is a result, not an exception."""
        return self.definitions.resolve_job_def(SYNC_INVOICES).execute_in_process(
            instance=self.instance,
            partition_key=dg.MultiPartitionKey({"day": day.isoformat(), "location": location}),
            raise_on_error=False,
            **launched,
        )

    def open_errors(self, day: date = DAY, location: str = LOCATION) -> list[ErrorRecord]:
        """Read what the ledger holds as open for a store-day."""
        opened = self.world.connections(**self.environment)
        with opened as connections, connections.ledger.read() as work:
            return work.errors.open_of_day(location, day)

    def posted(self) -> dict[str, dict[str, Any]]:
        """Give every transaction in NetSuite by its external ID."""
        return {one["externalId"]: one for one in self.world.netsuite.transactions()}

    def requests(self, method: str, path_part: str) -> int:
        """Count the requests that either simulated system has had so far."""
        recorded = [*self.world.netsuite.requests, *self.world.ipos.requests]
        return sum(one.method == method and path_part in one.path for one in recorded)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance in memory that knows the one shop of the world."""
    with dg.DagsterInstance.ephemeral() as made:
        made.add_dynamic_partitions(LOCATIONS, [LOCATION])
        yield made


@pytest.fixture
def pipeline(world: SimulatedWorld, instance: dg.DagsterInstance, tmp_path: Path) -> Pipeline:
    """The pipeline on a world with one shop and no invoice yet."""
    data = {"IPOS_PIPELINE_DATA_DIR": str(tmp_path / "data")}
    return Pipeline(world, instance, data)


def checks_of(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    """Give each check of a run: `asset:check` -> whether it passed."""
    return {
        f"{one.asset_key.to_user_string()}:{one.check_name}": one.passed
        for one in result.get_asset_check_evaluations()
    }


def failure_of(result: dg.ExecuteInProcessResult) -> tuple[str, str]:
    """Give the sentence and the recovery of a failed run's first failure."""
    said = next(
        event.step_failure_data.user_failure_data
        for event in result.all_events
        if event.is_step_failure
    )
    return said.description, said.metadata["recovery"].value
