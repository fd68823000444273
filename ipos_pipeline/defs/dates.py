"""The four dates on a location's record: written after a run, and never a reason for it to fail."""

from ipos_pipeline.defs.store_day_run import StoreDayRun
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.settings.configuration_records import (
    RECORD_TYPE,
    ConfigurationRecord,
    field_ids,
)
from ipos_pipeline.steps.dates import four_dates, show_dates


def keep_dates_shown(at: StoreDayRun, record: ConfigurationRecord) -> str:
    """Have the record in NetSuite show the ledger's dates; say in words what came of it."""
    connections = at.connections
    if record.internal_id is None:
        return "none: the record stands in a file"
    try:
        is_written = connections.wait_for(
            show_dates(
                connections.netsuite,
                four_dates(connections.ledger, record.configuration.location_code),
                record_type=RECORD_TYPE,
                internal_id=record.internal_id,
                field_ids=field_ids(connections.mapping),
            )
        )
    except PipelineError as error:
        at.log.warning(
            "The dates of %s are not written; the next run tries again: %s", record, error.message
        )
        return f"not written: {error.message}"
    return "written" if is_written else "unchanged"
