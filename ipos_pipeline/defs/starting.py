"""Starting runs of store-days: what sensors and schedules share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.jobs import SYNC_INVOICES
from ipos_pipeline.defs.partitions import ONLY_NEW_TAG, PARTITION_TAG, StoreDay
from ipos_pipeline.domain.due import StoreDayKey
from ipos_pipeline.domain.failed_run import ipos_system, pipeline_system
from ipos_pipeline.domain.grouping import Runs, runs_of

REASON_MAX = 200

SYNC_GROUP = "sync_invoices_of_many"
GROUP_OP = "sync_store_days"

NOT_FINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def running_store_days(instance: dg.DagsterInstance) -> frozenset[StoreDayKey]:
    """List the store-days that a run is already busy with, whoever started it."""
    runs = instance.get_runs(filters=dg.RunsFilter(statuses=NOT_FINISHED))
    store_days = (StoreDay.of(key) for run in runs for key in _partition_keys(run))
    return frozenset((one.location_code, one.day) for one in store_days)


def _partition_keys(run: dg.DagsterRun) -> list[str]:
    """Give the partitions that a run deals with: its own, or those of its configuration."""
    if run.job_name == SYNC_GROUP:
        run_config: Mapping[str, Any] = run.run_config
        return list(run_config["ops"][GROUP_OP]["config"]["store_days"])
    key = run.tags.get(PARTITION_TAG)
    return [key] if key else []


def grouped(connections: Connections, due: Mapping[StoreDayKey, str]) -> Runs:
    """Decide which of the store-days that are due share a run."""
    with connections.ledger.read() as work:
        open_systems = work.outages.open_systems()
    settings = connections.settings
    return runs_of(
        due,
        above=settings.group_above,
        group_size=settings.group_size,
        in_trouble={
            code
            for code, _ in due
            if ipos_system(code) in open_systems or pipeline_system(code) in open_systems
        },
    )


def run_request(
    key: StoreDayKey, why: str, *, run_key: str | None = None, only_new: bool = False
) -> dg.RunRequest:
    """Ask for a run of a store-day; its tags say why, and so does the list of runs."""
    store_day = StoreDay(*key)
    return dg.RunRequest(
        job_name=SYNC_INVOICES,
        run_key=run_key,
        partition_key=store_day.partition_key,
        tags={
            "ipos/location": store_day.location_code,
            "ipos/reason": why[:REASON_MAX],
            **({ONLY_NEW_TAG: "true"} if only_new else {}),
        },
    )


def group_request(
    keys: Iterable[StoreDayKey], why: str, *, run_key: str | None = None, only_new: bool = False
) -> dg.RunRequest:
    """Ask for one run of many store-days."""
    store_days = [StoreDay(*key).partition_key for key in keys]
    config = {"store_days": store_days, "only_new": only_new}
    return dg.RunRequest(
        job_name=SYNC_GROUP,
        run_key=run_key,
        run_config={"ops": {GROUP_OP: {"config": config}}},
        tags={
            "ipos/reason": why[:REASON_MAX],
            "ipos/store_days": str(len(store_days)),
            **({ONLY_NEW_TAG: "true"} if only_new else {}),
        },
    )
