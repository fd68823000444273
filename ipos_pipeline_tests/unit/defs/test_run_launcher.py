"""Which runs count as dead: those that are silent, and no run that is only slow."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.launcher import WorkerStatus
from kubernetes.config import ConfigException

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.resources import connections_resource
from ipos_pipeline.defs.run_launcher import SIGN_OF_LIFE, signs_of_life
from ipos_pipeline_tests.pipeline.processes import wait_for
from ipos_pipeline_tests.repository_text import ROOT

KUBERNETES = {"service_account_name": "any", "instance_config_map": "any"}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """The launcher of our dagster.yaml, which waits for a second instead of minutes."""
    ours = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    launcher = {**ours["run_launcher"], "config": {"silent_after_seconds": 5}}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({"run_launcher": launcher}))
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        yield opened


def status_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> WorkerStatus:
    return instance.run_launcher.check_run_worker_health(run).status


def signs(instance: dg.DagsterInstance, run: dg.DagsterRun) -> int:
    return [one.message for one in instance.all_logs(run.run_id)].count(SIGN_OF_LIFE)


def test_a_run_lives_as_long_as_its_process_and_is_dead_when_it_is_silent(
    instance: dg.DagsterInstance,
) -> None:
    """Six signs take more than five seconds here: longer than a run may be silent."""

    @dg.op(required_resource_keys={"connections"})
    def waits(context: dg.OpExecutionContext) -> None:
        wait_for(lambda: signs(instance, context.run) >= 7, what="The signs of life")
        assert status_of(instance, context.run) == WorkerStatus.RUNNING

    @dg.job(
        resource_defs={"connections": connections_resource(lambda: Connections({}), lambda: None)}
    )
    def slow() -> None:
        waits()

    done = slow.execute_in_process(instance=instance)

    assert instance.run_launcher.supports_check_run_worker_health
    is_dead = lambda: status_of(instance, done.dagster_run) == WorkerStatus.FAILED  # noqa: E731
    wait_for(is_dead, what="Its silence")


def test_a_run_without_an_event_is_not_taken_as_dead(instance: dg.DagsterInstance) -> None:
    run = dg.DagsterRun(job_name="any")

    assert status_of(instance, run) == WorkerStatus.RUNNING


def test_a_launcher_that_is_not_ours_is_not_even_built(tmp_path: Path) -> None:
    """In a pod of Kubernetes a run need not be able to ask for its cluster."""
    kubernetes = {"module": "dagster_k8s", "class": "K8sRunLauncher", "config": KUBERNETES}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({"run_launcher": kubernetes}))
    run = dg.DagsterRun(job_name="any")

    with dg.DagsterInstance.from_config(str(tmp_path)) as elsewhere:
        with pytest.raises(ConfigException, match="Service host/port is not set"):
            _ = elsewhere.run_launcher
        with signs_of_life(elsewhere, run):
            assert signs(elsewhere, run) == 0
