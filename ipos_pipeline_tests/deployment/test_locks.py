"""What is installed in production: the versions that are tested, and no tool of the tests."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ipos_pipeline_tests.repository_text import ROOT

DEPLOY = ROOT / "deploy"
LOCKED = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def locked(path: Path) -> dict[tuple[str, str], set[str]]:
    """Read a lock file: the hashes of each package and version."""
    text = path.read_text(encoding="utf-8")
    return {
        (canonicalize_name(name), version): set(re.findall(r"--hash=(sha256:\w{64})", rest))
        for name, version, rest in LOCKED.findall(text)
    }


def names(path: Path) -> set[str]:
    return {name for name, _ in locked(path)}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("lock", ["requirements.lock", "simulators.lock", "build.lock"])
def test_production_installs_what_was_tested_to_the_byte(lock: str) -> None:
    whole = locked(ROOT / "requirements.lock")
    part = locked(DEPLOY / lock)
    assert part
    assert all(part.values())
    assert part.items() <= whole.items()


def test_all_that_the_product_requires_at_run_time_is_locked() -> None:
    about = project()["project"]
    required = [*about["dependencies"], *about["optional-dependencies"]["kubernetes"]]
    wanted = {canonicalize_name(Requirement(one).name) for one in required}
    assert wanted <= names(DEPLOY / "requirements.lock")


def test_no_tool_of_development_is_installed_in_production() -> None:
    groups = project()["dependency-groups"]
    tools = {
        canonicalize_name(Requirement(one).name)
        for group in ("dev", "bench", "audit", "simulators")
        for one in groups[group]
        if isinstance(one, str)
    }
    direct = {
        canonicalize_name(Requirement(one).name) for one in project()["project"]["dependencies"]
    }
    brought_by_dagster = {"starlette", "uvicorn"}
    installed = names(DEPLOY / "requirements.lock")
    assert {"pytest", "mypy", "aiosmtpd"} <= tools
    assert installed & tools == (tools & direct) | brought_by_dagster


def test_the_simulators_have_what_they_require() -> None:
    wanted = {
        canonicalize_name(Requirement(one).name)
        for one in project()["dependency-groups"]["simulators"]
    }
    assert wanted <= names(DEPLOY / "simulators.lock")
