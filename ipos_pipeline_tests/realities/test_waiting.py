"""Who waits for whom when one shop's IPOS is in trouble: nobody else, in simulated seconds."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ipos_pipeline.clients.bounded import READ_TIMEOUT_SECONDS
from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.errors import TransientError
from ipos_pipeline.steps.looking import LOOK_TIMEOUT_SECONDS, Look, look_at_ipos
from ipos_pipeline_tests.builders import DAY, raw_invoice
from ipos_pipeline_tests.conftest import SigningKey
from ipos_pipeline_tests.realities.shops import FOUR, Shops
from ipos_pipeline_tests.simulated_time import LoopClock, SimulatedTimeLoop
from ipos_pipeline_tests.simulated_world import IPOS_URL, ITEMS, NETSUITE_URL, simulated_world
from simulators.faults import Faults
from simulators.in_process import InProcessTransport
from simulators.ipos import IposSimulator
from simulators.netsuite import Latency
from simulators.world import Sales, configurations

OWN_URL = "https://own-ipos.test"
"""The server of the shop in trouble; the others share theirs."""
INVOICES = 20
TROUBLED, *OTHERS = FOUR
TROUBLES = {
    "html": Faults(html_page=1.0),
    "down": Faults(connection_reset=1.0),
    "slow": Faults(slow=1.0, slow_seconds=90.0),
    "silent": Faults(slow=1.0, slow_seconds=READ_TIMEOUT_SECONDS),
    "throttled": Faults(throttled_with_retry_after=1.0),
}


@dataclass
class TimedShops:
    """Four shops on simulated time, of which one has an IPOS server of its own."""

    loop: SimulatedTimeLoop
    shops: Shops
    own_ipos: IposSimulator
    configurations: dict[str, IposConfiguration]

    def sell(self, *, first: int) -> None:
        """Sell something in each shop."""
        for code in FOUR:
            server = self.own_ipos if code == TROUBLED else self.shops.world.ipos
            server.add_invoices(
                raw_invoice(InvNo=number, LocationCode=code)
                for number in range(first, first + INVOICES)
            )

    async def look(self) -> tuple[Look, float]:
        """Look at all shops as the sensor does; give the seconds that it took."""
        clients = {code: self.shops.connections.ipos(one) for code, one in self._active}
        look = await look_at_ipos(clients, {code: [DAY] for code in clients})
        return look, self.loop.time()

    async def run_all(self) -> dict[str, float]:
        """Run today's store-day of all shops at once; give the second at which each succeeded."""
        finished: dict[str, float] = {}

        async def run(code: str, configuration: IposConfiguration) -> None:
            try:
                await self.shops.run_steps(DAY, configuration)
            except TransientError:
                return
            finished[code] = self.loop.time() - began

        began = self.loop.time()
        await asyncio.gather(*(run(code, one) for code, one in self._active))
        return finished

    @property
    def _active(self) -> list[tuple[str, IposConfiguration]]:
        return list(self.configurations.items())


@pytest.fixture
def timed(ec_key: SigningKey, world_ledger_url: str) -> Iterator[TimedShops]:
    """Servers that take a fifth of a second, and an account that takes a second a document."""
    loop = SimulatedTimeLoop()
    clock = LoopClock(loop)
    with simulated_world(
        private_key_pem=ec_key.private_pem,
        public_key_pem=ec_key.public_pem,
        algorithm=ec_key.algorithm,
        ledger_url=world_ledger_url,
        sales=Sales(FOUR, [], ITEMS),
        clock=clock,
    ) as world:
        own = IposSimulator(clock=clock, sleep=clock.sleep, latency_seconds=0.2)
        world.ipos._latency_seconds = 0.2
        world.netsuite.latency = Latency(base_seconds=1.0)
        record = configurations(world.netsuite)[TROUBLED]
        own.add_location(
            TROUBLED, auth_header="X-Api-Key", auth_value=record["custrecord_ipos_auth_value"]
        )
        transport = InProcessTransport(
            {IPOS_URL: world.ipos.app, OWN_URL: own.app, NETSUITE_URL: world.netsuite.app}
        )
        with world.connections(transport) as opened:
            _run_on(opened, loop)
            shops = Shops(world, opened)
            shops.change_record(TROUBLED, domain_url=OWN_URL)
            yield TimedShops(loop, shops, own, opened.configurations())
        own.close()


def _run_on(opened: Connections, loop: SimulatedTimeLoop) -> None:
    opened._loop.close()
    opened._loop = asyncio.Runner(loop_factory=lambda: loop)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_look_at_the_other_shops_is_whole_and_done_in_bounded_time(
    timed: TimedShops, trouble: str
) -> None:
    """M22: one look covers all shops, and takes no longer than its own limit."""
    timed.sell(first=1)
    timed.own_ipos.faults = TROUBLES[trouble]
    began = timed.loop.time()

    look, ended = timed.shops.connections.wait_for(timed.look())

    assert ended - began <= LOOK_TIMEOUT_SECONDS
    assert look.counts == {(code, DAY): INVOICES for code in OTHERS}
    assert list(look.unanswered) == [(TROUBLED, DAY)], "it is told, not taken for an empty day"


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_other_shops_finish_in_the_same_time_as_without_the_trouble(
    timed: TimedShops, trouble: str
) -> None:
    """M22: their runs share the account and the process with it, and still do not wait."""
    run_all = timed.run_all
    timed.sell(first=1)
    usual = timed.shops.connections.wait_for(run_all())
    timed.sell(first=1 + INVOICES)
    timed.own_ipos.faults = TROUBLES[trouble]

    finished = timed.shops.connections.wait_for(run_all())

    assert finished.keys() >= set(OTHERS)
    assert max(finished[code] for code in OTHERS) <= max(usual.values())
    everything = list(range(1, 1 + 2 * INVOICES))
    assert all(timed.shops.acknowledged(code) == everything for code in OTHERS)
    of_others = [key for key in timed.shops.posted() if f"-{TROUBLED}-" not in key]
    assert len(of_others) == 2 * INVOICES * len(OTHERS)
    assert timed.shops.open_errors(location=TROUBLED) == []
