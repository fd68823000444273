"""A backup is one moment of the ledger, and a restore is all of it or nothing."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy

from ipos_pipeline.errors import ConfigurationError, TransientError
from ipos_pipeline.ledger.backup import Backup, back_up
from ipos_pipeline.ledger.restores import Restored
from ipos_pipeline.ledger.restoring import Order, Restoration, restore
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.ledger.versions import SCHEMA_VERSION
from ipos_pipeline_tests.builders import (
    DAY,
    LOCATION,
    NOON,
    keys,
    posting_entry,
    sales_of,
    source_document,
)
from ipos_pipeline_tests.postgres import PostgresServer
from ipos_pipeline_tests.processes.runs import inherited
from ipos_pipeline_tests.unit.ledger.old_ledgers import REVISIONS, ROWS, bring_to, fill

pytestmark = pytest.mark.usefixtures("postgres_programs")
PERSON = "noor by ipos-pipeline"
LATER = NOON + timedelta(hours=1)
RESTORED_AT = NOON + timedelta(hours=5)


def silent(_done: int, _total: int | None) -> None:
    """Show no progress."""


def backed_up(url: str, file: Path) -> Backup:
    return back_up(url, file, on_progress=silent)


def restored(url: str, file: Path, **changes: object) -> Restoration:
    order = Order(url, file, PERSON, RESTORED_AT, **changes)  # type: ignore[arg-type]
    return restore(order, on_progress=silent)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.backup"


@pytest.fixture
def another_url(ledger_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """An empty ledger of the same kind."""
    if ledger_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'another' / 'ledger.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new_database()


@pytest.fixture
def opened() -> Iterator[Callable[[str], LedgerStore]]:
    """Open ledgers, and close them at the end."""
    stores: list[LedgerStore] = []

    def open_ledger(url: str) -> LedgerStore:
        stores.append(LedgerStore.open(url))
        return stores[-1]

    yield open_ledger
    for one in stores:
        one.close()


def plan(ledger: LedgerStore, *numbers: int, run: str = "run-1") -> None:
    """Land documents and plan an entry of each, in one transaction."""
    wanted = [keys(max(numbers))[number - 1] for number in numbers]
    with ledger.write(run) as work:
        work.documents.add([source_document(key) for key in wanted])
        work.entries.plan([posting_entry(one) for one in sales_of(wanted)], at=NOON)


def planned(ledger: LedgerStore) -> int:
    with ledger.read() as work:
        return len(work.entries.of_day(LOCATION, DAY))


def test_a_backup_that_is_taken_while_others_write_is_one_whole_moment(
    ledger_url: str, another_url: str, file: Path, opened: Callable[[str], LedgerStore]
) -> None:
    """Every transaction is in it with all of its rows, or not at all."""
    ledger = opened(ledger_url)
    plan(ledger, 1)
    stop = threading.Event()

    def write() -> None:
        number = 2
        while not stop.is_set():
            plan(ledger, number)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        done = backed_up(ledger_url, file)
    finally:
        stop.set()
        writer.join()
    restored(another_url, file)

    copy = opened(another_url)
    with copy.read() as work:
        entries = work.entries.of_day(LOCATION, DAY)
        documents = work.documents.by_key({one.document_key for one in entries})
        assert work.documents.count_of_day(LOCATION, DAY) == len(documents) == len(entries)
    assert done.contents.entries == len(entries) >= 1
    assert done.contents.version == SCHEMA_VERSION
    assert planned(ledger) >= len(entries)


@pytest.mark.usefixtures("ledger")
def test_only_its_owner_may_read_a_backup_and_nothing_is_left_beside_it(
    ledger_url: str, file: Path
) -> None:
    backed_up(ledger_url, file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir() if "backup" in one.name] == [file.name]


@pytest.mark.usefixtures("ledger")
def test_a_backup_replaces_no_file(ledger_url: str, file: Path) -> None:
    file.write_text("the only copy of something else")

    with pytest.raises(ConfigurationError, match="already"):
        backed_up(ledger_url, file)

    assert file.read_text() == "the only copy of something else"


def test_an_empty_or_missing_ledger_is_not_taken_for_a_backup(ledger_url: str, file: Path) -> None:
    """A wrong IPOS_PIPELINE_DATA_DIR would give a backup of nothing, night after night."""
    with pytest.raises(ConfigurationError, match=r"no ledger|no tables"):
        backed_up(ledger_url, file)
    assert not file.exists()


def test_a_ledger_that_is_there_is_kept_and_what_people_decided_is_told(
    ledger_url: str, file: Path, opened: Callable[[str], LedgerStore]
) -> None:
    ledger = LedgerStore.open(ledger_url)
    plan(ledger, 1, 2)
    backed_up(ledger_url, file)
    with ledger.write(PERSON) as work:
        (first, _) = sales_of(keys(2))
        work.decisions.set_entry_aside(first, at=LATER, reason="a test sale")
    ledger.close()
    with pytest.raises(ConfigurationError, match="not empty") as caught:
        restored(ledger_url, file)
    assert "--replace" in caught.value.recovery

    done = restored(ledger_url, file, replace=True)

    assert [(one.subject, one.kind, one.actor) for one in done.lost] == [
        (first, "set_aside", PERSON)
    ]
    assert done.restored == Restored(RESTORED_AT, done.contents.newest_at, LATER)
    with opened(ledger_url).read() as work:
        assert work.restores.newest() == done.restored
        assert {one.status for one in work.entries.of_day(LOCATION, DAY)} == {"pending"}
    assert done.kept is not None
    if ledger_url.startswith("sqlite"):
        with opened(f"sqlite:///{done.kept}").read() as work:
            assert work.entries.with_ids([first])[first].status == "set_aside"
    else:
        engine = sqlalchemy.create_engine(ledger_url)
        with engine.connect() as connection:
            query = f"SELECT status FROM {done.kept}.posting_entry WHERE external_id = '{first}'"
            assert connection.exec_driver_sql(query).scalar_one() == "set_aside"
        engine.dispose()


def test_a_ledger_that_others_have_open_is_not_replaced(
    ledger: LedgerStore, ledger_url: str, file: Path
) -> None:
    """A run that is at work would settle what the restored ledger has never sent."""
    plan(ledger, 1)
    backed_up(ledger_url, file)
    plan(ledger, 2)

    with ledger.read() as work:
        assert len(work.entries.of_day(LOCATION, DAY)) == 2
        with pytest.raises(ConfigurationError, match=r"in use|others are connected") as caught:
            restored(ledger_url, file, replace=True)

    assert "Stop what runs" in caught.value.recovery
    assert planned(ledger) == 2


def test_a_damaged_backup_changes_nothing(
    ledger_url: str, file: Path, opened: Callable[[str], LedgerStore]
) -> None:
    ledger = LedgerStore.open(ledger_url)
    plan(ledger, *range(1, 200))
    backed_up(ledger_url, file)
    ledger.close()
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * 2 // 3])

    with pytest.raises((ConfigurationError, TransientError)):
        restored(ledger_url, file, replace=True)

    again = opened(ledger_url)
    assert planned(again) == 199
    with again.read() as work:
        assert work.restores.newest() is None


def test_a_ledger_that_is_restored_twice_goes_by_the_newest_restore(
    ledger_url: str, another_url: str, file: Path, opened: Callable[[str], LedgerStore]
) -> None:
    ledger = LedgerStore.open(ledger_url)
    plan(ledger, 1)
    backed_up(ledger_url, file)
    ledger.close()
    until = NOON + timedelta(hours=2)

    first = restored(another_url, file, in_use_until=until)
    second = restored(another_url, file, replace=True)

    assert first.restored.in_use_until == until
    assert second.restored.in_use_until == RESTORED_AT, "the last entry is that of the restore"
    with opened(another_url).read() as work:
        assert work.restores.newest() == second.restored


def test_a_backup_of_an_older_version_is_upgraded_where_it_is_restored(
    ledger_url: str, another_url: str, file: Path, opened: Callable[[str], LedgerStore]
) -> None:
    """That of the night before an upgrade, when the machine is gone after it."""
    engine = sqlalchemy.create_engine(ledger_url)
    bring_to(engine, REVISIONS[-2])
    fill(engine)
    engine.dispose()
    assert backed_up(ledger_url, file).contents.version == REVISIONS[-2]

    restored(another_url, file)

    with opened(another_url).read() as work:
        assert work.restores.newest() is not None
        assert len(work.entries.of_day(LOCATION, DAY)) == ROWS


DIES_BEFORE_IT_IS_IN_PLACE = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from ipos_pipeline.ledger.restoring import Order, restore
def look(name, arguments):
    ledger = sys.argv[1].rpartition("/")[2]
    if name == sys.argv[3] and ledger in str(arguments):  # modules are renamed into place too
        os.kill(os.getpid(), 9)
sys.addaudithook(look)
order = Order(sys.argv[1], Path(sys.argv[2]), "noor", datetime.now(UTC), replace=True)
restore(order, on_progress=lambda done, total: None)
"""


@pytest.mark.parametrize("moment", ["os.link", "os.rename"])
def test_a_restore_that_is_killed_leaves_the_ledger_that_was_there(
    sqlite_url: str, file: Path, moment: str, opened: Callable[[str], LedgerStore]
) -> None:
    """An empty one in its place would be taken for a new one, which has forgotten nothing."""
    ledger = LedgerStore.open(sqlite_url)
    plan(ledger, 1)
    backed_up(sqlite_url, file)
    plan(ledger, 2)
    ledger.close()

    died = subprocess.run(
        [sys.executable, "-c", DIES_BEFORE_IT_IS_IN_PLACE, sqlite_url, file, moment],
        env=inherited(),
        timeout=120,
        check=False,
    )

    assert died.returncode == -9
    assert planned(opened(sqlite_url)) == 2


PRETENDS = """#!/bin/sh
if [ "$1" = --version ]; then echo "$(basename "$0") (PostgreSQL) {version}"; exit; fi
echo "$@" > "{seen}"; echo "$PGPASSWORD" >> "{seen}"; echo "the disk is full" >&2; exit 1
"""


def pretend(folder: Path, *, version: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a pg_dump on PATH that tells what it was called with, and fails."""
    seen = folder / "seen"
    program = folder / "pg_dump"
    program.write_text(PRETENDS.format(version=version, seen=seen))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return seen


def test_a_password_is_no_argument_that_others_could_see(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_server.new_database()
    LedgerStore.open(url).close()
    seen = pretend(tmp_path, version="99.1", monkeypatch=monkeypatch)
    with_password = sqlalchemy.make_url(url).set(password="pa55word")
    shown = with_password.render_as_string(hide_password=False)

    with pytest.raises(TransientError, match="the disk is full"):
        backed_up(shown, tmp_path / "b")

    arguments, given = seen.read_text().splitlines()
    assert "pa55word" not in arguments
    assert f"dbname={with_password.database}" in arguments
    assert given == "pa55word"
    assert not (tmp_path / "b").exists()


def test_a_pg_dump_older_than_the_server_or_none_at_all_is_told_with_what_to_install(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_server.new_database()
    LedgerStore.open(url).close()
    pretend(tmp_path, version="9.6.24", monkeypatch=monkeypatch)
    with pytest.raises(ConfigurationError, match=r"is 9\.6\.24, the server is \d+") as older:
        backed_up(url, tmp_path / "b")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigurationError, match="pg_dump is not on PATH") as missing:
        backed_up(url, tmp_path / "b")

    for caught in (older, missing):
        assert "client programs of version" in caught.value.recovery
