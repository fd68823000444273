"""Versions of the ledger's tables: which one is there, and how it is brought to the newest.

Not here: what the tables are (schema.py), and what each migration does (migrations/versions).
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.ledger.database import AT_THE_START, explained, open_engine, writing

SCHEMA_VERSION = "0011"
"""The newest revision below migrations/versions; a test compares the two."""

MIGRATIONS = Path(__file__).parent / "migrations"


def ledger_version(url: str) -> str | None:
    """Tell a ledger's version, None for an empty one, and that it can be written to.

    Its tables are neither made nor migrated, but an SQLite file that is not there is made. Raises
    like `LedgerStore.open`.
    """
    engine = open_engine(url)
    try:
        with explained(url, "opened", AT_THE_START), writing(engine) as connection:
            version = version_in(connection)
            if version is not None:
                connection.execute(text("UPDATE alembic_version SET version_num = '' WHERE 1 = 0"))
            return version
    finally:
        engine.dispose()


def upgrade(url: str) -> str | None:
    """Make the ledger's tables, or migrate them, all or nothing; give the version it had before.

    Nobody writes meanwhile. Raises like `LedgerStore.open`.
    """
    engine = open_engine(url)
    try:
        with explained(url, "upgraded", AT_THE_START):
            with engine.connect() as connection:
                version = version_in(connection)
            if version != SCHEMA_VERSION:
                refuse_newer(version)
                _migrate(engine)
            return version
    finally:
        engine.dispose()


def bring_up_to_date(engine: Engine) -> None:
    """Make the tables of an empty ledger, and migrate a file of SQLite.

    Raises ConfigurationError for a newer ledger, and for an older one on PostgreSQL.
    """
    with engine.connect() as connection:
        version = version_in(connection)
    if version == SCHEMA_VERSION:
        return
    refuse_newer(version)
    if version is not None and engine.dialect.name == "postgresql":
        message = f"The ledger has version {version}; this program works with {SCHEMA_VERSION}."
        raise ConfigurationError(
            message,
            recovery="Stop what runs, back the ledger up, then run `ipos-pipeline db upgrade`.",
        )
    _migrate(engine)


def refuse_newer(version: str | None) -> None:
    """Raise ConfigurationError for a version that this program does not know."""
    if version is not None and version > SCHEMA_VERSION:
        message = f"The ledger has version {version}, but this program knows only {SCHEMA_VERSION}."
        raise ConfigurationError(
            message, recovery="Run a version of ipos_pipeline at least as new as the ledger."
        )


def refuse_other_version(connection: Connection) -> None:
    """Keep a program that had the ledger open from writing once another one has migrated it."""
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version != SCHEMA_VERSION:
        message = (
            f"The ledger was brought to version {version} while this program, which works with"
            f" {SCHEMA_VERSION}, was running."
        )
        raise ConfigurationError(
            message,
            recovery="Start it again in the ledger's version. Nothing is lost: the next run looks"
            " up what was being sent.",
        )


def version_as_it_is(engine: Engine) -> str | None:
    """Read the version; to connect to an SQLite file that is not there would make it."""
    file = engine.url.database if engine.name == "sqlite" else None
    if file is not None and not Path(file).exists():
        return None
    with explained(engine.url, "opened", AT_THE_START), engine.connect() as connection:
        return version_in(connection)


def version_in(connection: Connection) -> str | None:
    """Tell the version of a ledger's tables; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(engine: Engine) -> None:
    """Run Alembic as the only writer, so that first runs at once create the tables only once."""
    from alembic import command  # noqa: PLC0415 - only a new or old ledger needs it
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
