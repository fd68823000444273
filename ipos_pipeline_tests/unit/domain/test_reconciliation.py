"""The proof of a store-day: what differs, by name, and nothing else."""

from decimal import Decimal

import pytest

from ipos_pipeline.domain.reconciliation import (
    ExpectedDocument,
    FoundDocument,
    ShownInvoice,
    documents_differ,
    invoices_differ,
)
from ipos_pipeline_tests.builders import KEY

TOTAL = Decimal("3.99")
SALE = f"{KEY}-CS"


def expected(internal_id: str | None = "987", total: Decimal = TOTAL) -> ExpectedDocument:
    return ExpectedDocument(SALE, KEY, total, internal_id)


def found(external_id: str = SALE, total: Decimal = TOTAL) -> FoundDocument:
    return FoundDocument(external_id, "987", total)


def kinds(ours: list[ExpectedDocument], theirs: list[FoundDocument]) -> list[tuple[str, str]]:
    by_id = {one.external_id: one for one in theirs}
    return [(one.kind, one.subject) for one in documents_differ(ours, by_id)]


def test_a_day_that_agrees_has_no_differences() -> None:
    assert kinds([expected()], [found()]) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        ([expected(None)], [], "not_posted"),
        ([expected()], [], "absent_in_netsuite"),
        ([expected(None)], [found()], "not_settled"),
        ([expected()], [found(total=Decimal("3.98"))], "total_differs"),
        ([expected()], [found(total=-TOTAL)], "total_differs"),
        ([], [found()], "not_in_ledger"),
    ],
)
def test_each_difference_has_a_name(
    ours: list[ExpectedDocument], theirs: list[FoundDocument], kind: str
) -> None:
    assert kinds(ours, theirs) == [(kind, SALE)]


def test_totals_are_compared_by_value_not_by_digits() -> None:
    assert kinds([expected(total=Decimal("4.00"))], [found(total=Decimal(4))]) == []


def test_one_difference_does_not_hide_another() -> None:
    assert kinds([expected()], [found("B"), found("A")]) == [
        ("absent_in_netsuite", SALE),
        ("not_in_ledger", "A"),
        ("not_in_ledger", "B"),
    ]


def test_an_invoice_that_was_never_landed_is_told() -> None:
    (difference,) = invoices_differ([ShownInvoice(KEY, TOTAL)], {})
    assert (difference.kind, difference.subject) == ("not_landed", KEY)


def test_an_invoice_whose_total_differs_is_told_with_both() -> None:
    (difference,) = invoices_differ([ShownInvoice(KEY, TOTAL)], {KEY: Decimal("4.00")})
    assert (difference.kind, difference.detail) == ("ipos_total_differs", "IPOS 3.99, ledger 4.00")


@pytest.mark.parametrize(("shown", "landed"), [(None, TOTAL), (TOTAL, None), (TOTAL, TOTAL)])
def test_what_has_no_total_on_one_side_is_not_compared(
    shown: Decimal | None, landed: Decimal | None
) -> None:
    assert invoices_differ([ShownInvoice(KEY, shown)], {KEY: landed}) == []


def test_what_ipos_no_longer_shows_is_no_difference() -> None:
    """Acknowledged invoices disappear from its list."""
    assert invoices_differ([], {KEY: TOTAL}) == []
