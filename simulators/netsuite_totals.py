"""What NetSuite computes of a line: net amount and tax, in whole cents.

Per line, halves away from zero (assumption: rounding per line, two places for every currency).
Not imitated: discounts, shipping, price levels, exchange rates, tax on tax.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulators.netsuite_database import from_cents, round_to_cents


@dataclass(frozen=True, slots=True)
class LineTotals:
    """Net amount and tax of one line in cents."""

    amount_cents: int
    tax_cents: int


def line_totals(line: Mapping[str, Any], tax_rate: Decimal) -> LineTotals:
    """Work out a line from `grossAmt`, else `amount`, else `rate` times `quantity`.

    `tax_rate` is a fraction: 0.05 for five per cent.
    """
    if "grossAmt" in line:
        gross_cents = round_to_cents(Decimal(line["grossAmt"]))
        amount_cents = round_to_cents(Decimal(line["grossAmt"]) / (1 + tax_rate))
        return LineTotals(amount_cents, gross_cents - amount_cents)
    amount = line.get("amount")
    if amount is None:
        amount = Decimal(line.get("rate", 0)) * Decimal(line["quantity"])
    amount_cents = round_to_cents(Decimal(amount))
    return LineTotals(amount_cents, round_to_cents(from_cents(amount_cents) * tax_rate))
