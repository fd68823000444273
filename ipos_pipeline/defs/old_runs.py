"""Old runs: Dagster keeps them for ever, so the night deletes those that nobody needs (ADR 0020).

With a run Dagster forgets what it has materialized. So a run stays that holds the newest
materialization of an asset or of any store-day's: one run for each store-day, in the long run.
"""

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage
from pydantic import Field

from ipos_pipeline.defs.partitions import TIMEZONE
from ipos_pipeline.defs.resources import Opened, clear_failures

DELETE_OLD_RUNS = "delete_old_runs"
MADE = dg.DagsterEventType.ASSET_MATERIALIZATION
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


class OldRuns(dg.Config):
    """Run configuration of `delete_old_runs`."""

    look_back_days: int = Field(
        default=14,
        description="Runs that became old within so many days are looked at; those that stayed"
        " before are not looked at each night anew. More for the first time on an old instance.",
    )


@dg.op(description="Deletes the runs that became too old, but for those that hold what is newest.")
def delete_runs(context: dg.OpExecutionContext, config: OldRuns, connections: Opened) -> None:
    """Look at what became old of late; delete its events and captured output."""
    instance = context.instance
    with clear_failures(connections, run=context.run_id):
        retention = timedelta(days=connections.settings.run_retention_days)
    before = connections.clock() - retention
    became_old = dg.RunsFilter(
        statuses=ENDED,
        created_before=before,
        created_after=before - timedelta(days=config.look_back_days),
    )
    deleted = kept = 0
    for run_id in instance.get_run_ids(filters=became_old):
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        if holds_the_newest(instance, run_id):
            kept += 1
        else:
            delete_run(instance, run_id)
            deleted += 1
    context.add_output_metadata({"before": before.isoformat(), "deleted": deleted, "kept": kept})


def holds_the_newest(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Tell whether Dagster would forget with a run that something is materialized."""
    made = instance.get_asset_partitions_for_run(run_id, of_type=MADE)
    return any(run_id in newest_runs(instance, *one) for one in made.items())


def newest_runs(
    instance: dg.DagsterInstance, asset: dg.AssetKey, partitions: Collection[str | None]
) -> set[str]:
    """Name the runs that hold the newest materializations of an asset, or of partitions of it."""
    named = {one for one in partitions if one is not None}
    if not named:
        newest = instance.get_latest_materialization_event(asset)
        return {newest.run_id} if newest else set()
    events = instance.get_latest_storage_id_by_partition(asset, MADE, partitions=named)
    chosen = dg.AssetRecordsFilter(asset, storage_ids=list(events.values()))
    records = instance.fetch_materializations(chosen, limit=max(1, len(events))).records
    return {one.run_id for one in records}


def delete_run(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run with its events; SQLite would keep the empty file of the events."""
    instance.delete_run(run_id)
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        Path(storage.path_for_shard(run_id)).unlink(missing_ok=True)


@dg.job(
    name=DELETE_OLD_RUNS,
    description="Deletes what Dagster holds of runs older than IPOS_PIPELINE_RUN_RETENTION_DAYS.",
)
def delete_old_runs() -> None:
    """Delete old runs."""
    delete_runs()


delete_old_runs_schedule = dg.ScheduleDefinition(
    name="delete_old_runs_schedule",
    job=delete_old_runs,
    cron_schedule="15 6 * * *",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night, when its runs are over.",
)
