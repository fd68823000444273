"""Failed runs: one that none of our own errors explains is an outage of the pipeline itself.

Belongs here: reading Dagster's events. Not here: what counts as explained (domain/failed_run.py).
"""

from collections.abc import Iterator

import dagster as dg

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.checks import stopped_by
from ipos_pipeline.defs.day_summary import day_summary
from ipos_pipeline.defs.group_runs import sync_invoices_of_many
from ipos_pipeline.defs.jobs import sync_invoices
from ipos_pipeline.defs.nightly import sweep_window
from ipos_pipeline.defs.partitions import PARTITION_TAG, StoreDay
from ipos_pipeline.defs.resources import Opened
from ipos_pipeline.defs.telling import TOLD_PER_TICK, queue_outage_mails, tell_by_mail
from ipos_pipeline.domain.failed_run import FailedStep, job_system, pipeline_system, unexplained
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.steps.watching_outages import note_outage

RECOVERY = (
    "Open the run in Dagster and give its log to the data team. The next run goes on where this"
    " one stopped; nothing is posted twice."
)


@dg.run_failure_sensor(
    monitored_jobs=[sync_invoices, sync_invoices_of_many, sweep_window, day_summary],
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
    key = run.tags.get(PARTITION_TAG)
    what = f"store-day {key}" if key else f"job {run.job_name}"
    error = _stopped_by_check(context, what) or _unforeseen(context, what)
    if error is None:
        return
    error.system = (
        pipeline_system(StoreDay.of(key).location_code) if key else job_system(run.job_name)
    )
    note_outage(connections.ledger, error, run=run.run_id, at=connections.clock())


def _unforeseen(context: dg.RunFailureSensorContext, what: str) -> PipelineError | None:
    why = unexplained(_failed_steps(context))
    if why is None:
        return None
    run_id = context.dagster_run.run_id
    return PipelineError(f"{why} Run {run_id}, {what}.", recovery=RECOVERY)


def _stopped_by_check(context: dg.RunFailureSensorContext, what: str) -> PipelineError | None:
    """Tell a run that a blocking check has stopped in the words of that check."""
    records = context.instance.all_logs(
        context.dagster_run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
    )
    for record in records:
        check = record.get_dagster_event().asset_check_evaluation_data
        if check.blocking and not check.passed and check.severity == dg.AssetCheckSeverity.ERROR:
            return stopped_by(check.check_name, check.metadata, what)
    return None


def _failed_steps(context: dg.RunFailureSensorContext) -> Iterator[FailedStep]:
    for event in context.get_step_failure_events():
        failure = event.step_failure_data
        said = failure.user_failure_data
        yield FailedStep(
            name=event.step_key or "",
            exception=(failure.error and failure.error.cls_name) or "error",
            is_explained=said is not None and "recovery" in said.metadata,
        )
