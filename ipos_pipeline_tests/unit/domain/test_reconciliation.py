"""The proof of a store-day: what differs, by name, and nothing else."""

from decimal import Decimal

import pytest

from ipos_pipeline.domain.reconciliation import (
    ExpectedDocument,
    FoundDocument,
    ShownInvoice,
    documents_differ,
    invoices_differ,
    number_gaps,
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


def test_a_landed_invoice_that_ipos_no_longer_shows_is_named() -> None:
    """The whole list is compared, acknowledged ones too: it was deleted there."""
    (difference,) = invoices_differ([], {KEY: TOTAL})
    assert (difference.kind, difference.subject) == ("not_shown", KEY)


def test_a_void_after_posting_is_named_and_a_void_that_was_filtered_is_not() -> None:
    shown = [ShownInvoice(KEY, TOTAL, is_void=True)]
    assert [one.kind for one in invoices_differ(shown, {KEY: TOTAL})] == ["void_in_ipos"]
    assert invoices_differ(shown, {KEY: None}) == []


@pytest.mark.parametrize(
    ("numbers", "gaps"),
    [
        ([], []),
        (["7"], []),
        (["7", "8", "9"], []),
        (["9", "7"], ["SALE 8"]),
        (["7", "11", "12", "14"], ["SALE 8 to 10", "SALE 13"]),
        (["7", "A-8", "9"], ["SALE 8"]),
    ],
)
def test_absent_numbers_of_a_sequence_are_named(numbers: list[str], gaps: list[str]) -> None:
    shown = [ShownInvoice(number, None, number=number) for number in numbers]
    assert number_gaps(shown) == gaps


def test_sales_and_returns_have_sequences_of_their_own() -> None:
    shown = [ShownInvoice("a", None, number="1"), ShownInvoice("b", None, "RETURN", number="9")]
    assert number_gaps(shown) == []
