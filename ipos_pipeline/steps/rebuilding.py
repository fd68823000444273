"""Rebuilding: a lost ledger, made again from what IPOS still shows and what NetSuite has.

Belongs here: finding our documents in NetSuite by external ID. Not here: landing (landing.py), what
a found document becomes (settling.py). Nothing is sent to either side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from ipos_pipeline.clients.ipos import IposClient
from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.external_id import REFUND_SUFFIX, SALE_SUFFIX, location_prefix
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline.ledger.entry import PostingEntry, Status
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.landing import hours_of, land_store_day
from ipos_pipeline.steps.settling import Posted, Settler, Source


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One store-day of the ledger after rebuilding, in counts of invoices or documents.

    `only_in_netsuite` are external IDs whose invoices IPOS no longer shows: they cannot be made
    again, and nothing will be posted for them either.
    """

    location_code: str
    day: date
    invoices: int
    unreadable: int
    planned: int
    found: int
    posted: int
    for_a_person: int
    acknowledged: int
    only_in_netsuite: tuple[str, ...]

    @property
    def to_post(self) -> int:
        """Documents that the next run sends, or looks at again."""
        return self.planned - self.posted - self.for_a_person

    @property
    def is_complete(self) -> bool:
        """Whether the next run can do all the rest."""
        return not (self.unreadable or self.for_a_person or self.only_in_netsuite)


async def rebuild_store_day(
    ipos: IposClient,
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    *,
    configuration: IposConfiguration,
    profile: IposProfile,
    day: date,
    actor: str,
    clock: Callable[[], datetime],
) -> Rebuilt:
    """Land all that IPOS shows for a day, and settle as posted what NetSuite has of it.

    What IPOS shows in all but not as unacknowledged has been acknowledged: it is not told again.
    The two lists are read in this order so that an invoice that arrives in between is not taken for
    acknowledged. Nor is one of other hours, which a server that ignores dates may show in one list
    only; nor any while an invoice in the second cannot be read: that may be any of them. Safe to
    repeat. Raises TransientError when either side cannot be read.
    """
    code = configuration.location_code
    land = partial(
        land_store_day,
        ipos,
        ledger,
        configuration=configuration,
        profile=profile,
        day=day,
        run=actor,
        clock=clock,
    )
    in_all = await land(which="all")
    still_open = await land(which="unacknowledged")
    with ledger.read() as work:
        of_these_hours = work.documents.keys_between(code, *hours_of(configuration, day))
    acknowledged = (in_all.document_keys & of_these_hours) - still_open.document_keys
    if still_open.quarantined:
        acknowledged.clear()
    found = Posted()
    settler = Settler(ledger, run=actor, clock=clock, result=found)
    for business_date in sorted({day} | in_all.other_days | still_open.other_days):
        with ledger.read() as work:
            entries = work.entries.of_day(code, business_date)
        await _settle(netsuite, ledger, settler, entries, acknowledged=acknowledged)
        _note_acknowledged(ledger, code, business_date, acknowledged, actor=actor, at=clock())
    only_there = await _only_in_netsuite(netsuite, ledger, code, day)
    with ledger.read() as work:
        entries = work.entries.of_day(code, day)
        return Rebuilt(
            location_code=code,
            day=day,
            invoices=work.documents.count_of_day(code, day),
            unreadable=work.errors.count_unreadable(code, day),
            planned=len(entries),
            found=found.adopted,
            posted=sum(entry.status == Status.POSTED for entry in entries),
            for_a_person=found.rejected,
            acknowledged=len(work.acknowledgements.acknowledged_of_day(code, day)),
            only_in_netsuite=only_there,
        )


async def _settle(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    settler: Settler,
    entries: Iterable[PostingEntry],
    *,
    acknowledged: set[str],
) -> None:
    """Adopt what NetSuite has; an acknowledged document that it lacks is not posted again."""
    unsettled = [entry for entry in entries if entry.status != Status.POSTED]
    found = await netsuite.transactions_by_external_id(one.external_id for one in unsettled)
    with ledger.read() as work:
        documents = work.documents.by_key({entry.document_key for entry in unsettled})
    for entry in unsettled:
        document = documents[entry.document_key]
        source = Source(document.number, document.payload)
        transaction = found.get(entry.external_id)
        if transaction is not None:
            settler.adopt(entry, source, transaction, total=entry.total)
        elif entry.document_key in acknowledged:
            settler.needs_person(entry, source, _acknowledged_not_posted(entry))
    settler.flush()


def _acknowledged_not_posted(entry: PostingEntry) -> Problem:
    return Problem(
        "acknowledged_not_posted",
        f"IPOS was told that {entry.external_id} is in NetSuite, and NetSuite does not have it.",
        "Find out who deleted it in NetSuite; retry it only if it is to be posted again.",
    )


def _note_acknowledged(
    ledger: LedgerStore,
    code: str,
    business_date: date,
    acknowledged: set[str],
    *,
    actor: str,
    at: datetime,
) -> None:
    with ledger.write(actor) as work:
        due = work.acknowledgements.due(code, business_date, now=at)
        work.acknowledgements.settle([key for key in due if key in acknowledged], at=at)


async def _only_in_netsuite(
    netsuite: NetSuiteClient, ledger: LedgerStore, code: str, day: date
) -> tuple[str, ...]:
    """List the location's documents of a day in NetSuite that no landed invoice accounts for."""
    of_day = await netsuite.transactions_of_day(location_prefix(code), day)
    there = {one.external_id for one in of_day}
    keys = {one: one.removesuffix(SALE_SUFFIX).removesuffix(REFUND_SUFFIX) for one in there}
    with ledger.read() as work:
        landed = work.entries.of_documents(set(keys.values()))
    known = {entry.external_id for entries in landed.values() for entry in entries}
    return tuple(sorted(there - known))
