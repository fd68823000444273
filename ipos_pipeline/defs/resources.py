"""How a run reaches IPOS, NetSuite and the ledger, and how their errors become Dagster failures."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress

import dagster as dg

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.partitions import PARTITION_TAG, SEPARATOR
from ipos_pipeline.defs.run_launcher import signs_of_life
from ipos_pipeline.errors import PipelineError, TransientError
from ipos_pipeline.logs import seconds_between
from ipos_pipeline.steps.watching_outages import note_outage

log = logging.getLogger(__name__)

TICK = "tick"
"""By this name the requests of ticks are counted."""

Opened = dg.ResourceParam[Connections]
"""An asset's parameter `connections`."""

Frame = dg.MaterializeResult
"""What an asset returns: its frame, with metadata and check results."""


def connections_resource(
    connect: Callable[[], Connections], start_logging: Callable[[], None]
) -> dg.ResourceDefinition:
    """Open connections for one run or tick and close them at its end.

    Settings are read then, not when the code is loaded, and never become Dagster configuration, so
    that no secret can be shown in its UI.
    """

    @dg.resource(description="IPOS, NetSuite and the ledger, as the environment names them")
    def connections(context: dg.InitResourceContext) -> Iterator[Connections]:
        start_logging()
        run, instance = context.run, context.instance
        watched = signs_of_life(instance, run) if run and instance else nullcontext()
        with watched, connect() as opened:
            if run is None:  # a tick has a minute, a run has time
                opened.pacing = opened.pacing.impatient
            with _told(context.run, opened):
                yield opened

    return connections


@contextmanager
def _told(run: dg.DagsterRun | None, opened: Connections) -> Iterator[None]:
    """Log a run's start and end, and count what it asked of NetSuite; of a tick only that."""
    began = opened.clock()
    what = {} if run is None else {"run": run.run_id, "job": run.job_name, **_store_day(run)}
    if what:
        log.info("run_started", extra=what)
    try:
        yield
    finally:
        opened.count_requests(run=what.get("run", TICK))
        if what:
            seconds = seconds_between(began, opened.clock())
            log.info("run_ended", extra={**what, "seconds": seconds})


def _store_day(run: dg.DagsterRun) -> dict[str, str]:
    """Name the store-day of a run of one; of many each has lines of its own."""
    day, separator, location_code = run.tags.get(PARTITION_TAG, "").partition(SEPARATOR)
    return {"location": location_code, "day": day} if separator else {}


@contextmanager
def clear_failures(connections: Connections, *, run: str) -> Iterator[None]:
    """Turn our errors into a `dagster.Failure` with one sentence and a line on what to do.

    Each is also noted as an outage of the system that caused it, which people are told of once.
    """
    try:
        yield
    except PipelineError as error:
        with suppress(PipelineError):  # the ledger itself may be what failed
            note_outage(connections.ledger, error, run=run, at=connections.clock())
        raise failure_of(error) from error


def failure_of(error: PipelineError) -> dg.Failure:
    """Tell one of our errors to Dagster: one sentence, and a line on what to do."""
    return dg.Failure(
        description=error.message,
        metadata={"error": type(error).__name__, "recovery": error.recovery},
        allow_retries=isinstance(error, TransientError),
    )
