"""The database behind the ledger: its URL, its connections, and its troubles in our own words.

Belongs here: what differs between SQLite and PostgreSQL. Not here: tables and their versions
(versions.py), units of work (store.py).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
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

BUSY_TIMEOUT_SECONDS = 60
WRITER_LOCK = 4907130021
"""Any number; whoever holds PostgreSQL's advisory lock of this number may write."""

AT_THE_START = "Check IPOS_PIPELINE_LEDGER_URL and that the database runs."


def shown_url(url: str | URL) -> str:
    """Show a URL without its password."""
    return make_url(url).render_as_string(hide_password=True)


def database_url(text: str) -> URL:
    """Read a URL; PostgreSQL without a driver means the one that is installed.

    SQLAlchemy 2.1 would take another one. Raises ArgumentError for what is no URL, UnicodeError for
    what no program could send.
    """
    text.encode()
    url = make_url(text)
    if url.get_backend_name() != "sqlite" and "@" in (url.database or ""):
        # A slash in the user name: what follows it, the password too, would be shown as the name.
        message = "the name of the database holds an @"
        raise ArgumentError(message)
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
