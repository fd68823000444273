"""Why something cannot be posted, in words for the person who has to act."""

from __future__ import annotations

from dataclasses import dataclass

MASTER_DATA_CODES = frozenset({"unknown_item", "inactive_item", "non_inventory_item"})
"""Solved by a change of the catalogue: tried again when the item is there (ipos_api.md, M16)."""

TAX_REGIME = "tax_regime"
HEADER_CODES = frozenset({"header_totals", "round_off", TAX_REGIME})
"""Header and lines of an invoice do not agree."""

MIXED_FROM = 2
MIXED_SHARE = 0.1


def regime_is_mixed(*, other: int, invoices: int) -> bool:
    """Tell whether the configuration must be wrong about tax, not single invoices.

    `other` of a day's `invoices` add up only with the other regime. One bad invoice never decides.
    """
    return other >= MIXED_FROM and other >= MIXED_SHARE * invoices


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason: a code for machines, a sentence of what happened, and what to do next.

    `path` names the field, `reference` what was looked for in NetSuite (a barcode).
    """

    code: str
    message: str
    next_step: str
    path: str | None = None
    reference: str | None = None

    @property
    def is_master_data(self) -> bool:
        """Whether the catalogue must change, not the invoice."""
        return self.code in MASTER_DATA_CODES
