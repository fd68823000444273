"""The pipeline on one simulated shop, and readers of what its runs show."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from ipos_pipeline.defs.partitions import LOCATIONS
from ipos_pipeline.defs.sensors import location_partitions_sensor
from ipos_pipeline_tests.builders import LOCATION
from ipos_pipeline_tests.errors_workflow.conftest import inbox, operation
from ipos_pipeline_tests.pipeline.conftest import Pipeline, instance, pipeline
from ipos_pipeline_tests.pipeline.test_sensors import tick
from simulators.world import CONFIGURATION, configurations

__all__ = ["inbox", "instance", "metadata_of", "operation", "pipeline", "record_of"]

NEW_SHOP = "SHJ01"


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


def follow_the_records(pipeline: Pipeline) -> None:
    """Do what the daemon does with the answer of the location sensor."""
    answer = tick(pipeline, location_partitions_sensor)
    for request in getattr(answer, "dynamic_partitions_requests", None) or []:
        change = {
            "AddDynamicPartitionsRequest": pipeline.instance.add_dynamic_partitions,
            "DeleteDynamicPartitionsRequest": lambda name, keys: [
                pipeline.instance.delete_dynamic_partition(name, key) for key in keys
            ],
        }[type(request).__name__]
        change(LOCATIONS, request.partition_keys)


def copy_record(pipeline: Pipeline, **fields: object) -> str:
    """Make another record like that of DXB01, as a person does; fields without their prefix."""
    unique = {"id", "externalid"}
    record = {name: value for name, value in record_of(pipeline).items() if name not in unique}
    named = {
        name if name in {"name", "isinactive"} else f"custrecord_ipos_{name}": value
        for name, value in fields.items()
    }
    return pipeline.world.netsuite.put_custom_record(CONFIGURATION, {**record, **named})


def open_new_shop(pipeline: Pipeline) -> None:
    """Write a record for another shop, as a person does; IPOS knows that shop already."""
    key = "the-new-shops-key"
    copy_record(pipeline, name="Sharjah", location_code=NEW_SHOP, auth_value=key)
    pipeline.world.ipos.add_location(NEW_SHOP, auth_header="X-Api-Key", auth_value=key)
