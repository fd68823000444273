"""The account's lists (customers, items, locations...) and whether a reference is good.

Not imitated: most fields of these records, hierarchies, permissions, saving through REST.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from simulators.json_text import from_json, to_json
from simulators.netsuite_database import Database, flag, internal_id

PRICE_LEVELS = {"-1": "Custom", "1": "Base Price"}


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One record of a list; `fields` holds what only its kind has."""

    id: str
    name: str
    externalid: str | None = None
    isinactive: bool = False
    fields: Mapping[str, object] = field(default_factory=dict)


class Lists:
    """All lists, in memory for fast checks and in the database for SuiteQL and restarts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entries: dict[str, dict[str, ListEntry]] = {}
        self._external: dict[tuple[str, str], str] = {}
        self.item_field_names: set[str] = set()
        columns = "kind, id, name, externalid, isinactive, fields"
        for kind, id_, *values in database.rows(f"SELECT {columns} FROM ns_list"):
            name, externalid, isinactive, fields = values
            entry = ListEntry(str(id_), name, externalid, isinactive == "T", from_json(fields))
            self._keep(kind, entry)

    def put(self, kind: str, entries: Iterable[ListEntry]) -> None:
        """Add or replace entries of one list."""
        kept = list(entries)
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO ns_list VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (kind, int(e.id), e.name, e.externalid, flag(e.isinactive), to_json(e.fields))
                    for e in kept
                ],
            )
        for entry in kept:
            self._keep(kind, entry)

    def get(self, kind: str, id_: str) -> ListEntry:
        """Read one entry; raises KeyError."""
        return self._entries[kind][id_]

    def name(self, kind: str | None, id_: str) -> str:
        """Show a reference the way `refName` does; the ID itself if the list is not held."""
        if kind == "pricelevel":
            return PRICE_LEVELS.get(id_, id_)
        entry = self._entries.get(kind or "", {}).get(id_)
        return entry.name if entry else id_

    def resolve(self, kind: str, *, id_: str | None, externalid: str | None) -> str | None:
        """Find the internal ID of an active entry; None if there is none.

        The account's form takes inventory items only, so another item type is refused like an
        unknown one (assumption of this simulator).
        """
        if kind == "pricelevel":
            return id_ if id_ in PRICE_LEVELS else None
        if externalid is not None:
            id_ = self._external.get((kind, externalid))
        entry = self._entries.get(kind, {}).get(id_ or "")
        if entry is None or entry.isinactive:
            return None
        if kind == "item" and entry.fields.get("itemtype") != "InvtPart":
            return None
        return entry.id

    def tax_rate(self, tax_code: object) -> Decimal:
        """Read a tax code's rate as a fraction, 0.05 for five per cent; zero without a code."""
        if not isinstance(tax_code, str):
            return Decimal(0)
        return Decimal(str(self._entries["salestaxitem"][tax_code].fields["rate"]))

    def _keep(self, kind: str, entry: ListEntry) -> None:
        before = self._entries.setdefault(kind, {}).get(entry.id)
        if before is not None and before.externalid is not None:
            self._external.pop((kind, before.externalid), None)
        self._entries[kind][entry.id] = entry
        if kind == "item":
            custom = (name for name in entry.fields if name.startswith("custitem"))
            self.item_field_names.update(custom)
        if entry.externalid is not None:
            self._external[kind, entry.externalid] = entry.id


def item_entry(
    id: int | str,  # noqa: A002
    itemid: str,
    *,
    upccode: str | None = None,
    externalid: str | None = None,
    itemtype: str = "InvtPart",
    isinactive: bool = False,
    displayname: str | None = None,
    **custom_fields: object,
) -> ListEntry:
    """Build an item; its other fields must be named `custitem_...`, else ValueError."""
    wrong = [name for name in custom_fields if not name.startswith("custitem")]
    if wrong:
        message = f"An item has no fields {wrong}"
        raise ValueError(message)
    own = {"upccode": upccode, "itemtype": itemtype, "displayname": displayname}
    custom = {
        name: flag(value) if isinstance(value, bool) else value
        for name, value in custom_fields.items()
    }
    return ListEntry(internal_id(id), itemid, externalid, isinactive, {**own, **custom})
