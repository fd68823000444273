"""Jobs: one store-day from IPOS to NetSuite, and the reference data."""

from __future__ import annotations

import dagster as dg

from ipos_pipeline.defs.assets import ASSETS
from ipos_pipeline.defs.standing_checks import STANDING_CHECKS

SYNC_INVOICES = "sync_invoices"
REFRESH_REFERENCE_DATA = "refresh_reference_data"

FROM_THE_START = {"dagster/retry_strategy": "ALL_STEPS"}
"""Of a run in the place of a dead one: the frames of that one may be on another machine."""

sync_invoices = dg.define_asset_job(
    SYNC_INVOICES,
    selection=dg.AssetSelection.assets(
        "sale_lines", "refund_lines", *(asset.name for asset in ASSETS)
    )
    - dg.AssetSelection.checks(*STANDING_CHECKS),
    description="One location and day: read, split, post, acknowledge, compare.",
    tags=FROM_THE_START,
)

refresh_reference_data = dg.define_asset_job(
    REFRESH_REFERENCE_DATA,
    selection=dg.AssetSelection.assets("ipos_configuration", "netsuite_items"),
    description="The active configuration records and the catalogue, kept for lineage.",
)

refresh_reference_data_schedule = dg.ScheduleDefinition(
    name="refresh_reference_data_schedule",
    job=refresh_reference_data,
    cron_schedule="0 5 * * *",
    execution_timezone="Asia/Dubai",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every morning before the shops open.",
)
