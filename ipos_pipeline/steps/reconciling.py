"""Reconciling: IPOS, ledger and NetSuite side by side for one store-day.

Belongs here: fetching the three sides. Not here: their comparison (domain/reconciliation.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ipos_pipeline.clients.ipos import IposClient, RawInvoice
from ipos_pipeline.clients.netsuite import NetSuiteClient, NetSuiteTransaction
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
)
from ipos_pipeline.errors import MalformedInvoiceError
from ipos_pipeline.ledger.documents import SourceDocument, State
from ipos_pipeline.ledger.entry import PostingEntry
from ipos_pipeline.ledger.store import LedgerStore


@dataclass(frozen=True, slots=True)
class StoreDayReconciliation:
    """One store-day three ways. Totals in AED: sales less refunds, tax included."""

    shown_invoices: int
    landed_invoices: int
    filtered_invoices: int
    acknowledged_invoices: int
    planned_documents: int
    posted_documents: int
    found_documents: int
    open_errors: int
    ipos_total: Decimal
    ledger_total: Decimal
    netsuite_total: Decimal
    differences: tuple[Difference, ...]

    @property
    def is_proved(self) -> bool:
        """Whether nothing differs, to the cent."""
        return not self.differences and self.ipos_total == self.ledger_total == self.netsuite_total


async def reconcile_store_day(
    ipos: IposClient,
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    *,
    configuration: IposConfiguration,
    profile: IposProfile,
    day: date,
) -> StoreDayReconciliation:
    """Compare everything that IPOS shows for a store-day with the ledger, and that with NetSuite.

    Raises TransientError when either side cannot be read: a failed read proves nothing.
    """
    code = configuration.location_code
    arrived = await ipos.invoices(day, "all")
    found = await netsuite.transactions_of_day(location_prefix(code), day)
    with ledger.read() as work:
        documents = list(work.documents.of_day(code, day))
        entries = work.entries.of_day(code, day)
        acknowledged = work.acknowledgements.acknowledged_of_day(code, day)
        open_errors = work.errors.open_of_day(code, day)
    shown, unreadable = _shown(arrived, configuration=configuration, profile=profile, day=day)
    filtered = {one.document_key for one in documents if one.state == State.FILTERED}
    expected = [_expected(entry) for entry in entries]
    there = {key: _found(transaction) for key, transaction in found.items()}
    return StoreDayReconciliation(
        shown_invoices=len(shown) + len(unreadable),
        landed_invoices=len(documents),
        filtered_invoices=len(filtered),
        acknowledged_invoices=len(acknowledged),
        planned_documents=len(expected),
        posted_documents=sum(document.is_posted for document in expected),
        found_documents=len(there),
        open_errors=len(open_errors),
        ipos_total=total_of(one.total or ZERO for one in shown if one.document_key not in filtered),
        ledger_total=total_of(document.total for document in expected),
        netsuite_total=total_of(document.total for document in there.values()),
        differences=(
            *unreadable,
            *invoices_differ(shown, _landed(documents, entries)),
            *(_held(one) for one in documents if one.state == State.HELD),
            *documents_differ(expected, there),
        ),
    )


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
            shown.append(ShownInvoice(invoice.document_key, total))
    return shown, unreadable


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
        entry.external_id, entry.document_key, _signed(entry), entry.internal_id
    )


def _found(transaction: NetSuiteTransaction) -> FoundDocument:
    is_refund = transaction.type == SUITEQL_TYPES[CASH_REFUND]
    total = -transaction.total if is_refund else transaction.total
    return FoundDocument(transaction.external_id, transaction.internal_id, total)
