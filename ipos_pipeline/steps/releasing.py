"""Releasing: documents that waited for master data are due again once NetSuite has it.

One query for all items and one for all customers, not one attempt for each document.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.customer import may_be_posted
from ipos_pipeline.domain.netsuite_item import NetSuiteItem, items_by_barcode, resolve_item
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.customers import CUSTOMER_TABLE


async def release_solved(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    configurations: Mapping[str, IposConfiguration],
    *,
    item_field: str,
    run: str,
    at: datetime,
) -> list[str]:
    """Make documents of some locations due that wait for nothing any more; give their external IDs.

    `configurations` has these locations by code.
    """
    with_items = await _with_items(netsuite, ledger, configurations, item_field=item_field)
    with_customer = await _with_customer(netsuite, ledger, configurations)
    if with_items or with_customer:
        with ledger.write(run) as work:
            work.entries.make_due(with_items, at=at, reason="the catalogue has its items now")
            work.entries.make_due(with_customer, at=at, reason="its customer may be posted to now")
    return [*with_items, *with_customer]


async def _with_items(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    configurations: Mapping[str, IposConfiguration],
    *,
    item_field: str,
) -> list[str]:
    """List the documents whose every missing item can be posted now."""
    with ledger.read() as work:
        waiting = work.errors.waiting_for_items(configurations)
    barcodes = sorted({barcode for barcodes in waiting.values() for barcode in barcodes})
    items = await netsuite.items_by_barcode(barcodes, item_field=item_field)
    catalogue = items_by_barcode(items)
    return [
        external_id
        for external_id, barcodes in waiting.items()
        if all(isinstance(resolve_item(one, None, catalogue), NetSuiteItem) for one in barcodes)
    ]


async def _with_customer(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    configurations: Mapping[str, IposConfiguration],
) -> list[str]:
    """List the documents whose customer is there and active now, or is another one now."""
    with ledger.read() as work:
        waiting = work.selecting.waiting_for_customers(configurations)
    configured = {code: configurations[code].customer for code in {code for _, code, _ in waiting}}
    unchanged = sorted({one for _, code, one in waiting if one == configured[code]})
    inactive = await netsuite.inactive_by_id(CUSTOMER_TABLE, unchanged)
    return [
        external_id
        for external_id, code, customer in waiting
        if may_be_posted(customer, configured[code], inactive)
    ]
