"""The watch over the sensors: whether today's store-days are looked at while the shops trade.

It looks at the ledger, not at Dagster's events, so that a backfill of an old day cannot fool it.
It is a sensor of its own, so that it works when the one that starts runs does not. Not here: what
counts as stale (domain/freshness.py).
"""

from datetime import datetime, timedelta

import dagster as dg
from pydantic import TypeAdapter

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.day_page import is_written_since, write_day
from ipos_pipeline.defs.resources import Opened, clear_failures
from ipos_pipeline.defs.telling import TOLD_PER_TICK, queue_outage_mails, tell_by_mail
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.steps.watching_freshness import (
    LocationFreshness,
    judge_freshness,
    stale_locations,
    watch_freshness,
)

TICK = "freshness_sensor"
"""The name of ticks in the history."""
TICK_SECONDS = 10 * 60

PAGES_OF = timedelta(hours=1)
"""How long after the last run of a day its page is looked after."""

_KNOWN_SINCE = TypeAdapter(dict[str, datetime])


@dg.sensor(
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    target=[],
    description="Every 10 minutes: tells by mail, once, that nobody looks at a trading shop.",
)
def freshness_sensor(context: dg.SensorEvaluationContext, connections: Opened) -> dg.SkipReason:
    """Judge today's store-day of every active location; mail what begins and what is over.

    The cursor keeps since when each location is known: a new one has its time to be looked at.
    """
    try:
        with clear_failures(connections, run=TICK):
            known_since = _KNOWN_SINCE.validate_json(context.cursor or "{}")
            judged, known_since = _watch(connections, known_since)
            _write_pages(context, connections)
            context.update_cursor(_KNOWN_SINCE.dump_json(known_since).decode())
    finally:
        _tell_people(context, connections)
    stale = [one for one in judged if one.why is not None]
    watched = sum(one.is_watched for one in judged)
    if not stale:
        return dg.SkipReason(f"Fresh: the {watched} of {len(judged)} locations that trade now.")
    return dg.SkipReason(" ".join(str(one.why) for one in stale))


def _watch(
    connections: Connections, known_since: dict[str, datetime]
) -> tuple[list[LocationFreshness], dict[str, datetime]]:
    now, records = connections.clock(), connections.records
    known_since = {code: known_since.get(code, now) for code in records.usable}
    judged = judge_freshness(
        connections.ledger,
        [record.configuration for record in records.usable.values()],
        connections.settings.trading_hours,
        known_since=known_since,
        now=now,
    )
    unsure = records.unsure_of(stale_locations(connections.ledger))
    watch_freshness(connections.ledger, judged, unsure=unsure, run=TICK, at=now)
    return judged, known_since


def _write_pages(context: dg.SensorEvaluationContext, connections: Connections) -> None:
    """Write the pages of days that runs have left for a moment, because they were many."""
    now = connections.clock()
    with connections.ledger.read() as work:
        reconciled = work.proofs.latest_by_day(since=now - PAGES_OF)
    for day, at in reconciled.items():
        if not is_written_since(connections, day, at):
            write_day(context.instance, connections, connections.records, day, run=TICK)


def _tell_people(context: dg.SensorEvaluationContext, connections: Connections) -> None:
    """Send what is queued: nobody else may be there to do it."""
    try:
        queue_outage_mails(connections, run=TICK)
        tell_by_mail(connections, run=TICK, count_max=TOLD_PER_TICK, concerns=lambda _error: False)
    except PipelineError as error:
        context.log.warning("People could not be told: %s", error.message)
