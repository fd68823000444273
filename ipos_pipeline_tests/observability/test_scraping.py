"""An answer for Prometheus, though the ledger be locked, away, slow or of another version."""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
import sqlalchemy
from prometheus_client import CollectorRegistry

from ipos_pipeline.errors import ConfigurationError, PipelineError, TransientError
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.ledger.versions import SCHEMA_VERSION
from ipos_pipeline.steps.measuring import Watched
from ipos_pipeline.steps.scraping import LedgerCollector
from ipos_pipeline_tests.builders import NOON
from ipos_pipeline_tests.failing_ledger import FailingDatabase
from ipos_pipeline_tests.pipeline.processes import BIN, command, wait_for
from ipos_pipeline_tests.ports import reserved_port
from ipos_pipeline_tests.processes.runs import inherited

WATCHED = Watched(4, timedelta(minutes=10), None, lambda: NOON)


class Scraped:
    """A collector, and what it told of its troubles."""

    def __init__(self, open_ledger: Callable[[], LedgerStore], *, seconds: float = 30) -> None:
        self.problems: list[Exception] = []
        self._registry = CollectorRegistry()
        self._registry.register(
            LedgerCollector(
                open_ledger, WATCHED, tell=self.problems.append, answer_seconds_max=seconds
            )
        )

    def up(self) -> float | None:
        """Ask once, as Prometheus does."""
        families = {one.name: one for one in self._registry.collect()}
        assert ("ipos_pipeline_mails_due" in families) == (
            families["ipos_pipeline_up"].samples[0].value == 1
        )
        assert "ipos_pipeline_build" in families
        return families["ipos_pipeline_up"].samples[0].value


def test_a_ledger_that_fails_is_told_and_so_is_its_return(
    ledger: LedgerStore, ledger_url: str
) -> None:
    ledger.close()
    database = FailingDatabase(ledger_url)
    scraped = Scraped(lambda: LedgerStore.open_as_it_is(ledger_url))

    before = scraped.up()
    database.fail()
    meanwhile = scraped.up()
    database.work_again()

    assert (before, meanwhile, scraped.up()) == (1, 0, 1)
    (problem,) = scraped.problems
    assert isinstance(problem, PipelineError)


def test_an_sqlite_ledger_that_is_locked_does_not_hold_up_the_answer(
    sqlite_url: str, tmp_path: Path
) -> None:
    """A restore or a VACUUM locks readers out, too; the driver would wait for a minute."""
    LedgerStore.open(sqlite_url).close()
    scraped = Scraped(lambda: LedgerStore.open_as_it_is(sqlite_url), seconds=0.5)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()

        assert scraped.up() == 0

        assert time.monotonic() - began < 10
        other.rollback()
    wait_for(lambda: scraped.up() == 1, what="the ledger", seconds=70)
    assert all(isinstance(one, TransientError) for one in scraped.problems)


def test_looks_that_wait_do_not_pile_up(sqlite_url: str) -> None:
    """Prometheus asks every minute; a database that hangs for an hour must not cost sixty looks."""
    go_on, opened = threading.Event(), []

    def hang() -> LedgerStore:
        opened.append(1)
        go_on.wait(30)
        return LedgerStore.open(sqlite_url)

    scraped = Scraped(hang, seconds=0.05)

    assert [scraped.up() for _ in range(5)] == [0] * 5
    assert len(opened) == 1
    go_on.set()
    wait_for(lambda: scraped.up() == 1, what="the ledger")


def test_a_ledger_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "data" / "ledger.db"
    scraped = Scraped(lambda: LedgerStore.open_as_it_is(f"sqlite:///{file}"))

    assert scraped.up() == 0
    assert not file.exists()
    assert "is not there" in str(scraped.problems[0])


@pytest.mark.parametrize("version", ["0001", "9999"])
def test_a_ledger_of_another_version_is_left_as_it_is(
    ledger: LedgerStore, ledger_url: str, version: str
) -> None:
    """Whoever only watches must not migrate a ledger in which older programs are at work."""
    ledger.close()
    engine = sqlalchemy.create_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(f"UPDATE alembic_version SET version_num = '{version}'"))

    with pytest.raises(
        ConfigurationError, match=f"{version}; this program reads version {SCHEMA_VERSION}"
    ):
        LedgerStore.open_as_it_is(ledger_url)

    with engine.connect() as connection:
        query = sqlalchemy.text("SELECT version_num FROM alembic_version")
        assert connection.execute(query).scalar_one() == version
    engine.dispose()


def _environment(tmp_path: Path) -> dict[str, str]:
    """Give the settings of a process that knows the ledger and nothing to sign in with."""
    return inherited() | {"IPOS_PIPELINE_DATA_DIR": str(tmp_path)}


@contextmanager
def serving(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Serve the figures as a process, on a free port."""
    port = str(reserved_port())
    process = subprocess.Popen(
        [BIN / "ipos-pipeline", "metrics", "serve", "--port", port],
        env=_environment(tmp_path),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    url = f"http://127.0.0.1:{port}/metrics"
    try:
        wait_for(lambda: _answers(url), what="the server")
        yield url, process
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url).is_success
    except httpx2.TransportError:
        return False


def test_the_server_answers_while_the_ledger_comes_and_goes_and_stops_when_told(
    tmp_path: Path,
) -> None:
    file = tmp_path / "ledger.db"
    with serving(tmp_path) as (url, process):
        absent = httpx2.get(url).text
        LedgerStore.open(f"sqlite:///{file}").close()
        there = httpx2.get(url)
        file.write_bytes(b"no database" * 1000)
        broken = httpx2.get(url).text
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=300)

    assert process.returncode == 0
    assert "\nipos_pipeline_up 0.0" in absent
    assert "\nipos_pipeline_up 1.0" in there.text
    assert there.headers["Content-Type"].startswith("text/plain; version=")
    assert "\nipos_pipeline_up 0.0" in broken
    assert "is not there" in said
    assert "Traceback" not in said


def test_a_port_that_is_taken_is_wrong_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        done = command(
            ["ipos-pipeline", "metrics", "serve", "--port", port], _environment(tmp_path)
        )

    assert done.returncode == 2
    assert "Give another --host or --port" in done.stderr.replace("\n", " ")


def test_the_figures_are_printed_once_and_an_absent_ledger_is_an_error(tmp_path: Path) -> None:
    absent = command(["ipos-pipeline", "metrics", "show"], _environment(tmp_path))
    LedgerStore.open(f"sqlite:///{tmp_path / 'ledger.db'}").close()
    there = command(["ipos-pipeline", "metrics", "show"], _environment(tmp_path))

    assert (absent.returncode, there.returncode) == (2, 0)
    assert "ipos_pipeline_up 0.0" in absent.stdout
    assert "IPOS_PIPELINE_LEDGER_URL" in absent.stderr
    assert "ipos_pipeline_up 1.0" in there.stdout
    assert there.stderr == ""
