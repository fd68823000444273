"""The simulated account's SQLite database: tables, one lock, and small settings.

Belongs here: how it is stored. Not here: what is legal (netsuite_records.py) or what SuiteQL
shows of it (suiteql_views.py).
"""

import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from simulators.json_text import from_json, to_json

_TABLES = """
CREATE TABLE IF NOT EXISTS ns_setting (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ns_list (
    kind TEXT NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, externalid TEXT,
    isinactive TEXT NOT NULL, fields TEXT NOT NULL, PRIMARY KEY (kind, id)
);
CREATE TABLE IF NOT EXISTS ns_transaction (
    id INTEGER PRIMARY KEY AUTOINCREMENT, record_type TEXT NOT NULL, externalid TEXT,
    tranid TEXT NOT NULL, trandate TEXT NOT NULL, status TEXT NOT NULL, entity INTEGER,
    location INTEGER, subsidiary INTEGER, currency INTEGER, account INTEGER, memo TEXT,
    subtotal_cents INTEGER NOT NULL, tax_cents INTEGER NOT NULL, total_cents INTEGER NOT NULL,
    created_at TEXT NOT NULL, modified_at TEXT NOT NULL, fields TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS ns_line (
    transaction_id INTEGER NOT NULL, line INTEGER NOT NULL, item INTEGER NOT NULL,
    quantity REAL NOT NULL, amount_cents INTEGER NOT NULL, tax_cents INTEGER NOT NULL,
    location INTEGER, fields TEXT NOT NULL, PRIMARY KEY (transaction_id, line)
);
CREATE TABLE IF NOT EXISTS ns_period (
    id INTEGER PRIMARY KEY, periodname TEXT NOT NULL, startdate TEXT NOT NULL,
    enddate TEXT NOT NULL, isyear TEXT NOT NULL, isquarter TEXT NOT NULL, closed TEXT NOT NULL,
    locked TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS ns_unindexed (id INTEGER PRIMARY KEY, until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS ns_custom (
    script_id TEXT NOT NULL, id INTEGER NOT NULL, externalid TEXT, name TEXT,
    isinactive TEXT NOT NULL, modified_at TEXT NOT NULL, fields TEXT NOT NULL,
    PRIMARY KEY (script_id, id), UNIQUE (script_id, externalid)
);
CREATE TABLE IF NOT EXISTS ns_client (
    client_id TEXT NOT NULL, certificate_id TEXT NOT NULL, public_key_pem TEXT NOT NULL,
    PRIMARY KEY (client_id, certificate_id)
);
CREATE TABLE IF NOT EXISTS ns_token (token TEXT PRIMARY KEY, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS ns_assertion (
    client_id TEXT NOT NULL, jti TEXT NOT NULL, PRIMARY KEY (client_id, jti)
);
CREATE TABLE IF NOT EXISTS ns_tba_token (
    consumer_key TEXT NOT NULL, token_id TEXT NOT NULL, consumer_secret TEXT NOT NULL,
    token_secret TEXT NOT NULL, PRIMARY KEY (consumer_key, token_id)
);
CREATE TABLE IF NOT EXISTS ns_tba_nonce (
    consumer_key TEXT NOT NULL, token_id TEXT NOT NULL, timestamp TEXT NOT NULL,
    nonce TEXT NOT NULL, PRIMARY KEY (consumer_key, token_id, timestamp, nonce)
);
"""


class Database:
    """One connection, used by one thread at a time; a write is a whole transaction."""

    def __init__(self, path: str, *, external_ids_unique: bool = True) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lock = threading.RLock()
        # Closes the connection with the simulator, so that no test must remember to.
        weakref.finalize(self, self._connection.close)
        # A simulator may lose its data in a power cut; it must not wait for the disk.
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA case_sensitive_like=ON")
        self._connection.executescript(_TABLES)
        unique = "UNIQUE" if external_ids_unique else ""
        self._connection.execute(
            f"CREATE {unique} INDEX IF NOT EXISTS ns_externalid ON ns_transaction (externalid)"
        )

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for reading or for registering functions."""
        with self._lock:
            yield self._connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for writing: all of it is kept, or on an exception nothing."""
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Read all rows of a query."""
        with self._lock:
            return self._connection.execute(sql, params).fetchall()

    def setting(self, key: str) -> Any:  # noqa: ANN401
        """Read a remembered value, or None."""
        found = self.rows("SELECT value FROM ns_setting WHERE key = ?", (key,))
        return from_json(found[0][0]) if found else None

    def put_setting(self, key: str, value: object) -> None:
        """Remember a value that JSON can hold."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO ns_setting VALUES (?, ?)", (key, to_json(value))
            )


def round_to_cents(amount: Decimal) -> int:
    """Round to whole cents, halves away from zero; every currency here has two places."""
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


def from_cents(cents: int) -> Decimal:
    """Read whole cents as an amount with two places."""
    return Decimal(cents).scaleb(-2)


def flag(value: object) -> str:
    """Write a boolean the way NetSuite stores it."""
    return "T" if value else "F"


def internal_id(value: int | str) -> str:
    """Read an internal ID; raises ValueError if it is not a whole number."""
    return str(int(value))
