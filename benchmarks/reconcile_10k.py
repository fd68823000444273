"""What it costs to reconcile a store-day of 10,000 invoices.

Run it with `python -m benchmarks.reconcile_10k` in the top folder of a clone.
Simulators run as a process of their own, so that CPU seconds are those of the product alone. The
day is landed, posted and acknowledged by the pipeline's own steps first, which takes a minute or
two; then it is reconciled twice: right after posting, which keeps NetSuite's dates of the last
change, and again. Exit code 1 if a limit is missed or the day is not proved.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console
from rich.table import Table

from benchmarks.simulated import environment_of
from ipos_pipeline.cli.simulate import running_simulators
from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.mapping import MappingRules
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE
from ipos_pipeline.domain.store_day_proof import StoreDayProof
from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.steps.acknowledging import acknowledge_store_day
from ipos_pipeline.steps.landing import land_store_day
from ipos_pipeline.steps.posting_ipos import post_store_day
from ipos_pipeline.steps.reconciling import reconcile_store_day

DAY, LOCATION = date(2026, 11, 20), "DXB01"
NETSUITE_REQUESTS_MAX = 20
CPU_SECONDS_MAX = 10.0
RUN = "benchmark"

console = Console()


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
class Cost:
    """What one reconciliation took: requests to each system, and seconds."""

    netsuite_requests: int
    ipos_requests: int
    cpu_seconds: float
    wall_seconds: float
    proof: StoreDayProof

    @property
    def is_within_limits(self) -> bool:
        """Whether the day was proved at no more than the limits."""
        return (
            self.proof.is_proved
            and self.netsuite_requests < NETSUITE_REQUESTS_MAX
            and self.cpu_seconds < CPU_SECONDS_MAX
        )


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
                pacing=opened.pacing,
                lease=opened.settings.claim_lease,
                **common,
            )
        await acknowledge_store_day(
            ipos, ledger, profile=profile, location_code=LOCATION, day=DAY, **common
        )

    def reconcile(self, rules: MappingRules) -> Cost:
        """Reconcile the day and measure it."""
        opened = self.connections
        before = self.transport.requests.copy()
        cpu, wall = time.process_time(), time.monotonic()
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
        made = self.transport.requests - before
        return Cost(
            netsuite_requests=made[self.ports["netsuite"]],
            ipos_requests=made[self.ports["ipos"]],
            cpu_seconds=time.process_time() - cpu,
            wall_seconds=time.monotonic() - wall,
            proof=proof,
        )


@contextmanager
def opened_bench(invoices: int) -> Iterator[Bench]:
    """Start simulators that hold a day of so many invoices, and connect to them."""
    options = ["--day", DAY.isoformat(), "--invoices-per-location", str(invoices)]
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        with running_simulators(state / "simulators", options) as simulated:
            transport = CountingTransport()
            environment = environment_of(simulated, state)
            with Connections(environment, transport=transport) as connections:
                ports = {
                    name: httpx2.URL(simulated[f"{name}_base_url"]).port
                    for name in ("netsuite", "ipos")
                }
                yield Bench(connections, transport, ports)


def cost_table(invoices: int, costs: Mapping[str, Cost]) -> Table:
    """Lay out one row for each reconciliation."""
    table = Table(title=f"Reconciling a store-day of {invoices:,} invoices")
    for name in (
        "",
        "Documents",
        "NetSuite\nrequests",
        "IPOS\nrequests",
        "CPU, s",
        "wall, s",
        "proved",
    ):
        table.add_column(name, justify="right" if name else "left")
    for name, cost in costs.items():
        table.add_row(
            name,
            f"{cost.proof.netsuite.documents:,}",
            str(cost.netsuite_requests),
            str(cost.ipos_requests),
            f"{cost.cpu_seconds:.2f}",
            f"{cost.wall_seconds:.2f}",
            "yes" if cost.proof.is_proved else "NO",
        )
    limits = (f"< {NETSUITE_REQUESTS_MAX}", "", f"< {Decimal(CPU_SECONDS_MAX)}", "", "yes")
    table.add_row("limit", "", *limits)
    return table


def main() -> int:
    """Measure, print the table, and say by the exit code whether all limits were kept."""
    parser = argparse.ArgumentParser(description="The cost of reconciling one large store-day.")
    parser.add_argument("--invoices", type=int, default=10_000, metavar="N")
    invoices = parser.parse_args().invoices
    with opened_bench(invoices) as bench:
        rules = bench.rules
        console.print(f"Posting {invoices:,} invoices ...")
        bench.connections.wait_for(bench.bring_to_netsuite(rules))
        costs = {"after posting": bench.reconcile(rules), "again": bench.reconcile(rules)}
    console.print(cost_table(invoices, costs))
    return 0 if all(one.is_within_limits for one in costs.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
