"""A believable day of sales: invoices as IPOS writes them, the same for the same seed.

Belongs here: what customers do, and how often. Not here: what is sold (catalogue.py) and the
arithmetic (invoice_totals.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Literal

from simulators.catalogue import SellingUnit, catalogue
from simulators.invoice_totals import (
    VAT_PERCENT,
    cents,
    header_amounts,
    json_quantity,
    net_rate,
)

__all__ = ["catalogue", "make_sales_day"]

Kind = Literal["sale", "exchange", "even exchange", "return", "void"]
Line = dict[str, Any]
Invoice = dict[str, Any]

# How busy the shop is in each hour from ten in the morning: lunch, then the evening.
_FIRST_HOUR = 10
_HOUR_WEIGHTS = [2, 3, 5, 6, 4, 3, 4, 6, 9, 10, 9, 5, 2]
_LINE_COUNTS = range(1, 13)
_LINE_COUNT_WEIGHTS = [18, 17, 14, 12, 10, 8, 6, 5, 4, 3, 2, 1]
_WEIGHTS_KG = [Decimal(kg) for kg in ("0.5", "0.75", "1.25", "0.35", "2.5", "1")]
_COIN = Decimal("0.10")
_NUMBERS_START = date(2026, 1, 1)


@dataclass(frozen=True)
class _Shop:
    """One shop on one day: whose invoices are made, from which numbers, with which chances."""

    code: str
    day: date
    first_sale_number: int
    first_return_number: int
    prices_include_tax: bool
    lines: int | None
    random: Random

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability


def make_sales_day(
    day: date,
    locations: Sequence[str],
    *,
    seed: int,
    invoices_per_location: int = 40,
    prices_include_tax: bool = True,
    lines: int | None = None,
) -> list[Invoice]:
    """Make the invoices of all locations of one day, each location's in order of time.

    Of 40 invoices about 34 are sales, 3 exchanges (net positive, zero and negative), 2 returns and
    1 is void. Numbers run on from day to day, are the same in every location, and returns have a
    sequence of their own, as in IPOS. With `lines` each invoice is a sale of so many lines.
    """
    invoices: list[Invoice] = []
    for code in locations:
        # A text as seed is hashed the same way in every process, unlike hash().
        random = Random(f"{seed}|{day}|{code}")
        kinds = _kinds(invoices_per_location, sales_only=lines is not None)
        returns = kinds.count("return")
        days = (day - _NUMBERS_START).days
        shop = _Shop(
            code=code,
            day=day,
            first_sale_number=10_001 + days * (len(kinds) - returns),
            first_return_number=301 + days * returns,
            prices_include_tax=prices_include_tax,
            lines=lines,
            random=random,
        )
        random.shuffle(kinds)
        invoices += _shop_day(shop, kinds)
    return invoices


def _kinds(count: int, *, sales_only: bool) -> list[Kind]:
    """Say what kinds of invoices a day of `count` has; a short day has sales only."""
    if sales_only:
        return ["sale"] * count
    counts: dict[Kind, int] = {
        "return": count // 16,
        "exchange": count // 20,
        "even exchange": count // 40,
        "void": min(1, count // 10),
    }
    counts["sale"] = count - sum(counts.values())
    return [kind for kind, times in counts.items() for _ in range(times)]


def _shop_day(shop: _Shop, kinds: Sequence[Kind]) -> list[Invoice]:
    moments = sorted(_moment(shop) for _ in kinds)
    sale_number, return_number = shop.first_sale_number, shop.first_return_number
    exchanges = 0
    invoices = []
    for kind, moment in zip(kinds, moments, strict=True):
        if kind == "return":
            number, return_number = return_number, return_number + 1
        else:
            number, sale_number = sale_number, sale_number + 1
        lines = _lines(shop, kind, takes_more_back=exchanges % 2 == 1)
        exchanges += kind == "exchange"
        invoices.append(_invoice(shop, kind, number, moment, lines))
    return invoices


def _moment(shop: _Shop) -> datetime:
    [hour] = shop.random.choices(range(len(_HOUR_WEIGHTS)), _HOUR_WEIGHTS)
    opening = datetime.combine(shop.day, time(_FIRST_HOUR + hour))
    return opening + timedelta(seconds=shop.random.randrange(3600))


def _lines(shop: _Shop, kind: Kind, *, takes_more_back: bool) -> list[Line]:
    match kind:
        case "even exchange":
            unit = _piece(shop)
            return [_line(shop, unit, Decimal(-1)), _line(shop, unit, Decimal(1))]
        case "exchange":
            return _exchange_lines(shop, takes_more_back=takes_more_back)
        case "return":
            count = shop.random.choice([1, 1, 1, 2, 3])
            return [_line(shop, _piece(shop), Decimal(-1)) for _ in range(count)]
        case _:
            [drawn] = shop.random.choices(_LINE_COUNTS, _LINE_COUNT_WEIGHTS)
            count = drawn if shop.lines is None else shop.lines
            return [_sale_line(shop) for _ in range(count)]


def _exchange_lines(shop: _Shop, *, takes_more_back: bool) -> list[Line]:
    """Bring one thing back and take others; the shop pays in the end if `takes_more_back`."""
    units = sorted((_piece(shop) for _ in range(3)), key=lambda unit: unit.price)
    cheap, *dear = units
    back, taken = (dear, [cheap]) if takes_more_back else ([cheap], dear)
    lines = [_line(shop, unit, Decimal(-1)) for unit in back]
    return lines + [_line(shop, unit, Decimal(1)) for unit in taken]


def _piece(shop: _Shop) -> SellingUnit:
    return shop.random.choice([unit for unit in catalogue() if not unit.is_weighed])


def _sale_line(shop: _Shop) -> Line:
    """Sell something: now and then by weight, at a discount, or for nothing."""
    unit = shop.random.choice(catalogue())
    if unit.is_weighed:
        return _line(shop, unit, shop.random.choice(_WEIGHTS_KG))
    quantity = Decimal(shop.random.choice([1, 1, 1, 1, 1, 2, 2, 3, 4, 6]))
    if shop.chance(0.012):
        return _line(shop, unit, quantity, rate=Decimal("0.00"))
    if shop.chance(0.012):
        return _line(shop, unit, quantity, percent_off=100)
    return _line(
        shop,
        unit,
        quantity,
        percent_off=shop.random.choice([5, 10, 15, 25, 50]) * shop.chance(0.1),
    )


def _line(
    shop: _Shop,
    unit: SellingUnit,
    quantity: Decimal,
    *,
    percent_off: int = 0,
    rate: Decimal | None = None,
) -> Line:
    """Write a line; its number and that of its invoice are filled in when the invoice is made."""
    if rate is None:
        rate = unit.price if shop.prices_include_tax else _without_tax(unit.price)
    discount = cents(cents(quantity * rate) * percent_off / 100)
    return {
        "InvNo": None,
        "SlNo": None,
        "Barcode": unit.barcode,
        "ItemName": unit.arabic_name if shop.chance(0.4) else unit.name,
        "Qty": json_quantity(quantity),
        "Rate": rate,
        "Discount": discount,
        "NetRate": net_rate(quantity, rate, discount),
        "Tax": VAT_PERCENT,
        "PrimaryBarcode": unit.primary_barcode,
        "RefNo": None if shop.chance(0.05) else unit.ref_no,
        "Conversion": unit.conversion,
    }


def _without_tax(price: Decimal) -> Decimal:
    return cents(price * 100 / (100 + VAT_PERCENT))


def _invoice(shop: _Shop, kind: Kind, number: int, moment: datetime, lines: list[Line]) -> Invoice:
    numbered = [{**line, "InvNo": number, "SlNo": place} for place, line in enumerate(lines, 1)]
    amounts = header_amounts(
        lines,
        discount=_header_discount(shop, kind, lines),
        round_to=_COIN if shop.chance(0.3) else None,
        prices_include_tax=shop.prices_include_tax,
    )
    brings_back = kind in ("return", "exchange", "even exchange")
    earlier = shop.first_sale_number - shop.random.randint(1, 200)
    received = moment + timedelta(seconds=shop.random.randint(20, 1_200))
    return {
        "InvNo": number,
        "InvDate": moment.isoformat(),
        "BusinessDate": None if shop.chance(0.05) else shop.day.isoformat(),
        "DocType": "RETURN" if kind == "return" else "SALE",
        "LocationCode": shop.code,
        "CounterNo": shop.random.randint(1, 4),
        "CustomerCode": f"C{shop.random.randint(1, 900):05d}" if shop.chance(0.15) else None,
        "Currency": "AED",
        **amounts,
        "RefInvNo": earlier if brings_back else None,
        "Void": kind == "void",
        "CreatedOn": moment.isoformat(),
        "ModifiedOn": (moment + timedelta(minutes=4 * (kind == "void"))).isoformat(),
        "ReceivedOn": received.isoformat(),
        "Posted": 0,
        "Lines": numbered,
    }


def _header_discount(shop: _Shop, kind: Kind, lines: Sequence[Line]) -> Decimal:
    """Take something off the whole invoice now and then; negative where money is paid back."""
    if kind == "even exchange" or not shop.chance(0.12):
        return Decimal("0.00")
    sub_total = sum((line["NetRate"] for line in lines), Decimal(0))
    return cents(sub_total * shop.random.choice([2, 5, 10]) / 100)
