"""What Dagster's chart makes of deploy/helm/values.yaml, as far as tests ask.

Source: dagster-io/dagster, helm/dagster: the templates of the instance's ConfigMap and of the run
launcher, and the models from which the chart's values.schema.json is made. Without Helm and a
cluster, this is a reading of them and not the chart itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from dagster._config import process_config
from dagster_k8s import K8sRunLauncher

from ipos_pipeline_tests.repository_text import ROOT

HELM = ROOT / "deploy" / "helm"
CODE_LOCATION = "dagster-user-deployments"

_POD = {"podSecurityContext", "securityContext", "resources", "volumes", "volumeMounts", "image"}
_ENVIRONMENT = {"env", "envConfigMaps", "envSecrets"}
_PROBES = {"readinessProbe", "livenessProbe", "startupProbe"}
KNOWN_KEYS: dict[str, set[str]] = {
    "": {
        *("global", "generatePostgresqlPasswordSecret", "postgresql", "telemetry", "retention"),
        *("additionalInstanceConfig", "dagsterWebserver", "dagsterDaemon", "runLauncher"),
        CODE_LOCATION,
    },
    "global": {"postgresqlSecretName", "dagsterHome", "serviceAccountName"},
    "postgresql": {
        *("enabled", "image", "postgresqlHost", "postgresqlUsername", "postgresqlDatabase"),
        *("postgresqlParams", "service"),
    },
    "dagsterWebserver": {
        *_POD,
        *_ENVIRONMENT,
        *_PROBES,
        *("service", "workspace", "enableReadOnly", "replicaCount"),
    },
    "dagsterDaemon": {
        *_POD,
        *_ENVIRONMENT,
        *_PROBES,
        *("heartbeatTolerance", "runCoordinator", "runMonitoring", "runRetries"),
    },
    "runLauncher": {"type", "config"},
    CODE_LOCATION: {"enabled", "enableSubchart", "deployments", "imagePullSecrets"},
    "deployment": {
        *_POD,
        *_ENVIRONMENT,
        *_PROBES,
        *("name", "dagsterApiGrpcArgs", "port", "includeConfigInLaunchedRuns"),
    },
}
"""The keys that the chart has in each section, of those that could be of use here."""

_LAUNCHER_WORDS = {
    "imagePullPolicy": "image_pull_policy",
    "loadInclusterConfig": "load_incluster_config",
    "failPodOnRunFailure": "fail_pod_on_run_failure",
    "securityContext": "security_context",
    "runK8sConfig": "run_k8s_config",
}
_RUN_WORDS = {
    "podSpecConfig": "pod_spec_config",
    "jobSpecConfig": "job_spec_config",
    "containerConfig": "container_config",
}


def values() -> dict[str, Any]:
    """Read our values."""
    content: dict[str, Any] = yaml.safe_load((HELM / "values.yaml").read_text(encoding="utf-8"))
    return content


def deployment() -> dict[str, Any]:
    """Give the one code location."""
    (one,) = values()[CODE_LOCATION]["deployments"]
    return dict(one)


def run_launcher_config() -> dict[str, Any]:
    """Give the run launcher's section of dagster.yaml as the chart writes it."""
    given = dict(values()["runLauncher"]["config"]["k8sRunLauncher"])
    config = {_LAUNCHER_WORDS[key]: one for key, one in given.items()}
    config["run_k8s_config"] = {
        _RUN_WORDS[key]: one for key, one in config["run_k8s_config"].items()
    }
    return {
        **config,
        "job_namespace": "ipos",
        "service_account_name": "dagster",
        "dagster_home": values()["global"]["dagsterHome"],
        "instance_config_map": "dagster-instance",
        "postgres_password_secret": values()["global"]["postgresqlSecretName"],
    }


def run_launcher(kubeconfig: Path) -> K8sRunLauncher:
    """Build the launcher; Dagster refuses what it does not know. No cluster is asked."""
    _write_kubeconfig(kubeconfig)
    outside = {"load_incluster_config": False, "kubeconfig_file": str(kubeconfig)}
    done = process_config(K8sRunLauncher.config_type(), {**run_launcher_config(), **outside})
    assert done.success, done.errors
    assert done.value is not None
    return K8sRunLauncher.from_config_value(None, done.value)


def container_context() -> dict[str, Any]:
    """Give what the code location hands to each of its runs."""
    one = deployment()
    return {
        "k8s": {
            "image_pull_policy": one["image"]["pullPolicy"],
            "env_config_maps": [source["name"] for source in one["envConfigMaps"]],
            "env": one["env"],
            "volume_mounts": one["volumeMounts"],
            "volumes": one["volumes"],
            "resources": one["resources"],
            "namespace": "ipos",
            "run_k8s_config": {"pod_spec_config": {"automount_service_account_token": True}},
        }
    }


def instance_config(storage: Mapping[str, Any]) -> dict[str, Any]:
    """Give dagster.yaml as the chart writes it, with another storage and without the launcher."""
    telemetry = {"telemetry": values()["telemetry"]}
    return {"storage": dict(storage), **telemetry, **values()["additionalInstanceConfig"]}


def image() -> str:
    """Name the image of the code location."""
    one = deployment()["image"]
    return f"{one['repository']}:{one['tag']}"


def _write_kubeconfig(path: Path) -> None:
    cluster = {"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [cluster],
                "contexts": [context],
                "users": [{"name": "u", "user": {"token": "fake"}}],
                "current-context": "c",
            }
        )
    )
