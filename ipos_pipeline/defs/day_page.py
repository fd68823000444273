"""The page of a business day: written by every run of one of its store-days, so it is never stale.

It is read from the ledger alone, all shops at one moment.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.partitions import LOCATIONS, TIMEZONE
from ipos_pipeline.defs.reporting import Metadata, picture
from ipos_pipeline.domain.day_report import DayReport
from ipos_pipeline.domain.day_report_html import day_chart_svg
from ipos_pipeline.settings.configuration_records import ConfigurationRecords
from ipos_pipeline.steps.reporting_day import collect_day, page_path, write_page

ZONE = ZoneInfo(TIMEZONE)

PAGE_EVERY = timedelta(seconds=30)
"""A page covers all shops, so hundreds of runs at once must not each write it. What a run leaves
out for that reason a later run writes, or `freshness_sensor`."""


def write_day(
    instance: dg.DagsterInstance,
    connections: Connections,
    records: ConfigurationRecords,
    day: date,
    *,
    run: str,
) -> DayReport:
    """Write the page of a day anew, and give what it says."""
    registered = set(instance.get_dynamic_partitions(LOCATIONS))
    report = collect_day(
        connections.ledger,
        {code: record.configuration for code, record in records.usable.items()},
        day,
        others=records.unsure_of(registered),
        zone=ZONE,
        at=connections.clock(),
    )
    write_page(connections.settings.data_dir, report, run=run)
    return report


def is_written_since(connections: Connections, day: date, moment: datetime) -> bool:
    """Tell whether the page of a day says what stood in the ledger at an instant, or later."""
    try:
        return page_of(connections, day).stat().st_mtime >= moment.timestamp()
    except FileNotFoundError:
        return False


def page_of(connections: Connections, day: date) -> Path:
    """Tell where the page of a day stands."""
    return page_path(connections.settings.data_dir, day)


def chart_of(report: DayReport, location_code: str) -> Metadata:
    """Draw how one shop's invoices reached NetSuite over a day, once the day is over.

    Before that each run would keep a drawing of its own among Dagster's events.
    """
    if report.made_at.astimezone(report.zone).date() <= report.business_date:
        return {}
    (shop,) = (one for one in report.locations if one.code == location_code)
    chart = picture(
        day_chart_svg(shop.invoices, shop.zone), of=f"{shop.code}, {report.business_date}"
    )
    return {"from_sale_to_netsuite": chart}
