"""What a simulated NetSuite account holds, and how tests and people fill it and look into it.

Belongs here: the Python side of the account. Not here: HTTP (netsuite.py), what is legal on a
cash sale (netsuite_records.py).
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from simulators.netsuite_answers import NetSuiteError
from simulators.netsuite_custom_records import CustomRecords
from simulators.netsuite_database import Database, internal_id
from simulators.netsuite_lists import ListEntry, Lists, item_entry
from simulators.netsuite_periods import AccountingPeriods
from simulators.netsuite_records import CashRecords
from simulators.suiteql_views import create_views


class SimulatedAccount:
    """Lists, cash records and custom records of one account, kept in one SQLite database.

    Not imitated: roles and permissions, and saving lists through REST (SuiteQL reads them).
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._lists = Lists(database)
        self._periods = AccountingPeriods(database)
        self._cash = CashRecords(database, self._lists, self._periods, clock)
        self._custom = CustomRecords(database, clock)
        self._refresh_views()

    def add_customer(
        self,
        id: int | str,  # noqa: A002
        name: str,
        *,
        externalid: str | None = None,
        isinactive: bool = False,
        subsidiary: int | str | None = None,
    ) -> None:
        """Add or replace a customer; with a subsidiary it buys from that one only."""
        entry = ListEntry(internal_id(id), name, externalid, isinactive, _owned_by(subsidiary))
        self._lists.put("customer", [entry])

    def add_location(
        self,
        id: int | str,  # noqa: A002
        name: str,
        *,
        externalid: str | None = None,
        isinactive: bool = False,
        subsidiary: int | str | None = None,
    ) -> None:
        """Add or replace a location; with a subsidiary it belongs to that one only."""
        entry = ListEntry(internal_id(id), name, externalid, isinactive, _owned_by(subsidiary))
        self._lists.put("location", [entry])

    def add_subsidiary(self, id: int | str, name: str) -> None:  # noqa: A002
        """Add or replace a subsidiary."""
        self._lists.put("subsidiary", [ListEntry(internal_id(id), name)])

    def add_currency(self, id: int | str, name: str, symbol: str) -> None:  # noqa: A002
        """Add or replace a currency; amounts have two places in every one."""
        entry = ListEntry(internal_id(id), name, fields={"symbol": symbol})
        self._lists.put("currency", [entry])

    def add_account(self, id: int | str, name: str) -> None:  # noqa: A002
        """Add or replace a general ledger account."""
        self._lists.put("account", [ListEntry(internal_id(id), name)])

    def add_tax_code(self, id: int | str, name: str, rate: Decimal) -> None:  # noqa: A002
        """Add or replace a tax code; `rate` is a fraction, 0.05 for five per cent."""
        entry = ListEntry(internal_id(id), name, fields={"rate": rate})
        self._lists.put("salestaxitem", [entry])

    def add_item(self, id: int | str, itemid: str, **fields: Any) -> None:  # noqa: A002, ANN401
        """Add or replace an item; the fields are those of `item_entry`."""
        self._put_items([item_entry(id, itemid, **fields)])

    def add_items(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add or replace many items at once; each mapping has the arguments of `add_item`."""
        self._put_items([item_entry(**item) for item in items])

    def update_item(self, id: int | str, **fields: Any) -> None:  # noqa: A002, ANN401
        """Change some fields of an item; raises KeyError if there is no such item."""
        entry = self._lists.get("item", internal_id(id))
        before = {
            "itemid": entry.name,
            "externalid": entry.externalid,
            "isinactive": entry.isinactive,
            **entry.fields,
        }
        self._put_items([item_entry(**{"id": id, **before, **fields})])

    def declare_custom_fields(
        self, *, body: Collection[str] = (), line: Collection[str] = ()
    ) -> None:
        """Make `custbody_...` and `custcol_...` fields legal on cash sales and refunds."""
        self._cash.declare_custom_fields(body, line)
        self._refresh_views()

    def define_custom_record(self, script_id: str, fields: Mapping[str, str]) -> None:
        """Define a custom record type: field script ID -> type (see FIELD_TYPES).

        `name`, `externalid` and `isinactive` exist always.
        """
        self._custom.define(script_id, fields)
        self._refresh_views()

    def put_custom_record(
        self,
        script_id: str,
        fields: Mapping[str, Any],
        *,
        externalid: str | None = None,
        id: int | str | None = None,  # noqa: A002
    ) -> str:
        """Keep a whole custom record as a person would by hand; returns its internal ID.

        With the ID of an existing record it replaces all of that record's fields. Raises
        ValueError for a field that the type does not have or a value it does not take.
        """
        names = {"isinactive": "isInactive", "externalid": "externalId"}
        document = {names.get(name, name): value for name, value in fields.items()}
        if externalid is not None:
            document["externalId"] = externalid
        key = None if id is None else internal_id(id)
        try:
            return self._custom.put(script_id.lower(), document, key)
        except NetSuiteError as refused:
            raise ValueError(str(refused)) from refused

    def close_period(self, day: date) -> None:
        """Close the accounting period of a day, a calendar month, and all before it."""
        self._periods.close(day)

    def lock_period(self, day: date) -> None:
        """Lock the accounting period of a day alone: it stays open and takes no document."""
        self._periods.lock(day)

    def reopen_period(self, day: date) -> None:
        """Open and unlock the accounting period of a day and all after it."""
        self._periods.reopen(day)

    def custom_records(self, script_id: str) -> list[dict[str, Any]]:
        """Read all records of a type, with the names SuiteQL has for the fields."""
        defaults = {"externalid": None, "name": None, "isinactive": False}
        return [
            {**defaults, **{name.lower(): value for name, value in record.items()}}
            for record in self._custom.all(script_id.lower())
        ]

    def transactions(self) -> list[dict[str, Any]]:
        """Read all cash sales and refunds with REST's field names, `lines` and totals.

        References are internal IDs as text; money is Decimal and positive on refunds too.
        """
        return [record.to_dict() for record in self._cash.all()]

    def add_transaction(self, record_type: str, document: Mapping[str, Any]) -> str:
        """Post a cash sale or refund by hand, with REST's field names; returns its internal ID.

        Raises KeyError for another record type, NetSuiteError for a value that is not legal.
        """
        known = self._cash.type_named(record_type)
        if known is None:
            raise KeyError(record_type)
        return self._cash.create(known, document, strict_names=True).id

    def delete_transaction(self, internal_id: int | str) -> None:
        """Delete a transaction by hand; raises KeyError if there is none."""
        id_ = str(internal_id)
        self._cash.delete(self._cash.type_of(id_), id_)

    def update_transaction(self, internal_id: int | str, **fields: Any) -> None:  # noqa: ANN401
        """Change a transaction by hand, with the names and semantics of a PATCH.

        Raises KeyError if there is none, NetSuiteError for a value that is not legal.
        """
        id_ = str(internal_id)
        record_type = self._cash.type_of(id_)
        self._cash.update(record_type, id_, fields, strict_names=True, replace_lines=False)

    def _put_items(self, entries: list[ListEntry]) -> None:
        before = self._lists.item_field_names.copy()
        self._lists.put("item", entries)
        if self._lists.item_field_names != before:
            self._refresh_views()

    def _refresh_views(self) -> None:
        create_views(
            self._database,
            item_fields=sorted(self._lists.item_field_names),
            custom_fields=self._cash.custom_fields(),
            custom_records=self._custom.definitions,
        )


def _owned_by(subsidiary: int | str | None) -> dict[str, str]:
    return {} if subsidiary is None else {"subsidiary": internal_id(subsidiary)}
