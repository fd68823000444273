"""What the sensor and the job do, without Dagster: the same steps in the same order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.business_day import business_date_at
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.due import StoreDayKey, days_to_look_at
from ipos_pipeline.domain.ipos_profile import BUILT_IN_PROFILES
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE
from ipos_pipeline.domain.store_day_proof import StoreDayProof
from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.settings.configuration_records import (
    read_configuration_records,
    sort_records,
)
from ipos_pipeline.steps.acknowledging import acknowledge_store_day
from ipos_pipeline.steps.landing import land_store_day
from ipos_pipeline.steps.looking import decide, look_at_ipos
from ipos_pipeline.steps.posting_ipos import post_store_day
from ipos_pipeline.steps.reconciling import keep_proof, reconcile_store_day
from ipos_pipeline.steps.releasing import release_solved


async def look(connections: Connections) -> dict[StoreDayKey, str]:
    """Do what the sensor does at a tick: store-days that need a run, and why."""
    settings, clock = connections.settings, connections.clock
    active = await active_configurations(connections)
    await release_solved(
        connections.netsuite,
        connections.ledger,
        active,
        item_field=settings.item_field,
        run="sensor",
        at=clock(),
    )
    clients = {code: connections.ipos(one) for code, one in active.items()}
    days = {
        code: days_to_look_at(
            business_date_at(clock(), timezone=one.zone, cutoff_hour=one.day_cutoff_hour),
            look_back_days=settings.look_back_days,
            first_day=settings.start_date,
        )
        for code, one in active.items()
    }
    return decide(
        connections.ledger,
        await look_at_ipos(clients, days),
        locations=active,
        running=frozenset(),
        first_day=settings.start_date,
        lease=settings.claim_lease,
        clock=clock,
    )


async def run_store_day(
    connections: Connections, code: str, day: date, *, run: str
) -> StoreDayProof:
    """Do what the job does for one store-day; raises where its run would fail."""
    active = await active_configurations(connections)
    configuration = active[code]
    profile = connections.profile(configuration)
    ipos, ledger, clock = connections.ipos(configuration), connections.ledger, connections.clock
    await land_store_day(
        ipos,
        ledger,
        configuration=configuration,
        profile=profile,
        day=day,
        run=run,
        clock=clock,
    )
    for record_type in (CASH_SALE, CASH_REFUND):
        await post_store_day(
            connections.netsuite,
            ledger,
            connections.mapping_rules(configuration),
            scope=PartitionScope(code, day, record_type),
            item_field=connections.settings.item_field,
            run=run,
            clock=clock,
            lease=connections.settings.claim_lease,
        )
    await acknowledge_store_day(
        ipos, ledger, profile=profile, location_code=code, day=day, run=run, clock=clock
    )
    proof = await reconcile(connections, configuration, day)
    return keep_proof(ledger, proof, run=run)


async def reconcile_all(connections: Connections, days: Iterable[date]) -> None:
    """Do what the night does: keep a proof of each of these days of every location."""
    active = await active_configurations(connections)
    for day in days:
        for configuration in active.values():
            proof = await reconcile(connections, configuration, day)
            keep_proof(connections.ledger, proof, run="night")


async def reconcile(
    connections: Connections, configuration: IposConfiguration, day: date
) -> StoreDayProof:
    """Compare the three sides of one store-day."""
    return await reconcile_store_day(
        connections.ipos(configuration),
        connections.netsuite,
        connections.ledger,
        connections.mapping_rules(configuration),
        day=day,
        at=connections.clock(),
    )


async def active_configurations(connections: Connections) -> dict[str, IposConfiguration]:
    """Read the records that can be used, by location code."""
    read = await read_configuration_records(connections.netsuite, connections.mapping)
    records = sort_records(read, profiles=BUILT_IN_PROFILES)
    return {code: record.configuration for code, record in records.usable.items()}
