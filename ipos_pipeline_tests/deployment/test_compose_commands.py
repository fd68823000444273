"""What deploy/compose.yaml starts really starts, in its order, and posts a day on PostgreSQL.

There is no Docker engine here: each command and each health check runs as a process with the
arguments and the environment of its container (containers.py). The profile is demo.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import make_url

from ipos_pipeline_tests.deployment.compose import services
from ipos_pipeline_tests.deployment.containers import Containers, prepared
from ipos_pipeline_tests.deployment.webserver import runs_of_store_days
from ipos_pipeline_tests.pipeline.processes import wait_for
from ipos_pipeline_tests.postgres import PostgresServer, shared_server
from simulators.world import SHOPS

LONG_RUNNING = ("code", "simulators", "daemon", "webserver", "metrics")
DAY_SECONDS_MAX = 240


@pytest.fixture(scope="module")
def containers(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Containers:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    secrets = {
        "postgres_password": "pa55word",
        "ledger_url": _with_password(postgres_server.new_database()),
        "dagster_url": _with_password(postgres_server.new_database()) + "\n",
        "netsuite_private_key": pem,
    }
    return prepared(tmp_path_factory.mktemp("containers"), secrets=secrets)


@pytest.fixture(scope="module")
def running(containers: Containers) -> Iterator[Containers]:
    """Everything that `docker compose --profile demo up` starts, each healthy before the next."""
    with ExitStack() as stack:
        for name in ("upgrade-ledger", "upgrade-dagster"):
            done = containers.run_once(name)
            assert done.returncode == 0, done.stdout + done.stderr
        for name in LONG_RUNNING:
            assert not containers.is_healthy(name), name
            stack.enter_context(containers.started(name))
        yield containers


def test_postgresql_is_healthy_only_when_it_runs(tmp_path: Path) -> None:
    """With another build of PostgreSQL, asked at its socket instead of an address."""
    check = services()["postgres"]["healthcheck"]["test"][1:]
    socket = str(tmp_path)
    words = [socket if one == "127.0.0.1" else one for one in check]
    words[0] = str(shared_server().programs() / words[0])
    assert _exit_code(words) != 0
    with PostgresServer.running(tmp_path):
        assert _exit_code(words) == 0


def test_a_day_is_posted_by_the_daemon_itself(running: Containers) -> None:
    """No command starts a run: the sensors of the daemon do. Then the day is proved."""
    address = running.mapped["127.0.0.1"]
    runs = wait_for(
        lambda: runs_of_store_days(f"http://{address}:3000"),
        what="a run of each shop",
        seconds=DAY_SECONDS_MAX,
    )
    assert {run["status"] for run in runs} == {"SUCCESS"}

    posted = httpx2.get(f"http://{address}:8081/_simulator/transactions").json()
    external_ids = [one["externalId"] for one in posted]
    assert len(external_ids) == len(set(external_ids)) > 0
    (day,) = {one["tranDate"] for one in posted}
    proved = running.execute("code", ["ipos-pipeline", "reconcile", "--day", day])
    assert proved.returncode == 0, proved.stdout + proved.stderr
    assert all(shop in proved.stdout for shop in SHOPS)
    figures = httpx2.get(f"http://{address}:9464/metrics").text
    assert "ipos_pipeline_up 1.0" in figures
    assert all(
        f'ipos_pipeline_documents_posted_total{{location="{shop}"' in figures for shop in SHOPS
    )


def test_no_secret_is_in_a_command_line_or_in_what_a_container_prints(running: Containers) -> None:
    secrets = [path.read_text().strip() for path in (running.folder / "secrets").iterdir()]
    secrets.append("pa55word")
    for name, process in running.processes.items():
        shown = Path(f"/proc/{process.pid}/cmdline").read_text() + running.log_of[name].read_text()
        assert [one for one in secrets if one in shown] == [], name


def test_containers_write_to_their_volumes_and_to_tmp_alone(running: Containers) -> None:
    """The root file system is read-only there; here nothing may lie beside what is mapped."""
    logs = {path.name for path in running.log_of.values()}
    beside = {path.name for path in running.folder.iterdir()} - logs
    assert beside == {"dagster", "data", "simulators", "secrets", "tmp"}


def test_each_container_ends_by_itself_when_it_is_told_to(running: Containers) -> None:
    """Docker sends SIGTERM, waits for the grace period and kills."""
    for name in reversed(LONG_RUNNING):
        process = running.processes[name]
        process.send_signal(signal.SIGTERM)
        grace = services()[name]["stop_grace_period"]
        assert process.wait(_seconds(grace)) in {0, -signal.SIGTERM, 1}, name


def _with_password(url: str) -> str:
    """Give a plain URL of the server, which trusts its socket, with a password all the same."""
    changed = make_url(url).set(drivername="postgresql", password="pa55word")
    return changed.render_as_string(hide_password=False)


def _seconds(duration: str) -> int:
    """Read a duration of Compose, such as 30s or 15m."""
    return int(duration[:-1]) * {"s": 1, "m": 60}[duration[-1]]


def _exit_code(words: list[str]) -> int:
    return subprocess.run(words, capture_output=True, check=False).returncode
