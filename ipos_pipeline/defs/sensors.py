"""Sensors: when a store-day is run, and which locations there are.

Belongs here: asking, deciding by a pure function (domain/due.py), requesting runs. Not here: what
a run does (assets.py).
"""

import dagster as dg

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.jobs import sync_invoices
from ipos_pipeline.defs.partitions import LOCATIONS, StoreDay
from ipos_pipeline.defs.resources import Opened, clear_failures
from ipos_pipeline.defs.telling import TOLD_PER_TICK, queue_outage_mails, tell_people
from ipos_pipeline.domain.business_day import business_date_at
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.due import StoreDayKey, days_to_look_at, locations_to_change
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.steps.looking import decide, look_at_ipos
from ipos_pipeline.steps.releasing import release_solved

TICK = "store_days_sensor"
"""The name of ticks in the history."""
TICK_SECONDS = 15 * 60
LOCATIONS_TICK_SECONDS = 5 * 60
PARTITION_TAG = "dagster/partition"

NOT_FINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dg.sensor(
    job=sync_invoices,
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
            registered = set(context.instance.get_dynamic_partitions(LOCATIONS))
            active = {
                code: configuration
                for code, configuration in connections.configurations().items()
                if code in registered
            }
            _release_solved(context, connections, active)
            due = _due(context, connections, active)
    finally:
        _tell_people(context, connections)
    if not due:
        return dg.SkipReason(
            f"Nothing to do: IPOS shows nothing that is not landed for {len(active)} locations,"
            " and the ledger has nothing due."
        )
    return dg.SensorResult(run_requests=[_run_request(key, why) for key, why in due.items()])


def _tell_people(context: dg.SensorEvaluationContext, connections: Connections) -> None:
    """Send mails and log records although no run may start, or although this tick has failed."""
    try:
        running = _running(context.instance)
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
    """Make documents due whose items have appeared; NetSuite being down holds up nothing else."""
    try:
        connections.wait_for(
            release_solved(
                connections.netsuite,
                connections.ledger,
                location_codes=active,
                item_field=connections.settings.item_field,
                run=TICK,
                at=connections.clock(),
            )
        )
    except PipelineError as error:
        context.log.warning("The catalogue could not be asked: %s", error.message)


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
        location_codes=active,
        running=_running(context.instance),
        first_day=settings.start_date,
        lease=settings.claim_lease,
        clock=connections.clock,
    )


def _running(instance: dg.DagsterInstance) -> frozenset[StoreDayKey]:
    """List the store-days that a run is already busy with, whoever started it."""
    runs = instance.get_runs(filters=dg.RunsFilter(statuses=NOT_FINISHED))
    keys = (run.tags.get(PARTITION_TAG, "") for run in runs)
    store_days = (StoreDay.of(key) for key in keys if key)
    return frozenset((one.location_code, one.day) for one in store_days)


def _run_request(key: StoreDayKey, why: str) -> dg.RunRequest:
    store_day = StoreDay(*key)
    return dg.RunRequest(
        partition_key=store_day.partition_key,
        tags={"ipos/location": store_day.location_code, "ipos/reason": why[:200]},
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
    """Add the partitions of new locations and remove those of inactive ones."""
    with clear_failures(connections, run="location_partitions_sensor"):
        active = set(connections.configurations())
    registered = set(context.instance.get_dynamic_partitions(LOCATIONS))
    to_add, to_remove = locations_to_change(registered, active)
    if not to_add and not to_remove:
        return dg.SkipReason(f"The {len(active)} active locations are registered.")
    requests: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if to_add:
        requests.append(dg.AddDynamicPartitionsRequest(LOCATIONS, to_add))
    if to_remove:
        requests.append(dg.DeleteDynamicPartitionsRequest(LOCATIONS, to_remove))
    return dg.SensorResult(dynamic_partitions_requests=requests)
