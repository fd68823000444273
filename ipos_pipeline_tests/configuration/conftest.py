"""The pipeline on one simulated shop, and readers of what its runs show."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from ipos_pipeline_tests.builders import LOCATION
from ipos_pipeline_tests.pipeline.conftest import Pipeline, instance, pipeline
from simulators.world import configurations

__all__ = ["instance", "metadata_of", "pipeline", "record_of"]


def metadata_of(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    """Give what a run shows beside an asset; a table as its rows."""
    (event,) = [
        one
        for one in result.get_asset_materialization_events()
        if one.asset_key is not None and one.asset_key.to_user_string() == asset
    ]
    shown = event.materialization.metadata
    return {
        name: [dict(row.data) for row in value.records]
        if isinstance(value, dg.TableMetadataValue)
        else value.value
        for name, value in shown.items()
    }


def record_of(pipeline: Pipeline, location: str = LOCATION) -> Mapping[str, Any]:
    """Give a location's configuration record as NetSuite has it."""
    return configurations(pipeline.world.netsuite)[location]
