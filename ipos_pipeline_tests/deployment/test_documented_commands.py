"""The manual's "One machine with PostgreSQL", typed as it stands, ends with a posted day.

In an empty folder, with an empty PostgreSQL and simulated systems. What is typed otherwise than it
stands is in `typed_here` and nowhere else; the blocks of root are left out, and the installation,
which takes long, is replaced by links to this clone and its environment.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ipos_pipeline_tests.deployment.containers import loopback_address
from ipos_pipeline_tests.deployment.manual import Shell, blocks
from ipos_pipeline_tests.deployment.webserver import runs_of_store_days
from ipos_pipeline_tests.pipeline.processes import BIN, simulated, wait_for
from ipos_pipeline_tests.postgres import PostgresServer, shared_server
from ipos_pipeline_tests.processes.runs import inherited
from ipos_pipeline_tests.repository_text import ROOT
from simulators.world import SHOPS

SECTION = "One machine with PostgreSQL"
PREFIX = "/srv/ipos-pipeline"
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
TODAY = datetime.now(ZoneInfo("Asia/Dubai")).date()
SECRETS = {"netsuite.pem", "ledger_url", "dagster_url"}
NEEDS = {
    "code": SECRETS,
    "daemon": {"dagster_url"},
    "webserver": {"dagster_url"},
    "metrics": {"ledger_url"},
}
WRITES = {
    "code": {"dagster", "data"},
    "daemon": {"dagster"},
    "webserver": {"dagster"},
    "metrics": set(),
}
MARKS = {"", "root", "install"}
"""Blocks are typed as they stand, left to root, or replaced, in this order of the words."""


def typed_here(folder: Path, socket: Path, settings: Mapping[str, str]) -> list[tuple[str, str]]:
    """Say what takes the place of what in the blocks: folder, addresses, day and own settings."""
    own = {name: one for name, one in settings.items() if name.startswith("NETSUITE_")}
    del own["NETSUITE_PRIVATE_KEY_FILE"]
    lines = "".join(f"{name}={value}\n" for name, value in own.items())
    return [
        (re.escape(PREFIX), str(folder)),
        (r"127\.0\.0\.1", loopback_address()),
        (r"2026-11-20", TODAY.isoformat()),
        (r"@localhost/%s", f"@/%s?host={socket}"),
        (rf"^({'|'.join(own)})=.*\n", ""),
        (r"^(cat > environment <<'END'\n)", rf"\g<1>{lines}"),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What root and the installation leave behind: a folder with the code and its environment."""
    made = tmp_path / "srv"
    made.mkdir()
    (made / "app").symlink_to(ROOT)
    (made / "venv").symlink_to(BIN.parent)
    return made


@pytest.fixture
def settings(tmp_path: Path, folder: Path) -> Iterator[dict[str, str]]:
    """The simulated systems of today, and what NetSuite's administrator hands over."""
    with simulated(tmp_path, [TODAY], invoices_per_location=3) as environment:
        key = Path(environment["NETSUITE_PRIVATE_KEY_FILE"])
        (folder / "netsuite.pem").write_bytes(key.read_bytes())
        yield environment


def test_the_commands_of_the_manual_lead_to_a_posted_day(
    tmp_path: Path, folder: Path, settings: dict[str, str]
) -> None:
    socket = tmp_path / "postgres"
    server = {"PGHOST": str(socket), "PGUSER": "postgres"}
    path = f"{shared_server().programs()}{os.pathsep}{os.environ['PATH']}"
    replaced = typed_here(folder, socket, settings)
    typed = [_replaced(body, replaced) for mark, body in blocks(SECTION) if mark == ""]
    transactions = f"{settings['SIMULATED_NETSUITE']}/_simulator/transactions"
    with (
        PostgresServer.running(socket),
        Shell({**inherited(), **server, "PATH": path}, folder) as shell,
    ):
        *until_started, end = typed
        for block in until_started:
            shell.type(block)
        webserver = f"http://{loopback_address()}:3000"
        runs = wait_for(lambda: runs_of_store_days(webserver), what="a posted day", seconds=240)
        assert {run["status"] for run in runs} == {"SUCCESS"}
        everything = shell.type(f"ipos-pipeline reconcile --day {TODAY}")
        kept = shell.type("psql -At -d ledger -c 'SELECT count(*) FROM posting_entry'")
        figures = httpx2.get(f"http://{loopback_address()}:9464/metrics").text
        shown = shell.type("psql -At -d dagster -c 'SELECT count(*) FROM runs'")
        shell.type(end)

    assert all(shop in everything for shop in SHOPS)
    external_ids = [one["externalId"] for one in httpx2.get(transactions).json()]
    assert len(external_ids) == len(set(external_ids)) > 0
    assert {one.split("-")[1] for one in external_ids} == set(SHOPS)
    assert int(kept) == len(external_ids), "the ledger is not in PostgreSQL"
    assert posted_in(figures) == len(external_ids)
    assert int(shown) >= len(runs), "Dagster's runs are not in PostgreSQL"
    secret = [*(folder / "secrets").iterdir(), folder / "environment"]
    assert {f"{one.stat().st_mode & 0o777:o}" for one in secret} == {"600"}


def test_each_block_is_typed_left_to_root_or_replaced() -> None:
    marks = [mark for mark, _ in blocks(SECTION)]
    assert set(marks) == MARKS
    assert marks.count("install") == 1
    assert all(mark == "docker" for mark, _ in blocks("Containers"))
    assert all(mark == "cluster" for mark, _ in blocks("Kubernetes"))


def test_the_installation_takes_the_run_time_lock_with_its_hashes() -> None:
    """The one block that nobody types here."""
    (install,) = (body for mark, body in blocks(SECTION) if mark == "install")
    words = install.split()
    for name in re.findall(r"-r app/(\S+)", install):
        assert (ROOT / name).is_file()
    assert {"--require-hashes", "app/deploy/requirements.lock", "app/deploy/build.lock"} <= {*words}
    assert "--no-deps --no-build-isolation ./app" in install


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_of_systemd_starts_what_the_manual_types(path: Path) -> None:
    unit = _unit(path)
    command = unit["Service"]["ExecStart"].removeprefix(f"{PREFIX}/venv/bin/")
    typed = "\n".join(body for mark, body in blocks(SECTION) if mark == "")
    assert f"{command} > " in typed
    assert unit["Service"]["EnvironmentFile"] == f"{PREFIX}/environment"
    assert unit["Service"]["WorkingDirectory"] == PREFIX
    (enabled,) = (body for mark, body in blocks(SECTION) if "systemctl" in body)
    assert path.stem in enabled


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_of_systemd_starts_again_what_ends_and_closes_what_is_not_needed(path: Path) -> None:
    service = _unit(path)["Service"]
    assert service["Restart"] == "always"
    assert (service["User"], service["NoNewPrivileges"]) == ("ipos-pipeline", "yes")
    assert (service["ProtectSystem"], service["CapabilityBoundingSet"]) == ("strict", "")
    writable = set(service.get("ReadWritePaths", "").split())
    is_code = path.stem.endswith("-code")
    assert (service.get("KillMode") == "mixed") == is_code  # else its runs are cut with it
    name = path.stem.removeprefix("ipos-pipeline-")
    assert writable == {f"{PREFIX}/{one}" for one in WRITES[name]}
    hidden = service.get("InaccessiblePaths", "").split()
    assert set(hidden) == {f"{PREFIX}/secrets/{one}" for one in SECRETS - NEEDS[name]}


def posted_in(figures: str) -> float:
    """Add up the documents that the figures count as posted."""
    counted = text_string_to_metric_families(figures)
    return sum(
        one.value
        for family in counted
        for one in family.samples
        if one.name == "ipos_pipeline_documents_posted_total"
    )


def _replaced(text: str, replaced: list[tuple[str, str]]) -> str:
    for pattern, here in replaced:
        text = re.sub(pattern, here, text, flags=re.MULTILINE)
    return text


def _unit(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(path.read_text(encoding="utf-8"))
    return unit
