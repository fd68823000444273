"""IPOS, ledger and NetSuite side by side: the differences, document by document.

Belongs here: the comparison. Not here: where the three come from (steps/reconciling.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ShownInvoice:
    """An invoice as IPOS shows it; `total` is NetAmount less RoundOff (AED, signed)."""

    document_key: str
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class ExpectedDocument:
    """A document as the ledger knows it; `total` in AED, negative for a refund."""

    external_id: str
    document_key: str
    total: Decimal
    internal_id: str | None

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
    if there is None and not document.is_posted:
        return Difference("not_posted", key, f"{document.total} is not in NetSuite yet")
    if there is None:
        return Difference("absent_in_netsuite", key, f"internal ID {document.internal_id} is gone")
    if not document.is_posted:
        return Difference("not_settled", key, f"NetSuite has internal ID {there.internal_id}")
    if there.total != document.total:
        return Difference("total_differs", key, f"ledger {document.total}, NetSuite {there.total}")
    return None


def invoices_differ(
    shown: Iterable[ShownInvoice], landed: Mapping[str, Decimal | None]
) -> list[Difference]:
    """Compare what IPOS shows with what the ledger makes of it, invoice by invoice.

    `landed` is document key -> total to be posted (AED, signed); None: nothing is to be posted.
    """
    differences: list[Difference] = []
    for invoice in shown:
        if invoice.document_key not in landed:
            detail = f"IPOS shows it with {invoice.total}"
            differences.append(Difference("not_landed", invoice.document_key, detail))
            continue
        total = landed[invoice.document_key]
        if None not in (total, invoice.total) and invoice.total != total:
            detail = f"IPOS {invoice.total}, ledger {total}"
            differences.append(Difference("ipos_total_differs", invoice.document_key, detail))
    return differences
