"""Money: `Decimal` from string to string, rounded in one place.

Belongs here: rounding and the comparison of totals. Not here: what an amount means (split.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

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

    Largest remainders first; equal remainders go to the earlier weight. Weights are amounts with
    two places and must not add up to zero.
    """
    cents = int(round_money(amount) / CENT)
    exact = [int(weight / CENT) for weight in weights]  # whole numbers: a quotient would break ties
    if sum(exact) < 0:
        exact = [-weight for weight in exact]
    whole = sum(exact)
    parts = [cents * weight // whole for weight in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (-(cents * exact[i] % whole), i))
    for i in by_remainder[: cents - sum(parts)]:
        parts[i] += 1
    return [part * CENT for part in parts]
