"""deploy/compose.yaml as Compose reads it: merged, and with its variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from ipos_pipeline_tests.repository_text import ROOT

FILE = ROOT / "deploy" / "compose.yaml"
OURS = ("upgrade-ledger", "upgrade-dagster", "code", "daemon", "webserver", "simulators")
INTERPOLATED = re.compile(r"\$\{(\w+):-([^}]*)\}")


def project(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Read the file with the variables of the shell that Compose is started from."""
    given = environment or {}
    text = INTERPOLATED.sub(
        lambda found: given.get(found[1], found[2]), FILE.read_text(encoding="utf-8")
    )
    assert "$" not in text
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def services() -> dict[str, dict[str, Any]]:
    """Give each service by name."""
    return dict(project()["services"])


def settings_of_demo() -> dict[str, str]:
    """Read the settings file of the profile demo."""
    lines = (ROOT / "deploy" / "demo.env").read_text(encoding="utf-8").splitlines()
    return dict(line.partition("=")[::2] for line in lines if line and not line.startswith("#"))


def secret_names(service: Mapping[str, Any]) -> set[str]:
    """Name the secrets that a service is given."""
    given = service.get("secrets", [])
    return {one if isinstance(one, str) else one["source"] for one in given}
