"""The ledger as one object: opens the database, brings its tables up to date, begins transactions.

Belongs here: engine, versions, units of work. Not here: SQL on single tables (the other modules).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NoSuchModuleError,
    OperationalError,
)

from ipos_pipeline.errors import ConfigurationError, TransientError
from ipos_pipeline.ledger.acknowledgements import Acknowledgements
from ipos_pipeline.ledger.decisions import Decisions
from ipos_pipeline.ledger.documents import Documents
from ipos_pipeline.ledger.entries import Entries
from ipos_pipeline.ledger.history import History
from ipos_pipeline.ledger.integration_errors import IntegrationErrors
from ipos_pipeline.ledger.log_records import LogRecords
from ipos_pipeline.ledger.mails import Mails
from ipos_pipeline.ledger.outages import Outages
from ipos_pipeline.ledger.overview import Overview
from ipos_pipeline.ledger.proofs import Proofs
from ipos_pipeline.ledger.restores import Restores
from ipos_pipeline.ledger.runs import Runs
from ipos_pipeline.ledger.selecting import Selecting
from ipos_pipeline.ledger.store_day_rows import StoreDayRows
from ipos_pipeline.ledger.store_days import StoreDays
from ipos_pipeline.ledger.told import Told

SCHEMA_VERSION = "0010"
"""The newest revision below migrations/versions; a test compares the two."""

BUSY_TIMEOUT_SECONDS = 60
WRITER_LOCK = 4907130021
"""Any number; whoever holds PostgreSQL's advisory lock of this number may write."""
MIGRATIONS = Path(__file__).parent / "migrations"

AT_THE_START = "Check IPOS_PIPELINE_LEDGER_URL and that the database runs."
UNDER_WAY = (
    "Check that the database of IPOS_PIPELINE_LEDGER_URL runs, has room and lets us write. Nothing"
    " is lost: the next run looks up what was being sent."
)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One unit of work: everything done through it is committed together, or not at all."""

    documents: Documents
    entries: Entries
    acknowledgements: Acknowledgements
    errors: IntegrationErrors
    history: History
    log_records: LogRecords
    mails: Mails
    outages: Outages
    decisions: Decisions
    overview: Overview
    proofs: Proofs
    restores: Restores
    runs: Runs
    selecting: Selecting
    store_day_rows: StoreDayRows
    store_days: StoreDays
    told: Told


class LedgerStore:
    """The ledger on SQLite (WAL) or PostgreSQL. Use `open`; close it when done."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> LedgerStore:
        """Open the ledger; make the tables of an empty one, and migrate a file of SQLite.

        On PostgreSQL others may be at work with an older program: `upgrade` is a step of its own
        there (ADR 0022). Raises ConfigurationError for an unusable URL or a ledger of another
        version, and TransientError when the database cannot be reached.
        """
        engine = open_engine(url)
        try:
            with explained(url, "opened", AT_THE_START):
                _bring_up_to_date(engine)
        except Exception:
            engine.dispose()
            raise
        return cls(engine)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    @contextmanager
    def write(self, actor: str) -> Iterator[Transaction]:
        """Begin a unit of work; `actor` (a run ID or a person) is named in the history.

        It waits for other writers and then sees everything they did; so what it reads stays true
        until it ends (ADR 0012). Never wait for another system inside. Raises TransientError or
        ConfigurationError when the database fails, or has been brought to another version.
        """
        telling = explained(self._engine.url, "written to", UNDER_WAY)
        with telling, writing(self._engine) as connection:
            _refuse_other_version(connection)
            yield _transaction(connection, actor)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Begin a look at the ledger as it stood at one moment; it waits for nobody.

        Raises like `write`.
        """
        telling = explained(self._engine.url, "read", UNDER_WAY)
        with telling, self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(_ONE_MOMENT)
            yield _transaction(connection, actor="reader")


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


@contextmanager
def explained(url: str | URL, done: str, recovery: str) -> Iterator[None]:
    """Turn what the database raises into our errors, without its password.

    A constraint that is broken or a value that does not fit is a defect of ours, not its trouble.
    """
    try:
        yield
    except (IntegrityError, DataError):
        raise
    except (OperationalError, InternalError, InterfaceError) as error:
        message = f"The ledger {shown_url(url)} cannot be {done}: {_first_line(error.orig)}"
        raise TransientError(message, recovery=recovery) from error
    except DatabaseError as error:
        message = f"The ledger {shown_url(url)} cannot be used: {_first_line(error.orig)}"
        raise ConfigurationError(message, recovery=recovery) from error


def _first_line(error: BaseException | None) -> str:
    """Give what the database says; the lines after it may repeat the statement with its values."""
    return str(error).partition("\n")[0]


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction that is the only one to write, on either kind of database."""
    connecting = engine.connect().execution_options(ledger_write=True)
    with connecting as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(WAIT_FOR_WRITERS)
        yield connection


# The lock ends with the transaction. A writer that hangs, or whose machine is gone, must not keep
# it: PostgreSQL itself ends a transaction that does nothing.
WAIT_FOR_WRITERS = (
    f"SET LOCAL lock_timeout = '{BUSY_TIMEOUT_SECONDS}s';"
    f"SET LOCAL idle_in_transaction_session_timeout = '{BUSY_TIMEOUT_SECONDS}s';"
    f"SELECT pg_advisory_xact_lock({WRITER_LOCK})"
)

# PostgreSQL otherwise shows each statement what was committed meanwhile.
_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


def _transaction(connection: Connection, actor: str) -> Transaction:
    history = History(connection, actor)
    entries = Entries(connection, history)
    return Transaction(
        documents=Documents(connection, history),
        entries=entries,
        acknowledgements=Acknowledgements(connection, history),
        errors=IntegrationErrors(connection, history),
        history=history,
        log_records=LogRecords(connection),
        mails=Mails(connection),
        outages=Outages(connection, history),
        decisions=Decisions(connection, entries, history),
        overview=Overview(connection),
        proofs=Proofs(connection),
        restores=Restores(connection),
        runs=Runs(connection),
        selecting=Selecting(connection),
        store_day_rows=StoreDayRows(connection),
        store_days=StoreDays(connection),
        told=Told(connection, history),
    )


def shown_url(url: str | URL) -> str:
    """Show a URL without its password."""
    return make_url(url).render_as_string(hide_password=True)


def database_url(text: str) -> URL:
    """Read a URL; PostgreSQL without a driver means the one that is installed.

    SQLAlchemy 2.1 would take another one. Raises ArgumentError for what is no URL.
    """
    url = make_url(text)
    is_plain = url.drivername in {"postgresql", "postgres"}
    return url.set(drivername="postgresql+psycopg2") if is_plain else url


def open_engine(url: str) -> Engine:
    """Prepare connections to a ledger; raises ConfigurationError for an unusable URL."""
    try:
        parsed = database_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite_engine(parsed)
        return create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        message = (
            "IPOS_PIPELINE_LEDGER_URL is not a database URL such as"
            " sqlite:////var/lib/ipos/ledger.db or postgresql+psycopg2://user:password@host/name"
            f" ({type(error).__name__})"
        )
        raise ConfigurationError(message) from None  # the cause may show a part of the password
    except OSError as error:
        message = f"The directory of the ledger {shown_url(url)} cannot be made: {error.strerror}"
        raise ConfigurationError(message) from error


def _sqlite_engine(url: URL) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401
    connection.isolation_level = None  # we write BEGIN ourselves
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once where we shall write.

    A transaction that reads first and writes later would fail with "database is locked" instead of
    waiting when another one wrote in between.
    """
    write = connection.get_execution_options().get("ledger_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


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


def _bring_up_to_date(engine: Engine) -> None:
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


def _refuse_other_version(connection: Connection) -> None:
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
