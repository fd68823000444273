"""The ledger as a database: migrations, versions, units of work, its history."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from ipos_pipeline.errors import ConfigurationError, PipelineError, TransientError
from ipos_pipeline.ledger.schema import metadata
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.ledger.versions import MIGRATIONS, SCHEMA_VERSION
from ipos_pipeline_tests.builders import (
    DAY,
    KEY,
    LOCATION,
    NOON,
    posting_entry,
    source_document,
)
from ipos_pipeline_tests.failing_ledger import FailingDatabase

LATER = NOON + timedelta(hours=1)


@pytest.mark.usefixtures("ledger")
def test_the_migrations_make_exactly_the_tables_of_the_schema(ledger_url: str) -> None:
    engine = sqlalchemy.create_engine(ledger_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_schema_version_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA_VERSION]


def test_a_ledger_that_is_opened_again_has_what_it_had(
    ledger: LedgerStore, ledger_url: str
) -> None:
    with ledger.write("run-1") as work:
        work.documents.add([source_document()])
    again = LedgerStore.open(ledger_url)
    with again.read() as work:
        assert list(work.documents.by_key([KEY])) == [KEY]
    again.close()


def test_many_first_opens_at_once_all_work(ledger_url: str) -> None:
    """Four shops' runs start in the same second on a fresh machine."""
    start = threading.Barrier(8)
    failures: list[Exception] = []

    def open_and_write(number: int) -> None:
        start.wait()
        try:
            store = LedgerStore.open(ledger_url)
            with store.write("run") as work:
                work.documents.add([source_document(f"IPOS-{number}")])
            store.close()
        except Exception as error:  # noqa: BLE001 - the test fails with it below
            failures.append(error)

    threads = [threading.Thread(target=open_and_write, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    store = LedgerStore.open(ledger_url)
    with store.read() as work:
        assert len(work.documents.by_key(f"IPOS-{n}" for n in range(8))) == 8
    store.close()


def test_a_unit_of_work_that_fails_leaves_nothing(ledger: LedgerStore) -> None:
    with pytest.raises(sqlalchemy.exc.IntegrityError):
        _land_twice(ledger)
    with ledger.read() as work:
        assert work.documents.by_key([KEY]) == {}
        assert work.history.of(KEY) == []


def test_a_database_that_fails_is_told_as_transient_and_the_ledger_works_again_when_it_does(
    ledger: LedgerStore, ledger_url: str
) -> None:
    database = FailingDatabase(ledger_url)
    database.fail()
    with pytest.raises(TransientError, match=r"^The ledger .* cannot be written to: ") as caught:
        _land_and_plan(ledger)
    with (
        pytest.raises(TransientError, match=r"^The ledger .* cannot be read: "),
        ledger.read() as work,
    ):
        work.entries.of_day(LOCATION, DAY)
    database.work_again()

    assert "Nothing is lost" in caught.value.recovery
    with ledger.read() as work:
        assert work.documents.by_key([KEY]) == {}
    _land_and_plan(ledger)


def test_what_a_failing_database_says_shows_no_payload(
    ledger: LedgerStore, ledger_url: str
) -> None:
    """PostgreSQL repeats the statement with its values in the lines after the first one."""
    engine = sqlalchemy.create_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("ALTER TABLE source_document RENAME TO gone"))
    engine.dispose()

    with pytest.raises(PipelineError, match="source_document") as caught:
        _land_and_plan(ledger)

    assert "\n" not in caught.value.message
    assert KEY not in caught.value.message


def _land_and_plan(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.documents.add([source_document()])
        work.entries.plan([posting_entry()], at=NOON)


def _land_twice(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.documents.add([source_document()])
        work.documents.add([source_document()])


def test_a_writer_waits_for_another_instead_of_failing(
    ledger: LedgerStore, ledger_url: str
) -> None:
    """A transaction that reads first and writes later must not find the database locked."""
    other = LedgerStore.open(ledger_url)
    second = threading.Thread(target=_land, args=[other, "IPOS-2"])
    with ledger.write("run-1") as work:
        second.start()
        work.documents.known(["IPOS-1"])
        work.documents.add([source_document("IPOS-1")])
    second.join()
    with ledger.read() as work:
        assert len(work.documents.by_key(["IPOS-1", "IPOS-2"])) == 2
    other.close()


def _land(store: LedgerStore, key: str) -> None:
    with store.write("run-2") as work:
        work.documents.known([key])
        work.documents.add([source_document(key)])


def test_a_reader_does_not_wait_for_a_writer(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.documents.add([source_document()])
        with ledger.read() as look:
            assert look.documents.by_key([KEY]) == {}


def test_the_history_only_grows(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.documents.add([source_document()])
        before = work.history.of(KEY)
    with ledger.write("noor@example.com") as work:
        work.documents.replace(source_document(payload_hash="b" * 64), at=LATER)
        work.history.add("set_aside", [KEY], at=LATER, reason="test sale")
        after = work.history.of(KEY)
    assert after[: len(before)] == before
    assert [(one["kind"], one["actor"]) for one in after] == [
        ("landed", "run-1"),
        ("replaced", "noor@example.com"),
        ("set_aside", "noor@example.com"),
    ]
    assert after[-1]["detail"] == '{"reason":"test sale"}'


@pytest.mark.parametrize(
    "url",
    [
        "ledger.db",
        "nosuchdatabase://u:pa55word@host/x",
        "mysql://u:pa55word@host/x",
        "postgresql+psycopg2://u:pa55word@host:port/x",
    ],
)
def test_an_unusable_url_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="IPOS_PIPELINE_LEDGER_URL") as caught:
        LedgerStore.open(url)
    assert "pa55word" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("these are not the tables you are looking for" * 20)
    with pytest.raises(ConfigurationError, match="not a database"):
        LedgerStore.open(f"sqlite:///{path}")


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be made"):
        LedgerStore.open(f"sqlite:///{tmp_path}/file/ledger.db")


def test_a_database_that_does_not_answer_may_be_tried_again() -> None:
    with pytest.raises(TransientError, match=r"u:\*\*\*@127\.0\.0\.1:1/x") as caught:
        LedgerStore.open("postgresql+psycopg2://u:pa55word@127.0.0.1:1/x")
    assert "pa55word" not in str(caught.value)
