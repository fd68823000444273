"""Cash sales and refunds in the database. What is legal is decided in netsuite_records.py."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulators.json_text import from_json, to_json
from simulators.netsuite_answers import DuplicateRecordError
from simulators.netsuite_database import Database, from_cents
from simulators.netsuite_totals import LineTotals

_READ = (
    "SELECT id, record_type, externalid, tranid, trandate, status, subtotal_cents, tax_cents,"
    " total_cents, created_at, modified_at, fields FROM ns_transaction"
)
_READ_LINES = "SELECT transaction_id, line, amount_cents, tax_cents, fields FROM ns_line"
# A search: it finds nothing that is not in the index yet.
_BY_EXTERNAL_ID = "externalid = ? AND id NOT IN (SELECT id FROM ns_unindexed)"
_COLUMNS = (
    "externalid",
    "trandate",
    "status",
    "entity",
    "location",
    "subsidiary",
    "currency",
    "account",
    "memo",
    "subtotal_cents",
    "tax_cents",
    "total_cents",
    "modified_at",
    "fields",
)


@dataclass(frozen=True, slots=True)
class CashDocument:
    """A checked document on its way into the database; references are internal IDs."""

    fields: Mapping[str, Any]
    lines: list[dict[str, Any]]
    totals: list[LineTotals]

    @property
    def total_cents(self) -> int:
        """The document's total with tax."""
        return sum(line.amount_cents + line.tax_cents for line in self.totals)

    @property
    def status(self) -> str:
        """Deposited when it names a bank account, else Not Deposited.

        A refund has no documented status; its letter means nothing.
        """
        return "C" if self.fields.get("account") else "B"

    def to_columns(self, at: str) -> list[Any]:
        """Write the values of `_COLUMNS`."""
        subtotal = sum(line.amount_cents for line in self.totals)
        references = ("entity", "location", "subsidiary", "currency", "account", "memo")
        return [
            self.fields.get("externalId"),
            self.fields["tranDate"],
            self.status,
            *(self.fields.get(name) for name in references),
            subtotal,
            self.total_cents - subtotal,
            self.total_cents,
            at,
            to_json(self.fields),
        ]


@dataclass(frozen=True, slots=True)
class CashRecord:
    """A stored document: what was sent (`fields`, `lines`) and what was computed for each."""

    id: str
    type_name: str
    fields: dict[str, Any]
    lines: list[dict[str, Any]]
    computed: dict[str, Any]
    computed_lines: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Flatten it for tests and people: references as internal IDs, money as Decimal."""
        flat = {"id": self.id, "type": self.type_name, **self.fields, **self.computed}
        return {**flat, "lines": self.full_lines()}

    def full_lines(self) -> list[dict[str, Any]]:
        """Join what was sent of each line with what was computed."""
        pairs = zip(self.lines, self.computed_lines, strict=True)
        return [{**line, **computed} for line, computed in pairs]


class CashStore:
    """Reads and writes whole documents; one write is one SQL transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, type_name: str, prefix: str, document: CashDocument, at: str) -> str:
        """Keep a document under the next internal ID; raises DuplicateRecordError."""
        names = ("record_type", "tranid", "created_at", *_COLUMNS)
        places = ", ".join("?" * len(names))
        sql = f"INSERT INTO ns_transaction ({', '.join(names)}) VALUES ({places})"
        values = [type_name, "", at, *document.to_columns(at)]
        try:
            with self._database.transaction() as connection:
                id_ = connection.execute(sql, values).lastrowid
                number = document.fields.get("tranId", f"{prefix}{id_}")
                connection.execute(
                    "UPDATE ns_transaction SET tranid = ? WHERE id = ?", (number, id_)
                )
                _insert_lines(connection, str(id_), document)
        except sqlite3.IntegrityError as problem:
            raise DuplicateRecordError from problem
        return str(id_)

    def replace(self, id_: str, document: CashDocument, at: str) -> None:
        """Keep a changed document under its internal ID; raises DuplicateRecordError."""
        assignments = ", ".join(f"{name} = ?" for name in _COLUMNS)
        sql = f"UPDATE ns_transaction SET {assignments} WHERE id = ?"
        try:
            with self._database.transaction() as connection:
                connection.execute(sql, [*document.to_columns(at), id_])
                connection.execute("DELETE FROM ns_line WHERE transaction_id = ?", (id_,))
                _insert_lines(connection, id_, document)
        except sqlite3.IntegrityError as problem:
            raise DuplicateRecordError from problem

    def delete(self, id_: str) -> None:
        """Remove a document; its external ID is free again."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM ns_line WHERE transaction_id = ?", (id_,))
            connection.execute("DELETE FROM ns_transaction WHERE id = ?", (id_,))

    def find(self, key: str) -> CashRecord | None:
        """Find a document of any type by internal ID or `eid:` and external ID."""
        where, value = (_BY_EXTERNAL_ID, key[4:]) if key.startswith("eid:") else ("id = ?", key)
        rows = self._database.rows(f"{_READ} WHERE {where}", (value,))
        if not rows:
            return None
        lines = self._database.rows(
            f"{_READ_LINES} WHERE transaction_id = ? ORDER BY line", (rows[0][0],)
        )
        return _record(rows[0], lines)

    def all(self) -> list[CashRecord]:
        """Read every document, oldest first."""
        lines: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for line in self._database.rows(f"{_READ_LINES} ORDER BY transaction_id, line"):
            lines[line[0]].append(line)
        return [_record(row, lines[row[0]]) for row in self._database.rows(f"{_READ} ORDER BY id")]


def _insert_lines(connection: sqlite3.Connection, id_: str, document: CashDocument) -> None:
    pairs = zip(document.lines, document.totals, strict=True)
    connection.executemany(
        "INSERT INTO ns_line VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                int(id_),
                line["line"],
                line["item"],
                float(line["quantity"]),
                totals.amount_cents,
                totals.tax_cents,
                line.get("location"),
                to_json(line),
            )
            for line, totals in pairs
        ],
    )


def _record(row: tuple[Any, ...], lines: Iterable[tuple[Any, ...]]) -> CashRecord:
    (id_, type_name, externalid, tranid, trandate, status, *amounts, created, modified, text) = row
    subtotal, tax, total = (from_cents(cents) for cents in amounts)
    fields = {"externalId": externalid, **from_json(text)}
    computed = {
        "tranId": tranid,
        "tranDate": trandate,
        "status": status,
        "subtotal": subtotal,
        "taxTotal": tax,
        "total": total,
        "createdDate": created,
        "lastModifiedDate": modified,
    }
    kept = list(lines)
    return CashRecord(
        str(id_),
        type_name,
        fields,
        [from_json(line[4]) for line in kept],
        computed,
        [_computed_line(line[2], line[3]) for line in kept],
    )


def _computed_line(amount_cents: int, tax_cents: int) -> dict[str, Decimal]:
    return {
        "amount": from_cents(amount_cents),
        "tax1Amt": from_cents(tax_cents),
        "grossAmt": from_cents(amount_cents + tax_cents),
    }
