"""Ledgers of every version that ever was: each is brought up to date and keeps what it holds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.ledger.inspection import damage
from ipos_pipeline.ledger.schema import metadata
from ipos_pipeline.ledger.store import SCHEMA_VERSION, LedgerStore, upgrade
from ipos_pipeline.steps.listing_errors import standing
from ipos_pipeline_tests.builders import DAY, LOCATION, NOON, raw_invoice
from ipos_pipeline_tests.conftest import SigningKey
from ipos_pipeline_tests.postgres import PostgresServer
from ipos_pipeline_tests.processes.runs import inherited
from ipos_pipeline_tests.realities.shops import Shops
from ipos_pipeline_tests.simulated_world import simulated_world
from ipos_pipeline_tests.unit.ledger.old_ledgers import (
    KEYS,
    REVISIONS,
    ROWS,
    bring_to,
    fill,
    rows_of,
)

EMPTY = "base"


@pytest.fixture
def engine(ledger_url: str) -> Iterator[sqlalchemy.Engine]:
    made = sqlalchemy.create_engine(ledger_url)
    yield made
    made.dispose()


def version(engine: sqlalchemy.Engine) -> str:
    with engine.connect() as connection:
        query = sqlalchemy.text("SELECT version_num FROM alembic_version")
        return str(connection.execute(query).scalar_one())


@pytest.mark.parametrize("revision", [EMPTY, *REVISIONS])
def test_a_ledger_of_any_version_is_brought_up_to_date(
    engine: sqlalchemy.Engine, ledger_url: str, revision: str
) -> None:
    if revision != EMPTY:
        bring_to(engine, revision)

    before = upgrade(ledger_url)

    assert before == (None if revision == EMPTY else revision)
    assert version(engine) == SCHEMA_VERSION
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_ledger_of_any_version_keeps_every_row_with_its_values(
    engine: sqlalchemy.Engine, ledger_url: str, revision: str
) -> None:
    """A posted document that was forgotten would be sent again."""
    bring_to(engine, revision)
    fill(engine)
    before = rows_of(engine)

    upgrade(ledger_url)

    assert rows_of(engine, like=before) == before
    assert all(len(rows) == ROWS for _, rows in before.values())
    with engine.connect() as connection:
        assert damage(connection) == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_product_works_with_a_ledger_of_any_version(
    engine: sqlalchemy.Engine, ledger_url: str, revision: str, ec_key: SigningKey
) -> None:
    """A run posts what the old ledger had not, and leaves alone what it had."""
    bring_to(engine, revision)
    fill(engine)
    upgrade(ledger_url)
    keys = {
        "private_key_pem": ec_key.private_pem,
        "public_key_pem": ec_key.public_pem,
        "algorithm": ec_key.algorithm,
    }
    with simulated_world(**keys, ledger_url=ledger_url) as world, world.connections() as opened:
        world.ipos.add_invoices([raw_invoice(InvNo=10377), raw_invoice(InvNo=10378)])

        Shops(world, opened).run()

        posted = {one["externalId"] for one in world.netsuite.transactions()}
        (shop,) = standing(opened.ledger, [LOCATION])
    assert posted == {f"{KEYS[1]}-CS", f"IPOS-{LOCATION}-2026-S-10378-CS"}
    assert shop.oldest_unposted is None


DIES_BEFORE_ITS_COMMIT = """
import os, sys
from sqlalchemy import Engine, event
from ipos_pipeline.ledger.store import upgrade
event.listen(Engine, "commit", lambda connection: os.kill(os.getpid(), 9))
upgrade(sys.argv[1])
"""


@pytest.mark.parametrize("revision", [REVISIONS[0], REVISIONS[-2]])
def test_an_upgrade_whose_process_is_killed_changes_nothing_and_can_be_repeated(
    engine: sqlalchemy.Engine, ledger_url: str, revision: str
) -> None:
    """Killed when every table is changed: all of it or nothing, on either database."""
    bring_to(engine, revision)
    fill(engine)
    before = rows_of(engine)

    died = subprocess.run(
        [sys.executable, "-c", DIES_BEFORE_ITS_COMMIT, ledger_url],
        env=inherited(),
        timeout=120,
        check=False,
    )

    assert died.returncode == -9
    assert version(engine) == revision
    assert rows_of(engine) == before
    assert upgrade(ledger_url) == revision
    assert rows_of(engine, like=before) == before


def test_a_current_ledger_is_opened_without_any_change(
    engine: sqlalchemy.Engine, ledger_url: str
) -> None:
    LedgerStore.open(ledger_url).close()
    with engine.begin() as connection:  # what a migration would fail on
        connection.execute(sqlalchemy.text("CREATE TABLE of_someone_else (id INTEGER)"))
    before = sqlalchemy.inspect(engine).get_table_names()

    LedgerStore.open(ledger_url).close()

    assert sqlalchemy.inspect(engine).get_table_names() == before


def test_an_older_file_is_upgraded_when_it_is_opened(sqlite_url: str) -> None:
    """One machine, one program: nobody has to think of it."""
    engine = sqlalchemy.create_engine(sqlite_url)
    bring_to(engine, "0001")

    LedgerStore.open(sqlite_url).close()

    assert version(engine) == SCHEMA_VERSION
    engine.dispose()


def test_an_older_ledger_on_a_server_is_upgraded_by_a_command_only(
    postgres_server: PostgresServer,
) -> None:
    """Whoever starts a newer program beside older workers must not take the ledger from them."""
    url = postgres_server.new_database()
    engine = sqlalchemy.create_engine(url)
    bring_to(engine, "0001")

    with pytest.raises(ConfigurationError, match="has version 0001") as caught:
        LedgerStore.open(url)

    assert "ipos-pipeline db upgrade" in caught.value.recovery
    assert version(engine) == "0001"
    engine.dispose()


def test_an_older_program_that_still_runs_stops_at_its_next_write(
    engine: sqlalchemy.Engine, ledger_url: str
) -> None:
    """It opened the ledger before somebody upgraded it; what it knows of the tables is old."""
    older = LedgerStore.open(ledger_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(ConfigurationError, match="brought to version 9999") as caught:
        _look_noted(older)

    assert "Nothing is lost" in caught.value.recovery
    with older.read() as work:
        assert work.store_days.get(LOCATION, DAY) is None
    older.close()


def _look_noted(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.store_days.note_look({(LOCATION, DAY): 1}, known={}, at=NOON)


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
