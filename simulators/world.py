"""A consistent world: NetSuite's master data, the configuration records, IPOS's invoices.

Belongs here: what the two sides must agree on. Not here: the invoices themselves (sales_day.py,
retail_replay.py).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from simulators.catalogue import StockItem, stock_items
from simulators.ipos import IposSimulator
from simulators.netsuite import NetSuiteSimulator
from simulators.sales_day import make_sales_day

CONFIGURATION = "customrecord_ipos_configuration"
INTEGRATION_LOG = "customrecord_ipos_integration_log"
AUTH_HEADER = "X-Api-Key"
ERROR_EMAIL = "shop-sales@example.com"

SHOPS: Mapping[str, str] = {
    "DXB01": "Dubai, Al Rigga",
    "DXB02": "Dubai, Marina",
    "AUH01": "Abu Dhabi, Corniche",
    "SHJ01": "Sharjah, Al Majaz",
}

_MADE_UP_NAME = "Shop"
_MADE_UP_CODE = "SHP"

SUBSIDIARY_ID = "2"
CURRENCY_ID = "1"
TAX_CODE_ID = "5"
ACCOUNT_ID = "129"
_FIRST_LOCATION_ID = 11
_FIRST_CUSTOMER_ID = 501
_FIRST_ITEM_ID = 2001

_CONFIGURATION_FIELDS = {
    "location_code": "text",
    "domain_url": "text",
    "invoices_url": "text",
    "returns_url": "text",
    "acknowledge_url": "text",
    "summary_url": "text",
    "auth_header": "text",
    "auth_value": "password",
    "token_url": "text",
    "username": "text",
    "password": "password",
    "profile": "text",
    "customer": "reference",
    "tax_code": "reference",
    "prices_include_tax": "boolean",
    "location": "reference",
    "subsidiary": "reference",
    "account": "reference",
    "currency": "reference",
    "error_email": "email",
    "timezone": "text",
    "day_cutoff_hour": "integer",
    "acknowledge_filtered": "boolean",
    "closed_period": "text",
    "mode": "text",
    "live_from": "text",
    "test_counters": "longtext",
    "test_items": "longtext",
    "last_sales_sync": "datetime",
    "last_sales_error": "datetime",
    "last_return_sync": "datetime",
    "last_return_error": "datetime",
}
_LOG_FIELDS = {
    "location": "text",
    "invoice": "text",
    "type": "text",
    "code": "text",
    "error": "longtext",
    "payload": "longtext",
    "attempts": "integer",
    "first_failed": "datetime",
    "last_failed": "datetime",
}


@dataclass(frozen=True)
class Sales:
    """Invoices of some shops, and the items NetSuite must know so that they can be posted."""

    locations: Sequence[str]
    invoices: Sequence[dict[str, Any]]
    items: Sequence[StockItem]


@dataclass(frozen=True)
class World:
    """What was built: the shops, and the first and last business day of their invoices, if any."""

    locations: tuple[str, ...]
    first_day: date | None
    last_day: date | None


def location_codes(count: int) -> tuple[str, ...]:
    """Name some shops: the four of `SHOPS` first, then made-up ones from `SHP005` on."""
    made_up = (f"{_MADE_UP_CODE}{number:03d}" for number in range(len(SHOPS) + 1, count + 1))
    return (*tuple(SHOPS)[:count], *made_up)


def made_sales(
    day: date,
    *,
    locations: Sequence[str] = tuple(SHOPS),
    seed: int = 0,
    invoices_per_location: int = 40,
    lines: int | None = None,
    unknown_item: bool = False,
) -> Sales:
    """Make a day's sales; with `unknown_item` NetSuite lacks the item that is sold the least.

    With `lines` each invoice is a plain sale of so many lines.
    """
    invoices = make_sales_day(
        day, locations, seed=seed, invoices_per_location=invoices_per_location, lines=lines
    )
    items = stock_items()
    if unknown_item and invoices:
        missing = _least_sold(invoices)
        items = [item for item in items if item.barcode != missing]
    return Sales(locations, invoices, items)


def build_world(
    netsuite: NetSuiteSimulator,
    ipos: IposSimulator,
    *,
    ipos_base_url: str,
    sales: Sales,
    seed: int = 0,
) -> World:
    """Fill two empty simulators so that every invoice of `sales` can be posted.

    Credentials are random, the same for the same seed.
    """
    _define_records(netsuite)
    _add_master_data(netsuite, sales.locations)
    _add_items(netsuite, sales.items)
    random = Random(f"world {seed}")
    for index, code in enumerate(sales.locations):
        record = _new_record(code, index) | {
            _field("domain_url"): ipos_base_url,
            _field("auth_value"): f"{random.getrandbits(128):032x}",
        }
        netsuite.put_custom_record(CONFIGURATION, record, externalid=f"IPOS-{code}")
    _open_shops(netsuite, ipos)
    ipos.add_invoices(sales.invoices)
    return _world(netsuite, ipos)


def reopen_world(netsuite: NetSuiteSimulator, ipos: IposSimulator, *, ipos_base_url: str) -> World:
    """Go on with the databases of an earlier run: IPOS's new address and credentials are set."""
    for record in configurations(netsuite).values():
        moved = {**record, _field("domain_url"): ipos_base_url}
        netsuite.put_custom_record(CONFIGURATION, moved, id=record["id"])
    _open_shops(netsuite, ipos)
    return _world(netsuite, ipos)


def configurations(netsuite: NetSuiteSimulator) -> dict[str, dict[str, Any]]:
    """Answer the configuration records by IPOS location code; none where no world was built."""
    records = netsuite.custom_records(CONFIGURATION)
    return {record[_field("location_code")]: record for record in records}


def _define_records(netsuite: NetSuiteSimulator) -> None:
    configuration = {_field(name): kind for name, kind in _CONFIGURATION_FIELDS.items()}
    log = {f"custrecord_ipos_log_{name}": kind for name, kind in _LOG_FIELDS.items()}
    netsuite.define_custom_record(CONFIGURATION, configuration)
    netsuite.define_custom_record(INTEGRATION_LOG, log)


def _add_master_data(netsuite: NetSuiteSimulator, locations: Sequence[str]) -> None:
    netsuite.add_subsidiary(SUBSIDIARY_ID, "Gulf Retail LLC")
    netsuite.add_currency(CURRENCY_ID, "UAE Dirham", "AED")
    netsuite.add_account(ACCOUNT_ID, "1110 Bank: shop takings")
    netsuite.add_tax_code(TAX_CODE_ID, "VAT 5% (AE)", Decimal("0.05"))
    for index, code in enumerate(locations):
        name = _shop_name(code)
        netsuite.add_location(str(_FIRST_LOCATION_ID + index), name)
        customer = str(_FIRST_CUSTOMER_ID + index)
        netsuite.add_customer(customer, f"Walk-in customers, {name}", subsidiary=SUBSIDIARY_ID)


def _add_items(netsuite: NetSuiteSimulator, items: Iterable[StockItem]) -> None:
    netsuite.add_items(
        {
            "id": str(_FIRST_ITEM_ID + index),
            "itemid": f"SKU-{index + 1:05d}",
            "upccode": item.barcode,
            "displayname": item.name,
            "itemtype": item.itemtype,
        }
        for index, item in enumerate(items)
    )


def _new_record(code: str, index: int) -> dict[str, Any]:
    """Write a shop's configuration record as a person would at the start; no dates yet."""
    own = {
        "location_code": code,
        "invoices_url": "/api/invoices",
        "acknowledge_url": "/api/acknowledge",
        "summary_url": "/api/summary",
        "auth_header": AUTH_HEADER,
        "profile": "nested",
        "customer": str(_FIRST_CUSTOMER_ID + index),
        "tax_code": TAX_CODE_ID,
        "prices_include_tax": True,
        "location": str(_FIRST_LOCATION_ID + index),
        "subsidiary": SUBSIDIARY_ID,
        "account": ACCOUNT_ID,
        "currency": CURRENCY_ID,
        "error_email": ERROR_EMAIL,
        "timezone": "Asia/Dubai",
        "day_cutoff_hour": 0,
    }
    named = {_field(name): value for name, value in own.items()}
    return {"name": _shop_name(code), "isinactive": False, **named}


def _open_shops(netsuite: NetSuiteSimulator, ipos: IposSimulator) -> None:
    """Let IPOS accept the credentials that the configuration records hold."""
    for code, record in configurations(netsuite).items():
        ipos.add_location(
            code,
            auth_header=record.get(_field("auth_header")),
            auth_value=record.get(_field("auth_value")),
            username=record.get(_field("username")),
            password=record.get(_field("password")),
            profile=record.get(_field("profile"), "nested"),
            separate_returns_feed=bool(record.get(_field("returns_url"))),
            timezone=record.get(_field("timezone"), "Asia/Dubai"),
        )


def _world(netsuite: NetSuiteSimulator, ipos: IposSimulator) -> World:
    first_day, last_day = ipos.days()
    return World(tuple(configurations(netsuite)), first_day, last_day)


def _shop_name(code: str) -> str:
    """Name a shop in NetSuite: `SHP005` is "Shop 5"; any other unknown code is its own name."""
    number = code.removeprefix(_MADE_UP_CODE)
    made_up = f"{_MADE_UP_NAME} {int(number)}" if number != code and number.isdigit() else code
    return SHOPS.get(code, made_up)


def _field(name: str) -> str:
    return f"custrecord_ipos_{name}"


def _least_sold(invoices: Iterable[Mapping[str, Any]]) -> str:
    """Pick the barcode on the fewest lines; ties go to the smallest barcode."""
    lines: Counter[str] = Counter(
        line["PrimaryBarcode"] for one in invoices for line in one["Lines"]
    )
    return min(lines, key=lambda barcode: (lines[barcode], barcode))
