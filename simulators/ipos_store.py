"""What the IPOS main server keeps: invoices as JSON text, and what was acknowledged.

SQLite, in memory or in a file; a server restarted on the same file has the same state.
"""

import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from simulators.ipos_wire import (
    JsonObject,
    Row,
    StoredInvoice,
    identity_text,
    identity_time,
    nested_invoice,
    stored_form,
)
from simulators.json_text import from_json, to_json

# The order of columns in `listing` is the order of a page, so that a page costs what it holds.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS invoice (
    id INTEGER PRIMARY KEY, location TEXT NOT NULL, doc_type TEXT NOT NULL, inv_no TEXT NOT NULL,
    inv_date TEXT NOT NULL, business_day TEXT NOT NULL, sort_key TEXT NOT NULL,
    is_return INTEGER NOT NULL, posted INTEGER NOT NULL, header TEXT NOT NULL, lines TEXT,
    erp_id TEXT, erp_refund_id TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS identity ON invoice (location, doc_type, inv_no, inv_date)
    WHERE doc_type <> '' AND inv_no <> '' AND inv_date <> '';
CREATE INDEX IF NOT EXISTS listing ON invoice (location, sort_key, id, posted, is_return);
CREATE INDEX IF NOT EXISTS by_number ON invoice (location, inv_no);
CREATE INDEX IF NOT EXISTS by_day ON invoice (location, business_day);
CREATE TABLE IF NOT EXISTS acknowledgement (
    id INTEGER PRIMARY KEY, location TEXT NOT NULL, at TEXT NOT NULL, repeated INTEGER NOT NULL,
    document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS held_back (
    location TEXT NOT NULL, doc_type TEXT NOT NULL, inv_no TEXT NOT NULL, inv_date TEXT NOT NULL,
    visible_from TEXT NOT NULL, PRIMARY KEY (location, doc_type, inv_no, inv_date));
CREATE INDEX IF NOT EXISTS by_visibility ON held_back (visible_from);
"""
_INSERT = """
INSERT OR IGNORE INTO invoice (location, doc_type, inv_no, inv_date, business_day, sort_key,
    is_return, posted, header, lines) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE = """
UPDATE invoice SET (location, doc_type, inv_no, inv_date, business_day, sort_key,
    is_return, posted, header, lines) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?
"""
_FIND = """
SELECT id, posted, header, lines FROM invoice
WHERE location = ? AND doc_type = ? AND inv_no = ? AND inv_date = ?
"""
# Late uploads are known to the simulator but not yet to its clients.
_VISIBLE = """
(:none_is_late OR id NOT IN (
    SELECT late.id FROM held_back JOIN invoice late USING (location, doc_type, inv_no, inv_date)
    WHERE visible_from > :at))
"""
_MATCHING = f"""
location = :location AND sort_key >= :start AND sort_key < :end
    AND (posted = 0 OR NOT :only_unposted) AND (is_return = :returns OR :returns IS NULL)
    AND {_VISIBLE}
"""
_HOLD_BACK = """
INSERT OR IGNORE INTO held_back SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (
    SELECT 1 FROM invoice
    WHERE location = ?1 AND doc_type = ?2 AND inv_no = ?3 AND inv_date = ?4)
"""
_COUNT = f"SELECT count(*) FROM invoice WHERE {_MATCHING}"
_PAGE = f"""
SELECT header, lines FROM invoice WHERE id IN (
    SELECT id FROM invoice WHERE {_MATCHING} ORDER BY sort_key, id LIMIT :limit OFFSET :offset)
ORDER BY sort_key, id
"""
_UNORDERED_PAGE = f"""
SELECT header, lines FROM invoice WHERE {_MATCHING}
ORDER BY (id * :order) % 999983, id LIMIT :limit OFFSET :offset
"""
_DAY = f"""
SELECT header FROM invoice WHERE location = :location AND business_day = :day AND {_VISIBLE}
ORDER BY sort_key, id
"""


@dataclass(frozen=True)
class Selection:
    """Which invoices a list request wants; `start` and `end` are half-open wall-clock times.

    `order` 0 sorts by time and number; any other number is an order of its own, without meaning.
    """

    location: str
    start: str
    end: str
    offset: int
    limit: int
    only_unposted: bool = True
    returns: bool | None = None
    order: int = 0


@dataclass(frozen=True)
class Identity:
    """What tells one IPOS invoice from another: the number alone does not."""

    location: str
    doc_type: str
    inv_no: str
    inv_date: str

    @classmethod
    def of(cls, location: str, document: Mapping[str, Any]) -> "Identity":
        """Read the identity off an invoice or an acknowledged document."""
        return cls(
            location,
            identity_text(document.get("DocType")),
            identity_text(document.get("InvNo")),
            identity_time(document.get("InvDate")),
        )


class IposStore:
    """The tables of one main server. Every method may be called from any thread."""

    def __init__(self, database: str) -> None:
        """Open `database`, a path or ":memory:", and create what is missing."""
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            database,
            check_same_thread=False,
            isolation_level=None,
            cached_statements=64,
        )
        weakref.finalize(self, self._connection.close)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(_SCHEMA)
        self._none_is_late = not self._all("SELECT 1 FROM held_back LIMIT 1")

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()

    def add(self, invoices: Iterable[StoredInvoice]) -> int:
        """Keep invoices; one whose identity is known already is left as it is.

        Answers how many were added. A repeated upload thus changes nothing.
        """
        with self._transaction() as connection:
            before = connection.total_changes
            connection.executemany(_INSERT, map(astuple, invoices))
            return connection.total_changes - before

    def hold_back(self, late: Iterable[tuple[Identity, datetime]]) -> None:
        """Hide invoices that are still to be added until the given instants.

        One that was added already stays as visible as it is.
        """
        rows = [(*astuple(identity), _instant(until)) for identity, until in late]
        with self._transaction() as connection:
            connection.executemany(_HOLD_BACK, rows)
        self._none_is_late = self._none_is_late and not rows

    def edit(self, identity: Identity, changes: Mapping[str, Any], *, arrived: datetime) -> None:
        """Change header fields, or `Lines`, of an invoice; LookupError where there is none.

        An acknowledged invoice stays acknowledged unless `Posted` is among the changes.
        """
        with self._transaction() as connection:
            row_id, posted, header, lines = self._find(identity)
            invoice = {**from_json(nested_invoice(header, lines)), **changes}
            stored = stored_form(invoice, location=identity.location, arrived=arrived)
            if "Posted" not in changes:
                stored = replace(stored, posted=posted)
            connection.execute(_UPDATE, (*astuple(stored), row_id))

    def delete(self, identity: Identity) -> None:
        """Remove an invoice as if it had never been; LookupError where there is none."""
        with self._transaction() as connection:
            row_id, *_ = self._find(identity)
            connection.execute("DELETE FROM invoice WHERE id = ?", (row_id,))

    def acknowledge(self, location: str, document: JsonObject, *, at: datetime) -> bool:
        """Mark an invoice as created in the ERP; False where it is unknown.

        A repetition is accepted and kept in the list, but the first ERP numbers stay [A].
        """
        with self._transaction() as connection:
            try:
                row_id, posted, header, _ = self._find(Identity.of(location, document))
            except LookupError:
                return False
            if not posted:
                self._mark_posted(row_id, header, document)
            connection.execute(
                "INSERT INTO acknowledgement (location, at, repeated, document)"
                " VALUES (?, ?, ?, ?)",
                (location, at.isoformat(), posted, to_json(document)),
            )
            return True

    def _mark_posted(self, row_id: int, header: str, document: JsonObject) -> None:
        changed = from_json(header)
        if "Posted" in changed:
            changed["Posted"] = 1
        erp_ids = [document.get(key) for key in ("ErpId", "ErpRefundId")]
        self._connection.execute(
            "UPDATE invoice SET posted = 1, header = ?, erp_id = ?, erp_refund_id = ? WHERE id = ?",
            (
                to_json(changed),
                *(None if erp is None else str(erp) for erp in erp_ids),
                row_id,
            ),
        )

    def page(self, wanted: Selection, *, at: datetime) -> tuple[int, list[Row]]:
        """Answer how many invoices match, and header and lines of those on the wanted page."""
        values = {**asdict(wanted), **self._visibility(at)}
        with self._lock:
            total: int = self._connection.execute(_COUNT, values).fetchone()[0]
            if not 0 <= wanted.offset < total:
                return total, []
            page = _UNORDERED_PAGE if wanted.order else _PAGE
            return total, self._connection.execute(page, values).fetchall()

    def day_headers(self, location: str, day: str, *, at: datetime) -> list[JsonObject]:
        """Answer the headers of a business day, voids included."""
        values = {"location": location, "day": day, **self._visibility(at)}
        return [from_json(header) for (header,) in self._all(_DAY, values)]

    def invoices(self, location: str | None = None) -> Iterator[JsonObject]:
        """Answer invoices as on the wire, with `Posted` and the ERP numbers they were given."""
        rows = self._all(
            "SELECT header, lines, posted, erp_id, erp_refund_id FROM invoice"
            " WHERE ? IN (location, '') ORDER BY location, sort_key, id",
            (location or "",),
        )
        for header, lines, posted, erp_id, erp_refund_id in rows:
            invoice: JsonObject = from_json(nested_invoice(header, lines))
            yield {
                **invoice,
                "Posted": posted,
                "ErpId": erp_id,
                "ErpRefundId": erp_refund_id,
            }

    def acknowledgements(self) -> list[JsonObject]:
        """Answer every accepted document as it was sent, oldest first, with place and time."""
        rows = self._all("SELECT document, location, at, repeated FROM acknowledgement ORDER BY id")
        return [
            {
                **from_json(text),
                "LocationCode": location,
                "At": at,
                "Repeated": bool(repeated),
            }
            for text, location, at, repeated in rows
        ]

    def headers_by_location(self) -> Iterator[tuple[str, bool, JsonObject]]:
        """Answer location, whether it is acknowledged, and header of every invoice."""
        for location, posted, header in self._all("SELECT location, posted, header FROM invoice"):
            yield location, bool(posted), from_json(header)

    def days(self) -> tuple[str, str] | None:
        """Answer the first and the last business day with an invoice, or None."""
        [(first, last)] = self._all("SELECT min(business_day), max(business_day) FROM invoice")
        return None if first is None else (first, last)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def _visibility(self, at: datetime) -> dict[str, object]:
        """Bind what `_VISIBLE` compares; a server without late uploads pays nothing for it."""
        return {"at": _instant(at), "none_is_late": self._none_is_late}

    def _find(self, identity: Identity) -> tuple[int, bool, str, str | None]:
        row = self._connection.execute(_FIND, astuple(identity)).fetchone()
        if row is None:
            message = f"no such invoice: {identity}"
            raise LookupError(message)
        row_id, posted, header, lines = row
        return row_id, bool(posted), header, lines

    def _all(
        self, statement: str, values: Sequence[object] | Mapping[str, object] = ()
    ) -> list[Any]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()


def _instant(moment: datetime) -> str:
    """Write an instant so that texts sort like times."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
