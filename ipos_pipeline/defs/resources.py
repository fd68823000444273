"""How a run reaches IPOS, NetSuite and the ledger, and how their errors become Dagster failures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

from ipos_pipeline.connections import Connections
from ipos_pipeline.errors import PipelineError, TransientError

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
    def connections(_context: dg.InitResourceContext) -> Iterator[Connections]:
        with connect() as opened:
            yield opened

    return connections


@contextmanager
def clear_failures() -> Iterator[None]:
    """Turn our errors into a `dagster.Failure` with one sentence and a line on what to do."""
    try:
        yield
    except PipelineError as error:
        raise dg.Failure(
            description=error.message,
            metadata={"error": type(error).__name__, "recovery": error.recovery},
            allow_retries=isinstance(error, TransientError),
        ) from error
