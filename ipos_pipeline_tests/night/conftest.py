"""The pipeline on one simulated shop with a mail server, and its night as the daemon drives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.freshness import freshness_sensor
from ipos_pipeline.defs.nightly import SWEEP_WINDOW, close_day_schedule
from ipos_pipeline_tests.errors_workflow.conftest import (
    Operation,
    inbox,
    instance,
    mail_environment,
    operation,
    pipeline,
)
from ipos_pipeline_tests.pipeline.conftest import Pipeline
from simulators.inbox import ReceivedMail

__all__ = ["inbox", "instance", "mail_environment", "operation", "pipeline"]

FINANCE = "finance@example.com"


@dataclass
class Night:
    """What runs beside the sensor of store-days: the watch, the schedules and their jobs."""

    operation: Operation
    cursor: str | None = None

    @property
    def pipeline(self) -> Pipeline:
        return self.operation.pipeline

    @property
    def mails(self) -> list[ReceivedMail]:
        return self.operation.mails

    @property
    def data_dir(self) -> Path:
        return Path(self.pipeline.environment["IPOS_PIPELINE_DATA_DIR"])

    def at(self, moment: datetime) -> None:
        """Move the clock to a moment."""
        self.pipeline.world.clock.now = moment

    def watch(self) -> str:
        """Evaluate the sensor of freshness as the daemon does; give what it says."""
        with (
            self._connections() as connections,
            dg.build_sensor_context(
                instance=self.pipeline.instance,
                resources={"connections": connections},
                cursor=self.cursor,
            ) as context,
        ):
            answer = freshness_sensor(context)
            self.cursor = context.cursor
        assert isinstance(answer, dg.SkipReason)
        return str(answer.skip_message)

    def evaluate(self, schedule: dg.ScheduleDefinition) -> Any:
        """Evaluate a schedule as the daemon does."""
        with (
            self._connections() as connections,
            dg.build_schedule_context(
                instance=self.pipeline.instance, resources={"connections": connections}
            ) as context,
        ):
            return schedule(context)

    def close_day(self) -> dict[str, str]:
        """Evaluate the nightly schedule; give the requested partitions and why."""
        answer = self.evaluate(close_day_schedule)
        if isinstance(answer, dg.SkipReason):
            return {}
        return {str(one.partition_key): one.tags["ipos/reason"] for one in answer}

    def sweep(self) -> dict[str, Any]:
        """Run the job of the sweep; give what it shows."""
        return output_of(self.execute(SWEEP_WINDOW))

    def execute(self, job: str, **launched: Any) -> dg.ExecuteInProcessResult:
        """Run a job that is about all locations."""
        return self.pipeline.definitions.resolve_job_def(job).execute_in_process(
            instance=self.pipeline.instance, raise_on_error=False, **launched
        )

    def ledger(self, read: Callable[[Any], Any]) -> Any:
        """Read something from the ledger."""
        with self._connections() as connections, connections.ledger.read() as work:
            return read(work)

    def _connections(self) -> Connections:
        return self.pipeline.world.connections(**self.pipeline.environment)


def output_of(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """Give the metadata of a job's one output."""
    assert result.success
    (output,) = [one for one in result.all_events if one.is_successful_output]
    return {key: one.value for key, one in output.step_output_data.metadata.items()}


@pytest.fixture
def night(operation: Operation) -> Night:
    """The pipeline with a mail server, and finance with an address of its own."""
    operation.pipeline.environment["FINANCE_EMAIL_TO"] = FINANCE
    return Night(operation)
