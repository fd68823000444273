"""What people look at in the Dagster UI: tables, column schemas, amounts, links, run tags."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

SAMPLE_ROWS = 20
LOCATION_TAG = "ipos/location"


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


def defined_in(function: Callable[..., Any]) -> dg.PathMetadataValue:
    """Tell in which file of this repository an asset's function stands.

    Dagster's own code references hold a path of the machine that loads the code, or the address of
    one host of git repositories; this is the same everywhere.
    """
    module = function.__module__.replace(".", "/")
    return dg.MetadataValue.path(f"{module}.py:{function.__name__}")


def links(pages: Mapping[str, str]) -> dg.MarkdownMetadataValue:
    """List pages by their names, as links; a table's cells are plain text."""
    listed = [f"- [{name}]({page})" for name, page in pages.items()]
    return dg.MetadataValue.md("\n".join(listed) or "none")


def picture(svg: str, *, of: str) -> dg.MarkdownMetadataValue:
    """Show a drawing inside Markdown; the UI loads nothing for it."""
    encoded = base64.b64encode(svg.encode()).decode()
    return dg.MetadataValue.md(f"![{of}](data:image/svg+xml;base64,{encoded})" if svg else "none")


def tag_location(context: dg.AssetExecutionContext, location_code: str) -> None:
    """Tag the run with its location, whoever started it: a backfill, the Launchpad or a command."""
    if LOCATION_TAG not in context.run.tags:
        context.instance.add_run_tags(context.run.run_id, {LOCATION_TAG: location_code})


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
