"""Metadata that people look at in the Dagster UI: tables, column schemas, amounts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

SAMPLE_ROWS = 20


def table(frame: pd.DataFrame, *, rows: int | None = SAMPLE_ROWS) -> dg.TableMetadataValue:
    """Show the first rows of a frame, or all of them."""
    columns = [dg.TableColumn(str(name), str(kind)) for name, kind in frame.dtypes.items()]
    records = [
        dg.TableRecord({str(name): _cell(value) for name, value in row.items()})
        for row in frame[:rows].to_dict("records")
    ]
    return dg.MetadataValue.table(records, schema=dg.TableSchema(columns))


def column_schema(schema: pa.Schema) -> dg.TableSchema:
    """Tell an asset's columns and their types."""
    return dg.TableSchema([dg.TableColumn(field.name, str(field.type)) for field in schema])


def amount(total: Decimal) -> str:
    """Write an amount for people; Dagster's own number would be a float."""
    return f"{total:,.2f} AED"


def counts(rows: pd.DataFrame, column: str) -> str:
    """Count rows by the words of a column; rows without a word do not count."""
    by_word = rows.groupby(column).size().to_dict()
    return ", ".join(f"{word}: {count}" for word, count in by_word.items()) or "none"


def check(
    name: str,
    *,
    passed: bool,
    count: int,
    recovery: str,
    sample: pd.DataFrame | None = None,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
    asset: str | None = None,
    **facts: Any,  # noqa: ANN401
) -> dg.AssetCheckResult:
    """Report a check: how many offend, which ones for a start, and what to do about it."""
    metadata: dict[str, Any] = {"offending": count, **facts}
    if not passed:
        metadata["recovery"] = recovery
    if sample is not None and len(sample):
        metadata["sample"] = table(sample)
    return dg.AssetCheckResult(
        check_name=name, asset_key=asset, passed=passed, severity=severity, metadata=metadata
    )


def _cell(value: object) -> str | int | float | bool | None:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    return value if isinstance(value, bool | int) else str(value)


Metadata = Mapping[str, Any]
