"""Reference data, kept for lineage: a run reads the configuration afresh and looks items up."""

from collections.abc import Iterable
from typing import Any

import dagster as dg
import pyarrow as pa

from ipos_pipeline.defs.parquet_io import FRAME_TYPE, IO_MANAGER
from ipos_pipeline.defs.reporting import column_schema, table
from ipos_pipeline.defs.resources import Frame, Opened, clear_failures
from ipos_pipeline.domain.line_frames import frame_of

CONFIGURATION = pa.schema(
    [
        pa.field("location_code", pa.string()),
        pa.field("name", pa.string()),
        pa.field("domain_url", pa.string()),
        pa.field("profile", pa.string()),
        pa.field("customer", pa.string()),
        pa.field("tax_code", pa.string()),
        pa.field("prices_include_tax", pa.bool_()),
        pa.field("location", pa.string()),
        pa.field("subsidiary", pa.string()),
        pa.field("account", pa.string()),
        pa.field("currency", pa.string()),
        pa.field("timezone", pa.string()),
        pa.field("day_cutoff_hour", pa.int64()),
        pa.field("mode", pa.string()),
        pa.field("live_from", pa.date32()),
    ]
)
"""Columns of `ipos_configuration`; credentials are not among them."""

ITEMS = pa.schema(
    [
        pa.field("internal_id", pa.string()),
        pa.field("barcode", pa.string()),
        pa.field("itemid", pa.string()),
        pa.field("itemtype", pa.string()),
        pa.field("isinactive", pa.bool_()),
    ]
)
"""Columns of `netsuite_items`."""


def reference_assets() -> list[dg.AssetsDefinition]:
    """Declare the reference data."""
    return [_declare(ipos_configuration, CONFIGURATION), _declare(netsuite_items, ITEMS)]


def ipos_configuration(context: dg.AssetExecutionContext, connections: Opened) -> Frame:
    """The IPOS Configuration records in use, one row for each location, without credentials."""
    with clear_failures(connections, run=context.run.run_id):
        records = connections.records
    active = (record.configuration for record in records.usable.values())
    frame = frame_of(_rows(active, CONFIGURATION), CONFIGURATION)
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "locations": len(frame),
            "records": table(frame),
            "not_usable": "\n".join(one.error.message for one in records.problems) or "none",
        },
    )


def netsuite_items(context: dg.AssetExecutionContext, connections: Opened) -> Frame:
    """NetSuite's inventory items that have a barcode."""
    with clear_failures(connections, run=context.run.run_id):
        items = connections.wait_for(
            connections.netsuite.inventory_items(item_field=connections.settings.item_field)
        )
    frame = frame_of(_rows(items, ITEMS), ITEMS)
    return dg.MaterializeResult(value=frame, metadata={"items": len(frame), "sample": table(frame)})


def _rows(values: Iterable[object], schema: pa.Schema) -> list[dict[str, Any]]:
    return [{name: getattr(value, name) for name in schema.names} for value in values]


def _declare(function: Any, schema: pa.Schema) -> dg.AssetsDefinition:  # noqa: ANN401
    return dg.asset(
        group_name="reference",
        kinds={"netsuite", "parquet"},
        owners=["team:data"],
        io_manager_key=IO_MANAGER,
        dagster_type=FRAME_TYPE,
        metadata={"dagster/column_schema": column_schema(schema)},
    )(function)
