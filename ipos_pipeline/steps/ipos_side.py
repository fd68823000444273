"""IPOS's side of a store-day: everything that it shows, readable or not, ready to be compared.

Belongs here: reading IPOS's lists and what its words mean in the comparison's. Not here: the other
two sides (booked_sides.py), the comparison (domain/reconciliation.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from ipos_pipeline.clients.ipos import IposClient, RawInvoice
from ipos_pipeline.domain.business_day import business_date_at, business_date_of
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.external_id import raw_key
from ipos_pipeline.domain.ipos_invoice import IposInvoice, parse_invoice
from ipos_pipeline.domain.json_text import read_json
from ipos_pipeline.domain.mapping import MappingRules, memo_of
from ipos_pipeline.domain.money import ZERO, round_money
from ipos_pipeline.domain.reconciliation import (
    DaySummary,
    ShownInvoice,
    UnreadInvoice,
)
from ipos_pipeline.domain.split import tax_of_invoice
from ipos_pipeline.errors import MalformedInvoiceError
from ipos_pipeline.ledger.documents import SourceDocument
from ipos_pipeline.ledger.store import LedgerStore


@dataclass(frozen=True, slots=True)
class IposSide:
    """What IPOS shows: `invoices` of the day, what could not be read, and what it dates elsewhere.

    An invoice that IPOS only writes otherwise now has the hash of the version that we landed: a
    server that adds a field, or writes a number as text, has edited nothing.
    """

    invoices: tuple[ShownInvoice, ...]
    unread: tuple[UnreadInvoice, ...]
    dated_elsewhere: tuple[ShownInvoice, ...]
    summary: tuple[DaySummary, ...] | None


async def read_ipos_side(
    ipos: IposClient, ledger: LedgerStore, rules: MappingRules, *, day: date
) -> IposSide:
    """Read everything that IPOS shows of a business day, acknowledged or not.

    Of each page only what is compared is kept (ADR 0017). Raises TransientError when the list
    cannot be read to its end: a failed read proves nothing.
    """
    shown: dict[str, ShownInvoice] = {}
    unread: list[UnreadInvoice] = []
    dated_elsewhere: list[ShownInvoice] = []
    for listed_day in (*_other_listed_days(ledger, rules.configuration, day), day):
        async for page in ipos.invoices(listed_day, "all"):
            readable, unreadable = _parsed(page, rules)
            invoices = _shown_page(readable, ledger, rules)
            shown |= {one.document_key: one for one in invoices if one.business_date == day}
            if listed_day == day:
                unread += [one for one in unreadable if one.business_date in (None, day)]
                dated_elsewhere += [one for one in invoices if one.business_date != day]
    summary = await ipos.day_summary(day)
    return IposSide(tuple(shown.values()), tuple(unread), tuple(dated_elsewhere), summary)


def _shown_page(
    readable: Sequence[tuple[IposInvoice, RawInvoice]], ledger: LedgerStore, rules: MappingRules
) -> list[ShownInvoice]:
    """Reduce a page's invoices to what is compared; payloads are read where a hash differs."""
    with ledger.read() as work:
        known = work.documents.known(invoice.document_key for invoice, _ in readable)
        changed = [
            invoice.document_key
            for invoice, raw in readable
            if (version := known.get(invoice.document_key))
            and version.payload_hash != raw.content_hash
        ]
        documents = work.documents.by_key(changed)
    return [
        _shown(invoice, raw, documents.get(invoice.document_key), rules)
        for invoice, raw in readable
    ]


def _hash_as_landed(
    invoice: IposInvoice, raw: RawInvoice, document: SourceDocument | None, rules: MappingRules
) -> str:
    """Give the hash of the landed version that means the same, or else that of what is shown."""
    if document is None or document.payload_of(raw.content_hash) is not None:
        return raw.content_hash
    versions = {
        document.payload_hash: document.payload,
        document.replanned_hash: document.replanned_payload,
    }
    for version, payload in versions.items():
        if version and payload and _read_again(payload, document, rules) == invoice:
            return version
    return raw.content_hash


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


def _shown(
    invoice: IposInvoice,
    arrived: RawInvoice,
    document: SourceDocument | None,
    rules: MappingRules,
) -> ShownInvoice:
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
        content_hash=_hash_as_landed(invoice, arrived, document, rules),
        is_void=invoice.void,
        is_acknowledged=arrived.is_acknowledged,
    )
