"""Why something cannot be posted, in words for the person who has to act."""

from __future__ import annotations

from dataclasses import dataclass

MASTER_DATA_CODES = frozenset({"unknown_item", "inactive_item", "non_inventory_item"})
"""Solved by a change of the catalogue: tried again when the item is there (ipos_api.md, M16)."""


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
