"""On which kind of database tests keep a ledger and, in real processes, Dagster its runs.

IPOS_TEST_DATABASE=postgresql (`make test DATABASE=postgresql`) gives each test databases of its own
on a PostgreSQL server, instead of files of SQLite. Tests that are about one of the two stay on it;
those that are about both run on both by default, and only on PostgreSQL where it is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

from ipos_pipeline_tests.postgres import shared_server

SQLITE, POSTGRESQL = "sqlite", "postgresql"
ASKED = os.environ.get("IPOS_TEST_DATABASE", SQLITE)
assert ASKED in {SQLITE, POSTGRESQL}, f"IPOS_TEST_DATABASE is {ASKED!r}"
KINDS = [POSTGRESQL] if ASKED == POSTGRESQL else [SQLITE, POSTGRESQL]
"""What a test runs on that is about both kinds."""


@dataclass(frozen=True)
class Databases:
    """Where the pipeline keeps its ledger and Dagster its runs; None: a file of SQLite."""

    ledger_url: str | None = None
    dagster_url: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The settings that name them; none where they are the default files."""
        named = {
            "IPOS_PIPELINE_LEDGER_URL": self.ledger_url,
            "DAGSTER_POSTGRES_URL": self.dagster_url,
        }
        return {name: url for name, url in named.items() if url is not None}


@contextmanager
def ledger_on(kind: str, folder: Path, *, has_tables: bool = True) -> Iterator[str]:
    """Give the URL of a ledger without rows; a file in the folder, or a database.

    `has_tables`: made already, where that is quicker than to open it for the first time.
    """
    if kind == SQLITE:
        yield f"sqlite:///{folder / 'ledger.db'}"
        return
    server = shared_server()
    url = server.new_ledger() if has_tables else server.new_database()
    try:
        yield url
    finally:
        server.drop(url)


@contextmanager
def databases_on(kind: str) -> Iterator[Databases]:
    """Give empty databases to real processes; Dagster's URL as the example environment has it."""
    if kind == SQLITE:
        yield Databases()
        return
    server = shared_server()
    ledger, dagster = server.new_database(), server.new_database()
    try:
        yield Databases(ledger, dagster.replace("postgresql+psycopg2:", "postgresql:"))
    finally:
        server.drop(ledger)
        server.drop(dagster)


def lose_ledger(url: str) -> None:
    """Have everything that a ledger holds gone; an empty database stays where it was."""
    if url.startswith(SQLITE):
        path = Path(url.removeprefix("sqlite:///"))
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        return
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
