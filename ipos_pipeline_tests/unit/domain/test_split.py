"""The split: what is sold, what is returned, and that the two tie to the cent with the header."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipos_pipeline.domain.ipos_profile import NESTED
from ipos_pipeline.domain.split import (
    SplitInvoice,
    document_total,
    header_difference,
    split_invoice,
)
from ipos_pipeline_tests.builders import amount_line, invoice, raw_line

AMOUNTS = st.integers(min_value=1, max_value=10**7).map(lambda n: Decimal(n).scaleb(-2))


def amounts(split: SplitInvoice) -> tuple[list[str], list[str]]:
    """Give the amounts of both sides as text."""
    return (
        [str(line.amount) for line in split.sale_lines],
        [str(line.amount) for line in split.refund_lines],
    )


@pytest.mark.parametrize(
    ("returned", "refund"),
    [("-4.00", "4.00"), ("-10.00", "10.00"), ("-14.00", "14.00")],
    ids=["net positive", "net zero", "net negative"],
)
def test_an_exchange_has_both_sides_whatever_its_net(returned: str, refund: str) -> None:
    split = split_invoice(invoice(amount_line(1, 1, "10.00"), amount_line(2, -1, returned)))
    assert amounts(split) == (["10.00"], [refund])


def test_a_return_document_has_a_refund_alone() -> None:
    split = split_invoice(invoice(amount_line(1, -2, "-7.98"), DocType="RETURN"))
    assert amounts(split) == ([], ["7.98"])


def test_lines_come_in_order_of_their_number() -> None:
    lines = (amount_line(3, 1, "3"), amount_line(1, 1, "1"), amount_line(2, 1, "2"))
    assert amounts(split_invoice(invoice(*lines))) == (["1.00", "2.00", "3.00"], [])


def test_a_line_of_zero_quantity_goes_to_neither_side_and_is_kept() -> None:
    split = split_invoice(invoice(raw_line(1), amount_line(2, 0, "0.00")))
    assert [line.sl_no for line in split.zero_lines] == [2]
    assert amounts(split) == (["3.99"], [])


def test_a_free_item_is_sold_for_nothing() -> None:
    assert amounts(split_invoice(invoice(amount_line(1, 1, "0")))) == (["0.00"], [])


def test_a_free_item_is_returned_for_nothing() -> None:
    """Never `-0.00`, which NetSuite might take for a negative amount."""
    assert amounts(split_invoice(invoice(amount_line(1, -1, "0")))) == ([], ["0.00"])


@pytest.mark.parametrize(("qty", "quantity"), [(2, "24"), (-2, "24")])
def test_quantity_is_in_base_units_and_positive(qty: int, quantity: str) -> None:
    split = split_invoice(invoice(amount_line(1, qty, str(qty), Conversion=12)))
    assert [line.quantity for line in (*split.sale_lines, *split.refund_lines)] == [
        Decimal(quantity)
    ]


def test_without_a_conversion_the_quantity_is_the_base_quantity() -> None:
    split = split_invoice(invoice(raw_line(Qty=Decimal("0.355"), Conversion=None)))
    assert split.sale_lines[0].quantity == Decimal("0.355")


def test_a_header_discount_is_spread_over_the_sold_lines() -> None:
    lines = (amount_line(1, 1, "30.00"), amount_line(2, 1, "10.00"))
    assert amounts(split_invoice(invoice(*lines, Discount=4))) == (["27.00", "9.00"], [])


def test_a_header_discount_on_a_return_is_negative_and_reduces_the_refund() -> None:
    lines = (amount_line(1, -1, "-30.00"), amount_line(2, -1, "-10.00"))
    split = split_invoice(invoice(*lines, Discount=-4, DocType="RETURN"))
    assert amounts(split) == ([], ["27.00", "9.00"])


@pytest.mark.parametrize(
    ("returned", "discount", "expected"),
    [
        ("-4.00", 1, (["9.00"], ["4.00"])),
        ("-10.00", 1, (["9.00"], ["10.00"])),
        ("-14.00", -1, (["10.00"], ["13.00"])),
    ],
    ids=["sale is larger", "equal: the sale", "refund is larger"],
)
def test_a_header_discount_goes_to_the_larger_side(
    returned: str, discount: int, expected: tuple[list[str], list[str]]
) -> None:
    lines = (amount_line(1, 1, "10.00"), amount_line(2, -1, returned))
    assert amounts(split_invoice(invoice(*lines, Discount=discount))) == expected


def test_the_odd_cent_of_a_discount_goes_to_the_lower_line_number() -> None:
    lines = (amount_line(9, 1, "1.00"), amount_line(2, 1, "1.00"))
    split = split_invoice(invoice(*lines, Discount=Decimal("0.01")))
    assert [(one.ipos_line.sl_no, str(one.amount)) for one in split.sale_lines] == [
        (2, "0.99"),
        (9, "1.00"),
    ]


def test_a_discount_of_everything_leaves_a_document_of_nothing() -> None:
    split = split_invoice(invoice(raw_line(), Discount=Decimal("3.99")))
    assert amounts(split) == (["0.00"], [])


@given(st.lists(AMOUNTS, min_size=1, max_size=10), st.integers(min_value=0, max_value=100))
def test_lines_less_discount_always_add_up_to_net_amount(
    net_rates: list[Decimal], percent: int
) -> None:
    discount = (sum(net_rates, Decimal(0)) * percent / 100).quantize(Decimal("0.01"))
    lines = [amount_line(n, 1, str(net_rate)) for n, net_rate in enumerate(net_rates, start=1)]
    read = invoice(*lines, Discount=discount)
    split = split_invoice(read)
    assert header_difference(read, split, prices_include_tax=True) == 0
    assert all(line.amount >= 0 for line in split.sale_lines)


@pytest.mark.parametrize(
    ("prices_include_tax", "total"), [(True, "10.00"), (False, "10.50")], ids=["gross", "net"]
)
def test_a_total_includes_tax(prices_include_tax: bool, total: str) -> None:  # noqa: FBT001
    lines = split_invoice(invoice(amount_line(1, 1, "10.00"))).sale_lines
    found = document_total(lines, profile=NESTED, prices_include_tax=prices_include_tax)
    assert str(found) == total


def test_tax_is_rounded_line_by_line() -> None:
    """NetSuite does the same: 0.0525 rounds to 0.05 on each line, not to 0.11 on their sum."""
    lines = (amount_line(1, 1, "1.05"), amount_line(2, 1, "1.05"))
    split = split_invoice(invoice(*lines))
    found = document_total(split.sale_lines, profile=NESTED, prices_include_tax=False)
    assert str(found) == "2.20"


def test_tax_may_be_an_amount_instead_of_a_rate() -> None:
    profile = NESTED.model_copy(update={"tax_is": "amount"})
    split = split_invoice(invoice(amount_line(1, -1, "-10.00", Tax=Decimal("-0.37"))))
    found = document_total(split.refund_lines, profile=profile, prices_include_tax=False)
    assert str(found) == "10.37"
