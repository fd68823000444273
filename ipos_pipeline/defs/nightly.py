"""The night: closed days are reconciled, and IPOS is asked about a window of 60 days.

Belongs here: schedules, and the job of the sweep. Not here: which store-days are run
(domain/closing.py); what the sweep has found is run by the next tick of the sensor.
"""

from datetime import date

import dagster as dg

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.group_runs import sync_invoices_of_many
from ipos_pipeline.defs.jobs import sync_invoices
from ipos_pipeline.defs.partitions import LOCATIONS, TIMEZONE
from ipos_pipeline.defs.resources import Opened, clear_failures
from ipos_pipeline.defs.starting import group_request, grouped, run_request, running_store_days
from ipos_pipeline.domain.business_day import business_date_at
from ipos_pipeline.domain.closing import (
    NIGHTLY_CLOSE,
    RUNS_PER_NIGHT,
    SHARED_PER_NIGHT,
    WINDOW_DAYS,
    NightRuns,
    closed_day,
    runs_of_night,
)
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.due import days_to_look_at
from ipos_pipeline.domain.failed_run import job_system
from ipos_pipeline.domain.grouping import Runs
from ipos_pipeline.steps.closing import unproved_days
from ipos_pipeline.steps.looking import Look, look_at_ipos, note_counts
from ipos_pipeline.steps.watching_outages import note_recovery

SWEEP_WINDOW = "sweep_window"
CLOSE_DAY = "close_day_schedule"
CLOSE_DAY_CRON = "30 4 * * *"
LOOKS_AT_ONCE = 10
"""Half of what may be open to IPOS at all: a night's look leaves room for the runs of the day."""


@dg.schedule(
    job=sync_invoices,
    cron_schedule=CLOSE_DAY_CRON,
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night: a run for each location's closed day, and for each store-day of the"
    " last 60 that is not proved.",
)
def close_day_schedule(
    context: dg.ScheduleEvaluationContext, connections: Opened
) -> list[dg.RunRequest] | dg.SkipReason:
    """Reconcile what has closed, and try again what is open, each store-day in its own run."""
    night, runs = _night(context, connections)
    if not night.requests:
        return dg.SkipReason("No active location is registered, or all are running.")
    if not runs.alone:
        return dg.SkipReason("All store-days share runs.")
    return [run_request(key, why, run_key=f"{key[1]}|{key[0]}") for key, why in runs.alone.items()]


@dg.schedule(
    job=sync_invoices_of_many,
    cron_schedule=CLOSE_DAY_CRON,
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="The same where there are many locations: they share runs.",
)
def close_day_of_many_schedule(
    context: dg.ScheduleEvaluationContext, connections: Opened
) -> list[dg.RunRequest] | dg.SkipReason:
    """Reconcile what has closed, and try again what is open, many store-days in a run."""
    _, runs = _night(context, connections)
    if not runs.groups:
        return dg.SkipReason("There are few locations: each store-day has its own run.")
    return [
        group_request(keys, NIGHTLY_CLOSE, run_key=f"{keys[0][1]}|{keys[0][0]}|{len(keys)}")
        for keys in runs.groups
    ]


def _night(
    context: dg.ScheduleEvaluationContext, connections: Connections
) -> tuple[NightRuns, Runs]:
    with clear_failures(connections, run=CLOSE_DAY):
        night = _runs_of_night(context.instance, connections)
        runs = grouped(connections, night.requests)
    if night.left:
        context.log.warning(
            "%d store-days are left for the next night: one night runs %d at most.",
            night.left,
            len(night.requests),
        )
    return night, runs


def _runs_of_night(instance: dg.DagsterInstance, connections: Connections) -> NightRuns:
    active, now = _registered(instance, connections), connections.clock()
    closed = {code: closed_day(one, now=now) for code, one in active.items()}
    unproved = unproved_days(connections.ledger, last_day=max(closed.values(), default=date.min))
    return runs_of_night(
        closed.items(),
        [one for one in unproved if one.business_date <= closed.get(one.location_code, date.min)],
        running=running_store_days(instance),
        first_day=connections.settings.start_date,
        runs_max=SHARED_PER_NIGHT
        if len(active) > connections.settings.group_above
        else RUNS_PER_NIGHT,
    )


def _registered(
    instance: dg.DagsterInstance, connections: Connections
) -> dict[str, IposConfiguration]:
    """Give the active locations that have a partition."""
    registered = set(instance.get_dynamic_partitions(LOCATIONS))
    configurations = connections.configurations()
    return {code: one for code, one in configurations.items() if code in registered}


@dg.op(description="Asks IPOS for counts of every location and day, and keeps them.")
def sweep(context: dg.OpExecutionContext, connections: Opened) -> None:
    """Look for late uploads further back than the sensor does.

    What is found is run by the sensor's next tick, once: then its list has been read.
    """
    with clear_failures(connections, run=context.run_id):
        active = _registered(context.instance, connections)
        look = _look_at_window(connections, active)
        at = connections.clock()
        note_counts(connections.ledger, look, location_codes=active, at=at)
        note_recovery(connections.ledger, [job_system(SWEEP_WINDOW)], run=context.run_id, at=at)
    for (code, day), why in look.unanswered.items():
        context.log.warning("%s of %s was not counted: %s", day, code, why)
    context.add_output_metadata(
        {
            "locations": len(active),
            "store_days_counted": len(look.counts),
            "store_days_with_unacknowledged": sum(count > 0 for count in look.counts.values()),
            "not_answered": len(look.unanswered),
        }
    )


def _look_at_window(connections: Connections, active: dict[str, IposConfiguration]) -> Look:
    now, first_day = connections.clock(), connections.settings.start_date
    days = {}
    for code, one in active.items():
        today = business_date_at(now, timezone=one.zone, cutoff_hour=one.day_cutoff_hour)
        days[code] = days_to_look_at(today, look_back_days=WINDOW_DAYS, first_day=first_day)
    clients = {code: connections.ipos(one) for code, one in active.items()}
    return connections.wait_for(look_at_ipos(clients, days, at_once=LOOKS_AT_ONCE))


@dg.job(
    name=SWEEP_WINDOW,
    description="Counts what IPOS shows of the last 60 days of every location.",
)
def sweep_window() -> None:
    """Look for late uploads."""
    sweep()


sweep_window_schedule = dg.ScheduleDefinition(
    name="sweep_window_schedule",
    job=sweep_window,
    cron_schedule="30 5 * * *",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night, after the closed days are reconciled.",
)
