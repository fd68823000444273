"""Ledgers of every version that ever was: each is brought up to date and keeps what it holds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.ledger.schema import metadata
from ipos_pipeline.ledger.store import MIGRATIONS, SCHEMA_VERSION, LedgerStore
from ipos_pipeline_tests.builders import DAY, KEY, LOCATION, NOON
from ipos_pipeline_tests.postgres import PostgresServer

EMPTY = "base"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


REVISIONS = sorted(one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions())

# What revision 0001 could hold, in its own words; it is never edited.
ROWS_OF_0001 = {
    "source_document": {
        "document_key": KEY,
        "source": "ipos",
        "location_code": LOCATION,
        "business_date": DAY,
        "number": "10377",
        "occurred_at": NOON,
        "state": "planned",
        "payload": "{}",
        "payload_hash": "a" * 64,
        "source_total_cents": 399,
        "first_seen_at": NOON,
        "from_returns_feed": False,
    },
    "posting_entry": {
        "external_id": f"{KEY}-CS",
        "document_key": KEY,
        "record_type": "cashSale",
        "location_code": LOCATION,
        "business_date": DAY,
        "status": "posted",
        "payload_hash": "a" * 64,
        "total_cents": 399,
        "internal_id": "987",
        "attempts": 1,
        "posted_at": NOON,
        "updated_at": NOON,
    },
    "acknowledgement": {
        "document_key": KEY,
        "location_code": LOCATION,
        "business_date": DAY,
        "status": "due",
        "due_at": NOON,
        "attempts": 0,
    },
    "integration_error": {
        "external_id": f"{KEY}-CR",
        "stage": "post",
        "status": "open",
        "location_code": LOCATION,
        "business_date": DAY,
        "record_type": "cashRefund",
        "code": "USER_ERROR",
        "message": "Please enter value(s) for: Account.",
        "next_step": "Correct it.",
        "attempts": 1,
        "first_failed_at": NOON,
        "last_failed_at": NOON,
    },
    "event": {"at": NOON, "subject": KEY, "kind": "landed", "actor": "run-1"},
    "store_day": {"location_code": LOCATION, "business_date": DAY, "looked_at": NOON},
}


@pytest.fixture
def engine(ledger_url: str) -> Iterator[sqlalchemy.Engine]:
    made = sqlalchemy.create_engine(ledger_url)
    yield made
    made.dispose()


def bring_to(engine: sqlalchemy.Engine, revision: str) -> None:
    """Make the tables as an earlier version of the program did."""
    if revision == EMPTY:
        return
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def version(engine: sqlalchemy.Engine) -> str:
    with engine.connect() as connection:
        query = sqlalchemy.text("SELECT version_num FROM alembic_version")
        return str(connection.execute(query).scalar_one())


@pytest.mark.parametrize("revision", [EMPTY, *REVISIONS])
def test_a_ledger_of_any_version_is_brought_up_to_date(
    engine: sqlalchemy.Engine, ledger_url: str, revision: str
) -> None:
    bring_to(engine, revision)

    LedgerStore.open(ledger_url).close()

    assert version(engine) == SCHEMA_VERSION
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_ledger_of_any_version_keeps_what_it_holds(
    engine: sqlalchemy.Engine, ledger_url: str, revision: str
) -> None:
    """A posted document that was forgotten would be sent again."""
    bring_to(engine, "0001")
    _fill(engine)
    bring_to(engine, revision)

    ledger = LedgerStore.open(ledger_url)

    with ledger.read() as work:
        (entry,) = work.entries.of_day(LOCATION, DAY)
        assert (entry.status, entry.internal_id, str(entry.total)) == ("posted", "987", "3.99")
        assert str(work.documents.by_key([KEY])[KEY].source_total) == "3.99"
        assert work.acknowledgements.due(LOCATION, DAY, now=NOON) == [KEY]
        assert [one.code for one in work.errors.open_of_day(LOCATION, DAY)] == ["USER_ERROR"]
        assert [one["kind"] for one in work.history.of(KEY)] == ["landed"]
        assert work.store_days.get(LOCATION, DAY)["looked_at"] == NOON
        counted = {(one.name, one.location_code, one.value) for one in work.counters.all()}
        assert counted == {("documents_posted", LOCATION, 1), ("invoices_landed", LOCATION, 1)}
    ledger.close()


def _fill(engine: sqlalchemy.Engine) -> None:
    tables = sqlalchemy.MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        for name, row in ROWS_OF_0001.items():
            connection.execute(sqlalchemy.insert(tables.tables[name]).values(**row))


def test_a_current_ledger_is_opened_without_any_change(
    engine: sqlalchemy.Engine, ledger_url: str
) -> None:
    LedgerStore.open(ledger_url).close()
    with engine.begin() as connection:  # what a migration would fail on
        connection.execute(sqlalchemy.text("CREATE TABLE of_someone_else (id INTEGER)"))
    before = sqlalchemy.inspect(engine).get_table_names()

    LedgerStore.open(ledger_url).close()

    assert sqlalchemy.inspect(engine).get_table_names() == before


def test_a_newer_ledger_is_refused_and_left_as_it_is(
    engine: sqlalchemy.Engine, ledger_url: str
) -> None:
    """An older program on a newer ledger, after half an update, must not write into it."""
    LedgerStore.open(ledger_url).close()
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(ConfigurationError, match="version 9999") as caught:
        LedgerStore.open(ledger_url)

    assert "at least as new as the ledger" in caught.value.recovery
    assert version(engine) == "9999"


def test_a_plain_postgresql_url_finds_the_installed_driver(
    postgres_server: PostgresServer,
) -> None:
    """It is how everyone writes it; SQLAlchemy 2.1 would ask for another driver."""
    url = postgres_server.new_database().replace("postgresql+psycopg2:", "postgresql:")
    LedgerStore.open(url).close()
