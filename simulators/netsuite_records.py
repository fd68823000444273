"""Cash sales and cash refunds: what is legal, and how an update changes a document.

Assumptions, each where the documents are silent: a line has `amount` or `grossAmt`, never both
(refused here, so that misuse shows); a quantity of zero is refused and a missing one is 1;
a customer's or location's subsidiary, if it has one, must be the document's.
Not imitated: inventory, payment processing, approval, workflows, scripts, user permissions,
forms other than one, transformation, attached records, inventory detail.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from simulators.netsuite_answers import (
    ErrorDetail,
    NetSuiteError,
    invalid_value,
    missing_record,
    user_error,
)
from simulators.netsuite_cash_store import CashDocument, CashRecord, CashStore
from simulators.netsuite_database import Database
from simulators.netsuite_lists import Lists
from simulators.netsuite_periods import AccountingPeriods
from simulators.netsuite_schema import CashRecordType, load_cash_record_types
from simulators.netsuite_totals import line_totals
from simulators.netsuite_values import DocumentReader, Draft

CLOSED_PERIOD = (
    "The transaction date you specified is not within the date range of your accounting period."
)
# One of each pair replaces the other when a line is updated.
_EXCLUSIVE = {"amount": "grossAmt", "grossAmt": "amount"}


@dataclass(frozen=True, slots=True)
class Saved:
    """A record that was written, and the property names that were not understood."""

    id: str
    unknown: tuple[str, ...] = ()


class CashRecords:
    """The transactions of the account, under one namespace of external IDs."""

    def __init__(
        self,
        database: Database,
        lists: Lists,
        periods: AccountingPeriods,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._lists = lists
        self._periods = periods
        self._clock = clock
        self._reader = DocumentReader(lists)
        self._store = CashStore(database)
        self._types: dict[str, CashRecordType] = {}
        self._load_types()

    def declare_custom_fields(self, body: Collection[str], line: Collection[str]) -> None:
        """Make `custbody_...` and `custcol_...` fields legal on both record types."""
        custom_body, custom_line = self.custom_fields()
        added = {"body": sorted({*custom_body, *body}), "line": sorted({*custom_line, *line})}
        self._database.put_setting("custom_fields", added)
        self._load_types()

    def custom_fields(self) -> tuple[list[str], list[str]]:
        """List the declared custom body and column fields."""
        declared = self._database.setting("custom_fields") or {"body": [], "line": []}
        return declared["body"], declared["line"]

    def type_named(self, name: str) -> CashRecordType | None:
        """Find a record type by its name in any case."""
        return self._types.get(name.lower())

    def all(self) -> list[CashRecord]:
        """Read every document, oldest first."""
        return self._store.all()

    def read(self, record_type: CashRecordType, key: str) -> CashRecord:
        """Read a document by internal ID or `eid:...`; raises NetSuiteError 404."""
        record = self._store.find(key)
        if record is None or record.type_name != record_type.name:
            raise missing_record()
        return record

    def type_of(self, id_: str) -> CashRecordType:
        """Find the type of a document; raises KeyError if there is no such document."""
        record = self._store.find(id_)
        if record is None:
            raise KeyError(id_)
        return self._types[record.type_name.lower()]

    def create(
        self, record_type: CashRecordType, document: Mapping[str, Any], *, strict_names: bool
    ) -> Saved:
        """Keep a new document; raises NetSuiteError or DuplicateRecordError."""
        draft = self._read_draft(record_type, document, strict_names=strict_names)
        checked = self._check(record_type, draft.body, draft.lines or [])
        at = self._now()
        id_ = self._store.insert(record_type.name, record_type.number_prefix, checked, at)
        return Saved(id_, tuple(draft.unknown))

    def upsert(
        self,
        record_type: CashRecordType,
        external_id: str,
        document: Mapping[str, Any],
        *,
        strict_names: bool,
        replace_lines: bool,
    ) -> Saved:
        """Update the document with this external ID, or create it."""
        key = f"eid:{external_id}"
        before = self._store.find(key)
        if before is None or before.type_name != record_type.name:
            document = {"externalId": external_id, **document}
            return self.create(record_type, document, strict_names=strict_names)
        return self.update(
            record_type, key, document, strict_names=strict_names, replace_lines=replace_lines
        )

    def update(
        self,
        record_type: CashRecordType,
        key: str,
        document: Mapping[str, Any],
        *,
        strict_names: bool,
        replace_lines: bool,
    ) -> Saved:
        """Change a document: omitted fields stay, null empties a field.

        Lines that name no existing `line` are added unless `replace_lines`: repeating such a
        request doubles the document (help section_161487969808, section_1545297048).
        """
        before = self.read(record_type, key)
        draft = self._read_draft(record_type, document, strict_names=strict_names)
        self._refuse_closed(before.fields["tranDate"])
        lines = before.lines
        if draft.lines is not None:
            lines = _merge_lines(before.lines, draft.lines, replace=replace_lines)
        checked = self._check(record_type, {**before.fields, **draft.body}, lines)
        self._store.replace(before.id, checked, self._now())
        return Saved(before.id, tuple(draft.unknown))

    def delete(self, record_type: CashRecordType, key: str) -> None:
        """Remove a document; raises NetSuiteError."""
        record = self.read(record_type, key)
        self._refuse_closed(record.fields["tranDate"])
        self._store.delete(record.id)

    def _load_types(self) -> None:
        body, line = self.custom_fields()
        self._types = {
            name: record_type.with_custom_fields(body, line)
            for name, record_type in load_cash_record_types().items()
        }

    def _now(self) -> str:
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _read_draft(
        self, record_type: CashRecordType, document: Mapping[str, Any], *, strict_names: bool
    ) -> Draft:
        draft = self._reader.read(document, record_type)
        if strict_names:
            draft.faults.extend(unknown_property(path) for path in draft.unknown)
        if draft.faults:
            raise NetSuiteError(400, *draft.faults)
        return draft

    def _check(
        self, record_type: CashRecordType, body: Mapping[str, Any], lines: list[dict[str, Any]]
    ) -> CashDocument:
        """Apply the account's rules to a whole document and compute its totals."""
        today = self._clock().date().isoformat()
        fields = {name: value for name, value in body.items() if value is not None}
        fields.setdefault("tranDate", today)
        kept = [_with_defaults(line, number) for number, line in enumerate(lines, start=1)]
        _refuse_missing(record_type, fields, kept)
        self._refuse_other_subsidiary(fields)
        self._refuse_closed(fields["tranDate"])
        if any("amount" in line and "grossAmt" in line for line in kept):
            message = "A line takes either amount or grossAmt, not both."
            raise user_error(message)
        totals = [line_totals(line, self._lists.tax_rate(line.get("taxCode"))) for line in kept]
        checked = CashDocument(fields, kept, totals)
        if checked.total_cents < 0:
            message = "The total of this transaction may not be negative."
            raise user_error(message)
        return checked

    def _refuse_other_subsidiary(self, fields: dict[str, Any]) -> None:
        """Check the subsidiary against the customer's and the location's, and default it."""
        for name, kind in (("entity", "customer"), ("location", "location")):
            if name not in fields:
                continue
            own = self._lists.get(kind, fields[name]).fields.get("subsidiary")
            if own is None:
                continue
            if fields.setdefault("subsidiary", own) != own:
                raise NetSuiteError(400, invalid_value(name, fields[name], name))

    def _refuse_closed(self, tran_date: str) -> None:
        if not self._periods.takes(tran_date):
            raise user_error(CLOSED_PERIOD)


def unknown_property(path: str) -> ErrorDetail:
    """Name a property that the record type does not have (the wording is an assumption)."""
    name = path.rpartition(".")[2]
    detail = f"Error while accessing resource: Unknown property {name}"
    return ErrorDetail("INVALID_CONTENT", detail, path)


def _merge_lines(
    before: list[dict[str, Any]], sent: list[dict[str, Any]], *, replace: bool
) -> list[dict[str, Any]]:
    by_number = {line["line"]: line for line in before}
    changed: dict[int, dict[str, Any]] = {} if replace else dict(by_number)
    added = []
    for line in sent:
        old = by_number.get(line.get("line", 0))
        if old is None:
            added.append(line)
            continue
        other_amounts = {_EXCLUSIVE[n] for n in _EXCLUSIVE if line.get(n) is not None}
        stays = {name: value for name, value in old.items() if name not in other_amounts}
        changed[old["line"]] = {**stays, **line}
    return [*(changed[number] for number in sorted(changed)), *added]


def _with_defaults(line: Mapping[str, Any], number: int) -> dict[str, Any]:
    kept = {name: value for name, value in line.items() if value is not None}
    return {"quantity": 1, **kept, "line": number}


def _refuse_missing(
    record_type: CashRecordType, fields: Mapping[str, Any], lines: list[dict[str, Any]]
) -> None:
    missing = [label for name, label in record_type.mandatory.items() if name not in fields]
    if not lines:
        missing.append("Items")
    elif any("item" not in line for line in lines):
        missing.append("Item")
    if missing:
        message = (
            f"Error while accessing a resource. Please enter value(s) for: {', '.join(missing)}."
        )
        raise user_error(message)
