"""Sensors: when a store-day is run, and which locations there are.

Belongs here: asking, deciding by a pure function (domain/due.py), requesting runs. Not here: what
a run does (assets.py).
"""

from collections.abc import Iterable

import dagster as dg

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.group_runs import sync_invoices_of_many
from ipos_pipeline.defs.jobs import sync_invoices
from ipos_pipeline.defs.partitions import LOCATIONS
from ipos_pipeline.defs.resources import Opened, clear_failures
from ipos_pipeline.defs.starting import group_request, grouped, run_request, running_store_days
from ipos_pipeline.defs.telling import TOLD_PER_TICK, queue_outage_mails, tell_people
from ipos_pipeline.domain.business_day import business_date_at
from ipos_pipeline.domain.configuration import CONFIGURATION, IposConfiguration
from ipos_pipeline.domain.due import StoreDayKey, days_to_look_at, locations_to_change
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.steps.looking import decide, look_at_ipos
from ipos_pipeline.steps.releasing import release_solved
from ipos_pipeline.steps.watching_outages import note_look

TICK = "store_days_sensor"
"""The name of ticks in the history."""
TICK_SECONDS = 15 * 60
LOCATIONS_TICK_SECONDS = 5 * 60


@dg.sensor(
    jobs=[sync_invoices, sync_invoices_of_many],
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Every 15 minutes: a run for each store-day that has something to do, else none.",
)
def store_days_sensor(
    context: dg.SensorEvaluationContext, connections: Opened
) -> dg.SensorResult | dg.SkipReason:
    """Ask IPOS for counts and the ledger for what is due; start what needs a run."""
    try:
        with clear_failures(connections, run=TICK):
            active = _configurations(context, connections)
            _release_solved(context, connections, active)
            due = _due(context, connections, active)
            runs = grouped(connections, due)
    finally:
        _tell_people(context, connections)
    if not due:
        return dg.SkipReason(
            f"Nothing to do: IPOS shows nothing that is not landed for {len(active)} locations,"
            " and the ledger has nothing due."
        )
    requests = [run_request(key, why, only_new=True) for key, why in runs.alone.items()]
    why = f"{len(due)} store-days have something to do"
    requests += [group_request(keys, why, only_new=True) for keys in runs.groups]
    return dg.SensorResult(
        run_requests=requests, dynamic_partitions_requests=_to_register(context, due)
    )


def _to_register(
    context: dg.SensorEvaluationContext, due: Iterable[StoreDayKey]
) -> list[dg.AddDynamicPartitionsRequest]:
    """Name the locations whose first run starts; Dagster adds their partitions before it."""
    registered = set(context.instance.get_dynamic_partitions(LOCATIONS))
    to_add = sorted({code for code, _ in due} - registered)
    return [dg.AddDynamicPartitionsRequest(LOCATIONS, to_add)] if to_add else []


def _configurations(
    context: dg.SensorEvaluationContext, connections: Connections
) -> dict[str, IposConfiguration]:
    """Give what can be used; every record that cannot is an outage of its own, until it can."""
    records = connections.records
    errors = [problem.error for problem in records.problems]
    note_look(connections.ledger, errors, among=CONFIGURATION, run=TICK, at=connections.clock())
    for error in errors:
        context.log.warning("A location is left out: %s", error.message)
    return {code: record.configuration for code, record in records.usable.items()}


def _tell_people(context: dg.SensorEvaluationContext, connections: Connections) -> None:
    """Send mails and log records although no run may start, or although this tick has failed."""
    try:
        running = running_store_days(context.instance)
        queue_outage_mails(connections, run=TICK)
        tell_people(
            connections,
            run=TICK,
            count_max=TOLD_PER_TICK,
            concerns=lambda error: error.store_day not in running,
        )
    except PipelineError as error:
        context.log.warning("People could not be told: %s", error.message)


def _release_solved(
    context: dg.SensorEvaluationContext,
    connections: Connections,
    active: dict[str, IposConfiguration],
) -> None:
    """Make documents due that waited for master data; NetSuite being down holds up nothing else."""
    try:
        connections.wait_for(
            release_solved(
                connections.netsuite,
                connections.ledger,
                active,
                item_field=connections.settings.item_field,
                run=TICK,
                at=connections.clock(),
            )
        )
    except PipelineError as error:
        context.log.warning("NetSuite's master data could not be read: %s", error.message)


def _due(
    context: dg.SensorEvaluationContext,
    connections: Connections,
    active: dict[str, IposConfiguration],
) -> dict[StoreDayKey, str]:
    settings, now = connections.settings, connections.clock()
    days = {
        code: days_to_look_at(
            business_date_at(
                now, timezone=configuration.zone, cutoff_hour=configuration.day_cutoff_hour
            ),
            look_back_days=settings.look_back_days,
            first_day=settings.start_date,
        )
        for code, configuration in active.items()
    }
    clients = {code: connections.ipos(configuration) for code, configuration in active.items()}
    look = connections.wait_for(look_at_ipos(clients, days))
    return decide(
        connections.ledger,
        look,
        locations=active,
        running=running_store_days(context.instance),
        first_day=settings.start_date,
        lease=settings.claim_lease,
        clock=connections.clock,
    )


@dg.sensor(
    minimum_interval_seconds=LOCATIONS_TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    target=[],
    description="Keeps the location partitions equal to the active configuration records.",
)
def location_partitions_sensor(
    context: dg.SensorEvaluationContext, connections: Opened
) -> dg.SensorResult | dg.SkipReason:
    """Add the partitions of new locations and remove those of inactive ones.

    A mistake in a record removes none.
    """
    with clear_failures(connections, run="location_partitions_sensor"):
        records = connections.records
    active = records.usable.keys()
    registered = set(context.instance.get_dynamic_partitions(LOCATIONS))
    decided = registered - records.unsure_of(registered)
    to_add, to_remove = locations_to_change(decided, active)
    if not to_add and not to_remove:
        return dg.SkipReason(f"The {len(active)} active locations are registered.")
    requests: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if to_add:
        requests.append(dg.AddDynamicPartitionsRequest(LOCATIONS, to_add))
    if to_remove:
        requests.append(dg.DeleteDynamicPartitionsRequest(LOCATIONS, to_remove))
    return dg.SensorResult(dynamic_partitions_requests=requests)
