"""Checks of what IPOS shows and of how it was split, made on frames of a store-day."""

from __future__ import annotations

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ipos_pipeline.defs.checks import (
    EVERY_LINE_SPLIT_ONCE,
    HEADER_TOTALS_MATCH_LINES,
    NO_CLOCK_SKEW,
    NO_MALFORMED_INVOICES,
    NO_MISSING_INVOICES,
    NO_ZERO_QUANTITY_LINES,
    ONE_TAX_REGIME,
)
from ipos_pipeline.defs.reporting import amount, check
from ipos_pipeline.domain.line_frames import arrow_of, column_total, is_to_split, order_of
from ipos_pipeline.domain.problem import HEADER_CODES, TAX_REGIME, regime_is_mixed
from ipos_pipeline.steps.landing import Landed

WARN = dg.AssetCheckSeverity.WARN
LINE = ["document_key", "sl_no"]
"""What names a line."""
TO_COUNT = [*LINE, "state", "filter_rule", "qty"]
"""Columns of `RAW_LINES` that `every_line_split_once` reads."""


def checks_of_invoices(
    landed: Landed, lines: pd.DataFrame, errors: pd.DataFrame, suspicious: pd.DataFrame
) -> list[dg.AssetCheckResult]:
    """Make the checks of `raw_invoices`.

    `lines` as `RAW_LINES`, `errors` the store-day's open ones as `ERRORS`, `suspicious` as
    `SUSPICIOUS_DATES`.
    """
    return [
        no_missing_invoices(landed),
        no_malformed_invoices(errors),
        header_totals_match_lines(lines, errors),
        one_tax_regime(lines, errors),
        no_zero_quantity_lines(lines),
        no_clock_skew(suspicious),
    ]


def no_missing_invoices(landed: Landed) -> dg.AssetCheckResult:
    """Compare how many invoices IPOS shows for the day with how many are accounted for."""
    missing = max(landed.shown_in_all - landed.accounted_for, 0)
    return check(
        NO_MISSING_INVOICES,
        passed=missing == 0,
        count=missing,
        recovery="Materialize raw_invoices again; if it stays red, compare the day in IPOS with"
        " the ledger and ask the vendor which invoices its list leaves out.",
        shown_by_ipos=landed.shown_in_all,
        in_the_ledger=landed.accounted_for,
    )


def no_malformed_invoices(errors: pd.DataFrame) -> dg.AssetCheckResult:
    """List what IPOS shows and nobody can read."""
    malformed = errors[errors["stage"] == "parse"]
    return check(
        NO_MALFORMED_INVOICES,
        passed=malformed.empty,
        count=len(malformed),
        recovery="Each row names the field. Have the invoice corrected in IPOS; the next run reads"
        " it again. Or set it aside: `ipos-pipeline errors set-aside`.",
        sample=malformed,
    )


def header_totals_match_lines(lines: pd.DataFrame, errors: pd.DataFrame) -> dg.AssetCheckResult:
    """List invoices that are kept back because header and lines do not agree."""
    held = errors[errors["code"].isin(HEADER_CODES)]
    invoices = lines[["document_key", "round_off"]].drop_duplicates("document_key")
    return check(
        HEADER_TOTALS_MATCH_LINES,
        passed=held.empty,
        count=len(held),
        recovery="Each row says by how much they differ. Have the invoice corrected in IPOS, or"
        " correct the profile's rounding_tolerance, then materialize raw_invoices again.",
        sample=held,
        invoices=len(invoices),
        round_off=amount(column_total(invoices, "round_off")),
    )


def one_tax_regime(lines: pd.DataFrame, errors: pd.DataFrame) -> dg.AssetCheckResult:
    """Stop the run where the configuration, not an invoice, must be wrong about tax."""
    other = errors[errors["code"] == TAX_REGIME]
    invoices = lines["document_key"].nunique()
    is_mixed = regime_is_mixed(other=len(other), invoices=invoices)
    return check(
        ONE_TAX_REGIME,
        passed=not is_mixed,
        count=len(other),
        recovery="Nothing is posted. Correct prices_include_tax in the location's IPOS"
        " Configuration record, then materialize the whole store-day again.",
        sample=other if is_mixed else None,
        invoices=invoices,
    )


def no_zero_quantity_lines(lines: pd.DataFrame) -> dg.AssetCheckResult:
    """List lines that are neither sold nor returned; they are posted nowhere."""
    columns = ["document_key", "inv_no", "sl_no", "primary_barcode", "item_name", "net_rate"]
    zero = lines[columns][lines["qty"] == 0]
    return check(
        NO_ZERO_QUANTITY_LINES,
        passed=zero.empty,
        count=len(zero),
        recovery="Ask the shop why the till wrote them; the other lines of their invoices are"
        " posted.",
        sample=zero,
        severity=WARN,
        lines=len(lines),
    )


def no_clock_skew(suspicious: pd.DataFrame) -> dg.AssetCheckResult:
    """List invoices whose time a right clock would not have written."""
    return check(
        NO_CLOCK_SKEW,
        passed=suspicious.empty,
        count=len(suspicious),
        recovery="They are posted for the business day that IPOS gives. Have the clock of the"
        " shop's tills set.",
        sample=suspicious,
        severity=WARN,
    )


def every_line_split_once(
    raw_lines: pd.DataFrame,
    sale_lines: pd.DataFrame,
    refund_lines: pd.DataFrame,
    *,
    planned: set[str],
    in_shadow: bool = False,
) -> dg.AssetCheckResult:
    """Compare the split columns with the raw lines, and with what the ledger has planned.

    `planned` are the external IDs that the ledger means to post; in shadow there are more lines.
    """
    lines = arrow_of(raw_lines[["state", "filter_rule"]])
    is_wanted = is_to_split(lines, with_shadow=in_shadow).to_pandas().to_numpy(dtype=bool)
    to_split = raw_lines[LINE][is_wanted & (raw_lines["qty"] != 0).to_numpy(dtype=bool)]
    misplaced = _lines_that_differ(to_split, pd.concat([sale_lines[LINE], refund_lines[LINE]]))
    documents = {*sale_lines["external_id"].unique(), *refund_lines["external_id"].unique()}
    unplanned = sorted(planned - documents if in_shadow else planned ^ documents)
    return check(
        EVERY_LINE_SPLIT_ONCE,
        passed=not misplaced and not unplanned,
        count=misplaced + len(unplanned),
        recovery="Materialize raw_invoices and the lines again; if it stays red, this is a defect:"
        " the frames and the ledger disagree on what is to be posted.",
        sample=pd.DataFrame({"external_id": unplanned}),
        lines_to_split=len(to_split),
        sale_lines=len(sale_lines),
        refund_lines=len(refund_lines),
    )


def _lines_that_differ(ones: pd.DataFrame, others: pd.DataFrame) -> int:
    """Count the lines (columns `LINE`) of which one side has more.

    A document may use a number twice.
    """
    here, there = _in_order(ones), _in_order(others)
    if here.equals(there):  # as nearly always; then nothing need be counted
        return 0
    signed = [
        side.append_column("count", pa.array([count] * len(side), pa.int64()))
        for side, count in ((here, 1), (there, -1))
    ]
    counts = pa.concat_tables(signed).group_by(LINE).aggregate([("count", "sum")])
    differing: int = pc.sum(pc.abs(counts["count_sum"])).as_py()
    return differing


def _in_order(lines: pd.DataFrame) -> pa.Table:
    table = arrow_of(lines)
    return table.take(order_of(table, *LINE))
