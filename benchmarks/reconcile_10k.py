"""What it costs to reconcile a store-day of 10,000 invoices.

Run it with `python -m benchmarks.reconcile_10k` in the top folder of a clone.
Simulators run as a process of their own, so that CPU seconds are those of the product alone. The
day is landed, posted and acknowledged by the pipeline's own steps first, which takes half a minute;
then it is reconciled twice: right after posting, which keeps NetSuite's dates of the last change,
and again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console

from benchmarks.report import run_alone
from benchmarks.rows import Row
from benchmarks.simulated import DAY, Scene, environment_of, running_scene
from benchmarks.stopwatch import Cost, Stopwatch
from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.mapping import MappingRules
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE
from ipos_pipeline.domain.store_day_proof import StoreDayProof
from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.steps.acknowledging import acknowledge_store_day
from ipos_pipeline.steps.landing import land_store_day
from ipos_pipeline.steps.posting_ipos import post_store_day
from ipos_pipeline.steps.reconciling import reconcile_store_day

BENCHMARK = "reconcile_10k"
LOCATION = "DXB01"
INVOICES = 10_000
NETSUITE_REQUESTS_MAX = 19
CPU_SECONDS_MAX = 10.0
RUN = "benchmark"


class CountingTransport(httpx2.AsyncBaseTransport):
    """Sends requests as ever, and counts them by port: each system has its own."""

    def __init__(self) -> None:
        self._transport = httpx2.AsyncHTTPTransport(limits=httpx2.Limits(max_connections=20))
        self.requests: Counter[int | None] = Counter()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Count a request and pass it on."""
        self.requests[request.url.port] += 1
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one reconciliation found, and took: requests to each system, and seconds."""

    proof: StoreDayProof
    netsuite_requests: int
    ipos_requests: int
    cost: Cost

    def rows(self, what: str) -> list[Row]:
        """Lay the figures out, with the limits that hold for a day of 10,000 invoices."""
        row = partial(Row, BENCHMARK)
        documents = self.proof.netsuite.documents
        return [
            row(
                f"{what}: NetSuite requests for {documents:,} documents",
                self.netsuite_requests,
                "requests",
                most=NETSUITE_REQUESTS_MAX,
            ),
            row(f"{what}: IPOS requests", self.ipos_requests, "requests"),
            row(f"{what}: CPU", self.cost.cpu_seconds, "s", most=CPU_SECONDS_MAX),
            row(f"{what}: wall", self.cost.wall_seconds, "s"),
            row(f"{what}: proved (1 is yes)", float(self.proof.is_proved), "", least=1),
        ]


@dataclass(frozen=True)
class Bench:
    """The product, connected to simulators that hold the day."""

    connections: Connections
    transport: CountingTransport
    ports: Mapping[str, int | None]

    @property
    def rules(self) -> MappingRules:
        """The mapping rules of the location."""
        return self.connections.mapping_rules(self.connections.configuration(LOCATION))

    async def bring_to_netsuite(self, rules: MappingRules) -> None:
        """Land, post and acknowledge the day, as a run does."""
        opened, configuration = self.connections, rules.configuration
        common: dict[str, Any] = {"run": RUN, "clock": opened.clock}
        ipos, ledger, profile = opened.ipos(configuration), opened.ledger, rules.profile
        await land_store_day(
            ipos, ledger, configuration=configuration, profile=profile, day=DAY, **common
        )
        for record_type in (CASH_SALE, CASH_REFUND):
            await post_store_day(
                opened.netsuite,
                ledger,
                rules,
                scope=PartitionScope(LOCATION, DAY, record_type),
                item_field=opened.settings.item_field,
                lease=opened.settings.claim_lease,
                **common,
            )
        await acknowledge_store_day(
            ipos, ledger, profile=profile, location_code=LOCATION, day=DAY, **common
        )

    def reconcile(self, rules: MappingRules) -> Reconciled:
        """Reconcile the day and measure it."""
        opened = self.connections
        before = self.transport.requests.copy()
        watch = Stopwatch()
        proof = opened.wait_for(
            reconcile_store_day(
                opened.ipos(rules.configuration),
                opened.netsuite,
                opened.ledger,
                rules,
                day=DAY,
                at=opened.clock(),
            )
        )
        cost, made = watch.cost(), self.transport.requests - before
        return Reconciled(
            proof,
            netsuite_requests=made[self.ports["netsuite"]],
            ipos_requests=made[self.ports["ipos"]],
            cost=cost,
        )


@contextmanager
def opened_bench(invoices: int) -> Iterator[Bench]:
    """Start simulators that hold a day of so many invoices, and connect to them."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        with running_scene(Scene(invoices, locations=1), state) as simulated:
            transport = CountingTransport()
            environment = environment_of(simulated, state)
            with Connections(environment, transport=transport) as connections:
                ports = {
                    name: httpx2.URL(simulated[f"{name}_base_url"]).port
                    for name in ("netsuite", "ipos")
                }
                yield Bench(connections, transport, ports)


def measure(console: Console, *, invoices: int = INVOICES) -> list[Row]:
    """Bring a day to NetSuite and reconcile it twice."""
    with console.status(f"Posting {invoices:,} invoices ..."), opened_bench(invoices) as bench:
        rules = bench.rules
        bench.connections.wait_for(bench.bring_to_netsuite(rules))
        first, again = bench.reconcile(rules), bench.reconcile(rules)
    return [*first.rows("right after posting"), *again.rows("again")]


def main() -> int:
    """Measure and print the table; the exit code says whether all limits were kept."""
    parser = argparse.ArgumentParser(description="The cost of reconciling one large store-day.")
    parser.add_argument("--invoices", type=int, default=INVOICES, metavar="N")
    return run_alone(partial(measure, invoices=parser.parse_args().invoices))


if __name__ == "__main__":
    sys.exit(main())
