"""Checks of a run of many store-days: one evaluation of each check, which names those not green.

Dagster 1.13 keeps checks apart by name and not by partition: an evaluation for each store-day would
show the last one only, and hide a red one behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import dagster as dg
import pandas as pd

from ipos_pipeline.defs.partitions import StoreDay
from ipos_pipeline.defs.reporting import table

Checked = tuple[StoreDay, str, dg.AssetCheckResult]
"""A store-day, the asset, and one of its results."""


def combined(results: Iterable[Checked]) -> Iterator[dg.AssetCheckEvaluation]:
    """Put the results of many store-days together, check by check."""
    by_check: dict[tuple[str, str], list[tuple[StoreDay, dg.AssetCheckResult]]] = {}
    for store_day, asset, result in results:
        by_check.setdefault((asset, str(result.check_name)), []).append((store_day, result))
    for (asset, name), of_store_days in by_check.items():
        yield _evaluation(asset, name, of_store_days)


def _evaluation(
    asset: str, name: str, results: list[tuple[StoreDay, dg.AssetCheckResult]]
) -> dg.AssetCheckEvaluation:
    red = [(store_day, result) for store_day, result in results if not result.passed]
    is_error = any(result.severity == dg.AssetCheckSeverity.ERROR for _, result in red)
    rows = [
        {"store_day": store_day.partition_key, "offending": result.metadata["offending"].value}
        for store_day, result in red
    ]
    metadata: dict[str, Any] = {"store_days": len(results), "not_passed": len(red)}
    if red:
        recovery = {"recovery": red[0][1].metadata["recovery"]}
        metadata |= {**recovery, "sample": table(pd.DataFrame(rows))}
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(asset),
        check_name=name,
        passed=not red,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )
