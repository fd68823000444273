"""Releasing: documents that waited for an item are due again once the catalogue has it.

One query for all of them, not one attempt for each.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.netsuite_item import NetSuiteItem, items_by_barcode, resolve_item
from ipos_pipeline.ledger.store import LedgerStore


async def release_solved(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    *,
    location_codes: Iterable[str],
    item_field: str,
    run: str,
    at: datetime,
) -> list[str]:
    """Make documents due whose every missing item can be posted now; give their external IDs."""
    with ledger.read() as work:
        waiting = work.errors.waiting_for_items(location_codes)
    if not waiting:
        return []
    barcodes = sorted({barcode for barcodes in waiting.values() for barcode in barcodes})
    items = await netsuite.items_by_barcode(barcodes, item_field=item_field)
    catalogue = items_by_barcode(items)
    solved = [
        external_id
        for external_id, barcodes in waiting.items()
        if all(isinstance(resolve_item(one, None, catalogue), NetSuiteItem) for one in barcodes)
    ]
    if solved:
        with ledger.write(run) as work:
            work.entries.make_due(solved, at=at, reason="the catalogue has its items now")
    return solved
