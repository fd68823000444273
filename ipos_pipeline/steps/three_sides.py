"""The three sides of a store-day, each read from its own system, ready to be compared.

Belongs here: fetching, and what a side's words mean in the comparison's. Not here: the comparison
(domain/reconciliation.py), its result (reconciling.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from ipos_pipeline.clients.ipos import IposClient, RawInvoice
from ipos_pipeline.clients.netsuite import NetSuiteClient, NetSuiteTransaction
from ipos_pipeline.domain.business_day import business_date_at, business_date_of
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.external_id import NAMESPACE, location_prefix, raw_key
from ipos_pipeline.domain.ipos_invoice import IposInvoice, parse_invoice
from ipos_pipeline.domain.json_text import read_json
from ipos_pipeline.domain.mapping import MappingRules, memo_of
from ipos_pipeline.domain.money import ZERO, round_money, total_of
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, SUITEQL_TYPES
from ipos_pipeline.domain.reconciliation import (
    DaySummary,
    ExpectedDocument,
    FoundDocument,
    LandedInvoice,
    ShownInvoice,
    UnreadInvoice,
)
from ipos_pipeline.domain.split import tax_of_invoice
from ipos_pipeline.domain.store_day_proof import Difference
from ipos_pipeline.errors import MalformedInvoiceError
from ipos_pipeline.ledger.documents import SourceDocument, State
from ipos_pipeline.ledger.entry import PostingEntry, Status
from ipos_pipeline.ledger.integration_errors import ErrorRecord, Stage
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.raising_differences import accepted_of

COPY_BEFORE, COPY_AFTER = timedelta(days=1), timedelta(days=7)
"""How far from the business day another script's copy is looked for; it may book by its own date
(the script this pipeline replaces runs two days behind)."""

DECIDED = (Status.POSTED, Status.SET_ASIDE, Status.WITHDRAWING, Status.WITHDRAWN)
DOUBTED = (Status.SENDING, Status.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class IposSide:
    """What IPOS shows: `invoices` of the day, and what could not be read.

    `read` holds what was read of each of them and of those dated elsewhere, by document key.
    """

    invoices: tuple[ShownInvoice, ...]
    unread: tuple[UnreadInvoice, ...]
    dated_elsewhere: tuple[ShownInvoice, ...]
    summary: tuple[DaySummary, ...] | None
    read: Mapping[str, IposInvoice]


@dataclass(frozen=True, slots=True)
class LedgerSide:
    """What the ledger holds of the day.

    `aside` names what a person has set aside; `accepted` are differences that a person has accepted
    as they are.
    """

    documents: tuple[SourceDocument, ...]
    entries: tuple[PostingEntry, ...]
    acknowledged: frozenset[str]
    errors: tuple[ErrorRecord, ...]
    aside: frozenset[str]
    landed: Mapping[str, LandedInvoice]
    expected: tuple[ExpectedDocument, ...]
    accepted: frozenset[Difference]

    @property
    def filtered_by_rule(self) -> Counter[str]:
        """Count the invoices that each filter keeps out."""
        return Counter(one.filter_rule for one in self.documents if one.filter_rule)


@dataclass(frozen=True, slots=True)
class NetSuiteSide:
    """What NetSuite has: our documents of the day, the location's others, and the tax of ours."""

    ours: tuple[FoundDocument, ...]
    others: tuple[FoundDocument, ...]
    tax: Decimal


async def read_ipos_side(
    ipos: IposClient, ledger: LedgerStore, rules: MappingRules, *, day: date
) -> IposSide:
    """Read everything that IPOS shows of a business day, acknowledged or not.

    Raises TransientError when it cannot be read: a failed read proves nothing.
    """
    arrived = await ipos.invoices(day, "all")
    elsewhere: list[RawInvoice] = []
    for other_day in _other_listed_days(ledger, rules.configuration, day):
        elsewhere += await ipos.invoices(other_day, "all")
    readable, unread = _parsed(arrived, rules)
    also, _ = _parsed(elsewhere, rules)
    shown = {
        one.document_key: _shown(one, raw, rules)
        for one, raw in (*also, *readable)
        if one.business_date == day
    }
    return IposSide(
        invoices=tuple(shown.values()),
        unread=tuple(one for one in unread if one.business_date in (None, day)),
        dated_elsewhere=tuple(
            _shown(one, raw, rules) for one, raw in readable if one.business_date != day
        ),
        summary=await ipos.day_summary(day),
        read={one.document_key: one for one, _ in (*also, *readable)},
    )


def as_landed(
    invoices: Iterable[ShownInvoice], shown: IposSide, ours: LedgerSide, rules: MappingRules
) -> list[ShownInvoice]:
    """Give invoices that IPOS only writes otherwise now the hash of the version we have.

    A server that adds a field, or writes a number as text, has edited nothing.
    """
    documents = {one.document_key: one for one in ours.documents}
    return [
        _as_landed(one, shown.read[one.document_key], documents[one.document_key], rules)
        if one.document_key in documents
        else one
        for one in invoices
    ]


def _as_landed(
    shown: ShownInvoice, invoice: IposInvoice, document: SourceDocument, rules: MappingRules
) -> ShownInvoice:
    versions = {
        document.payload_hash: document.payload,
        document.replanned_hash: document.replanned_payload,
    }
    if shown.content_hash in versions:
        return shown
    for version, payload in versions.items():
        if version and payload and _read_again(payload, document, rules) == invoice:
            return replace(shown, content_hash=version)
    return shown


def _read_again(payload: str, document: SourceDocument, rules: MappingRules) -> IposInvoice | None:
    try:
        return parse_invoice(
            read_json(payload),
            configuration=rules.configuration,
            profile=rules.profile,
            from_returns_feed=document.from_returns_feed,
        )
    except MalformedInvoiceError:
        return None


def _other_listed_days(
    ledger: LedgerStore, configuration: IposConfiguration, day: date
) -> list[date]:
    """List the other days under whose hours IPOS lists landed invoices of this business day."""
    with ledger.read() as work:
        moments = work.documents.moments_of_day(configuration.location_code, day)
    listed = {
        business_date_at(
            moment, timezone=configuration.zone, cutoff_hour=configuration.day_cutoff_hour
        )
        for moment in moments
    }
    return sorted(listed - {day})


def _parsed(
    arrived: Iterable[RawInvoice], rules: MappingRules
) -> tuple[list[tuple[IposInvoice, RawInvoice]], list[UnreadInvoice]]:
    readable: list[tuple[IposInvoice, RawInvoice]] = []
    unread: list[UnreadInvoice] = []
    for one in arrived:
        try:
            invoice = parse_invoice(
                one.raw,
                configuration=rules.configuration,
                profile=rules.profile,
                from_returns_feed=one.from_returns_feed,
            )
        except MalformedInvoiceError as error:
            unread.append(_glimpsed(one, rules, error))
        else:
            readable.append((invoice, one))
    return readable, unread


def _glimpsed(
    arrived: RawInvoice, rules: MappingRules, error: MalformedInvoiceError
) -> UnreadInvoice:
    """Take from the header of an unreadable invoice what IPOS counts it by."""
    names, types = rules.profile.header, rules.profile.doc_types
    raw = arrived.raw if isinstance(arrived.raw, Mapping) else {}
    word = raw.get(names.doc_type) if names.doc_type else None
    is_return = arrived.from_returns_feed if word is None else word == types.return_
    try:
        net_amount = round_money(Decimal(str(raw.get(names.net_amount))))
    except InvalidOperation:
        net_amount = None
    return UnreadInvoice(
        raw_key(location=rules.configuration.location_code, raw=arrived.raw),
        error.message,
        doc_type="RETURN" if is_return else "SALE",
        number=error.inv_no,
        business_date=_glimpsed_day(raw, rules),
        net_amount=net_amount,
        is_void=str(raw.get(names.void)).lower() in {"1", "true"},
    )


def _glimpsed_day(raw: Mapping[str, Any], rules: MappingRules) -> date | None:
    names = rules.profile.header
    stated, made = str(raw.get(names.business_date)), str(raw.get(names.inv_date))
    try:
        return date.fromisoformat(stated[:10])
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(made)
    except ValueError:
        return None
    return business_date_of(moment, cutoff_hour=rules.configuration.day_cutoff_hour)


def _shown(invoice: IposInvoice, arrived: RawInvoice, rules: MappingRules) -> ShownInvoice:
    net_amount = invoice.net_amount
    total = None
    if net_amount is not None:
        total = round_money(net_amount - (invoice.round_off or ZERO))
    return ShownInvoice(
        document_key=invoice.document_key,
        total=total,
        business_date=invoice.business_date,
        net_amount=net_amount,
        tax=tax_of_invoice(
            invoice,
            profile=rules.profile,
            prices_include_tax=rules.configuration.prices_include_tax,
        ),
        doc_type=invoice.doc_type,
        number=invoice.inv_no,
        memo=memo_of(invoice, rules.fields),
        content_hash=arrived.content_hash,
        is_void=invoice.void,
        is_acknowledged=arrived.is_acknowledged,
    )


def read_ledger_side(ledger: LedgerStore, *, location_code: str, day: date) -> LedgerSide:
    """Read what the ledger holds of a store-day, as it stood at one moment."""
    with ledger.read() as work:
        documents = tuple(work.documents.of_day(location_code, day))
        entries = tuple(work.entries.of_day(location_code, day))
        acknowledged = frozenset(work.acknowledgements.acknowledged_of_day(location_code, day))
        errors = tuple(work.errors.open_of_day(location_code, day))
        aside = frozenset(work.selecting.set_aside_of_day(location_code, day))
        accepted = accepted_of(work.errors.differences_of_day(location_code, day))
    reasons = {
        one.external_id: f"{one.code}: {one.message}"
        for one in errors
        if one.stage != Stage.RECONCILE
    }
    by_document: dict[str, list[PostingEntry]] = {}
    for entry in entries:
        by_document.setdefault(entry.document_key, []).append(entry)
    landed = {
        one.document_key: _landed(
            one,
            by_document.get(one.document_key, []),
            reason=reasons.get(one.document_key),
            is_acknowledged=one.document_key in acknowledged,
            is_set_aside=one.document_key in aside,
        )
        for one in documents
    }
    expected = tuple(_expected(entry, reasons.get(entry.external_id)) for entry in entries)
    return LedgerSide(documents, entries, acknowledged, errors, aside, landed, expected, accepted)


def _landed(
    document: SourceDocument,
    entries: list[PostingEntry],
    *,
    reason: str | None,
    is_acknowledged: bool,
    is_set_aside: bool,
) -> LandedInvoice:
    is_held = document.state == State.HELD
    return LandedInvoice(
        document_key=document.document_key,
        total=total_of(map(_signed, entries)) if entries else None,
        hashes=frozenset(filter(None, (document.payload_hash, document.replanned_hash))),
        is_filtered=document.state == State.FILTERED,
        held_because=(reason or "an open error keeps all of it back") if is_held else None,
        is_set_aside=is_set_aside,
        is_acknowledged=is_acknowledged,
        is_settled=all(entry.status in DECIDED for entry in entries)
        and (not is_held or is_set_aside),
    )


def _expected(entry: PostingEntry, error: str | None) -> ExpectedDocument:
    return ExpectedDocument(
        entry.external_id,
        entry.document_key,
        _signed(entry),
        tran_date=entry.tran_date or entry.business_date,
        internal_id=entry.internal_id,
        modified=entry.netsuite_modified,
        error=error,
        is_in_doubt=entry.status in DOUBTED,
        is_set_aside=entry.status == Status.SET_ASIDE,
        is_withdrawn=entry.status in {Status.WITHDRAWING, Status.WITHDRAWN},
    )


def _signed(entry: PostingEntry) -> Decimal:
    return -entry.total if entry.record_type == CASH_REFUND else entry.total


async def read_netsuite_side(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    rules: MappingRules,
    *,
    day: date,
    expected: Iterable[ExpectedDocument],
) -> NetSuiteSide:
    """Read what NetSuite has of a store-day: a page of 1,000 documents costs one request.

    What the ledger has posted and the day does not show is looked up by its IDs: it may stand
    under another date, or be a record that a person has booked and marked. Raises TransientError.
    """
    configuration = rules.configuration
    prefix = location_prefix(configuration.location_code)
    of_day = await netsuite.transactions_of_day(prefix, day)
    others = await netsuite.other_transactions(
        prefix, location_id=configuration.location, first=day - COPY_BEFORE, last=day + COPY_AFTER
    )
    known = {one.external_id: one for one in expected}
    shown = {one.external_id for one in of_day}
    absent = [
        one
        for one in known.values()
        if one.external_id not in shown and (one.is_posted or one.is_in_doubt)
    ]
    elsewhere = await netsuite.transactions_by_external_id(one.external_id for one in absent)
    by_hand = await _booked_by_hand(
        netsuite, [one for one in absent if one.external_id not in elsewhere]
    )
    with ledger.read() as work:
        of_other_days = work.entries.with_ids(shown - known.keys())
    mine = [one for one in of_day if one.external_id not in of_other_days]
    ours = (*map(_found, mine), *map(_found, elsewhere.values()), *by_hand)
    ids = {one.internal_id for one in ours}
    return NetSuiteSide(
        ours=ours,
        others=tuple(
            _found(one)
            for one in others
            # Shops may share a NetSuite location, and each its own numbers.
            if one.internal_id not in ids and not one.external_id.startswith(NAMESPACE)
        ),
        tax=await netsuite.tax_of_day(prefix, day),
    )


async def _booked_by_hand(
    netsuite: NetSuiteClient, absent: list[ExpectedDocument]
) -> list[FoundDocument]:
    """Find what a person booked and marked: it has another external ID than ours, or none."""
    by_id = {one.internal_id: one for one in absent if one.internal_id is not None}
    there = await netsuite.transactions_by_internal_id(by_id)
    return [
        FoundDocument(
            ours.external_id, key, _negative_if_refund(one.type, one.total), ours.tran_date
        )
        for key, one in there.items()
        if one.external_id != (ours := by_id[key]).external_id
    ]


def _found(one: NetSuiteTransaction) -> FoundDocument:
    total = _negative_if_refund(one.type, one.total)
    return FoundDocument(
        one.external_id, one.internal_id, total, one.tran_date, one.modified, one.memo
    )


def _negative_if_refund(type_: str, total: Decimal) -> Decimal:
    return -total if type_ == SUITEQL_TYPES[CASH_REFUND] else total
