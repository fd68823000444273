"""What an invoice is to become, and the named reasons why it may become nothing."""

from decimal import Decimal
from typing import Any

import pytest

from ipos_pipeline.domain.ipos_profile import NESTED
from ipos_pipeline.domain.planning import Plan, plan_invoice
from ipos_pipeline_tests.builders import amount_line, configuration, raw_invoice, read_invoice

CENT = Decimal("0.01")


def plan(raw: dict[str, Any], **record: Any) -> Plan:
    return plan_invoice(read_invoice(raw), configuration=configuration(**record), profile=NESTED)


def problem_code(raw: dict[str, Any], **record: Any) -> str | None:
    problem = plan(raw, **record).problem
    return None if problem is None else problem.code


def test_an_exchange_becomes_two_documents_with_positive_totals() -> None:
    raw = raw_invoice(amount_line(1, 1, "10.00"), amount_line(2, -1, "-4.00"))
    assert [(one.external_id, one.record_type, str(one.total)) for one in plan(raw).documents] == [
        ("IPOS-DXB01-2026-S-10377-CS", "cashSale", "10.00"),
        ("IPOS-DXB01-2026-S-10377-CR", "cashRefund", "4.00"),
    ]


def test_a_free_item_becomes_a_document_of_nothing() -> None:
    assert [one.total for one in plan(raw_invoice(amount_line(1, 1, "0"))).documents] == [0]


def test_a_void_invoice_is_kept_out_by_its_filter() -> None:
    found = plan(raw_invoice(Void=True, Currency="USD"))
    assert (found.filter_rule, found.documents, found.problem) == ("void", (), None)


def test_only_zero_quantities_leave_nothing_to_post() -> None:
    assert problem_code(raw_invoice(amount_line(1, 0, "0"))) == "nothing_to_post"


@pytest.mark.parametrize("currency", ["USD", "aed"])
def test_another_currency_is_a_problem(currency: str) -> None:
    assert problem_code(raw_invoice(Currency=currency)) == "currency"


@pytest.mark.parametrize("currency", [None, "", "AED"])
def test_no_currency_counts_as_the_profiles_own(currency: str | None) -> None:
    assert problem_code(raw_invoice(Currency=currency)) is None


@pytest.mark.parametrize(
    ("round_off", "code"),
    [("0.05", None), ("-0.05", None), ("0.06", "round_off"), ("-0.06", "round_off")],
)
def test_a_round_off_beyond_the_tolerance_is_a_problem(round_off: str, code: str | None) -> None:
    assert problem_code(raw_invoice(RoundOff=Decimal(round_off))) == code


def test_a_round_off_within_the_tolerance_is_not_posted() -> None:
    found = plan(raw_invoice(amount_line(1, 1, "10.03"), RoundOff=Decimal("-0.03")))
    assert [str(one.total) for one in found.documents] == ["10.03"]


@pytest.mark.parametrize(("off", "code"), [(5, None), (6, "header_totals")])
@pytest.mark.parametrize("sign", [1, -1])
def test_header_and_lines_may_differ_by_the_tolerance_only(
    off: int, code: str | None, sign: int
) -> None:
    raw = raw_invoice(amount_line(1, 1, "10.00"), TaxAmount=None)
    raw["NetAmount"] += sign * off * CENT
    assert problem_code(raw) == code


def test_prices_without_tax_where_the_record_says_with_is_a_problem_of_the_regime() -> None:
    raw = raw_invoice(amount_line(1, 1, "10.00"), TaxAmount="0.50", NetAmount="10.50")
    assert problem_code(raw, prices_include_tax=True) == "tax_regime"


def test_prices_with_tax_where_the_record_says_without_is_a_problem_of_the_regime() -> None:
    raw = raw_invoice(amount_line(1, 1, "10.50"), TaxAmount="0.50", NetAmount="10.50")
    assert problem_code(raw, prices_include_tax=False) == "tax_regime"


def test_prices_without_tax_are_planned_with_it() -> None:
    raw = raw_invoice(amount_line(1, 1, "10.00"), TaxAmount="0.50", NetAmount="10.50")
    found = plan(raw, prices_include_tax=False)
    assert [str(one.total) for one in found.documents] == ["10.50"]


def test_the_regime_is_asserted_on_returns_too() -> None:
    line = amount_line(1, -1, "-10.00")
    raw = raw_invoice(line, DocType="RETURN", TaxAmount="-0.50", NetAmount="-10.50")
    assert problem_code(raw, prices_include_tax=True) == "tax_regime"


def test_a_header_that_fits_neither_regime_is_a_problem_of_totals() -> None:
    raw = raw_invoice(amount_line(1, 1, "10.00"), TaxAmount="0.50", NetAmount="12.00")
    assert problem_code(raw) == "header_totals"


def test_a_header_without_net_amount_asserts_nothing() -> None:
    assert problem_code(raw_invoice(NetAmount=None)) is None


def test_a_problem_says_what_to_do_next() -> None:
    problem = plan(raw_invoice(amount_line(1, 0, "0"))).problem
    assert problem is not None
    assert (problem.path, problem.next_step[:12]) == ("Qty", "Set it aside")


def test_a_discount_that_no_line_can_carry_is_never_dropped() -> None:
    """A free item with a header discount and no NetAmount: posting 0.00 would hide the discount."""
    raw = raw_invoice(amount_line(1, 1, "0.00"), Discount=1, NetAmount=None)
    assert problem_code(raw) == "header_totals"
