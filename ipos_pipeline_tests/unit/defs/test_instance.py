"""What `dagster.yaml` asks of Dagster, as Dagster itself reads it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType

from ipos_pipeline.defs.group_runs import sync_invoices_of_many
from ipos_pipeline.defs.jobs import sync_invoices
from ipos_pipeline.defs.run_launcher import WatchedRunLauncher
from ipos_pipeline_tests.repository_text import ROOT

LEASE_SECONDS = 600


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        yield opened


def test_a_store_day_is_run_once_at_a_time_and_not_all_runs_at_once(
    instance: dg.DagsterInstance,
) -> None:
    """So two at once are the exception: someone on the command line while the daemon works."""
    queue = instance.get_concurrency_config().run_queue_config

    assert queue is not None
    assert queue.max_concurrent_runs == 10
    assert {
        "key": "dagster/partition",
        "value": {"applyLimitPerUniqueValue": True},
        "limit": 1,
    } in queue.tag_concurrency_limits


def test_runs_wait_in_the_queue_while_the_code_server_is_started_again(
    instance: dg.DagsterInstance,
) -> None:
    """Dagster's default is to fail each run that comes due in that moment."""
    queue = instance.get_concurrency_config().run_queue_config

    assert queue is not None
    waits = queue.max_user_code_failure_retries * queue.user_code_failure_retry_delay
    assert waits >= 300


def test_no_run_stays_started_for_ever(instance: dg.DagsterInstance) -> None:
    """Its store-day would never be run again: that never starts, dies, hangs, will not end."""
    assert instance.run_monitoring_enabled
    assert 0 < instance.run_monitoring_start_timeout_seconds <= LEASE_SECONDS
    assert 0 < instance.run_monitoring_cancel_timeout_seconds <= LEASE_SECONDS
    assert LEASE_SECONDS <= instance.run_monitoring_max_runtime_seconds <= 6 * 3600
    assert isinstance(instance.run_launcher, WatchedRunLauncher)
    assert 0 < instance.run_launcher.seconds_between_signs <= LEASE_SECONDS / 10


def test_ticks_are_not_kept_for_ever(instance: dg.DagsterInstance) -> None:
    for kind in (InstigatorType.SENSOR, InstigatorType.SCHEDULE):
        days = instance.get_tick_retention_settings(kind)
        assert {status for status, kept in days.items() if kept <= 0} == set(), kind


def test_a_run_in_the_place_of_a_dead_one_begins_at_the_start(instance: dg.DagsterInstance) -> None:
    """What the dead one had stored may be on a machine that is gone."""
    assert instance.run_retries_enabled
    assert instance.run_retries_max_retries == 1
    assert not instance.run_retries_retry_on_asset_or_op_failure
    for job in (sync_invoices, sync_invoices_of_many):
        assert job.tags == {"dagster/retry_strategy": "ALL_STEPS"}
