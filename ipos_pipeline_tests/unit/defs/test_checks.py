"""Each of the checks is green when its sentence is true, and turns red or yellow when it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import dagster as dg
import pandas as pd
import pyarrow as pa
import pytest

from ipos_pipeline.defs import checks, invoice_checks, posting_checks, proof_checks, shadow
from ipos_pipeline.defs.assets import ASSETS
from ipos_pipeline.defs.partitions import StoreDay
from ipos_pipeline.domain.line_frames import RAW_LINES, frame_of, raw_rows, split_lines
from ipos_pipeline.domain.shadow_comparison import OurDocument, ShadowComparison, compare
from ipos_pipeline.domain.store_day_proof import Difference, DifferenceKind, StoreDayProof
from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.steps.landed_lines import SUSPICIOUS_DATES
from ipos_pipeline.steps.landing import Landed
from ipos_pipeline.steps.ledger_frames import ACKNOWLEDGEMENTS, ERRORS, POSTINGS
from ipos_pipeline.steps.sending_mails import MailsSent
from ipos_pipeline_tests.builders import (
    DAY,
    LOCATION,
    NOON,
    amount_line,
    configuration,
    invoice,
    store_day_proof,
)

SALE = "IPOS-DXB01-2026-S-10377-CS"
PROVED = store_day_proof()
ONLY_OURS = ShadowComparison(
    LOCATION,
    DAY,
    NOON,
    is_compared=True,
    findings=tuple(compare([OurDocument(SALE, "10377", is_refund=False)], [], landed={}, at=NOON)),
)


def lines_of(count: int = 1, *lines: dict[str, Any]) -> pd.DataFrame:
    """Build the raw lines of some planned invoices."""
    invoices = (invoice(*lines, InvNo=number) for number in range(1, count + 1))
    return frame_of((row for one in invoices for row in raw_rows(one, state="planned")), RAW_LINES)


def rows(schema: pa.Schema, *given: Mapping[str, Any]) -> pd.DataFrame:
    """Build a frame of rows that name only what they are about."""
    return frame_of(given, schema)


def errors(*codes: str, stage: str = "map") -> pd.DataFrame:
    """Build open errors by their codes."""
    return rows(ERRORS, *({"code": code, "stage": stage} for code in codes))


def posting(status: str = "posted", **values: Any) -> dict[str, Any]:
    """Build a row of `cash_sales`: seen at noon, and posted a quarter of an hour later."""
    posted_at = NOON + timedelta(minutes=15) if status == "posted" else None
    usual = {"external_id": SALE, "total": Decimal("3.99"), "first_seen_at": NOON}
    return {**usual, "posted_at": posted_at, "status": status, **values}


def same_day(*given: Mapping[str, Any], days_later: int = 0) -> dg.AssetCheckResult:
    """Check postings of `DAY` so many days after it."""
    return posting_checks.posted_same_day(
        rows(POSTINGS, *given),
        configuration(),
        StoreDay(LOCATION, DAY),
        now=NOON + timedelta(days=days_later, hours=1),
    )


def proof_with(kind: DifferenceKind) -> StoreDayProof:
    """Build a proof with one difference."""
    return replace(PROVED, differences=(Difference(kind, SALE, "what the two sides say"),))


def split_check(*, leave_out: int) -> dg.AssetCheckResult:
    """Check a split that lacks some lines sold."""
    raw = lines_of(1, amount_line(1, 1, "5.00"), amount_line(2, 1, "9.00"))
    sold, returned = split_lines(raw)
    planned = set(sold["external_id"])
    kept = sold.iloc[: len(sold) - leave_out]
    return invoice_checks.every_line_split_once(raw, kept, returned, planned=planned)


class Seen(NamedTuple):
    """A check's result where its sentence is true, and where one thing offends."""

    green: dg.AssetCheckResult
    other: dg.AssetCheckResult


SEEN = {
    checks.NO_MISSING_INVOICES: Seen(
        invoice_checks.no_missing_invoices(Landed(shown_in_all=3, accounted_for=3)),
        invoice_checks.no_missing_invoices(Landed(shown_in_all=3, accounted_for=2)),
    ),
    checks.NO_MALFORMED_INVOICES: Seen(
        invoice_checks.no_malformed_invoices(errors("unknown_item", stage="post")),
        invoice_checks.no_malformed_invoices(errors("malformed_invoice", stage="parse")),
    ),
    checks.HEADER_TOTALS_MATCH_LINES: Seen(
        invoice_checks.header_totals_match_lines(lines_of(), errors("nothing_to_post")),
        invoice_checks.header_totals_match_lines(lines_of(), errors("round_off")),
    ),
    checks.ONE_TAX_REGIME: Seen(
        invoice_checks.one_tax_regime(lines_of(3), errors("tax_regime")),
        invoice_checks.one_tax_regime(lines_of(3), errors("tax_regime", "tax_regime")),
    ),
    checks.NO_ZERO_QUANTITY_LINES: Seen(
        invoice_checks.no_zero_quantity_lines(lines_of(2)),
        invoice_checks.no_zero_quantity_lines(lines_of(1, amount_line(1, 0, "0.00"))),
    ),
    checks.NO_CLOCK_SKEW: Seen(
        invoice_checks.no_clock_skew(rows(SUSPICIOUS_DATES)),
        invoice_checks.no_clock_skew(rows(SUSPICIOUS_DATES, {"why": "lies in the future"})),
    ),
    checks.EVERY_LINE_SPLIT_ONCE: Seen(split_check(leave_out=0), split_check(leave_out=1)),
    checks.NO_FAILED_POSTINGS: Seen(
        posting_checks.no_failed_postings(rows(POSTINGS, posting(), posting("set_aside"))),
        posting_checks.no_failed_postings(rows(POSTINGS, posting(), posting("rejected"))),
    ),
    checks.NO_POSTINGS_IN_DOUBT: Seen(
        posting_checks.no_postings_in_doubt(rows(POSTINGS, posting(), posting("rejected"))),
        posting_checks.no_postings_in_doubt(rows(POSTINGS, posting(), posting("in_doubt"))),
    ),
    checks.POSTED_SAME_DAY: Seen(
        same_day(posting(), posting("rejected")),
        same_day(posting(), posting("rejected"), days_later=1),
    ),
    checks.ALL_ACKNOWLEDGED: Seen(
        posting_checks.all_acknowledged(
            rows(
                ACKNOWLEDGEMENTS,
                {"is_awaited": True, "acknowledged_at": NOON},
                {"is_awaited": False},
            )
        ),
        posting_checks.all_acknowledged(rows(ACKNOWLEDGEMENTS, {"is_awaited": True})),
    ),
    checks.ALL_ITEMS_KNOWN: Seen(
        posting_checks.all_items_known(errors("round_off")),
        posting_checks.all_items_known(errors("round_off", "inactive_item")),
    ),
    checks.ALL_MAILS_SENT: Seen(
        posting_checks.all_mails_sent(MailsSent(sent=2)),
        posting_checks.all_mails_sent(MailsSent(sent=2, queued=1, problem="refused")),
    ),
    checks.TOTALS_MATCH_NETSUITE: Seen(
        proof_checks.totals_match_netsuite(proof_with(DifferenceKind.NUMBER_GAP)),
        proof_checks.totals_match_netsuite(proof_with(DifferenceKind.NOT_POSTED)),
    ),
    checks.NO_DUPLICATES_IN_NETSUITE: Seen(
        proof_checks.no_duplicates_in_netsuite(proof_with(DifferenceKind.NOT_POSTED)),
        proof_checks.no_duplicates_in_netsuite(proof_with(DifferenceKind.TWICE_IN_NETSUITE)),
    ),
    checks.NO_DRIFT_AFTER_POSTING: Seen(
        proof_checks.no_drift_after_posting(proof_with(DifferenceKind.IN_DOUBT)),
        proof_checks.no_drift_after_posting(proof_with(DifferenceKind.CHANGED_IN_NETSUITE)),
    ),
    checks.NO_GAPS_IN_NUMBERS: Seen(
        proof_checks.no_gaps_in_numbers(PROVED),
        proof_checks.no_gaps_in_numbers(proof_with(DifferenceKind.NUMBER_GAP)),
    ),
    checks.NO_DIFFERENCES_IN_SHADOW: Seen(
        shadow.no_differences_in_shadow(None),
        shadow.no_differences_in_shadow(ONLY_OURS),
    ),
}
YELLOW = {
    checks.NO_ZERO_QUANTITY_LINES,
    checks.NO_CLOCK_SKEW,
    checks.POSTED_SAME_DAY,
    checks.ALL_ACKNOWLEDGED,
    checks.NO_GAPS_IN_NUMBERS,
    checks.NO_DIFFERENCES_IN_SHADOW,
}


def test_each_check_is_declared_on_an_asset_says_its_sentence_and_is_seen_here() -> None:
    declared = {name for asset in ASSETS for name in asset.checks} | {checks.EVERY_LINE_SPLIT_ONCE}
    assert declared == set(checks.DESCRIPTIONS) == set(SEEN)
    assert len(SEEN) == 18


def test_only_a_wrong_tax_regime_stops_a_run() -> None:
    blocking = {name for name in checks.DESCRIPTIONS if checks.spec(name, "raw_invoices").blocking}
    assert blocking == {checks.ONE_TAX_REGIME}


@pytest.mark.parametrize("name", SEEN)
def test_a_check_is_green_where_its_sentence_is_true(name: str) -> None:
    result = SEEN[name].green
    assert result.passed
    assert result.check_name == name
    assert "recovery" not in result.metadata


@pytest.mark.parametrize("name", SEEN)
def test_a_check_counts_what_offends_and_says_what_to_do(name: str) -> None:
    result = SEEN[name].other
    assert not result.passed
    assert result.check_name == name
    assert (result.severity == dg.AssetCheckSeverity.WARN) == (name in YELLOW)
    offending = 2 if name == checks.ONE_TAX_REGIME else 1
    assert result.metadata["offending"].value == offending
    assert len(str(result.metadata["recovery"].value)) > 40


@pytest.mark.parametrize("key", ["DXB01", "2026-11-20", "2026-11-20|", "yesterday|DXB01", ""])
def test_a_partition_key_that_is_no_store_day_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a store-day"):
        StoreDay.of(key)


def test_a_location_code_may_contain_the_separator() -> None:
    assert StoreDay.of("2026-11-20|A|B").location_code == "A|B"
    assert StoreDay.of("2026-11-20|A|B").partition_key == "2026-11-20|A|B"
