"""A copy of the ledger at one moment, in one file, while runs go on writing.

Belongs here: what a backup is, on either kind of database, and the copy of an SQLite file. Not
here: PostgreSQL's own programs (postgres_tools.py), the way back (restoring.py).
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, func, select

from ipos_pipeline.errors import ConfigurationError, TransientError
from ipos_pipeline.ledger import postgres_tools
from ipos_pipeline.ledger.database import database_url, shown_url
from ipos_pipeline.ledger.inspection import damage, looked_at
from ipos_pipeline.ledger.schema import event, posting_entry
from ipos_pipeline.ledger.versions import version_in

PAGES_AT_ONCE = 2000
"""Of 4 kB: some milliseconds of work between two reports of progress."""

OnProgress = Callable[[int, int | None], None]
"""Called with what is done and what there is in all, None where that is not known."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a ledger or a backup holds, in short; `newest_at` is that of its newest event."""

    version: str | None
    entries: int
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made and checked; `size` in bytes."""

    file: Path
    size: int
    contents: Contents


def back_up(url: str, file: Path, *, on_progress: OnProgress) -> Backup:
    """Write the ledger as it is at one moment into a new file that only its owner may read.

    The file appears when it is complete and checked. Raises ConfigurationError where it cannot be
    made, and TransientError when the database fails.
    """
    if file.exists():
        message = f"There is a file {file} already."
        raise ConfigurationError(message, recovery="Name another one; a backup replaces nothing.")
    with beside(file) as partial:
        if is_server(url):
            contents = _dump(url, partial, on_progress)
        else:
            copy_file(_existing_file(url), partial, on_progress)
            contents = contents_of_file(partial)
        if contents.version is None:
            message = f"The ledger {shown_url(url)} has no tables yet: there is nothing to back up."
            raise ConfigurationError(message, recovery="Check IPOS_PIPELINE_LEDGER_URL.")
        _write_through(partial)
        partial.rename(file)
    return Backup(file, file.stat().st_size, contents)


def is_server(url: str) -> bool:
    """Tell a ledger on PostgreSQL from one in a file."""
    return database_url(url).get_backend_name() == "postgresql"


def contents(connection: Connection) -> Contents:
    """Sum up a ledger of any version."""
    version = version_in(connection)
    if version is None:
        return Contents(None, 0, None)
    entries = connection.execute(select(func.count()).select_from(posting_entry)).scalar_one()
    newest = select(event.c.at).order_by(event.c.id.desc()).limit(1)
    return Contents(version, entries, connection.execute(newest).scalar())


def contents_of_file(file: Path) -> Contents:
    """Check an SQLite file as a whole and sum it up. Raises ConfigurationError for a damaged one.

    No engine of database.py: that would turn on the write-ahead log, which is a second file.
    """
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)
    with engine.connect() as connection:
        problems = damage(connection)
        if problems:
            message = f"{file} is damaged: {problems[0]}."
            raise ConfigurationError(message, recovery="Use another backup; look at the disk.")
        return contents(connection)


def copy_file(source: Path, target: Path, on_progress: OnProgress) -> None:
    """Copy an SQLite ledger at one moment, also while others write into it.

    The read transaction keeps the moment: without it each write of another would begin the copy
    anew. Raises TransientError when it cannot be read, or written.
    """

    def report(_status: int, remaining: int, total: int) -> None:
        on_progress(total - remaining, total)

    try:
        with closing(sqlite3.connect(source, isolation_level=None)) as reading:
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
            with closing(sqlite3.connect(target)) as writing:
                reading.backup(writing, pages=PAGES_AT_ONCE, progress=report)
                writing.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        message = f"{source} cannot be copied to {target.parent}: {error}"
        raise TransientError(
            message,
            recovery="Check that there is room, and that `ipos-pipeline db check` is green.",
        ) from error


def _existing_file(url: str) -> Path:
    file = Path(database_url(url).database or "")
    if not file.is_file():
        message = f"There is no ledger at {file}."
        raise ConfigurationError(
            message, recovery="Check IPOS_PIPELINE_LEDGER_URL or IPOS_PIPELINE_DATA_DIR."
        )
    return file


def _dump(url: str, partial: Path, on_progress: OnProgress) -> Contents:
    """Dump the same moment that is summed up."""
    with looked_at(url) as connection:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        seen = contents(connection)
        postgres_tools.dump(connection, url, partial, on_progress)
    return seen


@contextmanager
def beside(file: Path) -> Iterator[Path]:
    """Give an empty file in the same folder, for its owner alone; what is left of it is removed."""
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".partial")
    except OSError as error:
        message = f"Nothing can be written into {file.parent}: {error.strerror}."
        raise ConfigurationError(message, recovery="Name a file in another folder.") from error
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _write_through(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())
