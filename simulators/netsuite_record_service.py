"""The record service: `/services/rest/record/v1/{type}` for cash records and custom records.

Source: Oracle help section_1545141395 (create), section_1545141500 (read), section_1545142173
(update), section_156335203191 (upsert), section_156570709583 (name validation).
Not imitated: other record types, collections and batches, `Prefer: respond-async` (refused),
`!transform`, metadata-catalog, create forms, `simpleEnumFormat`, `replaceSelectedFields`.
"""

from typing import Any

from simulators.netsuite_answers import (
    SINGULAR,
    Answer,
    ErrorDetail,
    NetSuiteError,
    malformed_request,
)
from simulators.netsuite_calls import Call
from simulators.netsuite_cash_store import CashRecord
from simulators.netsuite_custom_records import CustomRecords
from simulators.netsuite_lists import Lists
from simulators.netsuite_records import CashRecords, Saved
from simulators.netsuite_schema import REFERENCE_LISTS, CashRecordType

_NAME_VALIDATION = "X-NetSuite-PropertyNameValidation"


class RecordService:
    """Turns calls into operations on cash records and custom records, and back."""

    def __init__(self, cash: CashRecords, custom: CustomRecords, lists: Lists) -> None:
        self._cash = cash
        self._custom = custom
        self._lists = lists

    def create(self, call: Call) -> Answer:
        """Answer a POST."""
        _refuse_async(call)
        strict, document = _strict_names(call), call.document()
        record_type = self._cash_type(call)
        if record_type is None:
            saved = self._custom.save(_type(call), document, strict_names=strict)
        else:
            saved = self._cash.create(record_type, document, strict_names=strict)
        return _saved_answer(call, saved)

    def read(self, call: Call) -> Answer:
        """Answer a GET."""
        key = call.path_params["key"]
        record_type = self._cash_type(call)
        if record_type is None:
            body = self._shown_custom(_type(call), self._custom.read(_type(call), key))
        else:
            record = self._cash.read(record_type, key)
            expand = call.query.get("expandSubResources", "").lower() == "true"
            body = self._shown_cash(call, record_type, record, expand=expand)
        if "fields" in call.query:
            wanted = {"links", "id", *call.query["fields"].split(",")}
            body = {name: value for name, value in body.items() if name in wanted}
        return Answer(200, body, media_type=SINGULAR)

    def update(self, call: Call) -> Answer:
        """Answer a PATCH."""
        return _saved_answer(call, self._write(call, upsert=False))

    def upsert(self, call: Call) -> Answer:
        """Answer a PUT, which needs an external ID in the address."""
        if not call.path_params["key"].startswith("eid:"):
            raise malformed_request()
        return _saved_answer(call, self._write(call, upsert=True))

    def delete(self, call: Call) -> Answer:
        """Answer a DELETE."""
        record_type = self._cash_type(call)
        if record_type is None:
            self._custom.delete(_type(call), call.path_params["key"])
        else:
            self._cash.delete(record_type, call.path_params["key"])
        return Answer(204)

    def _write(self, call: Call, *, upsert: bool) -> Saved:
        strict, document = _strict_names(call), call.document()
        key = call.path_params["key"]
        record_type = self._cash_type(call)
        if record_type is None:
            return self._custom.save(
                _type(call), document, key=key, upsert=upsert, strict_names=strict
            )
        replace = "item" in call.query.get("replace", "").split(",")
        if upsert:
            external_id = key.removeprefix("eid:")
            return self._cash.upsert(
                record_type, external_id, document, strict_names=strict, replace_lines=replace
            )
        return self._cash.update(
            record_type, key, document, strict_names=strict, replace_lines=replace
        )

    def _cash_type(self, call: Call) -> CashRecordType | None:
        """Find the cash record type of a call; None for a custom record; else 404."""
        name = call.path_params["type"]
        record_type = self._cash.type_named(name)
        if record_type is None and name.lower() not in self._custom.definitions:
            detail = f"Record type {name} does not exist."
            raise NetSuiteError(404, ErrorDetail("NONEXISTENT_ID", detail))
        return record_type

    def _shown_cash(
        self, call: Call, record_type: CashRecordType, record: CashRecord, *, expand: bool
    ) -> dict[str, Any]:
        address = f"{call.base_url}/services/rest/record/v1/{record_type.name}/{record.id}"
        shown = {
            name: self._shown_value(name, record_type.body.get(name), value)
            for name, value in {**record.fields, **record.computed}.items()
            if value is not None
        }
        label = "Deposited" if record.computed["status"] == "C" else "Not Deposited"
        shown["status"] = {"id": record.computed["status"], "refName": label}
        if "status" not in record_type.body:
            del shown["status"]
        item: dict[str, Any] = {"links": [{"rel": "self", "href": f"{address}/item"}]}
        if expand:
            lines = [self._shown_line(record_type, line) for line in record.full_lines()]
            item = {**item, "items": lines, "totalResults": len(lines)}
        links = [{"rel": "self", "href": address}]
        return {"links": links, "id": record.id, **shown, "item": item}

    def _shown_line(self, record_type: CashRecordType, line: dict[str, Any]) -> dict[str, Any]:
        shown = {
            name: self._shown_value(name, record_type.line.get(name), value)
            for name, value in line.items()
        }
        if "taxCode" in line:
            shown["taxRate1"] = self._lists.tax_rate(line["taxCode"]) * 100
        return {"links": [], **shown}

    def _shown_value(self, name: str, kind: str | None, value: Any) -> Any:  # noqa: ANN401
        if kind != "reference":
            return value
        shown = self._lists.name(REFERENCE_LISTS.get(name), value)
        return {"links": [], "id": value, "refName": shown}

    def _shown_custom(self, script_id: str, record: dict[str, Any]) -> dict[str, Any]:
        kinds = self._custom.definitions[script_id]
        shown = {
            name: {"id": value, "links": []} if kinds.get(name) == "reference" else value
            for name, value in record.items()
        }
        return {"links": [], "isInactive": False, **shown}


def _type(call: Call) -> str:
    return call.path_params["type"].lower()


def _refuse_async(call: Call) -> None:
    if "respond-async" in call.headers.get("Prefer", ""):
        detail = "Asynchronous requests are not imitated by this simulator."
        raise NetSuiteError(400, ErrorDetail("INVALID_HEADER", detail, header="Prefer"))


def _strict_names(call: Call) -> bool:
    return call.headers.get(_NAME_VALIDATION, "Warning").lower() == "error"


def _saved_answer(call: Call, saved: Saved) -> Answer:
    """Answer 204 with the address of the record, and with warnings about unknown names."""
    name = call.path_params["type"]
    location = f"{call.base_url}/services/rest/record/v1/{name}/{saved.id}"
    headers = {"Location": location}
    wants_warnings = call.headers.get(_NAME_VALIDATION, "Warning").lower() == "warning"
    if saved.unknown and wants_warnings:
        headers["X-NetSuite-PropertyValidation"] = "Warning"
        names = ", ".join(ascii(unknown) for unknown in saved.unknown)
        headers["X-NetSuite-Warning"] = f"Unknown properties: {names}"
    return Answer(204, headers=headers)
