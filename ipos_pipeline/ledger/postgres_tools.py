"""PostgreSQL's own programs: pg_dump, pg_restore and psql, found on PATH.

A password reaches them through their environment, never as an argument that others can see.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

from psycopg2.extensions import make_dsn
from sqlalchemy import Connection

from ipos_pipeline.errors import ConfigurationError, TransientError
from ipos_pipeline.ledger.store import open_engine

if TYPE_CHECKING:
    from ipos_pipeline.ledger.backup import OnProgress

REPLACED = "replaced_"
"""How schemas begin that hold a ledger that was replaced; they are not dumped."""

POLL_SECONDS = 0.5
SAID_MAX = 300
MISSING = "Install PostgreSQL's client programs, of the server's version or newer, on PATH."
HIDDEN = {"password", "sslpassword"}
_AS_IT_IS = ("--no-owner", "--no-privileges")


def dump(connection: Connection, url: str, file: Path, on_progress: OnProgress) -> None:
    """Dump what `connection`, in a repeatable-read transaction, sees; check that it can be read."""
    pg_dump = program("pg_dump", connection)
    snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
    dsn, environment = _target(url)
    command = [
        *(pg_dump, "--format=custom", *_AS_IT_IS, f"--exclude-schema={REPLACED}*"),
        *(f"--snapshot={snapshot}", f"--file={file}", "--no-password", f"--dbname={dsn}"),
    ]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        while True:
            try:
                _, said = process.communicate(timeout=POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                on_progress(file.stat().st_size, None)
    _raise_for("pg_dump", process.returncode, said)
    _raise_for("pg_restore", *_listed(program("pg_restore", connection), file))


def _listed(pg_restore: str, file: Path) -> tuple[int, bytes]:
    done = subprocess.run([pg_restore, "--list", file], capture_output=True, check=False)
    return done.returncode, done.stderr


def dumped_version(file: Path) -> str | None:
    """Read the ledger's version out of a dump; None for one of anything else.

    Raises ConfigurationError for a file that pg_restore cannot read, or without pg_restore.
    """
    pg_restore = shutil.which("pg_restore")
    if pg_restore is None:
        raise ConfigurationError("pg_restore is not on PATH.", recovery=MISSING)
    done = subprocess.run(
        [pg_restore, "--data-only", "--table=alembic_version", "--file=-", file],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        message = f"{file} is no backup of a ledger on PostgreSQL."
        raise ConfigurationError(message, recovery="Name a file that `db backup` has made.")
    version = re.search(rb"^COPY .*alembic_version.*\n(\w+)$", done.stdout, re.MULTILINE)
    return version and version[1].decode()


def play_back(
    connection: Connection, url: str, file: Path, *, before: Iterable[str], after: Iterable[str]
) -> None:
    """Restore a dump between other statements, all in one transaction: all of it or nothing.

    psql commits only what was handed over to its end: pg_restore must have ended well before.
    """
    pg_restore, psql = program("pg_restore", connection), program("psql", connection)
    dsn, environment = _target(url)
    into = [psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--no-password"]
    with (
        subprocess.Popen(
            [*into, f"--dbname={dsn}"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as writing,
        subprocess.Popen(
            [pg_restore, "--file=-", *_AS_IT_IS, file],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as reading,
    ):
        try:
            _hand_over(reading.stdout, writing.stdin, before)
        except BrokenPipeError:
            reading.kill()
        _, said = reading.communicate()
        last = ";\n".join([*after, "COMMIT", ""]) if reading.returncode == 0 else "ROLLBACK;\n"
        _, refused = writing.communicate(last.encode() if writing.poll() is None else None)
    _raise_for("psql", writing.returncode, refused)
    _raise_for("pg_restore", reading.returncode, said)


def _hand_over(source: IO[bytes] | None, target: IO[bytes] | None, before: Iterable[str]) -> None:
    assert source is not None  # noqa: S101 - both are pipes
    assert target is not None  # noqa: S101
    target.write(";\n".join(["BEGIN", *before, ""]).encode())
    shutil.copyfileobj(source, target)
    target.flush()


def program(name: str, connection: Connection) -> str:
    """Find a program that is at least as new as the server. Raises ConfigurationError if none is.

    Both say their version as 16.4, or 9.6.1 long ago; the first number counts.
    """
    server = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
    recovery = f"Install PostgreSQL's client programs of version {server} or newer, on PATH."
    found = shutil.which(name)
    if found is None:
        raise ConfigurationError(f"{name} is not on PATH.", recovery=recovery)
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"(\d+)(?:\.\d+)*", said)
    if version is None or int(version[1]) < server:
        message = f"{found} is {version[0] if version else 'unknown'}, the server is {server}."
        raise ConfigurationError(message, recovery=recovery)
    return found


def _target(url: str) -> tuple[str, Mapping[str, str]]:
    """Give a connection string without secrets, and the environment that has the password."""
    engine = open_engine(url)
    _, given = engine.dialect.create_connect_args(engine.url)
    dsn = make_dsn(**{name: value for name, value in given.items() if name not in HIDDEN})
    password = {"PGPASSWORD": given["password"]} if given.get("password") else {}
    return dsn, {**os.environ, **password}


def _raise_for(name: str, code: int, said: bytes) -> None:
    """Raise TransientError for a program that failed; its first lines say why."""
    if code != 0:
        words = " ".join(said.decode(errors="replace").split())[:SAID_MAX]
        message = f"{name} ended with {code}: {words}"
        raise TransientError(
            message, recovery="Mend what it says, then try again: nothing was changed."
        )
