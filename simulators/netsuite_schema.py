"""Which fields a cash sale and a cash refund have, and which list a reference points into.

The names come from Oracle's REST API Browser 2026.1 (netsuite_cash_fields.json).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from simulators.json_text import from_json

# The lists that this simulator holds. A reference to any other list (class, department,
# customForm...) is taken unchecked.
REFERENCE_LISTS = {
    "entity": "customer",
    "location": "location",
    "subsidiary": "subsidiary",
    "currency": "currency",
    "account": "account",
    "item": "item",
    "taxCode": "salestaxitem",
    "price": "pricelevel",
}

# What NetSuite works out itself. Sending it changes nothing here.
_READ_ONLY_TEXT = """
id links refName type status createdDate lastModifiedDate subtotal taxTotal total tax1Amt taxRate1
"""
READ_ONLY = frozenset(_READ_ONLY_TEXT.split())


@dataclass(frozen=True, slots=True)
class CashRecordType:
    """A cash sale or a cash refund: its names, kinds of fields, and mandatory fields.

    `mandatory` maps a field to the label that the error text shows.
    """

    name: str
    suiteql_type: str
    number_prefix: str
    mandatory: dict[str, str]
    body: dict[str, str]
    line: dict[str, str]

    def with_custom_fields(self, body: Iterable[str], line: Iterable[str]) -> "CashRecordType":
        """Add an account's own body and column fields; they take any value."""
        return CashRecordType(
            self.name,
            self.suiteql_type,
            self.number_prefix,
            self.mandatory,
            {**self.body, **dict.fromkeys(body, "any")},
            {**self.line, **dict.fromkeys(line, "any")},
        )


def load_cash_record_types() -> dict[str, CashRecordType]:
    """Read the field catalogue, keyed by the record type's name in lower case.

    Mandatory fields are an assumption: Oracle publishes no list. They are those of its smallest
    samples, with the refund's `account`, `currency` and `location`.
    """
    text = Path(__file__).with_name("netsuite_cash_fields.json").read_text(encoding="utf-8")
    catalogue = from_json(text)
    sale = {"entity": "Customer"}
    refund = {**sale, "account": "Account", "currency": "Currency", "location": "Location"}
    named = (("cashSale", "CashSale", "CS", sale), ("cashRefund", "CashRfnd", "CR", refund))
    return {
        name.lower(): CashRecordType(
            name,
            suiteql_type,
            prefix,
            mandatory,
            _kinds_by_name(catalogue[name]),
            _kinds_by_name(catalogue[f"{name}.item.items[]"]),
        )
        for name, suiteql_type, prefix, mandatory in named
    }


def _kinds_by_name(names_by_kind: dict[str, list[str]]) -> dict[str, str]:
    return {name: kind for kind, names in names_by_kind.items() for name in names}
