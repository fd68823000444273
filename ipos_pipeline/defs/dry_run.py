"""Dry runs: everything but writing to NetSuite or moving an entry, and visible as such.

A run is dry as a whole as soon as one of its posting assets, or its tag, says so: a run that posts
sales and only previews refunds would be neither.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from pydantic import Field

DRY_RUN_TAG = "ipos/dry_run"
DRY_RUN_CONFIG = {
    "ops": {asset: {"config": {"dry_run": True}} for asset in ("cash_sales", "cash_refunds")}
}
"""Run configuration of a dry run of the job `sync_invoices`."""


class PostingConfig(dg.Config):
    """Run configuration of `cash_sales` and of `cash_refunds`."""

    dry_run: bool = Field(
        default=False,
        description="Show what would be created in NetSuite, with its totals and every problem,"
        " and write nothing there. Invoices are still landed; IPOS is told nothing, no mail is"
        " sent. On one of the two assets it counts for the whole run.",
    )


def is_dry_run(context: dg.AssetExecutionContext) -> bool:
    """Tell whether this run may write nothing to NetSuite or IPOS."""
    run_config: Mapping[str, Any] = context.run.run_config
    steps = run_config.get("ops") or {}
    asked = any((step.get("config") or {}).get("dry_run") is True for step in steps.values())
    return asked or context.run.tags.get(DRY_RUN_TAG) == "true"


def mark_dry_run(context: dg.AssetExecutionContext) -> None:
    """Tag the run, so that the list of runs shows it; its configuration alone does not."""
    context.instance.add_run_tags(context.run.run_id, {DRY_RUN_TAG: "true"})


def seen_dry(result: dg.AssetCheckResult) -> dg.AssetCheckResult:
    """Say of a check that it was made in a dry run, which is no reason for it to be red.

    What is true without anything sent stays green; what a dry run leaves out is a warning.
    """
    said = "this was true without it." if result.passed else "so this cannot be true yet."
    return dg.AssetCheckResult(
        check_name=result.check_name,
        asset_key=result.asset_key,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Dry run: nothing was sent, {said}",
        metadata={**result.metadata, "dry_run": True},
    )
