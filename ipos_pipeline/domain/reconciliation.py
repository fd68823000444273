"""IPOS, ledger and NetSuite side by side: the differences, invoice by invoice, by name.

Belongs here: the comparison of three sides that were read. Not here: where they come from
(steps/reconciling.py), what a proof consists of (store_day_proof.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from ipos_pipeline.domain.money import ZERO, total_of
from ipos_pipeline.domain.store_day_proof import Difference, DifferenceKind

Kind = DifferenceKind

SEQUENCE_SHARE = 0.5
"""Where fewer of the numbers from first to last are there, a shop shares them with others."""
DIGITS_MAX = 18  # a longer number of a document is none of a sequence


@dataclass(frozen=True, slots=True)
class ShownInvoice:
    """An invoice as IPOS shows it; amounts in AED, signed.

    `total` is `net_amount` less RoundOff; `doc_type` and `number` place it in a sequence of the
    shop; `memo` is what its documents carry in NetSuite; `is_acknowledged` is IPOS's own flag.
    """

    document_key: str
    total: Decimal | None
    business_date: date
    net_amount: Decimal | None = None
    tax: Decimal | None = None
    doc_type: str = "SALE"
    number: str = ""
    memo: str = ""
    content_hash: str = ""
    is_void: bool = False
    is_acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class UnreadInvoice:
    """An invoice that cannot be read, and what its header says all the same, for IPOS's own counts.

    `subject` is its name in errors; `net_amount` (AED), `number` and `business_date` are None where
    not even they can be read.
    """

    subject: str
    why: str
    doc_type: str
    number: str | None = None
    business_date: date | None = None
    net_amount: Decimal | None = None
    is_void: bool = False


@dataclass(frozen=True, slots=True)
class LandedInvoice:
    """An invoice as the ledger holds it.

    `total` is what is to be posted of it (AED, signed), None if nothing is; `hashes` name the
    versions that something is posted from; `held_because` is the open error of all of it.
    """

    document_key: str
    total: Decimal | None
    hashes: frozenset[str] = frozenset()
    is_filtered: bool = False
    held_because: str | None = None
    is_set_aside: bool = False
    is_acknowledged: bool = False
    is_settled: bool = True
    """Whether each of its documents is posted, or a person has decided on it."""


@dataclass(frozen=True, slots=True)
class ExpectedDocument:
    """A document as the ledger knows it; `total` in AED, negative for a refund.

    `tran_date` is the date it is posted under; `modified` NetSuite's date of the last change as
    first seen; `error` the open error that keeps it back.
    """

    external_id: str
    document_key: str
    total: Decimal
    tran_date: date
    internal_id: str | None
    modified: str | None = None
    error: str | None = None
    is_in_doubt: bool = False
    is_set_aside: bool = False
    is_withdrawn: bool = False

    @property
    def is_posted(self) -> bool:
        """Whether the ledger knows of a record in NetSuite."""
        return self.internal_id is not None


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document as NetSuite shows it; `total` in AED, negative for a refund."""

    external_id: str
    internal_id: str
    total: Decimal
    tran_date: date
    modified: str = ""
    memo: str = ""


def invoices_differ(
    shown: Iterable[ShownInvoice],
    landed: Mapping[str, LandedInvoice],
    *,
    day: date,
    tolerance: Decimal = ZERO,
) -> list[Difference]:
    """Compare what IPOS shows with what the ledger makes of it, invoice by invoice.

    `shown` are the invoices of the day, and those of another day that the ledger has under this
    one; `landed` are the ledger's by document key. A header may be `tolerance` (AED) off.
    """
    by_key = {one.document_key: one for one in shown}
    differences: list[Difference] = []
    for key, invoice in by_key.items():
        ours = landed.get(key)
        if ours is None:
            difference: Difference | None = _not_landed(invoice)
        else:
            difference = _shown_otherwise(invoice, ours, day, tolerance)
        if difference is not None:
            differences.append(difference)
    return differences + [_not_shown(landed[key]) for key in sorted(landed.keys() - by_key.keys())]


def _not_landed(invoice: ShownInvoice) -> Difference:
    told = ", and says that it was told it is posted" if invoice.is_acknowledged else ""
    detail = f"IPOS shows it with {invoice.total}{told}"
    return Difference(Kind.NOT_LANDED, invoice.document_key, detail)


def _not_shown(ours: LandedInvoice) -> Difference:
    lacks = ours.total or ZERO
    key = ours.document_key
    return Difference(Kind.NOT_SHOWN, key, "IPOS shows it no longer", ipos_lacks=lacks)


def _shown_otherwise(
    invoice: ShownInvoice, ours: LandedInvoice, day: date, tolerance: Decimal
) -> Difference | None:
    key = invoice.document_key
    if invoice.business_date != day:
        detail = f"landed under {day}, IPOS dates it {invoice.business_date}"
        return Difference(Kind.WRONG_DAY, key, detail, ipos_lacks=ours.total or ZERO)
    if ours.is_filtered:
        return None
    if invoice.is_acknowledged and not ours.is_settled and not ours.is_acknowledged:
        detail = "IPOS says that it was told it is posted; not all of it is"
        return Difference(Kind.ACKNOWLEDGED_NOT_POSTED, key, detail)
    return None if ours.total is None else _drifted(invoice, ours, tolerance)


def _drifted(invoice: ShownInvoice, ours: LandedInvoice, tolerance: Decimal) -> Difference | None:
    key, posted = invoice.document_key, ours.total or ZERO
    if invoice.is_void:
        detail = f"IPOS shows it as void, ledger {posted}"
        return Difference(Kind.VOID_IN_IPOS, key, detail, ipos_lacks=posted)
    lacks = posted - (invoice.total or ZERO)
    if ours.hashes and invoice.content_hash not in ours.hashes:
        detail = f"landed with {posted}, IPOS shows {invoice.total} after an edit"
        version = invoice.content_hash
        return Difference(Kind.EDITED_IN_IPOS, key, detail, version=version, ipos_lacks=lacks)
    off = rounding_of(invoice, ours)
    if off:
        detail = f"IPOS {invoice.total}, ledger {posted}"
        if abs(off) <= tolerance:
            return Difference(Kind.ROUNDED, key, detail)
        return Difference(Kind.IPOS_TOTAL_DIFFERS, key, detail, ipos_lacks=lacks)
    return None


def rounding_of(invoice: ShownInvoice, ours: LandedInvoice | None) -> Decimal:
    """Give what the header of an unchanged invoice comes to above its lines (AED, signed)."""
    if ours is None or ours.total is None or invoice.total is None or invoice.is_void:
        return ZERO
    return invoice.total - ours.total


def landed_differ(landed: Iterable[LandedInvoice]) -> list[Difference]:
    """Name the invoices of which, by the ledger itself, something is not as it should end."""
    differences: list[Difference] = []
    for one in landed:
        key = one.document_key
        if one.is_set_aside:
            differences.append(Difference(Kind.SET_ASIDE, key, "a person has set it aside"))
        elif one.held_because is not None:
            differences.append(Difference(Kind.OPEN_ERROR, key, one.held_because))
        elif one.is_acknowledged and not one.is_settled:
            detail = "IPOS was told that it is posted; not all of it is"
            differences.append(Difference(Kind.ACKNOWLEDGED_NOT_POSTED, key, detail))
    return differences


def documents_differ(
    expected: Iterable[ExpectedDocument], found: Iterable[FoundDocument]
) -> list[Difference]:
    """Compare the ledger with NetSuite, document by document."""
    there = {one.external_id: one for one in found}
    differences: list[Difference] = []
    known: set[str] = set()
    for document in expected:
        known.add(document.external_id)
        difference = _difference(document, there.get(document.external_id))
        if difference is not None:
            differences.append(difference)
    return differences + [_not_in_ledger(there[key]) for key in sorted(there.keys() - known)]


def _not_in_ledger(there: FoundDocument) -> Difference:
    detail = f"NetSuite has it as internal ID {there.internal_id} with {there.total}"
    lacks = -there.total
    return Difference(Kind.NOT_IN_LEDGER, there.external_id, detail, netsuite_lacks=lacks)


def _difference(document: ExpectedDocument, there: FoundDocument | None) -> Difference | None:
    key = document.external_id
    if document.is_withdrawn:
        detail = f"a person took {document.total} back from NetSuite"
        return Difference(Kind.WITHDRAWN, key, detail)
    if there is None:
        return _absence(document)
    if not document.is_posted:
        detail = f"NetSuite has it as internal ID {there.internal_id}, the ledger does not know"
        return Difference(Kind.NOT_SETTLED, key, detail)
    return _disagreement(document, there)


def _disagreement(document: ExpectedDocument, there: FoundDocument) -> Difference | None:
    key = document.external_id
    if there.total != document.total:
        detail = f"ledger {document.total}, NetSuite {there.total}"
        lacks = document.total - there.total
        return Difference(Kind.TOTAL_DIFFERS, key, detail, netsuite_lacks=lacks)
    if there.tran_date != document.tran_date:
        detail = f"posted for {document.tran_date}, NetSuite dates it {there.tran_date}"
        return Difference(Kind.WRONG_DAY, key, detail)
    if document.modified and there.modified and there.modified != document.modified:
        detail = f"last changed in NetSuite {there.modified}, its total is unchanged"
        return Difference(Kind.CHANGED_IN_NETSUITE, key, detail)
    return None


def _absence(document: ExpectedDocument) -> Difference:
    key, total = document.external_id, document.total
    if document.is_set_aside:
        return Difference(Kind.SET_ASIDE, key, f"a person has set {total} aside")
    if document.is_posted:
        detail = f"internal ID {document.internal_id} is gone"
        return Difference(Kind.ABSENT_IN_NETSUITE, key, detail, netsuite_lacks=total)
    if document.is_in_doubt:
        detail = f"it was sent with {total}, and NetSuite does not show it yet"
        return Difference(Kind.IN_DOUBT, key, detail)
    if document.error is not None:
        return Difference(Kind.OPEN_ERROR, key, document.error)
    return Difference(Kind.NOT_POSTED, key, f"{total} is not in NetSuite yet")


def booked_twice(
    expected: Iterable[ExpectedDocument],
    found: Iterable[FoundDocument],
    strangers: Iterable[FoundDocument],
    *,
    shown: Iterable[ShownInvoice],
) -> list[Difference]:
    """Name the documents that NetSuite seems to hold twice.

    `strangers` are the location's other cash sales and refunds of the day: one that carries an
    invoice's memo, and is of its kind, is the same sale booked by another way, unless a person has
    decided that ours is not to be there. Or one external ID has two records, or one record serves
    two documents.
    """
    differences = _of_one_external_id(found)
    shared: dict[str, str] = {}
    keys = _keys_by_memo(shown)
    ours: dict[tuple[str, bool], str] = {}
    for one in expected:
        if not (one.is_set_aside or one.is_withdrawn):
            ours[one.document_key, one.total < 0] = one.external_id
        if one.internal_id is None:
            continue
        first = shared.setdefault(one.internal_id, one.external_id)
        if first != one.external_id:
            detail = f"internal ID {one.internal_id} serves {first} too"
            differences.append(Difference(Kind.TWICE_IN_NETSUITE, one.external_id, detail))
    for other in strangers:
        twin = ours.get((keys.get(other.memo, ""), other.total < 0))
        if twin is not None and other.internal_id not in shared:
            detail = f"internal ID {other.internal_id} with {other.total} carries its memo too"
            differences.append(Difference(Kind.TWICE_IN_NETSUITE, twin, detail))
    return differences


def _of_one_external_id(found: Iterable[FoundDocument]) -> list[Difference]:
    copies: dict[str, list[FoundDocument]] = {}
    for one in found:
        copies.setdefault(one.external_id, []).append(one)
    return [
        Difference(
            Kind.TWICE_IN_NETSUITE,
            external_id,
            f"{len(records)} records carry this external ID",
            netsuite_lacks=-total_of(one.total for one in records[:-1]),
        )
        for external_id, records in copies.items()
        if len(records) > 1
    ]


def _keys_by_memo(shown: Iterable[ShownInvoice]) -> dict[str, str]:
    """Tell invoices by their memos, where a memo is one invoice's alone."""
    invoices = list(shown)
    counts = Counter(one.memo for one in invoices)
    return {one.memo: one.document_key for one in invoices if one.memo and counts[one.memo] == 1}


def number_gaps(
    seen: Iterable[tuple[str, str]], bounds: Mapping[str, tuple[int, int]] | None = None
) -> list[Difference]:
    """Name the numbers between the lowest and the highest of each document type that are absent.

    `seen` are document types and numbers; `bounds` the first and last number of a document type,
    where IPOS tells them. A gap need not be a fault: a till may skip numbers. What is no whole
    number does not count, and where most are absent they are no sequence of this shop.
    """
    numbers: dict[str, set[int]] = {}
    for doc_type, number in seen:
        if number.isdecimal() and len(number) <= DIGITS_MAX:
            numbers.setdefault(doc_type, set()).add(int(number))
    count = sum(map(len, numbers.values()))
    for doc_type, (first, last) in (bounds or {}).items():
        numbers.setdefault(doc_type, set()).update({first - 1, last + 1})
    span = sum(max(found) - min(found) + 1 for found in numbers.values())
    if count < SEQUENCE_SHARE * (span - 2 * len(bounds or {})):
        return []
    gaps: list[Difference] = []
    for doc_type, present in sorted(numbers.items()):
        for before, after in pairwise(sorted(present)):
            missing = after - before - 1
            if missing:
                which = str(before + 1) if missing == 1 else f"{before + 1} to {after - 1}"
                detail = f"{missing} of the sequence not seen in IPOS"
                gaps.append(Difference(Kind.NUMBER_GAP, f"{doc_type} {which}", detail))
    return gaps


@dataclass(frozen=True, slots=True)
class DaySummary:
    """What IPOS itself says of one document type of a day (NetAmount, AED); void ones left out."""

    doc_type: str
    count: int
    total: Decimal
    first: int | None = None
    last: int | None = None


def summary_differs(
    summary: Iterable[DaySummary],
    shown: Iterable[ShownInvoice],
    unread: Iterable[UnreadInvoice] = (),
) -> list[Difference]:
    """Compare IPOS's own control totals with its list, of which some may not be readable.

    Where an unreadable invoice does not even tell its amount, only the counts are compared.
    """
    unreadable = [one for one in unread if not one.is_void]
    listed: list[ShownInvoice | UnreadInvoice] = [one for one in shown if not one.is_void]
    listed += unreadable
    amounts_unknown = {one.doc_type for one in unreadable if one.net_amount is None}
    differences: list[Difference] = []
    for side in summary:
        of_type = [one for one in listed if one.doc_type == side.doc_type]
        total = total_of(one.net_amount or ZERO for one in of_type)
        agrees = side.doc_type in amounts_unknown or total == side.total
        if len(of_type) != side.count or not agrees:
            detail = (
                f"its summary says {side.count} with {side.total},"
                f" its list shows {len(of_type)} with {total}"
            )
            differences.append(Difference(Kind.SUMMARY_DIFFERS, side.doc_type, detail))
    return differences
