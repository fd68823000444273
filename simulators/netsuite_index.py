"""NetSuite's search index, which may know a new transaction later than the record service does.

That it lags, and that a look-up by external ID lags with it, is an assumption to be prepared for.
Does not imitate: a lag of changes and deletions, of an upsert, of custom records and of lists.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from simulators.netsuite_database import Database


class SearchIndex:
    """Which transactions SuiteQL and `eid:` do not show yet."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._is_behind = bool(database.rows("SELECT 1 FROM ns_unindexed LIMIT 1"))

    def delay(self, id_: str, seconds: float) -> None:
        """Hide a transaction for some seconds from now."""
        until = (self._clock() + timedelta(seconds=seconds)).timestamp()
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO ns_unindexed VALUES (?, ?)", (id_, until))
        self._is_behind = True

    def catch_up(self) -> None:
        """Show every transaction whose time has come."""
        if not self._is_behind:
            return
        now = self._clock().timestamp()
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM ns_unindexed WHERE until <= ?", (now,))
        self._is_behind = bool(self._database.rows("SELECT 1 FROM ns_unindexed LIMIT 1"))
