"""NetSuite's item as far as a posting needs it, and the look-up of a barcode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ipos_pipeline.domain.problem import Problem

INVENTORY_ITEM = "InvtPart"
"""`itemtype` of inventory items in SuiteQL (REST schema enum); only these are posted."""


@dataclass(frozen=True, slots=True)
class NetSuiteItem:
    """One item; `barcode` is the value of the configured item field."""

    internal_id: str
    barcode: str
    itemid: str
    itemtype: str
    isinactive: bool


def items_by_barcode(items: Iterable[NetSuiteItem]) -> dict[str, list[NetSuiteItem]]:
    """Group items by the field that IPOS's barcode is compared with."""
    found: dict[str, list[NetSuiteItem]] = {}
    for item in items:
        found.setdefault(item.barcode, []).append(item)
    return found


def resolve_item(
    barcode: str, item_name: str | None, catalogue: Mapping[str, list[NetSuiteItem]]
) -> NetSuiteItem | Problem:
    """Find the one item to post for a barcode, or say what the catalogue lacks."""
    found = catalogue.get(barcode, [])
    usable = [item for item in found if not item.isinactive and item.itemtype == INVENTORY_ITEM]
    if len(usable) == 1:
        return usable[0]
    return _item_problem(f"barcode {barcode} ({item_name or 'no name'})", barcode, found, usable)


def _item_problem(
    what: str, barcode: str, found: list[NetSuiteItem], usable: list[NetSuiteItem]
) -> Problem:
    if usable:
        ids = ", ".join(sorted(item.internal_id for item in usable))
        return Problem(
            "ambiguous_item",
            f"More than one NetSuite item has {what}: internal IDs {ids}.",
            "Leave the barcode on one item only.",
            reference=barcode,
        )
    if not found:
        return Problem(
            "unknown_item",
            f"No NetSuite item has {what}.",
            "Create the item or add the barcode to it; the invoice is then posted by itself.",
            reference=barcode,
        )
    item = found[0]
    if item.itemtype == INVENTORY_ITEM:
        return Problem(
            "inactive_item",
            f"The NetSuite item {item.itemid} with {what} is inactive.",
            "Activate the item; the invoice is then posted by itself.",
            reference=barcode,
        )
    return Problem(
        "non_inventory_item",
        f"The NetSuite item {item.itemid} with {what} is a {item.itemtype}, not an inventory item.",
        "Only inventory items are posted: correct the item, or set the invoice aside.",
        reference=barcode,
    )
