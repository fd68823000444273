"""A ledger whose database really fails, and works again when it is told to."""

from __future__ import annotations

from sqlalchemy import create_engine, make_url, text

from ipos_pipeline.ledger.schema import posting_entry

GONE = "gone"


class FailingDatabase:
    """PostgreSQL lets nobody in any more; of an SQLite file the table of entries is gone."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._is_server = self._url.get_backend_name() == "postgresql"

    def fail(self) -> None:
        """Fail from now on, for those who are connected too."""
        if self._is_server:
            name = self._url.database
            self._let_in(allowed=False)
            self._as_administrator(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            )
        else:
            self._execute(f"ALTER TABLE {posting_entry.name} RENAME TO {GONE}")

    def work_again(self) -> None:
        """Be as before; nothing that was in it is lost."""
        if self._is_server:
            self._let_in(allowed=True)
        else:
            self._execute(f"ALTER TABLE {GONE} RENAME TO {posting_entry.name}")

    def _let_in(self, *, allowed: bool) -> None:
        self._as_administrator(
            f"ALTER DATABASE {self._url.database} WITH ALLOW_CONNECTIONS {allowed}"
        )

    def _as_administrator(self, statement: str) -> None:
        self._execute(statement, database="postgres")

    def _execute(self, statement: str, database: str | None = None) -> None:
        url = self._url if database is None else self._url.set(database=database)
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()
