"""Each check turns red for what it is there to find."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from ipos_pipeline.defs import checks
from ipos_pipeline.defs.partitions import StoreDay
from ipos_pipeline.domain.line_frames import RAW_LINES, frame_of, raw_rows, split_lines
from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.steps.landing import Landed
from ipos_pipeline.steps.ledger_frames import ACKNOWLEDGEMENTS, POSTINGS
from ipos_pipeline_tests.builders import amount_line, invoice

SALE, REFUND = "IPOS-DXB01-2026-S-10377-CS", "IPOS-DXB01-2026-S-10377-CR"


@pytest.fixture
def raw_lines() -> pd.DataFrame:
    """An exchange: two lines sold, one returned, one of zero quantity."""
    exchange = invoice(
        amount_line(1, 1, "5.00"),
        amount_line(2, 2, "9.00"),
        amount_line(3, -1, "-4.00"),
        amount_line(4, 0, "0.00"),
    )
    return frame_of(raw_rows(exchange, state="planned"), RAW_LINES)


def test_as_many_invoices_as_ipos_shows_is_green_and_one_less_is_red() -> None:
    assert checks.no_missing_invoices(Landed(shown_in_all=3, accounted_for=3)).passed

    result = checks.no_missing_invoices(Landed(shown_in_all=3, accounted_for=2))

    assert not result.passed
    assert result.metadata["offending"].value == 1
    assert "recovery" in result.metadata


def test_a_whole_split_that_the_ledger_has_planned_is_green(raw_lines: pd.DataFrame) -> None:
    sold, returned = split_lines(raw_lines)

    result = checks.every_line_split_once(raw_lines, sold, returned, planned={SALE, REFUND})

    assert result.passed


def test_a_line_that_is_in_neither_set_turns_the_split_red(raw_lines: pd.DataFrame) -> None:
    sold, returned = split_lines(raw_lines)

    result = checks.every_line_split_once(
        raw_lines, sold.iloc[:-1], returned, planned={SALE, REFUND}
    )

    assert not result.passed


def test_a_line_in_both_sets_turns_the_split_red(raw_lines: pd.DataFrame) -> None:
    sold, returned = split_lines(raw_lines)
    twice = pd.concat([returned, sold.iloc[:1]])

    assert not checks.every_line_split_once(raw_lines, sold, twice, planned={SALE, REFUND}).passed


def test_a_line_moved_from_one_document_to_another_turns_the_split_red(
    raw_lines: pd.DataFrame,
) -> None:
    """The number of lines alone would not show it."""
    sold, returned = split_lines(raw_lines)
    sold.loc[0, "sl_no"] = 2

    assert not checks.every_line_split_once(
        raw_lines, sold, returned, planned={SALE, REFUND}
    ).passed


@pytest.mark.parametrize("planned", [{SALE}, {SALE, REFUND, "IPOS-DXB01-2026-S-1-CS"}])
def test_documents_that_ledger_and_frames_disagree_on_turn_the_split_red(
    raw_lines: pd.DataFrame, planned: set[str]
) -> None:
    sold, returned = split_lines(raw_lines)

    assert not checks.every_line_split_once(raw_lines, sold, returned, planned=planned).passed


@pytest.mark.parametrize("status", ["pending", "sending", "in_doubt", "rejected"])
def test_any_document_that_is_not_posted_turns_the_postings_red(status: str) -> None:
    rows = [{"external_id": SALE, "status": "posted"}, {"external_id": REFUND, "status": status}]

    result = checks.no_failed_postings(frame_of(rows, POSTINGS))

    assert not result.passed
    assert result.metadata["offending"].value == 1


def test_an_unconfirmed_invoice_turns_the_acknowledgements_red_unless_it_is_filtered() -> None:
    told = {"document_key": "a", "is_awaited": True, "acknowledged_at": datetime.now(UTC)}
    void = {"document_key": "b", "is_awaited": False}
    held = {"document_key": "c", "is_awaited": True}

    assert checks.all_acknowledged(frame_of([told, void], ACKNOWLEDGEMENTS)).passed
    assert not checks.all_acknowledged(frame_of([told, held], ACKNOWLEDGEMENTS)).passed


@pytest.mark.parametrize("key", ["DXB01", "2026-11-20", "2026-11-20|", "yesterday|DXB01", ""])
def test_a_partition_key_that_is_no_store_day_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a store-day"):
        StoreDay.of(key)


def test_a_location_code_may_contain_the_separator() -> None:
    assert StoreDay.of("2026-11-20|A|B").location_code == "A|B"
    assert StoreDay.of("2026-11-20|A|B").partition_key == "2026-11-20|A|B"
