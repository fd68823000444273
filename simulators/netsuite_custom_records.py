"""Custom records: their definitions, values and external IDs (one namespace per type).

Assumptions: `name` always exists; the length limits are those of the NetSuite user interface;
a password field can be read back like a text. Not imitated: sublists, parents, saving a
definition through REST, display names of references.
"""

import re
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from simulators.json_text import from_json, to_json
from simulators.netsuite_answers import (
    DuplicateRecordError,
    ErrorDetail,
    NetSuiteError,
    invalid_value,
    missing_record,
)
from simulators.netsuite_database import Database, flag
from simulators.netsuite_records import Saved, unknown_property
from simulators.netsuite_values import is_datetime

FIELD_TYPES = frozenset(
    ("text", "longtext", "boolean", "integer", "datetime", "reference", "email", "password")
)
_LENGTHS_MAX = {"text": 300, "email": 254, "password": 4000, "longtext": 1_000_000}
_STANDARD = {"name": "text", "externalId": "external_id", "isInactive": "boolean"}
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]+")


class CustomRecords:
    """All custom records of the account."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self.definitions: dict[str, dict[str, str]] = database.setting("custom_records") or {}

    def define(self, script_id: str, fields: Mapping[str, str]) -> None:
        """Add or replace a type; raises ValueError for an unknown field type."""
        wrong = sorted(set(fields.values()) - FIELD_TYPES)
        if wrong:
            message = f"Unknown field types {wrong}; known: {sorted(FIELD_TYPES)}"
            raise ValueError(message)
        self.definitions[script_id.lower()] = dict(fields)
        self._database.put_setting("custom_records", self.definitions)

    def save(
        self,
        script_id: str,
        document: Mapping[str, Any],
        *,
        key: str | None = None,
        upsert: bool = False,
        strict_names: bool = True,
    ) -> Saved:
        """Create a record (no `key`), update it, or with `upsert` whichever is needed.

        Raises NetSuiteError, or DuplicateRecordError for a taken external ID.
        """
        values, unknown = self._read(script_id, document, strict_names=strict_names)
        before: dict[str, Any] = {}
        id_ = None
        if key is not None:
            found = self._find(script_id, key)
            if found is None and not upsert:
                raise missing_record()
            id_, before = found or (None, _new_with(key))
        merged = {**before, **values}
        kept = {name: value for name, value in merged.items() if value is not None}
        return Saved(self._write(script_id, kept, id_), unknown)

    def put(self, script_id: str, document: Mapping[str, Any], id_: str | None) -> str:
        """Keep a whole record under this ID or the next one, replacing what was there."""
        values, _ = self._read(script_id, document, strict_names=True)
        kept = {name: value for name, value in values.items() if value is not None}
        return self._write(script_id, kept, id_)

    def _write(self, script_id: str, values: Mapping[str, Any], id_: str | None) -> str:
        """Keep values as they are, under this ID or the next; raises DuplicateRecordError."""
        at = self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            with self._database.transaction() as connection:
                if id_ is None:
                    id_ = str(_next_id(connection, script_id))
                connection.execute(
                    "INSERT INTO ns_custom VALUES (?, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT (script_id, id) DO UPDATE SET externalid = excluded.externalid,"
                    " name = excluded.name, isinactive = excluded.isinactive,"
                    " modified_at = excluded.modified_at, fields = excluded.fields",
                    (
                        script_id,
                        int(id_),
                        values.get("externalId"),
                        values.get("name"),
                        flag(values.get("isInactive")),
                        at,
                        to_json(values),
                    ),
                )
        except sqlite3.IntegrityError as problem:
            raise DuplicateRecordError from problem
        return id_

    def read(self, script_id: str, key: str) -> dict[str, Any]:
        """Read a record by ID or `eid:...`; raises NetSuiteError 404."""
        found = self._find(script_id, key)
        if found is None:
            raise missing_record()
        return {"id": found[0], **found[1]}

    def delete(self, script_id: str, key: str) -> None:
        """Remove a record; raises NetSuiteError 404."""
        found = self._find(script_id, key)
        if found is None:
            raise missing_record()
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM ns_custom WHERE script_id = ? AND id = ?", (script_id, found[0])
            )

    def all(self, script_id: str) -> list[dict[str, Any]]:
        """Read every record of a type, oldest first."""
        rows = self._database.rows(
            "SELECT id, fields FROM ns_custom WHERE script_id = ? ORDER BY id", (script_id,)
        )
        return [{"id": str(id_), **from_json(text)} for id_, text in rows]

    def _find(self, script_id: str, key: str) -> tuple[str, dict[str, Any]] | None:
        column, value = ("externalid", key[4:]) if key.startswith("eid:") else ("id", key)
        rows = self._database.rows(
            f"SELECT id, fields FROM ns_custom WHERE script_id = ? AND {column} = ?",
            (script_id, value),
        )
        return (str(rows[0][0]), from_json(rows[0][1])) if rows else None

    def _read(
        self, script_id: str, document: Mapping[str, Any], *, strict_names: bool
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        kinds = {**_STANDARD, **self.definitions[script_id]}
        unknown = tuple(name for name in document if name not in kinds and name != "id")
        faults = [unknown_property(name) for name in unknown] if strict_names else []
        values: dict[str, Any] = {}
        for name, value in document.items():
            kind = kinds.get(name)
            if kind is None:
                continue
            fault = None if value is None else _fault_of(name, kind, value)
            if fault is None:
                values[name] = _stored(kind, value)
            else:
                faults.append(fault)
        if faults:
            raise NetSuiteError(400, *faults)
        return values, unknown


def _new_with(key: str) -> dict[str, Any]:
    externalid = key.removeprefix("eid:")
    if not _EXTERNAL_ID.fullmatch(externalid):
        raise NetSuiteError(400, invalid_value("externalId", externalid, "externalId"))
    return {"externalId": externalid}


def _next_id(connection: sqlite3.Connection, script_id: str) -> int:
    """Give out IDs per type and never twice, not even after a deletion."""
    key = f"last_id {script_id}"
    row = connection.execute("SELECT value FROM ns_setting WHERE key = ?", (key,)).fetchone()
    highest = connection.execute(
        "SELECT COALESCE(MAX(id), 0) FROM ns_custom WHERE script_id = ?", (script_id,)
    ).fetchone()
    id_ = max(int(row[0]) if row else 0, int(highest[0])) + 1
    connection.execute("INSERT OR REPLACE INTO ns_setting VALUES (?, ?)", (key, str(id_)))
    return id_


def _fault_of(name: str, kind: str, value: Any) -> ErrorDetail | None:  # noqa: ANN401
    length_max = _LENGTHS_MAX.get(kind)
    if length_max is not None and isinstance(value, str) and len(value) > length_max:
        detail = (
            f"The field {name} contained more than the maximum number ( {length_max} )"
            " of characters allowed."
        )
        return ErrorDetail("USER_ERROR", detail, name)
    good = {
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "datetime": isinstance(value, str) and is_datetime(value),
        "external_id": isinstance(value, str) and _EXTERNAL_ID.fullmatch(value) is not None,
        "reference": _reference_id(value) is not None,
    }.get(kind, isinstance(value, str))
    return None if good else invalid_value(name, value, name)


def _reference_id(value: Any) -> str | None:  # noqa: ANN401
    id_ = value.get("id") if isinstance(value, dict) else value
    is_id = isinstance(id_, int | str) and not isinstance(id_, bool)
    return str(id_) if is_id and re.fullmatch(r"-?[0-9]+", str(id_)) else None


def _stored(kind: str, value: Any) -> Any:  # noqa: ANN401
    if value is None:
        return None
    if kind == "datetime":
        return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _reference_id(value) if kind == "reference" else value
