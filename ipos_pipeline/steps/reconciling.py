"""Reconciling: IPOS, ledger and NetSuite side by side for one store-day, and what came of it.

Belongs here: the order in which the sides are read, and the proof they give. Not here: reading
them (ipos_side.py, booked_sides.py), their comparison (domain/reconciliation.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from ipos_pipeline.clients.ipos import IposClient
from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.external_id import doc_type_of
from ipos_pipeline.domain.mapping import MappingRules
from ipos_pipeline.domain.money import ZERO, total_of
from ipos_pipeline.domain.netsuite_record import CASH_REFUND
from ipos_pipeline.domain.reconciliation import (
    FoundDocument,
    ShownInvoice,
    UnreadInvoice,
    booked_twice,
    documents_differ,
    invoices_differ,
    landed_differ,
    number_gaps,
    rounding_of,
    summary_differs,
)
from ipos_pipeline.domain.shadow import is_shadow
from ipos_pipeline.domain.store_day_proof import Difference, DifferenceKind, Side, StoreDayProof
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.booked_sides import (
    LedgerSide,
    NetSuiteSide,
    read_ledger_side,
    read_netsuite_side,
)
from ipos_pipeline.steps.ipos_side import IposSide, read_ipos_side
from ipos_pipeline.steps.raising_differences import raise_differences, with_accepted

FIRST_LOOK = timedelta(hours=1)
"""So soon after posting, nobody but NetSuite's own scripts has touched a record (assumption)."""


async def reconcile_store_day(
    ipos: IposClient,
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    rules: MappingRules,
    *,
    day: date,
    at: datetime,
) -> StoreDayProof:
    """Compare everything that IPOS shows for a store-day with the ledger, and that with NetSuite.

    Reads only, but for one thing: of what was posted within the hour before `at`, NetSuite's date
    of the last change is kept, so that a later change can be told. Of a store-day in shadow there
    is nothing to compare here, unless something of it was planned while it was live. Raises
    TransientError when a side cannot be read: a failed read proves nothing.
    """
    code = rules.configuration.location_code
    if is_shadow(rules.configuration, day):
        proof = _shadow_proof(ledger, code, day, at)
        if proof is not None:
            return proof
    shown = await read_ipos_side(ipos, ledger, rules, day=day)
    ours = read_ledger_side(ledger, location_code=code, day=day)
    there = await read_netsuite_side(netsuite, ledger, rules, day=day, expected=ours.expected)
    _note_first_sight(ledger, ours, there.ours, at=at)
    differences = with_accepted(_differences(shown, ours, there, rules, day=day), ours.accepted)
    return StoreDayProof(
        location_code=code,
        business_date=day,
        reconciled_at=at,
        shown=len(shown.invoices) + len(shown.unread),
        landed=len(ours.documents),
        filtered_by_rule=ours.filtered_by_rule,
        quarantined=len(shown.unread),
        acknowledged=len(ours.acknowledged),
        posted_documents=sum(one.is_posted for one in ours.expected),
        open_errors=len(ours.errors),
        set_aside=len(ours.aside),
        ipos=_ipos_total(shown.invoices, ours),
        ledger=_ledger_total(ours),
        netsuite=Side(len(there.ours), total_of(one.total for one in there.ours), there.tax),
        differences=tuple(differences),
        set_aside_invoices_total=_set_aside_invoices(shown.invoices, ours),
        set_aside_documents_total=_set_aside_documents(ours, there.ours),
        rounding=_rounding(shown.invoices, ours, differences),
    )


def _shadow_proof(ledger: LedgerStore, code: str, day: date, at: datetime) -> StoreDayProof | None:
    """Say that nothing of a store-day is ours to prove; None where something of it is."""
    held = read_ledger_side(ledger, location_code=code, day=day)
    if held.entries:
        return None
    with ledger.read() as work:
        known = work.store_days.get(code, day) or {}
        quarantined = work.errors.count_unreadable(code, day)
    nothing = Side()
    return StoreDayProof(
        location_code=code,
        business_date=day,
        reconciled_at=at,
        shown=known.get("shown_documents") or 0,
        landed=len(held.documents),
        filtered_by_rule=held.filtered_by_rule,
        quarantined=quarantined,
        acknowledged=len(held.acknowledged),
        posted_documents=0,
        open_errors=len(held.errors),
        set_aside=len(held.aside),
        ipos=nothing,
        ledger=nothing,
        netsuite=nothing,
        is_shadow=True,
    )


def keep_proof(ledger: LedgerStore, proof: StoreDayProof, *, run: str) -> StoreDayProof:
    """Keep what a reconciliation found as the latest proof of its store-day; give it as kept.

    What needs a person becomes an integration error, which is then among its open errors.
    """
    with ledger.write(run) as work:
        raise_differences(work, proof)
        errors = work.errors.open_of_day(proof.location_code, proof.business_date)
        kept = replace(proof, open_errors=len(errors))
        work.proofs.keep(kept)
    return kept


def _differences(
    shown: IposSide, ours: LedgerSide, there: NetSuiteSide, rules: MappingRules, *, day: date
) -> list[Difference]:
    landed = ours.landed
    redated = [one for one in shown.dated_elsewhere if one.document_key in landed]
    bounds = {
        one.doc_type: (one.first, one.last)
        for one in shown.summary or ()
        if one.first is not None and one.last is not None
    }
    return [
        *(_unread(one, ours) for one in shown.unread),
        *invoices_differ(
            (*shown.invoices, *redated),
            landed,
            day=day,
            tolerance=rules.profile.rounding_tolerance,
        ),
        *landed_differ(landed.values()),
        *documents_differ(ours.expected, there.ours),
        *booked_twice(ours.expected, there.ours, there.others, shown=shown.invoices),
        *summary_differs(shown.summary or (), shown.invoices, shown.unread),
        *number_gaps(_numbers(shown, ours), bounds),
    ]


def _numbers(shown: IposSide, ours: LedgerSide) -> set[tuple[str, str]]:
    """Give the numbers that were seen; what IPOS shows no longer is not missing from a sequence."""
    landed = {(doc_type_of(one.document_key), one.number) for one in ours.documents}
    unread = {(one.doc_type, one.number) for one in shown.unread if one.number is not None}
    return landed | unread | {(one.doc_type, one.number) for one in shown.invoices}


def _unread(one: UnreadInvoice, ours: LedgerSide) -> Difference:
    if one.subject not in ours.aside:
        return Difference(DifferenceKind.QUARANTINED, one.subject, one.why)
    return Difference(DifferenceKind.SET_ASIDE, one.subject, "a person has set it aside")


def _rounding(
    shown: Iterable[ShownInvoice], ours: LedgerSide, differences: Iterable[Difference]
) -> Decimal:
    rounded = {one.subject for one in differences if one.kind == DifferenceKind.ROUNDED}
    return total_of(
        rounding_of(one, ours.landed[one.document_key])
        for one in shown
        if one.document_key in rounded
    )


def _ipos_total(shown: Iterable[ShownInvoice], ours: LedgerSide) -> Side:
    """Add up what is to be posted of IPOS's list: what no filter keeps out, and is not void."""
    to_post = [
        one
        for one in shown
        if not one.is_void
        and not ((landed := ours.landed.get(one.document_key)) and landed.is_filtered)
    ]
    gross = total_of(one.total or ZERO for one in to_post)
    return Side(len(to_post), gross, _sum_known(one.tax for one in to_post))


def _ledger_total(ours: LedgerSide) -> Side:
    gross = total_of(one.total for one in ours.expected)
    signed = (
        -one.tax if one.tax is not None and one.record_type == CASH_REFUND else one.tax
        for one in ours.entries
    )
    return Side(len(ours.expected), gross, _sum_known(signed))


def _sum_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Add amounts up; not known if one of them is not."""
    known = list(amounts)
    return None if None in known else total_of(one for one in known if one is not None)


def _set_aside_invoices(shown: Iterable[ShownInvoice], ours: LedgerSide) -> Decimal:
    return total_of(
        one.total or ZERO for one in shown if one.document_key in ours.aside and not one.is_void
    )


def _set_aside_documents(ours: LedgerSide, found: Iterable[FoundDocument]) -> Decimal:
    there = {one.external_id for one in found}
    return total_of(
        one.total for one in ours.expected if one.is_set_aside and one.external_id not in there
    )


def _note_first_sight(
    ledger: LedgerStore, ours: LedgerSide, found: Iterable[FoundDocument], *, at: datetime
) -> None:
    there = {one.external_id: one for one in found if one.modified}
    moments = {
        entry.external_id: there[entry.external_id].modified
        for entry in ours.entries
        if entry.netsuite_modified is None
        and entry.posted_at is not None
        and entry.posted_at > at - FIRST_LOOK
        and entry.external_id in there
        and there[entry.external_id].internal_id == entry.internal_id
    }
    if moments:
        with ledger.write("reconciliation") as work:
            work.entries.note_modified(moments)
