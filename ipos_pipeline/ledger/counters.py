"""Counters that only grow, for whoever watches from outside: a few rows, whatever is counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, literal, select, true
from sqlalchemy.dialects import postgresql, sqlite

from ipos_pipeline.ledger.schema import counter, posting_entry

INVOICES_LANDED = "invoices_landed"
DOCUMENTS_POSTED = "documents_posted"
NETSUITE_REQUESTS = "netsuite_requests"
NETSUITE_REFUSED = "netsuite_refused"

_KEY = ("name", "location_code", "kind")


@dataclass(frozen=True, slots=True)
class Counted:
    """One counter; `kind` is the record type of documents, and empty elsewhere."""

    name: str
    location_code: str
    kind: str
    value: int


class Counters:
    """Reads and adds to `counter`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, name: str, count: int, *, location_code: str = "") -> None:
        """Count so many more, of one location or of none."""
        if count:
            one = select(literal(name), literal(location_code), literal(""), literal(count))
            self._add(one.where(true()))

    def add_posted(self, external_ids: Iterable[str]) -> None:
        """Count documents that were settled as posted, by location and record type."""
        column = posting_entry.c
        grouped = (
            select(
                literal(DOCUMENTS_POSTED), column.location_code, column.record_type, func.count()
            )
            .where(column.external_id.in_(list(external_ids)))
            .group_by(column.location_code, column.record_type)
        )
        self._add(grouped)

    def all(self) -> list[Counted]:
        """Read every counter."""
        columns = (counter.c[name] for name in Counted.__slots__)
        return [Counted(*row) for row in self._connection.execute(select(*columns))]

    def _add(self, counted: Select[*tuple[Any, ...]]) -> None:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        statement: Any = dialect.insert(counter).from_select([*_KEY, "value"], counted)
        total = counter.c.value + statement.excluded.value
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=list(_KEY), set_={"value": total})
        )
