"""IPOS, ledger and NetSuite side by side: the differences, document by document.

Belongs here: the comparison. Not here: where the three come from (steps/reconciling.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class ShownInvoice:
    """An invoice as IPOS shows it; `total` is NetAmount less RoundOff (AED, signed).

    `doc_type` and `number` place it in a sequence of the shop.
    """

    document_key: str
    total: Decimal | None
    doc_type: str = "SALE"
    number: str = ""
    is_void: bool = False


@dataclass(frozen=True, slots=True)
class ExpectedDocument:
    """A document as the ledger knows it; `total` in AED, negative for a refund.

    A person may have set it aside, or withdrawn it from NetSuite.
    """

    external_id: str
    document_key: str
    total: Decimal
    internal_id: str | None
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


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not agree: its kind, its key, and the two sides in words."""

    kind: str
    subject: str
    detail: str


def documents_differ(
    expected: Iterable[ExpectedDocument], found: Mapping[str, FoundDocument]
) -> list[Difference]:
    """Compare the ledger with NetSuite, document by document."""
    differences: list[Difference] = []
    known: set[str] = set()
    for document in expected:
        known.add(document.external_id)
        difference = _difference(document, found.get(document.external_id))
        if difference is not None:
            differences.append(difference)
    for external_id in sorted(found.keys() - known):
        detail = f"NetSuite has it as internal ID {found[external_id].internal_id}"
        differences.append(Difference("not_in_ledger", external_id, detail))
    return differences


def _difference(document: ExpectedDocument, there: FoundDocument | None) -> Difference | None:
    key = document.external_id
    if document.is_withdrawn:
        return Difference("withdrawn", key, f"a person took {document.total} back from NetSuite")
    if there is None:
        return _absence(document)
    if not document.is_posted:
        return Difference("not_settled", key, f"NetSuite has internal ID {there.internal_id}")
    if there.total != document.total:
        return Difference("total_differs", key, f"ledger {document.total}, NetSuite {there.total}")
    return None


def _absence(document: ExpectedDocument) -> Difference | None:
    key = document.external_id
    if document.is_set_aside:
        return None
    if not document.is_posted:
        return Difference("not_posted", key, f"{document.total} is not in NetSuite yet")
    return Difference("absent_in_netsuite", key, f"internal ID {document.internal_id} is gone")


def invoices_differ(
    shown: Iterable[ShownInvoice], landed: Mapping[str, Decimal | None]
) -> list[Difference]:
    """Compare what IPOS shows with what the ledger makes of it, invoice by invoice.

    `landed` is document key -> total to be posted (AED, signed); None: nothing is to be posted.
    """
    differences: list[Difference] = []
    shown_keys: set[str] = set()
    for invoice in shown:
        shown_keys.add(invoice.document_key)
        difference = _invoice_difference(invoice, landed)
        if difference is not None:
            differences.append(difference)
    gone = sorted(landed.keys() - shown_keys)
    return differences + [Difference("not_shown", key, "IPOS shows it no longer") for key in gone]


def _invoice_difference(
    invoice: ShownInvoice, landed: Mapping[str, Decimal | None]
) -> Difference | None:
    key = invoice.document_key
    if key not in landed:
        return Difference("not_landed", key, f"IPOS shows it with {invoice.total}")
    total = landed[key]
    if total is None:
        return None
    if invoice.is_void:
        return Difference("void_in_ipos", key, f"IPOS shows it as void, ledger {total}")
    if invoice.total is not None and invoice.total != total:
        return Difference("ipos_total_differs", key, f"IPOS {invoice.total}, ledger {total}")
    return None


def number_gaps(shown: Iterable[ShownInvoice]) -> list[str]:
    """Name the numbers between the lowest and the highest of each document type that are absent.

    A gap need not be a fault (a till may skip numbers), so it is no difference; a person looks.
    Numbers that are not whole do not count.
    """
    numbers: dict[str, set[int]] = {}
    for invoice in shown:
        if invoice.number.isdecimal():
            numbers.setdefault(invoice.doc_type, set()).add(int(invoice.number))
    gaps: list[str] = []
    for doc_type in sorted(numbers):
        for before, after in pairwise(sorted(numbers[doc_type])):
            if after - before == 2:  # noqa: PLR2004 - one number lies between
                gaps.append(f"{doc_type} {before + 1}")
            elif after - before > 2:  # noqa: PLR2004
                gaps.append(f"{doc_type} {before + 1} to {after - 1}")
    return gaps
