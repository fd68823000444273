"""A backup in the place of a ledger: all of it or nothing, and marked as restored (ADR 0022).

Belongs here: both kinds of databases, and what is kept of the ledger that is replaced. Not here:
what posting does with the mark (steps/after_restore.py).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine, insert, or_, select
from sqlalchemy.exc import DatabaseError

from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.ledger import postgres_tools
from ipos_pipeline.ledger.backup import (
    Contents,
    OnProgress,
    beside,
    contents,
    contents_of_file,
    copy_file,
    is_server,
)
from ipos_pipeline.ledger.database import WAIT_FOR_WRITERS, database_url, open_engine, shown_url
from ipos_pipeline.ledger.inspection import looked_at
from ipos_pipeline.ledger.restores import LEDGER, RESTORED, Restored, Restores
from ipos_pipeline.ledger.schema import event
from ipos_pipeline.ledger.versions import refuse_newer, upgrade

LOCKED_SECONDS = 1
DECISIONS = ("set_aside", "error_set_aside", "withdrawn", "planned_from_latest")
IN_USE = "Stop what runs: Dagster's daemon, webserver and code server, runs, other commands."
NOT_EMPTY = (
    "Name an empty database or a file that is not there, or say --replace: the ledger that is"
    " there is kept under another name."
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person had decided in the ledger that was replaced, and the backup does not know."""

    at: datetime
    subject: str
    kind: str
    actor: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class Restoration:
    """What was put in place: the mark, the backup's contents, and what is known of the rest.

    `kept` says under which name the replaced ledger is kept.
    """

    restored: Restored
    contents: Contents
    kept: str | None
    lost: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be restored, where, and by whom.

    `in_use_until` says when the lost ledger was last used; None: as the one that is there shows, or
    else `at`. `replace` allows that there is one.
    """

    url: str
    file: Path
    actor: str
    at: datetime
    replace: bool = False
    in_use_until: datetime | None = None

    def mark(self, there: _There, backup_ends_at: datetime | None) -> Restored:
        """Say what the restored ledger will not know."""
        return Restored(self.at, backup_ends_at, self.in_use_until or there.newest_at or self.at)


@dataclass(frozen=True, slots=True)
class _There:
    """The ledger that is there: its last moment, if it can be read, and what people decided."""

    is_empty: bool
    newest_at: datetime | None = None
    decisions: tuple[Decision, ...] = ()

    def unknown_to(self, mark: Restored) -> tuple[Decision, ...]:
        """Give the decisions that the backup does not know."""
        ends_at = mark.backup_ends_at
        return tuple(one for one in self.decisions if ends_at is None or one.at > ends_at)


def restore(order: Order, *, on_progress: OnProgress) -> Restoration:
    """Put a backup in the place of the ledger; the one that was there is kept beside it.

    Raises ConfigurationError for a file that is no backup, a ledger that is in use, or one that is
    not empty without `replace`; TransientError when the database fails.
    """
    if not order.file.is_file():
        message = f"There is no file {order.file}."
        raise ConfigurationError(message, recovery="Name a file that `db backup` has made.")
    put = _into_server if is_server(order.url) else _into_file
    return put(order, on_progress)


def _into_file(order: Order, on_progress: OnProgress) -> Restoration:
    """Prepare the whole ledger beside the old one, marked and upgraded; then change places."""
    target = Path(database_url(order.url).database or "")
    target.parent.mkdir(parents=True, exist_ok=True)
    with beside(target) as partial:
        copy_file(order.file, partial, on_progress)
        held = contents_of_file(partial)
        _refuse_unfit(order, held.version)
        there = _file_there(target)
        _refuse_not_empty(order, there)
        mark = order.mark(there, held.newest_at)
        _upgrade_and_mark(partial, mark, order.actor)
        kept = None if there.is_empty else f"{target}.replaced-{order.at:%Y%m%dT%H%M%SZ}"
        _keep(target, kept)
        partial.replace(target)
    return Restoration(mark, held, kept, there.unknown_to(mark))


def _upgrade_and_mark(file: Path, mark: Restored, actor: str) -> None:
    url = f"sqlite:///{file}"
    upgrade(url)
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(insert(event).values(**mark.to_event(actor)))
    engine.dispose()
    _fold(file)
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _fold(file: Path) -> None:
    """Bring a ledger into one file; OperationalError if others have it open.

    To leave the write-ahead log takes the only connection.
    """
    with closing(sqlite3.connect(file, timeout=LOCKED_SECONDS)) as alone:
        alone.execute("PRAGMA journal_mode = DELETE")


def _file_there(target: Path) -> _There:
    """Look at the file that is there; what cannot be read is not empty."""
    if not target.exists():
        return _There(is_empty=True)
    try:
        _fold(target)
        engine = create_engine(f"sqlite:///{target}", poolclass=NullPool)
        with engine.connect() as connection:
            return _there(connection)
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise ConfigurationError(f"{target} is in use.", recovery=IN_USE) from error
        return _There(is_empty=False)
    except (sqlite3.DatabaseError, DatabaseError):
        return _There(is_empty=False)


def _keep(target: Path, kept: str | None) -> None:
    """Give what is there a second name, so that at every moment there is a ledger under its own.

    What an unreadable one has beside it must not be taken for a part of the restored one.
    """
    for ending in ("-wal", "-shm"):
        beside_it = Path(f"{target}{ending}")
        with suppress(FileNotFoundError):
            beside_it.rename(f"{kept}{ending}") if kept else beside_it.unlink()
    if kept is not None:
        try:
            os.link(target, kept)
        except OSError:  # not every file system has second names
            shutil.copy2(target, kept)


def _into_server(order: Order, on_progress: OnProgress) -> Restoration:
    """Move the tables that are there into a schema of their own, restore and mark: at once."""
    version = postgres_tools.dumped_version(order.file)
    _refuse_unfit(order, version)
    on_progress(0, None)
    with looked_at(order.url) as connection:
        _refuse_in_use(connection)
        there = _there(connection)
        _refuse_not_empty(order, there)
        kept = f"{postgres_tools.REPLACED}{order.at:%Y%m%dt%H%M%Sz}"
        moves = _moves(connection, kept)
        marking = _marking(connection, order.mark(there, None), order.actor)
        connection.rollback()  # psql waits for whoever has looked at a table
        postgres_tools.play_back(
            connection, order.url, order.file, before=[WAIT_FOR_WRITERS, *moves], after=[marking]
        )
    upgrade(order.url)
    with looked_at(order.url) as connection:
        mark = Restores(connection).newest()
        assert mark is not None  # noqa: S101 - it was just written
        held = Contents(version, contents(connection).entries, mark.backup_ends_at)
    return Restoration(mark, held, kept if moves else None, there.unknown_to(mark))


def _refuse_in_use(connection: Connection) -> None:
    """Ask for two seconds: whoever has just been stopped is still seen for a moment."""
    for _ in range(20):
        others = connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).scalar_one()
        if not others:
            return
        connection.rollback()  # within a transaction the answer stays the same
        connection.exec_driver_sql("SELECT pg_sleep(0.1)")
    message = f"{others} others are connected to the ledger's database."
    raise ConfigurationError(message, recovery=IN_USE)


def _moves(connection: Connection, schema: str) -> list[str]:
    """Write the statements that move all tables out of the way: none for an empty database."""
    tables = connection.exec_driver_sql(
        "SELECT format('ALTER TABLE %%I.%%I SET SCHEMA ', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname = current_schema()"
    ).scalars()
    moves = [f"{table}{schema}" for table in tables]
    return [f"CREATE SCHEMA {schema}", *moves] if moves else []


def _marking(connection: Connection, mark: Restored, actor: str) -> str:
    """Write the statement that marks a restored ledger: only there it is seen where it ends."""
    cursor: Any = connection.connection.cursor()  # psycopg2's own, which writes values into SQL
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    values = (mark.at, LEDGER, RESTORED, actor, mark.in_use_until.isoformat())
    written: bytes = cursor.mogrify(
        f"INSERT INTO {schema}.event (at, subject, kind, actor, detail) SELECT %s, %s, %s, %s,"
        " json_build_object('in_use_until', %s, 'backup_ends_at',"
        """ to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'))::text"""
        f" FROM {schema}.event",
        values,
    )
    return written.decode()


def _there(connection: Connection) -> _There:
    held = contents(connection)
    if held.newest_at is None:
        return _There(is_empty=held.entries == 0)
    by_hand = or_(
        event.c.kind.in_(DECISIONS),
        (event.c.kind == "posted") & event.c.detail.contains("marked by "),
    )
    columns = (event.c.at, event.c.subject, event.c.kind, event.c.actor, event.c.detail)
    rows = connection.execute(select(*columns).where(by_hand).order_by(event.c.id))
    return _There(False, held.newest_at, tuple(Decision(*row) for row in rows))


def _refuse_unfit(order: Order, version: str | None) -> None:
    if version is None:
        message = f"{order.file} holds no ledger."
        raise ConfigurationError(message, recovery="Name a file that `db backup` has made.")
    refuse_newer(version)


def _refuse_not_empty(order: Order, there: _There) -> None:
    if not there.is_empty and not order.replace:
        message = f"The ledger {shown_url(order.url)} is not empty."
        raise ConfigurationError(message, recovery=NOT_EMPTY)
