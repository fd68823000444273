"""deploy/helm: at one with dagster.yaml and the images; runs have no more rights than they need.

There is no cluster and no Helm here: chart.py says what the chart does with the values, dagster-k8s
itself checks the launcher's part and builds the job of a run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster_k8s.container_context import K8sContainerContext
from dagster_k8s.job import construct_dagster_k8s_job
from dagster_k8s.models import k8s_model_from_dict, k8s_snake_case_dict
from kubernetes.client import ApiClient, V1Job, V1PodSpec

from ipos_pipeline.settings.secret_values import SECRETS
from ipos_pipeline_tests.deployment import chart, dockerfile
from ipos_pipeline_tests.deployment.compose import project, services
from ipos_pipeline_tests.repository_text import ROOT, variables_read

RENDERED_BY_THE_CHART = {"storage", "run_launcher", "telemetry"}


@pytest.fixture
def run_pod(tmp_path: Path) -> dict[str, Any]:
    """The pod of a run, as Dagster asks Kubernetes for it."""
    launcher = chart.run_launcher(tmp_path / "kubeconfig")
    repository = RepositoryPythonOrigin(
        sys.executable,
        ModuleCodePointer("ipos_pipeline.definitions", "defs"),
        container_image=chart.image(),
        container_context=chart.container_context(),
    )
    run = dg.DagsterRun(
        job_name="sync_invoices",
        run_id="0" * 32,
        job_code_origin=JobPythonOrigin("sync_invoices", repository),
    )
    context = K8sContainerContext.create_for_run(run, launcher, include_run_tags=True)
    job = construct_dagster_k8s_job(
        job_config=context.get_k8s_job_config(repository.container_image, launcher),
        args=["dagster", "api", "execute_run"],
        job_name="run",
        user_defined_k8s_config=context.run_k8s_config,
    )
    sent: dict[str, Any] = ApiClient().sanitize_for_serialization(job)
    assert sent["spec"]["ttlSecondsAfterFinished"] > 0
    return dict(sent["spec"]["template"]["spec"])


def dagster_yaml() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    return content


def test_each_value_is_one_that_the_chart_has() -> None:
    given = chart.values()
    assert given.keys() <= chart.KNOWN_KEYS[""]
    for section, known in chart.KNOWN_KEYS.items():
        if section not in {"", "deployment"}:
            assert given[section].keys() <= known, section
    assert chart.deployment().keys() <= chart.KNOWN_KEYS["deployment"]


def test_the_chart_keeps_every_limit_of_dagster_yaml() -> None:
    """Two copies of the same limits drift apart unless something holds them together."""
    ours = {k: v for k, v in dagster_yaml().items() if k not in RENDERED_BY_THE_CHART}
    assert chart.values()["additionalInstanceConfig"] == ours
    assert chart.values()["telemetry"] == dagster_yaml()["telemetry"]
    daemon = chart.values()["dagsterDaemon"]
    own_switches = [daemon["runCoordinator"], daemon["runMonitoring"], daemon["runRetries"]]
    assert [*own_switches, chart.values()["retention"]] == [{"enabled": False}] * 4


def test_dagster_reads_the_same_limits_from_either(tmp_path: Path) -> None:
    folders = {"chart": chart.instance_config(dagster_yaml()["storage"]), "ours": dagster_yaml()}
    seen = {}
    for name, content in folders.items():
        home = tmp_path / name
        home.mkdir()
        (home / "dagster.yaml").write_text(yaml.safe_dump(content))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DAGSTER_HOME", str(home))
            patch.delenv("DAGSTER_POSTGRES_URL", raising=False)
            with dg.DagsterInstance.from_config(str(home)) as instance:
                seen[name] = (
                    instance.get_concurrency_config(),
                    instance.run_monitoring_enabled,
                    instance.run_monitoring_max_runtime_seconds,
                    instance.run_retries_max_retries,
                    instance.run_retries_retry_on_asset_or_op_failure,
                    instance.telemetry_enabled,
                )
    assert seen["chart"] == seen["ours"]
    assert seen["chart"][0].run_queue_config.max_concurrent_runs == 10


def test_the_database_is_outside_and_its_password_in_a_secret() -> None:
    given = chart.values()
    assert given["postgresql"]["enabled"] is False
    assert given["generatePostgresqlPasswordSecret"] is False
    assert "postgresqlPassword" not in given["postgresql"]
    assert given["global"]["postgresqlSecretName"]


def test_all_take_one_image_of_this_version_and_start_it_as_compose_does() -> None:
    given = chart.values()
    images = [given[one]["image"] for one in ("dagsterWebserver", "dagsterDaemon")]
    assert [*images, chart.deployment()["image"]] == [images[0]] * 3
    version = project()["services"]["code"]["image"].rpartition(":")[2]
    assert images[0]["tag"] == version
    one = chart.deployment()
    rendered = ["dagster", "api", "grpc", "-h", "0.0.0.0", "-p", str(one["port"])]  # noqa: S104
    command = [*rendered, *one["dagsterApiGrpcArgs"]]
    assert sorted(command) == sorted(services()["code"]["command"])
    (server,) = given["dagsterWebserver"]["workspace"]["servers"]
    assert (server["host"], server["port"]) == (one["name"], one["port"])
    workspace = yaml.safe_load((ROOT / "deploy" / "workspace.yaml").read_text(encoding="utf-8"))
    assert server["name"] == workspace["load_from"][0]["grpc_server"]["location_name"]


def test_a_run_is_a_pod_without_rights_that_holds_what_the_code_location_holds(
    run_pod: dict[str, Any],
) -> None:
    (container,) = run_pod["containers"]
    assert container["image"] == chart.image()
    assert run_pod["securityContext"]["runAsNonRoot"] is True
    user = f"{run_pod['securityContext']['runAsUser']}:{run_pod['securityContext']['runAsGroup']}"
    assert user == dockerfile.last("pipeline", "USER")
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"] == chart.deployment()["resources"]
    mounted = {one["mountPath"] for one in container["volumeMounts"]}
    assert mounted == {one["mountPath"] for one in chart.deployment()["volumeMounts"]}
    assert {one["name"] for one in container["volumeMounts"]} <= {
        one["name"] for one in run_pod["volumes"]
    }
    assert {"configMapRef": {"name": "ipos-pipeline-settings"}} in container["envFrom"]
    (password,) = (one for one in container["env"] if one["name"] == "DAGSTER_PG_PASSWORD")
    assert password["valueFrom"]["secretKeyRef"]["name"] == "ipos-pipeline-dagster"


def test_a_run_gets_its_secrets_as_files_that_are_mounted(run_pod: dict[str, Any]) -> None:
    (container,) = run_pod["containers"]
    variables = {one["name"]: one.get("value") for one in container["env"]}
    assert not {*SECRETS, "NETSUITE_PRIVATE_KEY"} & variables.keys()
    files = {name: path for name, path in variables.items() if name.endswith("_FILE")}
    assert files.keys() == {"IPOS_PIPELINE_LEDGER_URL_FILE", "NETSUITE_PRIVATE_KEY_FILE"}
    assert files.keys() <= variables_read()
    (mount,) = (one for one in container["volumeMounts"] if one["name"] == "secrets")
    assert mount["readOnly"] is True
    assert {path.rpartition("/")[0] for path in files.values()} == {mount["mountPath"]}
    (volume,) = (one for one in run_pod["volumes"] if one["name"] == "secrets")
    assert volume["secret"]["defaultMode"] == 0o440
    in_compose = project()["secrets"]
    assert {path.rpartition("/")[2] for path in files.values()} <= in_compose.keys()


def test_volumes_lie_where_the_image_writes() -> None:
    variables = dockerfile.environment("pipeline")
    mounts = {one["name"]: one["mountPath"] for one in chart.deployment()["volumeMounts"]}
    assert mounts["data"] == variables["IPOS_PIPELINE_DATA_DIR"]
    assert mounts["tmp"] == variables["HOME"]
    assert chart.values()["global"]["dagsterHome"] == variables["DAGSTER_HOME"]


@pytest.mark.parametrize("name", ["dagsterWebserver", "dagsterDaemon", chart.CODE_LOCATION])
def test_each_deployment_is_a_pod_that_kubernetes_knows(name: str) -> None:
    """A misspelt field of a pod is dropped by Kubernetes without a word; here it is refused."""
    one = chart.deployment() if name == chart.CODE_LOCATION else chart.values()[name]
    container = {
        "name": "dagster",
        "securityContext": one["securityContext"],
        "resources": one["resources"],
        "volumeMounts": one["volumeMounts"],
        **({"readinessProbe": one["readinessProbe"]} if "readinessProbe" in one else {}),
    }
    pod = {
        "securityContext": one["podSecurityContext"],
        "volumes": one["volumes"],
        "containers": [container],
    }
    spec = k8s_model_from_dict(V1PodSpec, k8s_snake_case_dict(V1PodSpec, pod))
    assert spec.security_context.run_as_non_root is True
    assert spec.containers[0].security_context.read_only_root_filesystem is True
    assert spec.containers[0].resources.limits["memory"]


def test_the_ledger_is_upgraded_by_a_job_of_the_same_image_and_rights() -> None:
    content = yaml.safe_load((chart.HELM / "upgrade-ledger.yaml").read_text(encoding="utf-8"))
    job = k8s_model_from_dict(V1Job, k8s_snake_case_dict(V1Job, content))
    pod = ApiClient().sanitize_for_serialization(job.spec.template.spec)
    (container,) = pod["containers"]
    assert container["image"] == chart.image()
    assert container["command"] == services()["upgrade-ledger"]["command"]
    assert pod["securityContext"] == chart.deployment()["podSecurityContext"]
    assert container["securityContext"] == chart.deployment()["securityContext"]
    assert container["env"] == chart.deployment()["env"][:1]
    assert job.spec.backoff_limit == 0
