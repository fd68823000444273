"""Reading a sent cash sale or refund: known names, right kinds of JSON, references that exist.

All faults of a document are collected, because NetSuite can report several in one answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from simulators.netsuite_answers import ErrorDetail, invalid_value
from simulators.netsuite_lists import Lists
from simulators.netsuite_schema import READ_ONLY, REFERENCE_LISTS, CashRecordType

_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]+")
_BAD = object()


@dataclass
class Draft:
    """A document as read: references are plain internal IDs, None means "make empty".

    `lines` is None when the document has no `item`.
    """

    body: dict[str, Any] = field(default_factory=dict)
    lines: list[dict[str, Any]] | None = None
    unknown: list[str] = field(default_factory=list)
    faults: list[ErrorDetail] = field(default_factory=list)


class DocumentReader:
    """Reads documents of any cash record type against the account's lists."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists

    def read(self, document: Mapping[str, Any], record_type: CashRecordType) -> Draft:
        """Read a document; nothing is raised, all faults are in the draft."""
        draft = Draft()
        body = {name: value for name, value in document.items() if name != "item"}
        draft.body = self._read_fields(body, record_type.body, draft)
        if "item" in document:
            draft.lines = self._read_lines(document["item"], record_type, draft)
        return draft

    def _read_lines(
        self, sent: object, record_type: CashRecordType, draft: Draft
    ) -> list[dict[str, Any]] | None:
        lines = sent.get("items") if isinstance(sent, dict) else None
        if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
            draft.faults.append(invalid_value("item", sent, "item"))
            return None
        return [
            self._read_fields(line, record_type.line, draft, f"item.items[{index}].")
            for index, line in enumerate(lines)
        ]

    def _read_fields(
        self, sent: Mapping[str, object], kinds: Mapping[str, str], draft: Draft, prefix: str = ""
    ) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for name, value in sent.items():
            kind = kinds.get(name)
            if kind is None:
                draft.unknown.append(prefix + name)
            elif value is None:
                read[name] = None
            elif name not in READ_ONLY:
                read[name] = self._read_value(name, kind, value)
                if read[name] is _BAD:
                    draft.faults.append(invalid_value(name, _shown(value), prefix + name))
        return read

    def _read_value(self, name: str, kind: str, value: Any) -> Any:  # noqa: ANN401
        if name == "externalId":
            good = isinstance(value, str) and _EXTERNAL_ID.fullmatch(value)
            return value if good else _BAD
        if name == "quantity" and value == 0:
            return _BAD
        if kind == "reference":
            return self._read_reference(REFERENCE_LISTS.get(name), value)
        return value if _has_kind(kind, value) else _BAD

    def _read_reference(self, list_name: str | None, value: Any) -> Any:  # noqa: ANN401
        """Read `{"id": ...}`, `{"externalId": ...}` or a bare ID into an internal ID."""
        given = value if isinstance(value, dict) else {"id": value}
        id_, externalid = given.get("id"), given.get("externalId")
        if isinstance(id_, bool) or not isinstance(id_, int | str | None):
            return _BAD
        if not isinstance(externalid, str | None):
            return _BAD
        text = None if id_ is None else str(id_)
        if list_name is None:
            return _BAD if text is None else text
        found = self._lists.resolve(list_name, id_=text, externalid=externalid)
        return _BAD if found is None else found


def _has_kind(kind: str, value: object) -> bool:
    if kind == "number":
        return isinstance(value, int | Decimal) and not isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "date":
        return isinstance(value, str) and is_date(value)
    if kind == "datetime":
        return isinstance(value, str) and is_datetime(value)
    expected: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "boolean": bool,
        "enum": (str, dict, bool),
        "subrecord": dict,
        "sublist": dict,
    }
    return isinstance(value, expected.get(kind, object))


def is_date(text: str) -> bool:
    """Tell whether a text is a day written `YYYY-MM-DD`."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def is_datetime(text: str) -> bool:
    """Tell whether a text is an instant with `Z` or an offset (help section_157305090645)."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _shown(value: object) -> object:
    return next(iter(value.values()), "") if isinstance(value, dict) else value
