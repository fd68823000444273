"""Frames as Parquet files: one for each asset and store-day, rebuildable from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.partitions import StoreDay
from ipos_pipeline.domain.line_frames import arrow_of, frame_of_arrow

IO_MANAGER = "parquet"

FRAME_TYPE = dg.DagsterType(
    name="Frame",
    type_check_fn=lambda _context, value: isinstance(value, pd.DataFrame),
    description="A pandas frame whose columns have Arrow types, amounts as decimals.",
)


class ParquetIOManager(dg.IOManager):
    """Writes `DATA_DIR/asset/2026-11-20/DXB01.parquet`; readers never see half a file."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame) -> None:
        """Store a frame and tell its path, rows and columns."""
        context.add_output_metadata(store_frame(self._path(context), obj, run=context.run_id))

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:
        """Load a frame with the column types it was stored with."""
        return frame_at(self._path(context), context.asset_key.to_user_string())

    def _path(self, context: dg.OutputContext | dg.InputContext) -> Path:
        name = context.asset_key.to_python_identifier()
        data_dir = self._connections.settings.data_dir
        if not context.has_asset_partitions:
            return data_dir.resolve() / f"{name}.parquet"
        return frame_path(data_dir, name, StoreDay.of(context.asset_partition_key))


def frame_path(data_dir: Path, asset: str, store_day: StoreDay) -> Path:
    """Tell where the frame of an asset and store-day stands."""
    location = quote(store_day.location_code, safe="")
    return data_dir.resolve() / asset / store_day.day.isoformat() / f"{location}.parquet"


def store_frame(path: Path, frame: pd.DataFrame, *, run: str) -> dict[str, Any]:
    """Write a frame in the place of the earlier one; gives its path and its number of rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{run}.tmp")
    pq.write_table(arrow_of(frame), unfinished)
    unfinished.replace(path)
    return {"path": dg.MetadataValue.path(path), "dagster/row_count": len(frame)}


def frame_at(path: Path, asset: str, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Load the frame of an asset, or some columns of it. Raises dagster.Failure without one."""
    frame = stored_frame(path, columns=columns)
    if frame is None:
        recovery = f"Materialize {asset} first."
        raise dg.Failure(f"{path} is missing or cannot be read.", metadata={"recovery": recovery})
    return frame


def stored_frame(path: Path, *, columns: Sequence[str] | None = None) -> pd.DataFrame | None:
    """Load a frame, or some columns of it; None if there is none that can be read."""
    try:
        return frame_of_arrow(pq.read_table(path, columns=columns))
    except (FileNotFoundError, pa.ArrowInvalid):
        return None


@dg.io_manager(
    required_resource_keys={"connections"},
    description="Parquet files below IPOS_PIPELINE_DATA_DIR",
)
def parquet_io_manager(context: dg.InitResourceContext) -> ParquetIOManager:
    """Build the manager; the settings are read when the first frame is stored."""
    return ParquetIOManager(context.resources.connections)
