"""Reconciling: IPOS, ledger and NetSuite side by side for one store-day.

Belongs here: fetching the three sides. Not here: their comparison (domain/reconciliation.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial

from ipos_pipeline.clients.ipos import IposClient, RawInvoice
from ipos_pipeline.clients.netsuite import NetSuiteClient, NetSuiteTransaction
from ipos_pipeline.domain.business_day import business_date_at
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.external_id import location_prefix, raw_key
from ipos_pipeline.domain.ipos_invoice import parse_invoice
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.domain.money import ZERO, round_money, total_of
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, SUITEQL_TYPES
from ipos_pipeline.domain.reconciliation import (
    Difference,
    ExpectedDocument,
    FoundDocument,
    ShownInvoice,
    documents_differ,
    invoices_differ,
    number_gaps,
)
from ipos_pipeline.errors import MalformedInvoiceError
from ipos_pipeline.ledger.documents import SourceDocument, State
from ipos_pipeline.ledger.entry import PostingEntry, Status
from ipos_pipeline.ledger.store import LedgerStore

FIRST_LOOK = timedelta(hours=1)
"""So soon after posting, nobody but NetSuite's own scripts has touched a record (assumption)."""


@dataclass(frozen=True, slots=True)
class StoreDayReconciliation:
    """One store-day three ways. Totals in AED: sales less refunds, tax included."""

    shown_invoices: int
    landed_invoices: int
    filtered_by_rule: Mapping[str, int]
    acknowledged_invoices: int
    planned_documents: int
    posted_documents: int
    found_documents: int
    open_errors: int
    set_aside: int
    ipos_total: Decimal
    ledger_total: Decimal
    netsuite_total: Decimal
    differences: tuple[Difference, ...]
    number_gaps: tuple[str, ...] = ()
    set_aside_invoices_total: Decimal = ZERO
    set_aside_documents_total: Decimal = ZERO

    @property
    def filtered_invoices(self) -> int:
        """Count the invoices that a filter keeps out."""
        return sum(self.filtered_by_rule.values())

    @property
    def is_proved(self) -> bool:
        """Whether nothing differs, to the cent, but what a person has set aside.

        Set aside are whole invoices, of which nothing is planned, and planned documents.
        """
        to_plan = self.ipos_total - self.set_aside_invoices_total
        accounted_for = self.netsuite_total + self.set_aside_documents_total
        return not self.differences and to_plan == self.ledger_total == accounted_for


async def reconcile_store_day(
    ipos: IposClient,
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    *,
    configuration: IposConfiguration,
    profile: IposProfile,
    day: date,
    seen_at: datetime | None = None,
) -> StoreDayReconciliation:
    """Compare everything that IPOS shows for a store-day with the ledger, and that with NetSuite.

    Of what was posted shortly before `seen_at`, if given, NetSuite's date of the last change is
    kept in the ledger: whoever withdraws it later can see that nobody has touched it.

    Raises TransientError when either side cannot be read: a failed read proves nothing.
    """
    code = configuration.location_code
    arrived = await ipos.invoices(day, "all")
    elsewhere: list[RawInvoice] = []
    for other_day in _other_listed_days(ledger, configuration, day):
        elsewhere += await ipos.invoices(other_day, "all")
    found = await netsuite.transactions_of_day(location_prefix(code), day)
    with ledger.read() as work:
        documents = list(work.documents.of_day(code, day))
        entries = work.entries.of_day(code, day)
        acknowledged = work.acknowledgements.acknowledged_of_day(code, day)
        open_errors = work.errors.open_of_day(code, day)
        aside = work.selecting.set_aside_of_day(code, day)
    read = partial(_shown, configuration=configuration, profile=profile, day=day)
    shown_here, unreadable = read(arrived)
    shown_elsewhere, _ = read(elsewhere)
    shown = {one.document_key: one for one in (*shown_elsewhere, *shown_here)}.values()
    filtered = {one.document_key for one in documents if one.state == State.FILTERED}
    expected = [_expected(entry) for entry in entries]
    there = {key: _found(transaction) for key, transaction in found.items()}
    there |= await _booked_by_hand(netsuite, entries, found)
    if seen_at is not None:
        _note_modified(ledger, entries, found, seen_at=seen_at)
    return StoreDayReconciliation(
        shown_invoices=len(shown) + len(unreadable),
        landed_invoices=len(documents),
        filtered_by_rule=Counter(one.filter_rule for one in documents if one.filter_rule),
        acknowledged_invoices=len(acknowledged),
        planned_documents=len(expected),
        posted_documents=sum(document.is_posted for document in expected),
        found_documents=len(there),
        open_errors=len(open_errors),
        set_aside=len(aside),
        ipos_total=total_of(
            one.total or ZERO
            for one in shown
            if one.document_key not in filtered and not one.is_void
        ),
        ledger_total=total_of(document.total for document in expected),
        netsuite_total=total_of(document.total for document in there.values()),
        differences=(
            *(one for one in unreadable if one.subject not in aside),
            *invoices_differ(shown, _landed(documents, entries)),
            *(
                _held(one)
                for one in documents
                if one.state == State.HELD and one.document_key not in aside
            ),
            *documents_differ(expected, there),
        ),
        number_gaps=tuple(number_gaps(shown)),
        set_aside_invoices_total=total_of(
            one.total or ZERO for one in shown if one.document_key in aside and not one.is_void
        ),
        set_aside_documents_total=total_of(
            one.total for one in expected if one.is_set_aside and one.external_id not in there
        ),
    )


def _other_listed_days(
    ledger: LedgerStore, configuration: IposConfiguration, day: date
) -> list[date]:
    """List the other days under whose hours IPOS lists landed invoices of this business day."""
    with ledger.read() as work:
        moments = [
            one.occurred_at for one in work.documents.of_day(configuration.location_code, day)
        ]
    listed = {
        business_date_at(
            moment, timezone=configuration.zone, cutoff_hour=configuration.day_cutoff_hour
        )
        for moment in moments
    }
    return sorted(listed - {day})


def _shown(
    arrived: Iterable[RawInvoice],
    *,
    configuration: IposConfiguration,
    profile: IposProfile,
    day: date,
) -> tuple[list[ShownInvoice], list[Difference]]:
    shown: list[ShownInvoice] = []
    unreadable: list[Difference] = []
    for one in arrived:
        try:
            invoice = parse_invoice(
                one.raw,
                configuration=configuration,
                profile=profile,
                from_returns_feed=one.from_returns_feed,
            )
        except MalformedInvoiceError as error:
            key = raw_key(location=configuration.location_code, raw=one.raw)
            unreadable.append(Difference("quarantined", key, error.message))
            continue
        if invoice.business_date == day:
            total = invoice.net_amount
            if total is not None:
                total = round_money(total - (invoice.round_off or ZERO))
            shown.append(
                ShownInvoice(
                    invoice.document_key,
                    total,
                    doc_type=invoice.doc_type,
                    number=invoice.inv_no,
                    is_void=invoice.void,
                )
            )
    return shown, unreadable


async def _booked_by_hand(
    netsuite: NetSuiteClient,
    entries: Iterable[PostingEntry],
    found: Mapping[str, NetSuiteTransaction],
) -> dict[str, FoundDocument]:
    """Find what a person booked and marked: it has another external ID than ours, or none."""
    absent = {
        entry.internal_id: entry.external_id
        for entry in entries
        if entry.internal_id is not None and entry.external_id not in found
    }
    there = await netsuite.transactions_by_internal_id(absent)
    return {
        absent[key]: _document(absent[key], key, one.type, one.total)
        for key, one in there.items()
        if one.external_id != absent[key]
    }


def _note_modified(
    ledger: LedgerStore,
    entries: Iterable[PostingEntry],
    found: Mapping[str, NetSuiteTransaction],
    *,
    seen_at: datetime,
) -> None:
    moments = {
        entry.external_id: found[entry.external_id].modified
        for entry in entries
        if entry.netsuite_modified is None
        and entry.posted_at is not None
        and entry.posted_at > seen_at - FIRST_LOOK
        and entry.external_id in found
        and found[entry.external_id].internal_id == entry.internal_id
    }
    if moments:
        with ledger.write("reconciliation") as work:
            work.entries.note_modified(moments)


def _landed(
    documents: Iterable[SourceDocument], entries: Iterable[PostingEntry]
) -> Mapping[str, Decimal | None]:
    landed: dict[str, Decimal | None] = {one.document_key: None for one in documents}
    for entry in entries:
        landed[entry.document_key] = (landed[entry.document_key] or ZERO) + _signed(entry)
    return landed


def _held(document: SourceDocument) -> Difference:
    return Difference("held", document.document_key, "an open error keeps all of it back")


def _signed(entry: PostingEntry) -> Decimal:
    return -entry.total if entry.record_type == CASH_REFUND else entry.total


def _expected(entry: PostingEntry) -> ExpectedDocument:
    return ExpectedDocument(
        entry.external_id,
        entry.document_key,
        _signed(entry),
        entry.internal_id,
        is_set_aside=entry.status == Status.SET_ASIDE,
        is_withdrawn=entry.status in {Status.WITHDRAWING, Status.WITHDRAWN},
    )


def _found(transaction: NetSuiteTransaction) -> FoundDocument:
    one = transaction
    return _document(one.external_id, one.internal_id, one.type, one.total)


def _document(external_id: str, internal_id: str, type_: str, total: Decimal) -> FoundDocument:
    is_refund = type_ == SUITEQL_TYPES[CASH_REFUND]
    return FoundDocument(external_id, internal_id, -total if is_refund else total)
