"""A year of a real shop, replayed as if it had been sold through IPOS.

The data: Chen, D. (2012), Online Retail II, UCI Machine Learning Repository,
https://doi.org/10.24432/C5CG6D, licence CC BY 4.0. Prices in pounds are taken as dirhams that
include 5 % VAT; nothing else is invented but the location.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from os import PathLike
from typing import Any, NamedTuple

import pandas as pd

from simulators.catalogue import StockItem
from simulators.invoice_totals import CENT, VAT_PERCENT, header_amounts, net_rate

RETURN_MARK = "C"
CHARGES = frozenset({"AMAZONFEE", "BANK CHARGES", "C2", "C3", "DOT", "POST"})

_COLUMNS = {
    "Invoice": "number",
    "StockCode": "stock_code",
    "Description": "description",
    "Quantity": "quantity",
    "InvoiceDate": "moment",
    "Price": "price",
    "Customer ID": "customer",
}
_NO_DISCOUNT = Decimal("0.00")


class _Row(NamedTuple):
    """One row of the file; `moment` reads `2009-12-01 07:45:00`, the shop's wall clock."""

    number: str
    stock_code: str
    description: str | None
    quantity: int
    moment: str
    price: float
    customer: str | None


@dataclass(frozen=True)
class _Document:
    """One invoice of the file, as it stands there, with the location it was given."""

    number: str
    moment: str
    customer: str | None
    location: str
    rows: tuple[_Row, ...]

    @property
    def is_return(self) -> bool:
        return self.number.startswith(RETURN_MARK)

    @property
    def visit(self) -> tuple[str | None, str]:
        return self.customer, self.moment[:10]


def read_sales(
    path: str | PathLike[str], *, first: date, last: date, locations: Sequence[str]
) -> list[dict[str, Any]]:
    """Read the invoices of `first` to `last`, both included, in order of time.

    - A customer always shops at the same location; an invoice without a customer goes by its
      number. So a return can meet a sale.
    - `C...` is a RETURN document numbered without the `C`; every other number is a SALE, among
      them corrections of stock (negative quantities at no price) and bad debts (`A...`).
    - A return and a sale of one customer on one day become one exchange with the number and time
      of the sale, its lines first. The first return joins the first sale, the second the second,
      by time and then number; returns that find no sale stay documents of their own.
    - An invoice whose rows differ by a minute has the earliest time.

    Raises OSError or ValueError if the file cannot be read.
    """
    documents = _paired(_documents(_rows(path, first, last), locations))
    return [_invoice(document) for document in sorted(documents, key=_by_time)]


def catalogue_of(path: str | PathLike[str]) -> list[StockItem]:
    """Read every stock code of the file once, named by its first description.

    Goods have a code that starts with five digits, or with `DCGS`. The others are charges
    (`Service`: postage, carriage, fees) or no stock (`NonInvtPart`: manual entries, discounts,
    adjustments, samples, vouchers, tests). Codes that differ in case are different.
    Raises OSError or ValueError if the file cannot be read.
    """
    table = pd.read_parquet(path, columns=["StockCode", "Description"])
    codes = table["StockCode"].str.strip()
    names = table["Description"].groupby(codes, sort=True).first()
    items = []
    for code, name in names.items():
        barcode = str(code)
        named = barcode if pd.isna(name) else str(name).strip()
        items.append(StockItem(barcode, named, _itemtype(barcode)))
    return items


def _itemtype(code: str) -> str:
    if code[:5].isdigit() or code.startswith("DCGS"):
        return "InvtPart"
    return "Service" if code in CHARGES else "NonInvtPart"


def _rows(path: str | PathLike[str], first: date, last: date) -> Iterator[_Row]:
    """Read only the rows of the days, those of one invoice together, in the order of the file."""
    day_after = last + timedelta(days=1)
    table = pd.read_parquet(
        path,
        columns=list(_COLUMNS),
        filters=[
            ("InvoiceDate", ">=", first.isoformat()),
            ("InvoiceDate", "<", day_after.isoformat()),
        ],
    ).sort_values("Invoice", kind="stable")
    columns = [table[name] for name in _COLUMNS]
    customers = columns.pop()
    values = [column.astype(object).where(column.notna(), None).tolist() for column in columns]
    names = [None if pd.isna(customer) else str(int(customer)) for customer in customers]
    return map(_Row._make, zip(*values, names, strict=True))


def _documents(rows: Iterable[_Row], locations: Sequence[str]) -> Iterator[_Document]:
    for number, group in groupby(rows, key=attrgetter("number")):
        lines = tuple(group)
        customer = lines[0].customer
        place = zlib.crc32((customer or number).encode()) % len(locations)
        moment = min(line.moment for line in lines)
        yield _Document(number, moment, customer, locations[place], lines)


def _paired(documents: Iterable[_Document]) -> list[_Document]:
    """Join each return with a sale of the same visit, as `read_sales` says."""
    alone: list[_Document] = []
    visits: dict[tuple[str | None, str], list[_Document]] = defaultdict(list)
    for document in documents:
        can_pair = document.customer is not None
        (visits[document.visit] if can_pair else alone).append(document)
    for visit in visits.values():
        in_order = sorted(visit, key=_by_time)
        sales = [document for document in in_order if not document.is_return]
        returns = [document for document in in_order if document.is_return]
        pairs = min(len(sales), len(returns))
        for sale, back in zip(sales[:pairs], returns[:pairs], strict=True):
            alone.append(replace(sale, rows=sale.rows + back.rows))
        alone += sales[pairs:] + returns[pairs:]
    return alone


def _by_time(document: _Document) -> tuple[str, str]:
    return document.moment, document.number


def _invoice(document: _Document) -> dict[str, Any]:
    text = document.number.removeprefix(RETURN_MARK)
    number = int(text) if text.isdigit() else text
    moment = document.moment.replace(" ", "T")
    lines = [_line(number, place, row) for place, row in enumerate(document.rows, 1)]
    return {
        "InvNo": number,
        "InvDate": moment,
        "BusinessDate": moment[:10],
        "DocType": "RETURN" if document.is_return else "SALE",
        "LocationCode": document.location,
        "CounterNo": 1,
        "CustomerCode": document.customer,
        "Currency": "AED",
        **header_amounts(lines),
        "RefInvNo": None,
        "Void": False,
        "CreatedOn": moment,
        "ModifiedOn": moment,
        "ReceivedOn": moment,
        "Posted": 0,
        "Lines": lines,
    }


def _line(number: int | str, place: int, row: _Row) -> dict[str, Any]:
    rate = _price(row.price)
    barcode = row.stock_code.strip()
    return {
        "InvNo": number,
        "SlNo": place,
        "Barcode": barcode,
        "ItemName": row.description and row.description.strip(),
        "Qty": row.quantity,
        "Rate": rate,
        "Discount": _NO_DISCOUNT,
        "NetRate": net_rate(Decimal(row.quantity), rate, _NO_DISCOUNT),
        "Tax": VAT_PERCENT,
        "PrimaryBarcode": barcode,
        "RefNo": None,
        "Conversion": 1,
    }


@lru_cache(maxsize=4096)
def _price(price: float) -> Decimal:
    """Read a price as it was written; a few have three decimals and keep them."""
    exact = Decimal(str(price))
    in_cents = exact.quantize(CENT)
    return in_cents if in_cents == exact else exact
