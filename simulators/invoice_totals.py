"""The arithmetic of an IPOS invoice: lines and a header that tie to the cent.

The formulas are the documented default: `NetRate = Qty x Rate - Discount`, `SubTotal` their sum,
`NetAmount = SubTotal - Discount + RoundOff`, plus `TaxAmount` where prices exclude tax.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
VAT_PERCENT = 5


def cents(amount: Decimal) -> Decimal:
    """Round to two places, halves away from zero, and never write minus zero."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP) + Decimal("0.00")


def json_quantity(quantity: Decimal) -> int | Decimal:
    """Write a whole quantity without a fraction, as IPOS does."""
    return int(quantity) if quantity == quantity.to_integral_value() else quantity


def net_rate(quantity: Decimal, rate: Decimal, discount: Decimal) -> Decimal:
    """Work out the amount of a line; it is signed like the quantity, as is the discount."""
    return cents(quantity * rate) - discount


def header_amounts(
    lines: Sequence[dict[str, Any]],
    *,
    discount: Decimal = Decimal("0.00"),
    round_to: Decimal | None = None,
    prices_include_tax: bool = True,
) -> dict[str, Decimal]:
    """Work out the five amounts of a header, in the order in which IPOS writes them.

    `discount` is signed like what it reduces. The tax is worked out once, from the discounted
    total, not line by line [A]. `round_to` is the coin to which the till rounds, if it does.
    """
    sub_total = sum((line["NetRate"] for line in lines), Decimal("0.00"))
    base = sub_total - discount
    divisor = 100 + VAT_PERCENT if prices_include_tax else 100
    tax_amount = cents(base * VAT_PERCENT / divisor)
    unrounded = base if prices_include_tax else base + tax_amount
    net_amount = unrounded if round_to is None else _to_coin(unrounded, round_to)
    return {
        "SubTotal": sub_total,
        "Discount": discount,
        "TaxAmount": tax_amount,
        "RoundOff": net_amount - unrounded,
        "NetAmount": net_amount,
    }


def _to_coin(amount: Decimal, coin: Decimal) -> Decimal:
    return cents((amount / coin).to_integral_value(rounding=ROUND_HALF_UP) * coin)
