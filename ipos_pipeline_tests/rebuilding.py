"""Rebuilding a store-day of a lost ledger, as `ipos-pipeline rebuild-ledger` does it."""

from __future__ import annotations

from datetime import date

from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.steps.rebuilding import Rebuilt, rebuild_store_day


async def rebuild(opened: Connections, configuration: IposConfiguration, day: date) -> Rebuilt:
    """Make the ledger's rows of a store-day again, on whatever the connections reach."""
    return await rebuild_store_day(
        opened.ipos(configuration),
        opened.netsuite,
        opened.ledger,
        configuration=configuration,
        profile=opened.profile(configuration),
        day=day,
        actor="rebuild-ledger",
        clock=opened.clock,
    )
