"""Starting runs of store-days: what sensors and schedules share."""

from __future__ import annotations

import dagster as dg

from ipos_pipeline.defs.partitions import StoreDay
from ipos_pipeline.domain.due import StoreDayKey

PARTITION_TAG = "dagster/partition"
ONLY_NEW_TAG = "ipos/only_new"
"""Of a run that a tick starts for what is new: it may build on what the run before it has read."""
REASON_MAX = 200

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
    keys = (run.tags.get(PARTITION_TAG, "") for run in runs)
    store_days = (StoreDay.of(key) for key in keys if key)
    return frozenset((one.location_code, one.day) for one in store_days)


def is_only_new(context: dg.AssetExecutionContext) -> bool:
    """Tell whether this run deals with what is new, or with the store-day as a whole."""
    return context.run.tags.get(ONLY_NEW_TAG) == "true"


def run_request(
    key: StoreDayKey, why: str, *, run_key: str | None = None, only_new: bool = False
) -> dg.RunRequest:
    """Ask for a run of a store-day; its tags say why, and so does the list of runs."""
    store_day = StoreDay(*key)
    return dg.RunRequest(
        run_key=run_key,
        partition_key=store_day.partition_key,
        tags={
            "ipos/location": store_day.location_code,
            "ipos/reason": why[:REASON_MAX],
            **({ONLY_NEW_TAG: "true"} if only_new else {}),
        },
    )
