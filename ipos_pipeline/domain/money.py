"""Money: `Decimal` from string to string, rounded in one place.

Belongs here: rounding and the comparison of totals. Not here: what an amount means (split.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

CENT = Decimal("0.01")
ZERO = Decimal(0)


def round_money(amount: Decimal) -> Decimal:
    """Round to the two places of AED, halves away from zero (ADR 0004)."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts up; the sum of none is 0.00, so that totals always show two places."""
    return sum(amounts, start=Decimal("0.00"))


def spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Spread an amount over weights in proportion, so that the parts tie to the cent.

    Largest remainders first; equal remainders go to the earlier weight. The weights must not
    add up to zero.
    """
    cents = Fraction(round_money(amount)) * 100
    whole = sum(map(Fraction, weights))
    exact = [cents * Fraction(weight) / whole for weight in weights]  # a Decimal breaks ties
    parts = [math.floor(part) for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_remainder[: int(cents) - sum(parts)]:
        parts[i] += 1
    return [part * CENT for part in parts]
