"""`ipos-pipeline sync`: post store-days now, without waiting for the sensor."""

from __future__ import annotations

import os
from datetime import date, datetime

import click

from ipos_pipeline.cli.acting import DAY, DONE, FAILED, locations_option
from ipos_pipeline.cli.output import in_words, results, say, summary_table
from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.business_day import business_date_at
from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.settings.configuration_records import ConfigurationRecords
from ipos_pipeline.steps.summarising import summarise


@click.command()
@click.option(
    "--day",
    required=True,
    type=DAY,
    metavar="DAY",
    help="Business day to post, such as 2026-11-20.",
)
@locations_option
@click.option(
    "--dry-run",
    "is_dry",
    is_flag=True,
    help="Write nothing to NetSuite and tell IPOS nothing; show what would be posted.",
)
def sync(day: datetime, locations: tuple[str, ...], *, is_dry: bool) -> int:
    """Post the sales of a day to NetSuite, one location after the other.

    Runs the Dagster job sync_invoices in this process on the instance of DAGSTER_HOME, so that its
    UI shows the runs. Safe to repeat: what is posted is not posted again.

    \b
    Examples:
      ipos-pipeline sync --day 2026-11-20
      ipos-pipeline sync --day 2026-11-20 --location DXB01 --location SHJ01
      ipos-pipeline sync --day 2026-11-20 --dry-run

    Exit code 0: every run succeeded, open invoice errors included; 1: a run failed, or a record
    cannot be used and no location was named; 2: wrong use or settings.
    """
    from ipos_pipeline.cli.store_day_runs import (  # noqa: PLC0415
        dagster_instance,
        run_store_days,
    )
    from ipos_pipeline.defs.partitions import LOCATIONS  # noqa: PLC0415

    with Connections(os.environ) as connections, dagster_instance(os.environ) as instance:
        records = connections.records
        codes = _checked(connections, records, day.date(), locations)
        instance.add_dynamic_partitions(LOCATIONS, sorted(records.usable))
        runs = run_store_days(instance, codes, [day.date()], is_dry=is_dry)
        results.print(
            summary_table(summarise(connections.ledger, code, day.date()) for code in codes)
        )
    left_out = () if locations else records.problems
    for problem in left_out:
        say(in_words(problem.error))
    return DONE if all(run.is_success for run in runs) and not left_out else FAILED


def _checked(
    connections: Connections,
    records: ConfigurationRecords,
    day: date,
    locations: tuple[str, ...],
) -> list[str]:
    """Give the locations to run. Raises ConfigurationError for a day or a location we lack."""
    codes = list(dict.fromkeys(locations)) or sorted(records.usable)
    zones = [records.of(code).configuration.zone for code in codes]
    now, first_day = connections.clock(), connections.settings.start_date
    last_day = (
        max(business_date_at(now, timezone=zone, cutoff_hour=0) for zone in zones)
        if zones
        else first_day
    )
    if not first_day <= day <= last_day:
        message = f"{day} is not between {first_day} (IPOS_PIPELINE_START_DATE) and {last_day}."
        raise ConfigurationError(message, recovery="Give a day that has a partition.")
    return codes
