"""Both systems on the other side, in this process, and a clock that moves only when told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2

from ipos_pipeline.clients.http import Pacing
from ipos_pipeline.connections import Connections
from ipos_pipeline_tests.builders import LOCATION, NOON
from simulators.catalogue import StockItem
from simulators.in_process import InProcessTransport
from simulators.ipos import IposSimulator
from simulators.netsuite import NetSuiteSimulator
from simulators.world import CONFIGURATION, Sales, build_world, configurations

IPOS_URL = "https://ipos.test"
NETSUITE_URL = "https://1234567-sb1.suitetalk.test"
CLIENT_ID = "client-1"
CERTIFICATE_ID = "certificate-1"
TBA = {
    "NETSUITE_AUTH": "tba",
    "NETSUITE_CONSUMER_KEY": "consumer-1",
    "NETSUITE_CONSUMER_SECRET": "consumer s3cr3t",
    "NETSUITE_TOKEN_ID": "token-1",
    "NETSUITE_TOKEN_SECRET": "t0ken&secret",
}
"""The settings with which the product signs in the other way."""
ITEMS = [StockItem("600129", "TEST Item"), StockItem("600130", "Second item")]
NOTHING_SOLD = Sales([LOCATION], [], ITEMS)
"""One shop, two items, no invoice."""


@dataclass
class Clock:
    """A clock and a sleep that share one time; nothing really waits."""

    now: datetime = NOON
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        """Read the time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move the time on."""
        self.now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.slept.append(seconds)
        self.advance(seconds)

    def pacing(self, **changes: Any) -> Pacing:
        """Give the product this sleep, and no randomness."""
        return Pacing(sleep=self.sleep, random=lambda: 0.5, **changes)


@dataclass
class SimulatedWorld:
    """An IPOS server with the shop DXB01 and no invoice, and a NetSuite account that suits it."""

    ipos: IposSimulator
    netsuite: NetSuiteSimulator
    clock: Clock
    environment: dict[str, str] = field(repr=False)

    def connections(
        self, transport: httpx2.AsyncBaseTransport | None = None, **environment: str
    ) -> Connections:
        """Open what the product reaches this world with; a test may put faults in between."""
        return Connections(
            {**self.environment, **environment},
            clock=self.clock,
            pacing=self.clock.pacing(),
            transport=transport or self.transport(),
        )

    def transport(self) -> InProcessTransport:
        """Route by host."""
        return InProcessTransport({IPOS_URL: self.ipos.app, NETSUITE_URL: self.netsuite.app})

    def change_record(self, **fields: object) -> None:
        """Edit the configuration record of DXB01; fields without their prefix."""
        record = configurations(self.netsuite)[LOCATION]
        named = {
            name if name in {"name", "isinactive"} else f"custrecord_ipos_{name}": value
            for name, value in fields.items()
        }
        self.netsuite.put_custom_record(CONFIGURATION, {**record, **named}, id=record["id"])


@contextmanager
def simulated_world(
    *,
    private_key_pem: str,
    public_key_pem: bytes,
    algorithm: str,
    ledger_url: str,
    sales: Sales = NOTHING_SOLD,
    external_ids_unique: bool = True,
    seed: int = 0,
    clock: Clock | None = None,
) -> Iterator[SimulatedWorld]:
    """Build the world and close it afterwards; by default one shop that has sold nothing."""
    clock = clock or Clock()
    ipos = IposSimulator(clock=clock, sleep=clock.sleep, seed=seed)
    netsuite = NetSuiteSimulator(
        clock=clock, sleep=clock.sleep, seed=seed, external_ids_unique=external_ids_unique
    )
    netsuite.register_client(CLIENT_ID, CERTIFICATE_ID, public_key_pem)
    netsuite.register_token(*list(TBA.values())[1:])
    build_world(netsuite, ipos, ipos_base_url=IPOS_URL, sales=sales)
    environment = {
        "IPOS_PIPELINE_LEDGER_URL": ledger_url,
        "NETSUITE_ACCOUNT_ID": "1234567_SB1",
        "NETSUITE_BASE_URL": NETSUITE_URL,
        "NETSUITE_CLIENT_ID": CLIENT_ID,
        "NETSUITE_CERTIFICATE_ID": CERTIFICATE_ID,
        "NETSUITE_PRIVATE_KEY": private_key_pem,
        "NETSUITE_JWT_ALGORITHM": algorithm,
    }
    try:
        yield SimulatedWorld(ipos, netsuite, clock, environment)
    finally:
        ipos.close()
