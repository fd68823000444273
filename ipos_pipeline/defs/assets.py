"""The assets of a store-day: names, lineage, columns, kinds and checks, in one table.

Belongs here: what the Dagster UI shows of the assets. Not here: what they do (line_assets.py,
posting_assets.py, closing_assets.py).
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg
import pyarrow as pa

from ipos_pipeline.defs import checks, closing_assets, line_assets, posting_assets
from ipos_pipeline.defs.dry_run import PostingConfig
from ipos_pipeline.defs.parquet_io import FRAME_TYPE, IO_MANAGER
from ipos_pipeline.defs.reporting import column_schema, defined_in
from ipos_pipeline.defs.resources import Frame, Opened
from ipos_pipeline.defs.store_day_run import StoreDayRun
from ipos_pipeline.domain.line_frames import RAW_LINES, SPLIT_LINES
from ipos_pipeline.steps.ledger_frames import ACKNOWLEDGEMENTS, DIFFERENCES, ERRORS, POSTINGS

OWNERS = ["team:data"]


@dataclass(frozen=True)
class StoreDayAsset:
    """One asset; `follows` names those it comes after.

    Its function loads their frames where it needs them.
    """

    function: Callable[[StoreDayRun], Frame]
    columns: pa.Schema
    system: str
    follows: tuple[str, ...]
    checks: tuple[str, ...]

    @property
    def name(self) -> str:
        """The asset's name."""
        return self.function.__name__


POSTING_CHECKS = (checks.NO_FAILED_POSTINGS, checks.NO_POSTINGS_IN_DOUBT, checks.POSTED_SAME_DAY)

ASSETS: tuple[StoreDayAsset, ...] = (
    StoreDayAsset(
        line_assets.raw_invoices,
        RAW_LINES,
        "ipos",
        follows=("ipos_configuration",),
        checks=(
            checks.NO_MISSING_INVOICES,
            checks.NO_MALFORMED_INVOICES,
            checks.HEADER_TOTALS_MATCH_LINES,
            checks.ONE_TAX_REGIME,
            checks.NO_ZERO_QUANTITY_LINES,
            checks.NO_CLOCK_SKEW,
        ),
    ),
    StoreDayAsset(
        posting_assets.cash_sales,
        POSTINGS,
        "netsuite",
        follows=("sale_lines", "netsuite_items"),
        checks=POSTING_CHECKS,
    ),
    StoreDayAsset(
        posting_assets.cash_refunds,
        POSTINGS,
        "netsuite",
        follows=("refund_lines", "netsuite_items"),
        checks=POSTING_CHECKS,
    ),
    StoreDayAsset(
        closing_assets.acknowledgements,
        ACKNOWLEDGEMENTS,
        "ipos",
        follows=("cash_sales", "cash_refunds"),
        checks=(checks.ALL_ACKNOWLEDGED,),
    ),
    StoreDayAsset(
        closing_assets.integration_errors,
        ERRORS,
        "ledger",
        follows=("cash_sales", "cash_refunds", "acknowledgements"),
        checks=(checks.ALL_ITEMS_KNOWN, checks.ALL_MAILS_SENT),
    ),
    StoreDayAsset(
        closing_assets.store_day_reconciliation,
        DIFFERENCES,
        "ledger",
        follows=("raw_invoices", "acknowledgements"),
        checks=(
            checks.TOTALS_MATCH_NETSUITE,
            checks.NO_DUPLICATES_IN_NETSUITE,
            checks.NO_DRIFT_AFTER_POSTING,
            checks.NO_GAPS_IN_NUMBERS,
            checks.NO_DIFFERENCES_IN_SHADOW,
        ),
    ),
)


def store_day_assets(partitions: dg.MultiPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """Declare the assets of a store-day on the given partitions."""
    return [_split_lines(partitions), *(_declare(asset, partitions) for asset in ASSETS)]


def _declare(asset: StoreDayAsset, partitions: dg.MultiPartitionsDefinition) -> dg.AssetsDefinition:
    def run(context: dg.AssetExecutionContext, connections: Opened) -> Frame:
        return StoreDayRun.of(context, connections).do(asset.function)

    def run_as_configured(
        context: dg.AssetExecutionContext,
        config: PostingConfig,  # noqa: ARG001 - read from the whole run, see dry_run.py
        connections: Opened,
    ) -> Frame:
        return run(context, connections)

    return dg.asset(
        name=asset.name,
        description=inspect.getdoc(asset.function),
        partitions_def=partitions,
        deps=asset.follows,
        group_name=asset.system,
        kinds={asset.system, "parquet"},
        owners=OWNERS,
        io_manager_key=IO_MANAGER,
        dagster_type=FRAME_TYPE,
        metadata={
            "dagster/column_schema": column_schema(asset.columns),
            "defined_in": defined_in(asset.function),
        },
        check_specs=[checks.spec(name, asset.name) for name in asset.checks],
    )(run_as_configured if asset.system == "netsuite" else run)


def _split_lines(partitions: dg.MultiPartitionsDefinition) -> dg.AssetsDefinition:
    """Declare sale and refund lines as one step: a line is in exactly one of the two."""

    def line_set(description: str) -> dg.AssetOut:
        return dg.AssetOut(
            description=description,
            group_name="ipos",
            kinds={"pandas", "parquet"},
            owners=OWNERS,
            io_manager_key=IO_MANAGER,
            dagster_type=FRAME_TYPE,
            metadata={
                "dagster/column_schema": column_schema(SPLIT_LINES),
                "defined_in": defined_in(line_assets.split_invoice_lines),
            },
        )

    def run(context: dg.AssetExecutionContext, connections: Opened) -> tuple[Frame, Frame]:
        return StoreDayRun.of(context, connections).do(line_assets.split_invoice_lines)

    return dg.multi_asset(
        name="split_invoice_lines",
        deps=["raw_invoices"],
        outs={
            "sale_lines": line_set("Lines of quantity above zero: what a cash sale is made of."),
            "refund_lines": line_set(
                "Lines of quantity below zero, written positive: what a cash refund is made of."
            ),
        },
        partitions_def=partitions,
        check_specs=[checks.spec(checks.EVERY_LINE_SPLIT_ONCE, "sale_lines")],
    )(run)
