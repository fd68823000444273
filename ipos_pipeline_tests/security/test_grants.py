"""The roles of docs/security.md: one makes the tables, the other one works and rewrites nothing."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.ledger.versions import ledger_version
from ipos_pipeline_tests.builders import raw_invoice
from ipos_pipeline_tests.conftest import SigningKey
from ipos_pipeline_tests.postgres import PostgresServer
from ipos_pipeline_tests.realities.shops import FOUR, Shops
from ipos_pipeline_tests.repository_text import DOCS
from ipos_pipeline_tests.simulated_world import ITEMS, simulated_world
from simulators.world import Sales

ROLES, BEFORE_TABLES, AFTER_UPGRADE = re.findall(
    r"^```sql\n(.*?)^```", (DOCS / "security.md").read_text(), re.MULTILINE | re.DOTALL
)


def run(url: URL, statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements.split(";\n"):
            if statement.strip():
                connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="module")
def runs_url(postgres_server: PostgresServer) -> Iterator[URL]:
    """Do what the document says; gives the address of the role that works."""
    administrator = make_url(postgres_server.new_database())
    run(administrator, ROLES)
    owner = administrator.set(database="ledger", username="ipos_owner", password="change-me")
    run(owner, BEFORE_TABLES)
    LedgerStore.open(_shown(owner)).close()
    run(owner, AFTER_UPGRADE)
    yield owner.set(username="ipos_runs", password="change-me-too")
    run(administrator, "DROP DATABASE ledger WITH (FORCE);\nDROP OWNED BY ipos_owner, ipos_runs;\n")
    run(administrator, "DROP ROLE ipos_owner;\nDROP ROLE ipos_runs;\n")


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def test_the_role_of_the_runs_can_do_a_store_day(runs_url: URL, ec_key: SigningKey) -> None:
    world = simulated_world(
        private_key_pem=ec_key.private_pem,
        public_key_pem=ec_key.public_pem,
        algorithm=ec_key.algorithm,
        ledger_url=_shown(runs_url),
        sales=Sales(FOUR, [], ITEMS),
    )
    with world as built, built.connections() as opened:
        shops = Shops(built, opened)
        built.ipos.add_invoice(raw_invoice())
        assert shops.run().proof.is_proved
        assert list(shops.posted()) == ["IPOS-DXB01-2026-S-10377-CS"]
    assert ledger_version(_shown(runs_url)) is not None, "check-connections may look"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM event",
        "UPDATE event SET actor = 'nobody'",
        "DROP TABLE posting_entry",
        "ALTER TABLE posting_entry ADD COLUMN x integer",
        "CREATE TABLE x (y integer)",
        "TRUNCATE posting_entry CASCADE",
    ],
)
def test_it_can_neither_rewrite_the_history_nor_change_tables(
    runs_url: URL, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        run(runs_url, statement)
