"""Store-days in shadow in the Dagster UI: what their runs leave out, and how they compare.

Belongs here: words, tables and the check of the comparison. Not here: which store-days are in
shadow (domain/shadow.py), the comparison (steps/comparing_shadow.py).
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from ipos_pipeline.defs.checks import NO_DIFFERENCES_IN_SHADOW
from ipos_pipeline.defs.reporting import Metadata, amount, check, table
from ipos_pipeline.domain.shadow_comparison import ShadowComparison
from ipos_pipeline.steps.ledger_frames import compared_frame

NOBODY_IS_TOLD = "Shadow: nobody is told."
NOT_WRITTEN = "shadow: not written"
NOT_COMPARED = (
    "NETSUITE_MAPPING_FILE has no section `incumbent`, so nothing could be compared: it was fetched"
    " and mapped only."
)


def seen_in_shadow(results: Iterable[dg.AssetCheckResult]) -> list[dg.AssetCheckResult]:
    """Say of checks that they were made in shadow, which is no reason for them to be red."""
    return [
        dg.AssetCheckResult(
            check_name=one.check_name,
            asset_key=one.asset_key,
            passed=one.passed,
            severity=dg.AssetCheckSeverity.WARN,
            description="Shadow: another script posts this store-day, and this run nothing of it.",
            metadata={**one.metadata, "shadow": True},
        )
        for one in results
    ]


def no_differences_in_shadow(comparison: ShadowComparison | None) -> dg.AssetCheckResult:
    """List what differs from the incumbent's documents; a store-day that is live has none."""
    if comparison is None:
        return check(NO_DIFFERENCES_IN_SHADOW, passed=True, count=0, recovery="", shadow=False)
    result = check(
        NO_DIFFERENCES_IN_SHADOW,
        passed=comparison.is_same,
        count=len(comparison.differing),
        recovery="`ipos-pipeline shadow report` lists them all and compares again."
        if comparison.is_compared
        else NOT_COMPARED,
        sample=compared_frame(comparison.differing),
        severity=dg.AssetCheckSeverity.WARN,
    )
    return seen_in_shadow([result])[0]


def comparison_shown(comparison: ShadowComparison) -> Metadata:
    """Show how a store-day in shadow compares: counts, both totals, and what differs."""
    found = sorted(comparison.counts.items())
    return {
        "shadow": True,
        "compared_at": dg.MetadataValue.timestamp(comparison.compared_at),
        "compared": "yes" if comparison.is_compared else NOT_COMPARED,
        "documents": ", ".join(f"{kind}: {count}" for kind, count in found) or "none",
        "ours": amount(comparison.ours_total),
        "in_netsuite": amount(comparison.theirs_total),
        "comparison": table(compared_frame(comparison.differing)),
    }
