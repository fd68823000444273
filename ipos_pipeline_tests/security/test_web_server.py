"""Dagster's web server has no login: only this machine reaches it, and viewers change nothing."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from ipos_pipeline_tests.pipeline.processes import BIN, COMMAND_SECONDS_MAX, ROOT, wait_for
from ipos_pipeline_tests.ports import reserved_port
from ipos_pipeline_tests.repository_text import DOCS, text_files

STARTED = re.compile(r"dagster(?:-webserver\b| dev\b|\W+dev\b)(?P<options>.*)")
HOST = re.compile(r"""(?:-h|--host)[\s"',=]+(?P<host>[\w.:\[\]]+)""")
WORKSPACE = ROOT / "workspace.yaml"
SECURITY = (DOCS / "security.md").read_text(encoding="utf-8")
COMPOSE = ROOT / "deploy" / "compose.yaml"
LAUNCH = """mutation { launchRun(executionParams: {selector: {
    repositoryLocationName: "ipos_pipeline.definitions", repositoryName: "__repository__",
    pipelineName: "sweep_window"}, mode: "default"}) { __typename } }"""
STOP = 'mutation { terminateRun(runId: "x") { __typename } }'


def test_no_documented_command_opens_the_web_server_to_the_network() -> None:
    """Inside its container it must; Compose then publishes its port on this machine alone."""
    named = [
        (path, host["host"])
        for path, text in text_files()
        if path != COMPOSE and ROOT / "ipos_pipeline_tests" not in path.parents
        for started in STARTED.finditer(text)
        for host in HOST.finditer(started["options"])
    ]
    assert {host for _, host in named} <= {"127.0.0.1", "localhost"}, named
    assert named


@pytest.mark.skipif(not COMPOSE.exists(), reason="nothing is deployed with Compose")
def test_compose_publishes_ports_on_this_machine_alone() -> None:
    services = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    published = [port for one in services.values() for port in one.get("ports", [])]
    assert published
    assert [port for port in published if not str(port).startswith("127.0.0.1:")] == []


def test_the_documented_proxy_asks_who_it_is_and_passes_websockets_on() -> None:
    """Without the upgrade the UI opens and its pages of running runs stay still."""
    (proxy,) = re.findall(r"^```nginx\n(.*?)^```", SECURITY, re.MULTILINE | re.DOTALL)
    (everything,) = re.findall(r"location / {(.*?)}", proxy, re.DOTALL)
    asked = {line.split()[0] for line in everything.split(";") if line.strip()}
    assert {"auth_request", "proxy_http_version"} <= asked
    assert "proxy_pass http://127.0.0.1:3000" in everything
    assert "proxy_set_header Upgrade $http_upgrade" in everything


@pytest.fixture(scope="module")
def viewers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """Start a web server without naming a host, read-only; gives its port and address."""
    folder = tmp_path_factory.mktemp("viewers")
    shutil.copy(ROOT / "dagster.yaml", folder)
    port = reserved_port()
    kept = ("PATH", "HOME", "PYTHONPATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    with (folder / "output.log").open("w") as log:
        process = subprocess.Popen(
            [BIN / "dagster-webserver", "--read-only", "-w", WORKSPACE, "-p", str(port)],
            env={**environment, "DAGSTER_HOME": str(folder)},
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: _answers(url), what="The web server")
            yield port, url
        finally:
            process.terminate()
            process.wait(COMMAND_SECONDS_MAX)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/server_info").is_success
    except httpx2.TransportError:
        return False


def test_a_web_server_without_a_named_host_listens_to_this_machine_alone(
    viewers: tuple[int, str],
) -> None:
    port, _ = viewers
    listening = [
        fields[1].split(":")[0]
        for table in ("tcp", "tcp6")
        for fields in map(str.split, Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if fields[1].endswith(f":{port:04X}") and fields[3] == "0A"
    ]
    assert listening == ["0100007F"]  # 127.0.0.1


@pytest.mark.parametrize("mutation", [LAUNCH, STOP])
def test_a_viewer_looks_and_changes_nothing(viewers: tuple[int, str], mutation: str) -> None:
    _, url = viewers

    def ask(query: str) -> Any:
        return httpx2.post(f"{url}/graphql", json={"query": query}, timeout=300).json()

    assert ask("{ assetNodes { assetKey { path } } }")["data"]["assetNodes"]
    (answer,) = ask(mutation)["data"].values()
    assert answer == {"__typename": "UnauthorizedError"}
