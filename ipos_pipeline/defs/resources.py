"""How a run reaches IPOS, NetSuite and the ledger, and how their errors become Dagster failures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress

import dagster as dg

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.run_launcher import signs_of_life
from ipos_pipeline.errors import PipelineError, TransientError
from ipos_pipeline.steps.watching_outages import note_outage

Opened = dg.ResourceParam[Connections]
"""An asset's parameter `connections`."""

Frame = dg.MaterializeResult
"""What an asset returns: its frame, with metadata and check results."""


def connections_resource(connect: Callable[[], Connections]) -> dg.ResourceDefinition:
    """Open connections for one run or tick and close them at its end.

    Settings are read then, not when the code is loaded, and never become Dagster configuration, so
    that no secret can be shown in its UI.
    """

    @dg.resource(description="IPOS, NetSuite and the ledger, as the environment names them")
    def connections(context: dg.InitResourceContext) -> Iterator[Connections]:
        run, instance = context.run, context.instance
        watched = signs_of_life(instance, run) if run and instance else nullcontext()
        with watched, connect() as opened:
            if run is None:  # a tick has a minute, a run has time
                opened.pacing = opened.pacing.impatient
            yield opened

    return connections


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
