"""What should be in NetSuite, worked out from invoices on the wire without the product's code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Totals = dict[str, Decimal]
"""External ID -> total (AED, positive)."""

ZERO = Decimal(0)


def document_key_of(raw: dict[str, Any]) -> str:
    """Write the part of the external ID that an invoice's documents share (plain numbers only)."""
    kind = "R" if raw["DocType"] == "RETURN" else "S"
    return f"IPOS-{raw['LocationCode']}-{raw['InvDate'][:4]}-{kind}-{raw['InvNo']}"


def totals_of(raw: dict[str, Any]) -> Totals:
    """Work out the documents of one version of an invoice and what each comes to."""
    if raw["Void"]:
        return {}
    sold = sum((ln["NetRate"] for ln in raw["Lines"] if Decimal(ln["Qty"]) > 0), start=ZERO)
    returned = -sum((ln["NetRate"] for ln in raw["Lines"] if Decimal(ln["Qty"]) < 0), start=ZERO)
    discount = raw["Discount"] or ZERO
    if returned > sold:
        returned += discount
    else:
        sold -= discount
    key, totals = document_key_of(raw), {}
    if any(Decimal(line["Qty"]) > 0 for line in raw["Lines"]):
        totals[f"{key}-CS"] = sold
    if any(Decimal(line["Qty"]) < 0 for line in raw["Lines"]):
        totals[f"{key}-CR"] = returned
    return totals


@dataclass
class Truth:
    """Every version of every invoice that IPOS has ever shown, by document key."""

    versions: dict[str, list[Totals]] = field(default_factory=dict)

    def add(self, raws: Iterable[dict[str, Any]]) -> None:
        """Remember invoices, or new versions of them."""
        for raw in raws:
            self.versions.setdefault(document_key_of(raw), []).append(totals_of(raw))

    def accepts(self, key: str, posted: Totals) -> bool:
        """Tell whether an invoice's documents are those of one of its versions, and all of them."""
        return posted in self.versions[key]
