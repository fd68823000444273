"""The composition root: everything that Dagster loads, put together.

The environment variables are described in .env.example and read by settings/environment.py when a
run starts; only the first day of the partitions must be known when the code is loaded.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from functools import partial

import dagster as dg

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.assets import store_day_assets
from ipos_pipeline.defs.day_summary import day_summary, day_summary_schedule
from ipos_pipeline.defs.freshness import freshness_sensor
from ipos_pipeline.defs.group_runs import sync_invoices_of_many
from ipos_pipeline.defs.jobs import (
    refresh_reference_data,
    refresh_reference_data_schedule,
    sync_invoices,
)
from ipos_pipeline.defs.nightly import (
    close_day_of_many_schedule,
    close_day_schedule,
    sweep_window,
    sweep_window_schedule,
)
from ipos_pipeline.defs.old_runs import delete_old_runs, delete_old_runs_schedule
from ipos_pipeline.defs.parquet_io import IO_MANAGER, parquet_io_manager
from ipos_pipeline.defs.partitions import store_days
from ipos_pipeline.defs.reference_assets import reference_assets
from ipos_pipeline.defs.resolving import resolve_errors
from ipos_pipeline.defs.resources import connections_resource
from ipos_pipeline.defs.run_failures import run_failures_sensor
from ipos_pipeline.defs.sensors import location_partitions_sensor, store_days_sensor
from ipos_pipeline.defs.standing_checks import (
    STANDING_CHECKS,
    standing_checks,
    standing_checks_schedule,
)
from ipos_pipeline.settings.environment import first_day

OWNERS_OF_SENSORS = "Parameter `owners` of initializer `SensorDefinition"


def build_definitions(
    environment: Mapping[str, str], *, connect: Callable[[], Connections] | None = None
) -> dg.Definitions:
    """Put assets, jobs, sensors and resources together for one environment.

    `connect` opens what a run reaches; tests give their own clock and simulators.
    """
    # Dagster 1.13 warns of a parameter of its own when it gives a sensor's job its resources.
    warnings.filterwarnings("ignore", OWNERS_OF_SENSORS, dg.BetaWarning)
    return dg.Definitions(
        assets=[*reference_assets(), *store_day_assets(store_days(first_day(environment)))],
        asset_checks=STANDING_CHECKS,
        jobs=[
            sync_invoices,
            sync_invoices_of_many,
            sweep_window,
            standing_checks,
            day_summary,
            refresh_reference_data,
            resolve_errors,
            delete_old_runs,
        ],
        schedules=[
            close_day_schedule,
            close_day_of_many_schedule,
            refresh_reference_data_schedule,
            sweep_window_schedule,
            day_summary_schedule,
            standing_checks_schedule,
            delete_old_runs_schedule,
        ],
        sensors=[
            store_days_sensor,
            freshness_sensor,
            location_partitions_sensor,
            run_failures_sensor,
        ],
        executor=dg.in_process_executor,  # runs of chosen assets, from the UI, too (ADR 0010)
        resources={
            "connections": connections_resource(connect or partial(Connections, environment)),
            IO_MANAGER: parquet_io_manager,
        },
    )


defs = build_definitions(os.environ)
