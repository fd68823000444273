"""Why something cannot be posted, in words for the person who has to act."""

from __future__ import annotations

from dataclasses import dataclass

ITEM_CODES = frozenset({"unknown_item", "inactive_item", "non_inventory_item"})
"""Solved by a change of the catalogue: tried again when the item is there (ipos_api.md, M16)."""

CUSTOMER_CODES = frozenset({"unknown_customer", "inactive_customer"})
"""Solved when the customer is there and active, or the configuration record names another."""

MASTER_DATA_CODES = ITEM_CODES | CUSTOMER_CODES
"""What waits for master data, not for time."""

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


def awaited(code: str) -> str:
    """Name what a document with an error about master data waits for."""
    return "customer" if code in CUSTOMER_CODES else "item"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason: a code for machines, a sentence of what happened, and what to do next.

    `path` names the field, `reference` what was looked for in NetSuite: a barcode, or the internal
    ID of a customer.
    """

    code: str
    message: str
    next_step: str
    path: str | None = None
    reference: str | None = None

    @property
    def is_master_data(self) -> bool:
        """Whether an item or a customer must change, not the invoice."""
        return self.code in MASTER_DATA_CODES
