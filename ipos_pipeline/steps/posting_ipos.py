"""Posting a store-day's IPOS invoices: what master data has solved is due again; all is sent.

Belongs here: what IPOS adds to the posting of documents. Not here: how documents are posted
(posting.py), how an invoice becomes one (preparing.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.mapping import MappingRules
from ipos_pipeline.domain.shadow import is_guarded, is_shadow
from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.ledger.entry import PostingEntry
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.customers import LocationCustomer
from ipos_pipeline.steps.incumbent import unless_posted_by_incumbent
from ipos_pipeline.steps.open_days import OpenDays
from ipos_pipeline.steps.posting import Prepared, post_documents, settle_doubts
from ipos_pipeline.steps.preparing import Preparer
from ipos_pipeline.steps.releasing import release_solved
from ipos_pipeline.steps.settling import Posted, Settler


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

    Of a store-day in shadow nothing is sent: only what was sent while it was live is looked up.
    """
    configuration = rules.configuration
    if is_shadow(configuration, scope.business_date):
        result = Posted()
        settler = Settler(ledger, run=run, clock=clock, result=result)
        await settle_doubts(
            netsuite, ledger, settler, scope=scope, run=run, clock=clock, lease=lease
        )
        return result
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

    def prepare(entries: Sequence[PostingEntry]) -> AsyncIterator[Prepared]:
        prepared = preparer.prepare(entries)
        if not is_guarded(configuration, scope.business_date):
            return prepared
        return unless_posted_by_incumbent(netsuite, rules, prepared, day=scope.business_date)

    posted = await post_documents(
        netsuite,
        ledger,
        prepare,
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
