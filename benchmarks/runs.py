"""The product installed beside simulators, and runs of its store-days through Dagster."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from benchmarks.simulated import (
    CONCURRENCY,
    DAY,
    Replay,
    Scene,
    environment_of,
    running_scene,
)
from ipos_pipeline.cli.store_day_runs import QUIET, dagster_instance
from ipos_pipeline.defs.jobs import SYNC_INVOICES
from ipos_pipeline.defs.partitions import LOCATIONS
from ipos_pipeline.defs.sensors import store_days_sensor

SETTINGS = ("DAGSTER_", "ERROR_EMAIL_", "IPOS_", "NETSUITE_", "SMTP_")
"""How the names of the product's settings begin (.env.example)."""
MEMORY = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_TRIM_THRESHOLD_": "131072"}
"""What .env.example says of memory: Arrow and the C library read it when a process starts."""


@contextmanager
def installed(
    scene: Scene | Replay, state: Path, *, concurrency: int = CONCURRENCY
) -> Iterator[dict[str, Any]]:
    """Run simulators, and have the product installed beside them, as `DAGSTER_HOME` names it.

    The environment of this process leads the product there while the context lasts, and nowhere
    else: what the caller has set for a product of their own is put away. The locations are
    registered as partitions. Gives what `simulators.json` says.
    """
    before = dict(os.environ)
    home = state / "dagster"
    home.mkdir(parents=True)
    shutil.copy("dagster.yaml", home)
    with running_scene(scene, state) as simulated:
        for name in _settings_of(before):
            del os.environ[name]
        os.environ.update(MEMORY)
        os.environ.update(environment_of(simulated, state / "data", concurrency=concurrency))
        os.environ.update(DAGSTER_HOME=str(home), IPOS_PIPELINE_START_DATE=scene.day.isoformat())
        try:
            with dagster_instance(os.environ) as instance:
                instance.add_dynamic_partitions(LOCATIONS, list(simulated["locations"]))
            yield simulated
        finally:
            os.environ.clear()
            os.environ.update(before)


def _settings_of(environment: Mapping[str, str]) -> set[str]:
    """Name the product's settings in an environment: its ledger, storage, systems and mail."""
    return {name for name in environment if name.startswith(SETTINGS)}


def command_of_run(
    location_code: str, *, day: date = DAY, tags: Mapping[str, str] | None = None
) -> list[str]:
    """Give the command that runs a store-day in a process of its own, as the daemon's runs are.

    `execute_in_process`, as `ipos-pipeline sync` and `run_here` use it, keeps all frames to its
    end.
    """
    asked = json.dumps({"dagster/partition": f"{day}|{location_code}", **(tags or {})})
    job = ["job", "execute", "-m", "ipos_pipeline.definitions", "-j", SYNC_INVOICES]
    return [sys.executable, "-m", "dagster", *job, "--tags", asked]


def run_here(location_code: str, *, day: date = DAY) -> None:
    """Run a store-day in this process. Raises RuntimeError where the run fails."""
    from ipos_pipeline.definitions import build_definitions  # noqa: PLC0415 - reads settings

    job = build_definitions(os.environ).resolve_job_def(SYNC_INVOICES)
    key = dg.MultiPartitionKey({"day": day.isoformat(), "location": location_code})
    with dagster_instance(os.environ) as instance:
        result = job.execute_in_process(
            instance=instance, partition_key=key, run_config=QUIET, raise_on_error=False
        )
    if not result.success:
        message = f"The run of {location_code} failed."
        raise RuntimeError(message)


def evaluate(instance: dg.DagsterInstance) -> int:
    """Let the sensor of store-days tick once; gives how many runs it asks for."""
    from ipos_pipeline.definitions import build_definitions  # noqa: PLC0415 - reads settings

    definitions = build_definitions(os.environ)
    with dg.build_sensor_context(
        instance=instance,
        repository_def=definitions.get_repository_def(),
        resources=definitions.resources,
    ) as context:
        data = store_days_sensor.evaluate_tick(context)
    return len(data.run_requests or [])
