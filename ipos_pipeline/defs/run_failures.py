"""Failed runs: one that none of our own errors explains is an outage of the pipeline itself.

Belongs here: reading Dagster's events. Not here: what counts as explained (domain/failed_run.py).
"""

from collections.abc import Iterator

import dagster as dg

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.jobs import sync_invoices
from ipos_pipeline.defs.partitions import StoreDay
from ipos_pipeline.defs.resources import Opened
from ipos_pipeline.defs.telling import TOLD_PER_TICK, queue_outage_mails, tell_by_mail
from ipos_pipeline.domain.failed_run import FailedStep, pipeline_system, unexplained
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.steps.watching_outages import note_outage

PARTITION_TAG = "dagster/partition"
RECOVERY = (
    "Open the run in Dagster and give its log to the data team. The next run goes on where this"
    " one stopped; nothing is posted twice."
)


@dg.run_failure_sensor(
    monitored_jobs=[sync_invoices],
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells by mail, once for each outage, that runs fail.",
)
def run_failures_sensor(context: dg.RunFailureSensorContext, connections: Opened) -> None:
    """Note a failure that nothing explains as an outage, and mail what began or is over."""
    try:
        _note_unexplained(context, connections)
        queue_outage_mails(connections, run=context.dagster_run.run_id)
        tell_by_mail(
            connections,
            run=context.dagster_run.run_id,
            count_max=TOLD_PER_TICK,
            concerns=lambda _error: False,
        )
    except PipelineError as error:
        context.log.warning("People could not be told: %s", error.message)


def _note_unexplained(context: dg.RunFailureSensorContext, connections: Connections) -> None:
    run = context.dagster_run
    why = unexplained(_failed_steps(context))
    if why is None:
        return
    key = run.tags.get(PARTITION_TAG)
    error = PipelineError(f"{why} Run {run.run_id}, store-day {key}.", recovery=RECOVERY)
    error.system = pipeline_system(StoreDay.of(key).location_code if key else None)
    note_outage(connections.ledger, error, run=run.run_id, at=connections.clock())


def _failed_steps(context: dg.RunFailureSensorContext) -> Iterator[FailedStep]:
    for event in context.get_step_failure_events():
        failure = event.step_failure_data
        said = failure.user_failure_data
        yield FailedStep(
            name=event.step_key or "",
            exception=(failure.error and failure.error.cls_name) or "error",
            is_explained=said is not None and "recovery" in said.metadata,
        )
