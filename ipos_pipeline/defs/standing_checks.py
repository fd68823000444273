"""Standing checks: what is open anywhere, which days are not closed, whether today is fresh.

They look at all locations and days at once, so they have no partition; they read the ledger alone,
but for the records that say which locations there are. Not here: the checks of a store-day
(checks.py).
"""

from zoneinfo import ZoneInfo

import dagster as dg
import pandas as pd

from ipos_pipeline.defs.partitions import TIMEZONE
from ipos_pipeline.defs.reporting import SAMPLE_ROWS, check
from ipos_pipeline.defs.resources import Opened, clear_failures
from ipos_pipeline.domain.closing import UnprovedState, last_closed_day
from ipos_pipeline.steps.closing import open_errors, unproved_days, unproved_frame
from ipos_pipeline.steps.watching_freshness import judge_freshness

STANDING_CHECKS_JOB = "standing_checks"
NO_ERRORS_OPEN_ANYWHERE = "no_errors_open_anywhere"
NO_ERROR_WAITS_FOR_A_PERSON = "no_error_waits_for_a_person"
ALL_DAYS_CLOSED = "all_days_closed"
TODAY_IS_FRESH = "today_is_fresh"

WARN = dg.AssetCheckSeverity.WARN
ERROR = dg.AssetCheckSeverity.ERROR


@dg.asset_check(
    asset="integration_errors",
    name=NO_ERRORS_OPEN_ANYWHERE,
    description="No document of any location and day has an open error.",
)
def no_errors_open_anywhere(
    context: dg.AssetCheckExecutionContext, connections: Opened
) -> dg.AssetCheckResult:
    """Count the open errors by location and cause; list the oldest."""
    with clear_failures(connections, run=context.run.run_id):
        found = open_errors(connections.ledger, limit=SAMPLE_ROWS)
    return check(
        NO_ERRORS_OPEN_ANYWHERE,
        passed=found.count == 0,
        count=found.count,
        recovery="`ipos-pipeline errors list` lists them all; each says what to do, and whether it"
        " is tried again by itself.",
        sample=found.oldest,
        severity=WARN,
        by_location_and_code=found.by_location_and_code,
    )


@dg.asset_check(
    asset="integration_errors",
    name=NO_ERROR_WAITS_FOR_A_PERSON,
    description="Every open error is tried again by itself, and none has been open for a week.",
)
def no_error_waits_for_a_person(
    context: dg.AssetCheckExecutionContext, connections: Opened
) -> dg.AssetCheckResult:
    """List the open errors that time alone does not solve, or has not within a week."""
    with clear_failures(connections, run=context.run.run_id):
        now = connections.clock()
        found = open_errors(connections.ledger, limit=SAMPLE_ROWS, for_a_person_at=now)
    return check(
        NO_ERROR_WAITS_FOR_A_PERSON,
        passed=found.count == 0,
        count=found.count,
        recovery="Do what `next_step` of each row says; then `ipos-pipeline errors retry`, or set"
        " it aside with a reason.",
        sample=found.oldest,
        by_location_and_code=found.by_location_and_code,
    )


@dg.asset_check(
    asset="store_day_reconciliation",
    name=ALL_DAYS_CLOSED,
    description="Every store-day of the last 60 that is over is proved as it stands now.",
)
def all_days_closed(
    context: dg.AssetCheckExecutionContext, connections: Opened
) -> dg.AssetCheckResult:
    """List the store-days that differ, changed since they were reconciled, or never were."""
    with clear_failures(connections, run=context.run.run_id):
        last_day = last_closed_day(connections.clock(), ZoneInfo(TIMEZONE))
        days = unproved_days(connections.ledger, last_day=last_day)
    differing = sum(one.state == UnprovedState.DIFFERS for one in days)
    return check(
        ALL_DAYS_CLOSED,
        passed=not days,
        count=len(days),
        recovery="Each night runs them again. What then still differs is told by"
        " store_day_reconciliation of that partition, in `differences`.",
        sample=unproved_frame(days),
        severity=ERROR if differing else WARN,
        differing=differing,
        up_to=last_day.isoformat(),
    )


@dg.asset_check(
    asset="raw_invoices",
    name=TODAY_IS_FRESH,
    description="IPOS was asked about today, and what it showed was read, within 30 minutes at"
    " every location that trades now.",
)
def today_is_fresh(
    context: dg.AssetCheckExecutionContext, connections: Opened
) -> dg.AssetCheckResult:
    """List the trading locations whose business day of today nobody looks at or reads."""
    with clear_failures(connections, run=context.run.run_id):
        judged = judge_freshness(
            connections.ledger,
            connections.configurations().values(),
            connections.settings.trading_hours,
            known_since={},
            now=connections.clock(),
        )
    stale = [one for one in judged if one.why is not None]
    return check(
        TODAY_IS_FRESH,
        passed=not stale,
        count=len(stale),
        recovery="See that store_days_sensor is on and what its last ticks say, and that runs of"
        " today's partitions start and succeed.",
        sample=pd.DataFrame(
            [(one.location_code, str(one.day), str(one.looked_at), one.why) for one in stale],
            columns=["location_code", "day", "looked_at", "why"],
        ),
        locations_that_trade_now=sum(one.is_watched for one in judged),
    )


STANDING_CHECKS = (
    no_errors_open_anywhere,
    no_error_waits_for_a_person,
    all_days_closed,
    today_is_fresh,
)

standing_checks = dg.define_asset_job(
    STANDING_CHECKS_JOB,
    selection=dg.AssetSelection.checks(*STANDING_CHECKS),
    description="What is open anywhere, which days are not closed, whether today is fresh.",
)

standing_checks_schedule = dg.ScheduleDefinition(
    name="standing_checks_schedule",
    job=standing_checks,
    cron_schedule="10 * * * *",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every hour.",
)
