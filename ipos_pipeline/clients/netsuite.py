"""NetSuite over SuiteTalk REST: create, look up by external ID, SuiteQL, custom records.

Belongs here: what is asked, and the shape of answers. Not here: when to send what
(steps/posting.py), slots and repetition (netsuite_requests.py), what a refusal means
(netsuite_answers.py), tokens (netsuite_auth.py).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import httpx2

from ipos_pipeline.clients.http import Pacing
from ipos_pipeline.clients.netsuite_answers import (
    error_of,
    json_object,
    page_of,
    says_no_such_record,
)
from ipos_pipeline.clients.netsuite_requests import NetSuiteRequests, Traffic
from ipos_pipeline.clients.netsuite_rows import (
    NetSuiteTransaction,
    amount_of,
    count_of,
    date_of,
    item_of,
    of,
    text_row,
    transaction_of,
)
from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.domain.json_text import write_json
from ipos_pipeline.domain.netsuite_item import INVENTORY_ITEM, NetSuiteItem
from ipos_pipeline.domain.operator_rules import TransactionInNetSuite
from ipos_pipeline.errors import InDoubtError, RejectedError, TransientError

RECORD_PATH = "/services/rest/record/v1/"
SUITEQL_PATH = "/services/rest/query/v1/suiteql"
PAGE_ROWS = 1000
"""SuiteQL's default and largest page (netsuite_facts 6)."""
PAGES_MAX = 100
"""SuiteQL returns at most 100,000 rows of one query."""
IN_LIST_MAX = 250
"""IN lists of 250 to 300 values are known to work (netsuite_facts 5)."""
NO_SUCH_RECORD = "eid:ipos-pipeline-asks-for-no-record"
"""A key that no record has: our external IDs begin otherwise."""


class NetSuiteClient:
    """One account. At most `concurrency` requests are in flight, fewer while NetSuite refuses."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        *,
        base_url: str,
        auth: httpx2.Auth,
        concurrency: int,
        clock: Callable[[], datetime],
        pacing: Pacing,
    ) -> None:
        self._requests = NetSuiteRequests(
            client,
            base_url=base_url,
            auth=auth,
            concurrency=concurrency,
            clock=clock,
            pacing=pacing,
        )
        self.concurrency = concurrency

    def keep_to(self, most: int) -> None:
        """Have no more requests in flight than a run's part of `concurrency`."""
        self._requests.keep_to(most)

    @property
    def traffic(self) -> Traffic:
        """What was asked of the account and is not counted anywhere yet."""
        return self._requests.traffic

    async def create(self, record_type: str, payload: Mapping[str, Any]) -> str:
        """Create a record and give its internal ID.

        Unknown field names are refused, not ignored. Raises AlreadyExistsError, RejectedError,
        InDoubtError when the outcome is unknown, and TransientError when nothing was sent.
        """
        what = f"Creating {record_type} {payload.get('externalId')}"
        response = await self._requests.write(
            "POST", RECORD_PATH + record_type, payload, what=what, is_awaited=True
        )
        internal_id = response.headers.get("Location", "").rstrip("/").rpartition("/")[2]
        if not re.fullmatch(r"[0-9]{1,18}", internal_id):  # where the address leads to is ignored
            message = f"{what}: NetSuite answered {response.status_code} without the record's ID"
            raise InDoubtError(message)
        return internal_id

    async def transactions_by_external_id(
        self, external_ids: Iterable[str]
    ) -> dict[str, NetSuiteTransaction]:
        """Look transactions up; those that NetSuite does not have are absent from the answer."""
        found: dict[str, NetSuiteTransaction] = {}
        for chunk in chunked(external_ids, IN_LIST_MAX):
            query = (
                f"SELECT id, externalid, type, foreigntotal, {_DATED} FROM transaction"
                f" WHERE externalid IN ({_marks(chunk)}) ORDER BY id"
            )
            async for row in self.suiteql(query, chunk):
                transaction = transaction_of(row)
                found[transaction.external_id] = transaction
        return found

    async def transactions_by_internal_id(
        self, internal_ids: Iterable[str]
    ) -> dict[str, TransactionInNetSuite]:
        """Read transactions with their dates, whatever external ID they have, by internal ID."""
        found: dict[str, TransactionInNetSuite] = {}
        for chunk in chunked(internal_ids, IN_LIST_MAX):
            query = (
                f"SELECT id, externalid, type, foreigntotal, {_DATED}, {_CREATED}, {_MODIFIED}"
                f" FROM transaction WHERE id IN ({_marks(chunk)}) ORDER BY id"
            )
            async for row in self.suiteql(query, chunk):
                one = transaction_of({"externalid": "", **row})
                found[one.internal_id] = TransactionInNetSuite(
                    internal_id=one.internal_id,
                    external_id=one.external_id,
                    type=one.type,
                    total=one.total,
                    created=row.get("created", ""),
                    modified=one.modified,
                    tran_date=one.tran_date,
                )
        return found

    async def delete_transaction(self, record_type: str, internal_id: str) -> None:
        """Delete a cash sale or refund.

        Raises RejectedError, InDoubtError when the outcome is unknown, and TransientError when
        nothing was sent.
        """
        what = f"Deleting {record_type} {internal_id}"
        path = f"{RECORD_PATH}{record_type}/{internal_id}"
        await self._requests.write("DELETE", path, {}, what=what, is_awaited=True)

    async def transactions_of_day(
        self, external_id_prefix: str, day: date
    ) -> list[NetSuiteTransaction]:
        """Read the transactions of one date whose external ID begins so."""
        query = (
            f"SELECT id, externalid, type, foreigntotal, {_DATED}, {_MODIFIED} FROM transaction"
            f" WHERE {_OURS} ORDER BY id"
        )
        parameters = [f"{external_id_prefix}%", day.isoformat()]
        found = [transaction_of(row) async for row in self.suiteql(query, parameters)]
        return [one for one in found if one.external_id.startswith(external_id_prefix)]

    async def other_transactions(
        self,
        external_id_prefix: str,
        *,
        location_id: str,
        first: date,
        last: date,
        field: str = "memo",
        values: Sequence[str] | None = None,
    ) -> list[NetSuiteTransaction]:
        """Read a location's cash sales and refunds of some dates that are not ours, with memos.

        Another `field` is given as their memo; `values` picks those that hold one of them there.
        """
        found: list[NetSuiteTransaction] = []
        for chunk in [None] if values is None else chunked(values, IN_LIST_MAX):
            picked = "" if chunk is None else f" AND t.{_name(field)} IN ({_marks(chunk)})"
            query = _OTHERS.format(field=_name(field), picked=picked)
            days = [first.isoformat(), last.isoformat()]
            parameters = [location_id, *days, f"{external_id_prefix}%", *(chunk or ())]
            rows = self.suiteql(query, parameters)
            found += [transaction_of({"externalid": "", **row}) async for row in rows]
        return found

    async def sum_of_day(self, external_id_prefix: str, day: date) -> tuple[int, Decimal]:
        """Count our documents of one date, and add them up (AED; sales less refunds)."""
        query = (
            "SELECT COUNT(*) AS documents, SUM(foreigntotal) AS total FROM transaction"
            f" WHERE {_OURS} AND SUBSTR(externalid, 1, ?) = ?"
        )
        rows = [row async for row in self.suiteql(query, _ours(external_id_prefix, day))]
        row = rows[0] if rows else {}
        return count_of(of(row, "documents")), amount_of(row.get("total", "0"))

    async def tax_of_day(self, external_id_prefix: str, day: date) -> Decimal:
        """Add up the tax lines of our documents of one date (AED; sales less refunds)."""
        query = (
            "SELECT SUM(tl.foreignamount) AS tax"
            " FROM transaction t JOIN transactionline tl ON tl.transaction = t.id"
            f" WHERE tl.taxline = 'T' AND {_OURS} AND SUBSTR(externalid, 1, ?) = ?"
        )
        rows = [row async for row in self.suiteql(query, _ours(external_id_prefix, day))]
        return -amount_of(rows[0].get("tax", "0") if rows else "0")

    async def items_by_barcode(
        self, barcodes: Iterable[str], *, item_field: str
    ) -> list[NetSuiteItem]:
        """Look items up by the item field that holds the barcode, in bulk."""
        items: list[NetSuiteItem] = []
        for chunk in chunked(barcodes, IN_LIST_MAX):
            query = _ITEM_QUERY.format(field=_name(item_field)) + (
                f" WHERE {_name(item_field)} IN ({_marks(chunk)}) ORDER BY id"
            )
            items += [item_of(row) async for row in self.suiteql(query, chunk)]
        return items

    async def inventory_items(self, *, item_field: str) -> list[NetSuiteItem]:
        """Read the whole catalogue of inventory items that have a barcode."""
        query = _ITEM_QUERY.format(field=_name(item_field)) + (
            f" WHERE itemtype = ? AND {_name(item_field)} IS NOT NULL ORDER BY id"
        )
        return [item_of(row) async for row in self.suiteql(query, [INVENTORY_ITEM])]

    async def open_period_starts(self) -> list[date]:
        """Read the first day of each accounting period that takes sales, in order.

        Years and quarters are rows of this table too; without the permission to override it, a
        locked period counts as closed (help section_0818065706, chapter_N2394992). That the columns
        are named so is collected from public queries.
        """
        query = (
            f"SELECT {_STARTED} FROM accountingperiod WHERE closed = 'F' AND alllocked = 'F'"
            " AND arlocked = 'F' AND isyear = 'F' AND isquarter = 'F' AND isadjust = 'F'"
            " ORDER BY startdate"
        )
        return [date_of(of(row, "started")) async for row in self.suiteql(query, [])]

    async def custom_records(
        self, record_type: str, columns: Sequence[str], *, only_active: bool = True
    ) -> list[dict[str, str]]:
        """Read custom records as rows of column -> text; columns without a value are absent."""
        query = f"SELECT id, {_names(columns)} FROM {_name(record_type)}"
        if only_active:
            query += " WHERE isinactive = 'F'"
        return [row async for row in self.suiteql(query + " ORDER BY id", [])]

    async def put_custom_record(
        self, record_type: str, external_id: str, fields: Mapping[str, Any]
    ) -> None:
        """Create or update a custom record; sent twice it is the same, as it has no lines.

        Transactions are never put (ADR 0005). Raises what `create` raises.
        """
        what = f"Writing {record_type} {external_id}"
        await self._requests.write("PUT", _custom_path(record_type, external_id), fields, what=what)

    async def delete_custom_record(self, record_type: str, external_id: str) -> None:
        """Delete a custom record; one that is not there is fine. Raises what `create` raises."""
        what = f"Deleting {record_type} {external_id}"
        try:
            await self._requests.write(
                "DELETE", _custom_path(record_type, external_id), {}, what=what
            )
        except RejectedError as error:
            if error.status != httpx2.codes.NOT_FOUND:
                raise

    async def inactive_by_id(self, table: str, internal_ids: Iterable[str]) -> dict[str, bool]:
        """Look entries of a list up: internal ID -> whether it is inactive; absent if unknown."""
        found: dict[str, bool] = {}
        for chunk in chunked(internal_ids, IN_LIST_MAX):
            query = (
                f"SELECT id, isinactive FROM {_name(table)}"
                f" WHERE id IN ({_marks(chunk)}) ORDER BY id"
            )
            async for row in self.suiteql(query, chunk):
                found[of(row, "id")] = row.get("isinactive") == "T"
        return found

    async def has_row(self, table: str, columns: str) -> bool:
        """Tell whether a table shows us anything. Raises ConfigurationError if we may not look."""
        query = f"SELECT {_names(columns.split(', '))} FROM {_name(table)}"
        page = await self._suiteql_page(query, [], offset=0, limit=1)
        return bool(page["items"])

    async def check_record_type(self, record_type: str) -> None:
        """Ask for a record that cannot exist; raises ConfigurationError if we may not.

        An inference, documented nowhere: "does not exist" is said only to a role that may open
        such records, and they open as if for editing (help subsect_1544786455).
        """
        what = f"Record type {record_type}"
        path = f"{RECORD_PATH}{record_type}/{NO_SUCH_RECORD}"

        def answer(response: httpx2.Response) -> None:
            if not response.is_success and not says_no_such_record(response):
                raise error_of(response, what=what, is_write=False)

        await self._requests.read("GET", path, answer, what=what)

    async def record_fields(
        self, record_type: str, internal_id: str, fields: Iterable[str]
    ) -> dict[str, Any]:
        """Read some fields of one record; those without a value are absent."""
        what = f"Reading {record_type} {internal_id}"
        path = f"{RECORD_PATH}{record_type}/{internal_id}"
        asked = {"fields": ",".join(fields)}

        def answer(response: httpx2.Response) -> dict[str, Any]:
            body = json_object(response)
            if not response.is_success or body is None:
                raise error_of(response, what=what, is_write=False)
            return body

        return await self._requests.read("GET", path, answer, what=what, params=asked)

    async def update_record(
        self, record_type: str, internal_id: str, values: Mapping[str, Any]
    ) -> None:
        """Set some fields of one record; null empties a field. Raises as `create` does."""
        what = f"Updating {record_type} {internal_id}"
        await self._requests.write(
            "PATCH", f"{RECORD_PATH}{record_type}/{internal_id}", values, what=what
        )

    async def suiteql(self, query: str, parameters: Sequence[str]) -> AsyncIterator[dict[str, str]]:
        """Run a SuiteQL query and yield its rows; keys are lower case, values are text."""
        for page_number in range(PAGES_MAX):
            page = await self._suiteql_page(query, parameters, offset=page_number * PAGE_ROWS)
            for row in page["items"]:
                yield text_row(row)
            if not page["hasMore"]:
                return
        message = f"A SuiteQL query has more than {PAGES_MAX * PAGE_ROWS} rows: {query[:100]}"
        raise TransientError(message, recovery="Ask for less at once.")

    async def _suiteql_page(
        self, query: str, parameters: Sequence[str], *, offset: int, limit: int = PAGE_ROWS
    ) -> dict[str, Any]:
        return await self._requests.read(
            "POST",
            SUITEQL_PATH,
            page_of,
            what="SuiteQL",
            params={"limit": limit, "offset": offset},
            content=write_json({"q": query, "params": list(parameters)}),
            headers={"Content-Type": "application/json", "Prefer": "transient"},
        )


_OURS = "externalid LIKE ? AND TO_CHAR(trandate, 'YYYY-MM-DD') = ?"
_STARTED = "TO_CHAR(startdate, 'YYYY-MM-DD') AS started"
_DATED = "TO_CHAR(trandate, 'YYYY-MM-DD') AS dated"
_CREATED = "TO_CHAR(createddate, 'YYYY-MM-DD HH24:MI:SS') AS created"
_MODIFIED = "TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS modified"
_OTHERS = (
    "SELECT t.id, t.externalid, t.type, t.foreigntotal, t.{field} AS memo,"
    f" {_DATED} FROM transaction t JOIN transactionline tl ON tl.transaction = t.id"
    " WHERE tl.mainline = 'T' AND tl.location = ?"
    " AND t.type IN ('CashSale', 'CashRfnd')"
    " AND TO_CHAR(t.trandate, 'YYYY-MM-DD') BETWEEN ? AND ?"
    " AND (t.externalid IS NULL OR t.externalid NOT LIKE ?){picked} ORDER BY t.id"
)
_ITEM_QUERY = "SELECT id, itemid, {field} AS barcode, itemtype, isinactive FROM item"


def _ours(prefix: str, day: date) -> list[str]:
    """Give the parameters of a sum over our documents: in LIKE, our own `_` is any character."""
    return [f"{prefix}%", day.isoformat(), str(len(prefix)), prefix]


def _custom_path(record_type: str, external_id: str) -> str:
    if not record_type.startswith("customrecord"):
        message = f"{record_type} is not a custom record"
        raise ValueError(message)
    return f"{RECORD_PATH}{record_type}/eid:{external_id}"


def _marks(values: Sequence[str]) -> str:
    return ",".join("?" * len(values))


def _name(name: str) -> str:
    """Let the name of a table or column into a query; all else is bound as a parameter."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        message = f"{name!r} is not the name of a table or column"
        raise ValueError(message)
    return name


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(_name, names))
