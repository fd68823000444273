"""A record that is wrong about tax stops its store-day; an invoice that is wrong stops itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import dagster as dg
import pytest

from ipos_pipeline.defs.checks import ONE_TAX_REGIME
from ipos_pipeline_tests.builders import amount_line, raw_line
from ipos_pipeline_tests.errors_workflow.conftest import OPERATIONS, Operation, operation
from ipos_pipeline_tests.errors_workflow.test_outages_told import tell_failure
from ipos_pipeline_tests.pipeline.conftest import checks_of
from ipos_pipeline_tests.reconciliation.sold_day import sold

__all__ = ["operation"]

LINE = {"NetRate": Decimal("10.00"), "Rate": Decimal("10.00")}
CHECK = f"raw_invoices:{ONE_TAX_REGIME}"


def with_tax(inv_no: int) -> dict[str, Any]:
    """Build an invoice whose prices include its tax of 0.48."""
    return sold(inv_no, raw_line(**LINE), TaxAmount=Decimal("0.48"))


def without_tax(inv_no: int) -> dict[str, Any]:
    """Build an invoice to whose prices its tax of 0.50 is added."""
    amounts = {"TaxAmount": Decimal("0.50"), "NetAmount": Decimal("10.50")}
    return sold(inv_no, raw_line(**LINE), **amounts)


@pytest.fixture
def adding_tax(operation: Operation) -> Operation:
    """A shop that adds tax to its prices, and whose record says that prices include it."""
    a_gift = sold(6, amount_line(1, 1, "0.00"), TaxAmount=Decimal(0))
    operation.pipeline.world.ipos.add_invoices([*map(without_tax, range(1, 6)), a_gift])
    return operation


def test_nothing_is_posted_while_the_record_is_wrong_and_all_of_it_once_it_is_right(
    adding_tax: Operation,
) -> None:
    """Not even what adds up either way: whoever set the record wrongly must look first."""
    pipeline = adding_tax.pipeline

    blocked = pipeline.run()

    assert not blocked.success
    assert not checks_of(blocked)[CHECK]
    assert pipeline.posted() == {}
    pipeline.world.change_record(prices_include_tax=False)
    corrected = pipeline.run()
    assert corrected.success
    assert all(checks_of(corrected).values())
    assert len(pipeline.posted()) == 6
    assert pipeline.open_errors() == []


def test_a_blocked_day_says_what_is_wrong_and_what_to_do(adding_tax: Operation) -> None:
    result = adding_tax.pipeline.run()

    (failed,) = (one for one in result.all_events if one.is_step_failure)
    assert ONE_TAX_REGIME in failed.step_failure_data.error.message
    (check,) = (
        one for one in result.get_asset_check_evaluations() if one.check_name == ONE_TAX_REGIME
    )
    assert check.blocking
    assert check.severity == dg.AssetCheckSeverity.ERROR
    assert "Nothing is posted" in check.metadata["recovery"].value
    assert "prices_include_tax" in check.metadata["recovery"].value
    assert check.metadata["offending"].value == 5


def test_each_held_invoice_is_mailed_with_the_field_of_the_record_to_correct(
    adding_tax: Operation,
) -> None:
    adding_tax.pipeline.run()
    adding_tax.pipeline.world.clock.advance(15 * 60)

    adding_tax.tick()

    about = [mail for mail in adding_tax.mails if "Invoice" in mail.subject]
    assert len(about) == 5
    for mail in about:
        assert "Correct prices_include_tax in the location's configuration record" in mail.text
        assert "DXB01" in mail.text


def test_one_invoice_that_is_wrong_about_tax_keeps_no_other_back(operation: Operation) -> None:
    pipeline = operation.pipeline
    pipeline.world.ipos.add_invoices([with_tax(1), without_tax(2), with_tax(3)])

    result = pipeline.run()

    assert result.success
    assert checks_of(result)[CHECK]
    assert len(pipeline.posted()) == 2
    (error,) = pipeline.open_errors()
    assert (error.code, error.number) == ("tax_regime", "2")


def test_people_are_told_once_that_the_whole_day_waits_and_why(adding_tax: Operation) -> None:
    """The mails about single invoices do not say that the others wait too."""
    pipeline = adding_tax.pipeline
    for _ in range(2):
        pipeline.run()
        tell_failure(adding_tax, pipeline.instance.get_runs(limit=1)[0])

    (mail,) = adding_tax.mails
    assert mail.recipients == (OPERATIONS,)
    assert "store-day 2026-11-20|DXB01, so nothing of it is posted" in mail.text
    assert "Correct prices_include_tax in the location's IPOS Configuration record" in mail.text
    assert "unexpected" not in mail.text
