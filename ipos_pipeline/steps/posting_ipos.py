"""Posting a store-day's IPOS invoices: what master data has solved is due again; all is sent.

Belongs here: what IPOS adds to the posting of documents. Not here: how documents are posted
(posting.py), how an invoice becomes one (preparing.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.mapping import MappingRules
from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.customers import LocationCustomer
from ipos_pipeline.steps.open_days import OpenDays
from ipos_pipeline.steps.posting import post_documents
from ipos_pipeline.steps.preparing import Preparer
from ipos_pipeline.steps.releasing import release_solved
from ipos_pipeline.steps.settling import Posted


async def post_store_day(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    rules: MappingRules,
    *,
    scope: PartitionScope,
    item_field: str,
    run: str,
    clock: Callable[[], datetime],
    lease: timedelta,
) -> Posted:
    """Bring every document of one store-day and record type that is due into NetSuite.

    What it leaves unposted is noted, for the dates that people read (dates.py). Raises what
    `post_documents` raises; such a run is not finished.
    """
    configuration = rules.configuration
    await release_solved(
        netsuite,
        ledger,
        {scope.location_code: configuration},
        item_field=item_field,
        run=run,
        at=clock(),
    )
    today = clock().astimezone(configuration.zone).date()
    preparer = Preparer(netsuite, ledger, rules, item_field=item_field)
    posted = await post_documents(
        netsuite,
        ledger,
        preparer.prepare,
        scope=scope,
        open_days=OpenDays(netsuite, policy=configuration.closed_period, today=today),
        customer=LocationCustomer(netsuite, configuration),
        run=run,
        clock=clock,
        lease=lease,
    )
    with ledger.write(run) as work:
        work.runs.note(scope, run=run, at=clock())
    return posted
