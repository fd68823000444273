"""deploy/compose.yaml: well-formed, closed where it can be, and at one with what it names."""

from __future__ import annotations

import re

import jsonschema
import pytest

from ipos_pipeline.settings.environment import Settings
from ipos_pipeline.settings.secret_values import SECRETS
from ipos_pipeline_tests.deployment import dockerfile
from ipos_pipeline_tests.deployment.compose import (
    FILE,
    OURS,
    project,
    secret_names,
    services,
    settings_of_demo,
)
from ipos_pipeline_tests.deployment.compose_schema import PROJECT
from ipos_pipeline_tests.repository_text import ROOT, variables_read

SERVICES = sorted(services())
READ_BY_DAGSTER = {"DAGSTER_CODE_SERVER_HOST", "DAGSTER_DAEMON_HEARTBEAT_TOLERANCE"}
NETSUITE_KEY = "netsuite_private_key"


def test_the_file_is_as_the_specification_has_it() -> None:
    jsonschema.validate(project(), PROJECT)


@pytest.mark.parametrize(
    ("key", "value"), [("depend_on", {}), ("command", "sh -c true"), ("user", "root")]
)
def test_a_file_that_is_not_is_refused(key: str, value: object) -> None:
    """The schema is ours: it must be able to say no."""
    wrong = project()
    wrong["services"]["code"][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, PROJECT)


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_runs_with_no_more_rights_than_it_needs(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service["user"].startswith("0:")
    assert "/tmp" in service["tmpfs"]  # noqa: S108 - of the container


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_started_again_and_tells_its_health(name: str) -> None:
    """One that ends by itself is neither; the simulators' image brings its own check."""
    service = services()[name]
    if name.startswith("upgrade-"):
        assert service["restart"] == "no"
        assert service["healthcheck"] == {"disable": True}
        return
    assert service["restart"] == "unless-stopped"
    assert "test" in service.get("healthcheck", {}) or dockerfile.health_check(name)


def test_images_are_pinned_or_built_here() -> None:
    built = {one["image"] for one in services().values() if "build" in one}
    others = {one["image"] for one in services().values()} - built
    assert [one for one in others if not re.search(r"@sha256:\w{64}$", one)] == []
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert {one.rpartition(":")[2] for one in built} == {version[1]}
    targets = {one["build"]["target"] for one in services().values() if "build" in one}
    assert targets <= dockerfile.stages().keys()


def test_only_the_ui_and_the_figures_are_reached_from_outside_and_only_from_this_machine() -> None:
    published = {name: one["ports"] for name, one in services().items() if "ports" in one}
    assert published == {"webserver": ["127.0.0.1:3000:3000"], "metrics": ["127.0.0.1:9464:9464"]}
    assert project()["networks"]["database"] == {"internal": True}
    assert services()["postgres"]["networks"] == ["database"]


def test_only_who_needs_them_knows_credentials_of_netsuite_and_the_ledger() -> None:
    holders = {name for name, one in services().items() if NETSUITE_KEY in secret_names(one)}
    assert holders == {"code", "simulators"}
    ledger = {name for name, one in services().items() if "ledger_url" in secret_names(one)}
    assert ledger == {"code", "metrics", "upgrade-ledger"}
    assert {name for name, one in services().items() if "env_file" in one} == {"code", "metrics"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_secret_reaches_a_service_as_a_file_and_never_in_its_environment(name: str) -> None:
    service = services()[name]
    files = {f"/run/secrets/{one}" for one in secret_names(service)}
    named = {k: v for k, v in service.get("environment", {}).items() if k.endswith("_FILE")}
    if name != "simulators":
        assert set(named.values()) == files
    assert not {*SECRETS, "NETSUITE_PRIVATE_KEY"} & service.get("environment", {}).keys()
    assert not any(one in " ".join(service.get("command", [])) for one in secret_names(service))


def test_each_variable_is_one_that_somebody_reads() -> None:
    set_for_us = {key for name in OURS for key in services()[name].get("environment", {})}
    assert set_for_us <= variables_read() | READ_BY_DAGSTER


def test_secrets_configs_and_volumes_that_are_used_are_declared_and_the_reverse() -> None:
    whole = project()
    for kind in ("secrets", "configs"):
        used = {
            one if isinstance(one, str) else one["source"]
            for service in services().values()
            for one in service.get(kind, [])
        }
        assert used == whole[kind].keys()
    volumes = {
        one.partition(":")[0] for service in services().values() for one in service["volumes"]
    }
    assert {one for one in volumes if not one.startswith(".")} == whole["volumes"].keys()


def test_files_of_the_repository_that_are_mounted_exist_and_secrets_are_not_among_them() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    for one in project()["configs"].values():
        assert "file" not in one or (FILE.parent / one["file"]).is_file()
    assert "deploy/secrets/" in ignored
    assert {one["file"].partition("/")[0] for one in project()["secrets"].values()} == {"secrets"}
    assert "deploy/settings.env" in ignored


def test_the_databases_are_upgraded_before_anything_uses_them() -> None:
    waits = services()["code"]["depends_on"]
    assert {name: one["condition"] for name, one in waits.items()} == {
        "upgrade-ledger": "service_completed_successfully",
        "upgrade-dagster": "service_completed_successfully",
    }
    for name in ("daemon", "webserver"):
        assert services()[name]["depends_on"] == {"code": {"condition": "service_healthy"}}


def test_the_code_location_is_started_as_its_image_starts_it() -> None:
    code = services()["code"]
    assert code["command"] == dockerfile.command("pipeline")
    assert code["healthcheck"]["test"][1:] == dockerfile.health_check("pipeline")


def test_the_settings_of_the_demo_are_complete_and_hold_no_secret() -> None:
    settings = settings_of_demo()
    assert not set(SECRETS) & settings.keys()
    found = Settings.from_environment({**settings, **services()["code"]["environment"], **FILES})
    assert found.netsuite_base_url == "http://127.0.0.1:8081"


FILES = {"IPOS_PIPELINE_LEDGER_URL_FILE": "", "DAGSTER_POSTGRES_URL_FILE": ""}
"""Here there is no /run/secrets."""
