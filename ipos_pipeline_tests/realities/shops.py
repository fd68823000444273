"""Drives the pipeline's steps over simulated shops, one tick after the other, without Dagster.

Belongs here: the order in which the job runs the steps, and the sensor's decision between two
ticks. Not here: what must hold afterwards (the tests).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.business_day import business_date_at
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.due import StoreDayKey, days_to_look_at
from ipos_pipeline.domain.mapping import MappingRules
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE, RecordType
from ipos_pipeline.domain.store_day_proof import StoreDayProof
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.ledger.integration_errors import ErrorRecord
from ipos_pipeline.steps.acknowledging import Acknowledged, acknowledge_store_day
from ipos_pipeline.steps.landed_lines import landed_day
from ipos_pipeline.steps.landing import Landed, land_store_day
from ipos_pipeline.steps.looking import decide, look_at_ipos
from ipos_pipeline.steps.posting_ipos import post_store_day
from ipos_pipeline.steps.reconciling import keep_proof, reconcile_store_day
from ipos_pipeline.steps.releasing import release_solved
from ipos_pipeline.steps.settling import Posted
from ipos_pipeline_tests.builders import DAY, LOCATION
from ipos_pipeline_tests.simulated_world import SimulatedWorld
from simulators.world import CONFIGURATION, configurations

FOUR = (LOCATION, "DXB02", "AUH01", "SHJ01")
QUARTER_OF_AN_HOUR = 15 * 60


@dataclass(frozen=True)
class Tick:
    """What one run of a store-day did, step by step."""

    landed: Landed
    sales: Posted
    refunds: Posted
    acknowledged: Acknowledged
    proof: StoreDayProof


@dataclass
class Shops:
    """Some shops, what they sold, and the product's connections to them."""

    world: SimulatedWorld
    connections: Connections
    ticks: int = 0
    failures: dict[StoreDayKey, PipelineError] = field(default_factory=dict)

    def run(self, day: date = DAY, location: str = LOCATION) -> Tick:
        """Run one store-day as the job does; raises what would fail the run."""
        self.read_records_again()
        configuration = self.connections.configuration(location)
        return self.connections.wait_for(self.run_steps(day, configuration))

    def read_records_again(self) -> None:
        """Forget the configuration records: each run and tick has connections of its own."""
        self.connections.__dict__.pop("records", None)

    async def run_steps(self, day: date, configuration: IposConfiguration) -> Tick:
        """Do the steps of one store-day in the order of the assets."""
        self.ticks += 1
        opened, run = self.connections, f"run {self.ticks}"
        profile, ipos = opened.profile(configuration), opened.ipos(configuration)
        rules = opened.mapping_rules(configuration)
        landed = await land_store_day(
            ipos,
            opened.ledger,
            configuration=configuration,
            profile=profile,
            day=day,
            run=run,
            clock=opened.clock,
        )
        posted = [await self._post(rules, day, kind, run=run) for kind in (CASH_SALE, CASH_REFUND)]
        told = await acknowledge_store_day(
            ipos,
            opened.ledger,
            profile=profile,
            location_code=configuration.location_code,
            day=day,
            run=run,
            clock=opened.clock,
        )
        proof = await reconcile_store_day(
            ipos, opened.netsuite, opened.ledger, rules, day=day, at=opened.clock()
        )
        return Tick(landed, *posted, told, keep_proof(opened.ledger, proof, run=run))

    def due(self) -> dict[StoreDayKey, str]:
        """Decide as the sensor does which store-days need a run now, and why."""
        opened, settings = self.connections, self.connections.settings
        self.read_records_again()
        active = opened.configurations()
        opened.wait_for(self._release(active, run="sensor"))
        days = {
            code: days_to_look_at(
                business_date_at(
                    opened.clock(), timezone=one.zone, cutoff_hour=one.day_cutoff_hour
                ),
                look_back_days=settings.look_back_days,
                first_day=settings.start_date,
            )
            for code, one in active.items()
        }
        clients = {code: opened.ipos(one) for code, one in active.items()}
        return decide(
            opened.ledger,
            opened.wait_for(look_at_ipos(clients, days)),
            locations=active,
            running=frozenset(),
            first_day=settings.start_date,
            lease=settings.claim_lease,
            clock=opened.clock,
        )

    def quarter_of_an_hour(self) -> dict[StoreDayKey, Tick]:
        """Let a quarter of an hour pass, then run what is due; failed runs stand in `failures`."""
        self.world.clock.advance(QUARTER_OF_AN_HOUR)
        done: dict[StoreDayKey, Tick] = {}
        self.failures.clear()
        for location, day in self.due():
            try:
                done[location, day] = self.run(day, location)
            except PipelineError as error:
                self.failures[location, day] = error
        return done

    def change_record(self, location: str, **fields: object) -> None:
        """Edit a shop's configuration record; fields without their prefix."""
        record = configurations(self.world.netsuite)[location]
        named = {f"custrecord_ipos_{name}": value for name, value in fields.items()}
        self.world.netsuite.put_custom_record(CONFIGURATION, {**record, **named}, id=record["id"])

    def posted(self) -> dict[str, Decimal]:
        """Give the total of every transaction in NetSuite by its external ID."""
        return {key: one["total"] for key, one in self.transactions().items()}

    def transactions(self) -> dict[str, dict[str, Any]]:
        """Give every transaction in NetSuite by its external ID, of which each has one."""
        found = self.world.netsuite.transactions()
        by_key = {one["externalId"]: one for one in found}
        assert len(by_key) == len(found), "an external ID is in NetSuite twice"
        return by_key

    def acknowledged(self, location: str = LOCATION) -> list[Any]:
        """Give the numbers of the invoices that IPOS holds as acknowledged, sorted."""
        return sorted(one["InvNo"] for one in self.world.ipos.posted(location))

    def open_errors(self, day: date = DAY, location: str = LOCATION) -> list[ErrorRecord]:
        """Read what the ledger holds as open for a store-day."""
        with self.connections.ledger.read() as work:
            return work.errors.open_of_day(location, day)

    def suspicious_dates(self, day: date = DAY, location: str = LOCATION) -> dict[str, str]:
        """Give the numbers of a store-day's invoices with suspicious dates, and why."""
        configuration = self.connections.configuration(location)
        frame = landed_day(
            self.connections.ledger,
            configuration=configuration,
            profile=self.connections.profile(configuration),
            day=day,
        ).suspicious
        return dict(zip(frame["inv_no"], frame["why"], strict=True))

    def landed_numbers(self, day: date = DAY, location: str = LOCATION) -> list[str]:
        """List the numbers of the invoices that the ledger holds for a store-day."""
        with self.connections.ledger.read() as work:
            return [one.number for one in work.store_day_rows.documents(location, day)]

    async def _release(self, active: Mapping[str, IposConfiguration], *, run: str) -> None:
        await release_solved(
            self.connections.netsuite,
            self.connections.ledger,
            active,
            item_field=self.connections.settings.item_field,
            run=run,
            at=self.connections.clock(),
        )

    async def _post(
        self, rules: MappingRules, day: date, record_type: RecordType, *, run: str
    ) -> Posted:
        opened, settings = self.connections, self.connections.settings
        code = rules.configuration.location_code
        return await post_store_day(
            opened.netsuite,
            opened.ledger,
            rules,
            scope=PartitionScope(code, day, record_type),
            item_field=settings.item_field,
            run=run,
            clock=opened.clock,
            lease=settings.claim_lease,
        )
