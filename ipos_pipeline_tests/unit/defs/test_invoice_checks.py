"""The split of lines, and the configuration that must be wrong about tax, case by case."""

from __future__ import annotations

import pandas as pd
import pytest

from ipos_pipeline.defs.invoice_checks import every_line_split_once, one_tax_regime
from ipos_pipeline.domain.line_frames import split_lines
from ipos_pipeline_tests.builders import amount_line
from ipos_pipeline_tests.unit.defs.test_checks import errors, lines_of

SALE, REFUND = "IPOS-DXB01-2026-S-1-CS", "IPOS-DXB01-2026-S-1-CR"


@pytest.fixture
def raw_lines() -> pd.DataFrame:
    """An exchange: two lines sold, one returned, one of zero quantity."""
    return lines_of(
        1,
        amount_line(1, 1, "5.00"),
        amount_line(2, 2, "9.00"),
        amount_line(3, -1, "-4.00"),
        amount_line(4, 0, "0.00"),
    )


def test_a_whole_split_that_the_ledger_has_planned_is_green(raw_lines: pd.DataFrame) -> None:
    sold, returned = split_lines(raw_lines)

    assert every_line_split_once(raw_lines, sold, returned, planned={SALE, REFUND}).passed


def test_a_line_in_both_sets_turns_the_split_red(raw_lines: pd.DataFrame) -> None:
    sold, returned = split_lines(raw_lines)
    twice = pd.concat([returned, sold.iloc[:1]])

    assert not every_line_split_once(raw_lines, sold, twice, planned={SALE, REFUND}).passed


def test_a_line_moved_from_one_document_to_another_turns_the_split_red(
    raw_lines: pd.DataFrame,
) -> None:
    """The number of lines alone would not show it."""
    sold, returned = split_lines(raw_lines)
    sold.loc[0, "sl_no"] = 2

    assert not every_line_split_once(raw_lines, sold, returned, planned={SALE, REFUND}).passed


@pytest.mark.parametrize("planned", [{SALE}, {SALE, REFUND, "IPOS-DXB01-2026-S-2-CS"}])
def test_documents_that_ledger_and_frames_disagree_on_turn_the_split_red(
    raw_lines: pd.DataFrame, planned: set[str]
) -> None:
    sold, returned = split_lines(raw_lines)

    result = every_line_split_once(raw_lines, sold, returned, planned=planned)

    assert not result.passed
    assert result.metadata["offending"].value == 1
    assert "sample" in result.metadata


@pytest.mark.parametrize(
    ("other", "invoices", "is_green"),
    [(0, 1, True), (1, 1, True), (1, 100, True), (2, 21, True), (2, 20, False), (3, 3, False)],
)
def test_several_invoices_of_the_other_regime_are_the_configurations_fault(
    other: int, invoices: int, *, is_green: bool
) -> None:
    """One invoice never is, however few there are; nor are two among very many."""
    result = one_tax_regime(lines_of(invoices), errors(*["tax_regime"] * other))

    assert result.passed == is_green
    assert result.metadata["offending"].value == other
    assert ("sample" in result.metadata) == (not is_green)


def test_an_empty_day_is_of_one_regime() -> None:
    assert one_tax_regime(lines_of(0), errors()).passed
