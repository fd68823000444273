"""The posting step beside two other ways to send the same documents to the same NetSuite.

Run it with `python -m benchmarks.side_by_side` in the top folder of a clone. Each sends one day of
sales to simulators of its own that start alike: the same documents, latency and slots, no TLS.

- A sequential client sends a sample of the documents, one after the other over one connection that
  is kept, as a script does.
- The package `netsuite` (0.12), as its users write it: all documents at once, as many in flight by
  its own semaphore as the account has slots. For each request it builds a client with TLS settings,
  most of its CPU time, and connects anew. It gives no internal ID back and repeats nothing; a 429
  or a lost answer is the caller's.
- The posting step, within its time: items looked up, documents mapped, the intent written before
  anything is sent, outcomes settled in the ledger, the requests in flight adapted to what NetSuite
  takes. The two others get documents that were mapped before their time begins.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console
from rich.progress import Progress

from benchmarks.report import run_alone
from benchmarks.rows import Row
from benchmarks.simulated import Scene, environment_of, running_scene
from benchmarks.stages import StoreDaySteps
from benchmarks.stopwatch import Cost, Stopwatch
from ipos_pipeline.clients.netsuite import RECORD_PATH
from ipos_pipeline.clients.netsuite_tba import TbaCredentials, TokenBasedAuthentication
from ipos_pipeline.connections import Connections, utc_now
from ipos_pipeline.domain.json_text import write_json
from ipos_pipeline.domain.netsuite_record import CASH_SALE

BENCHMARK = "side by side"
SCENE = Scene(300, locations=1, lines=8, latency_seconds=0.3)
ROUNDS = 3
SAMPLE = 40
SEQUENTIAL_RATIO_MIN = 12.0
PACKAGE_RATIO_MIN = 1.0

Json = dict[str, Any]
TOKEN = ("consumer_key", "consumer_secret", "token_id", "token_secret")


@dataclass(frozen=True)
class Landed:
    """Simulators whose one shop's day is landed, and nothing of it posted."""

    simulated: Json
    steps: StoreDaySteps
    slots: int

    @property
    def address(self) -> str:
        """Where cash sales are created."""
        return f"{self.simulated['netsuite_base_url']}{RECORD_PATH}{CASH_SALE}"

    def documents(self) -> list[Json]:
        """Give the documents as a script holds them: plain JSON, numbers as they come."""
        return [json.loads(write_json(record.to_payload())) for record in self.steps.map()]


@dataclass(frozen=True, slots=True)
class Sent:
    """How fast one of the three was: documents, and what they cost its process."""

    documents: int
    cost: Cost

    @property
    def rate(self) -> float:
        """Documents a second."""
        return self.documents / self.cost.wall_seconds

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds a document."""
        return self.cost.cpu_seconds / self.documents * 1000


Contender = Callable[[Landed], Sent]


@contextmanager
def landed_scene(scene: Scene) -> Iterator[Landed]:
    """Start simulators of a scene with one location and land its day."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        with running_scene(scene, state) as simulated:
            environment = environment_of(simulated, state / "data", concurrency=scene.slots)
            with Connections(environment) as opened:
                steps = StoreDaySteps(opened, simulated["locations"][0], scene)
                steps.fetch_and_land()
                yield Landed(simulated, steps, scene.slots)


def by_posting_step(landed: Landed) -> Sent:
    """Post the day as a run does."""
    return _timed(landed.steps.map_and_post)


def by_netsuite_package(landed: Landed) -> Sent:
    """Create the documents with the package `netsuite`, all at once behind its semaphore."""
    from netsuite import Config, NetSuite, TokenAuth  # noqa: PLC0415 - for this only

    documents = landed.documents()
    token = TokenAuth(**{name: landed.simulated[name] for name in TOKEN})
    config = Config(account=landed.simulated["netsuite_account_id"], auth=token)

    async def create_all() -> int:
        options = {"concurrent_requests": landed.slots}
        api = NetSuite(config, rest_api_options=options).rest_api
        # The package would call the real account; `url` is its way to call another address.
        creating = (
            api.post(f"/record/v1/{CASH_SALE}", json=one, url=landed.address) for one in documents
        )
        return len(await asyncio.gather(*creating))

    return _timed(lambda: asyncio.run(create_all()))


def one_after_the_other(landed: Landed, *, sample: int = SAMPLE) -> Sent:
    """Create a sample of the documents with one connection, each after the one before."""
    documents = landed.documents()[:sample]
    token = {name: landed.simulated[name] for name in TOKEN}
    account = landed.simulated["netsuite_account_id"]
    auth = TokenBasedAuthentication(TbaCredentials(account_id=account, **token), clock=utc_now)

    def create_all() -> int:
        with httpx2.Client(auth=auth) as client:
            for one in documents:
                client.post(landed.address, json=one).raise_for_status()
        return len(documents)

    return _timed(create_all)


def _timed(create_all: Callable[[], int]) -> Sent:
    watch = Stopwatch()
    documents = create_all()
    return Sent(documents, watch.cost())


@dataclass(frozen=True, slots=True)
class Round:
    """What the three did one after the other, so that a slow moment of the machine counts little.

    Which of the two fast ones begins changes from round to round.
    """

    ours: Sent
    package: Sent
    sequential: Sent


def measure(
    console: Console, *, scene: Scene = SCENE, rounds: int = ROUNDS, sample: int = SAMPLE
) -> list[Row]:
    """Let the three send the same documents in turn; the figures are medians over the rounds."""
    console.print(
        f"Side by side: {scene.invoices} documents, {scene.latency_seconds:g} s,"
        f" {scene.slots} slots, {rounds} rounds"
    )
    done: list[Round] = []
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Side by side", total=3 * rounds)

        def sent_by(contender: Contender) -> Sent:
            with landed_scene(scene) as landed:
                sent = contender(landed)
            progress.advance(task)
            return sent

        for number in range(rounds):
            fast = [by_posting_step, by_netsuite_package]
            both = {one: sent_by(one) for one in (fast if number % 2 == 0 else fast[::-1])}
            sequential = sent_by(lambda landed: one_after_the_other(landed, sample=sample))
            done.append(Round(both[by_posting_step], both[by_netsuite_package], sequential))
    return rows_of(done)


def rows_of(rounds: list[Round]) -> list[Row]:
    """Say what the rounds at 15 slots came to, each figure as the median over them."""

    def row(
        what: str, figure: Callable[[Round], float], unit: str, least: float | None = None
    ) -> Row:
        return Row(BENCHMARK, what, statistics.median(map(figure, rounds)), unit, least=least)

    return [
        row("posting step", lambda one: one.ours.rate, "documents/s"),
        row("package netsuite", lambda one: one.package.rate, "documents/s"),
        row("sequential client", lambda one: one.sequential.rate, "documents/s"),
        row("posting step", lambda one: one.ours.cpu_ms, "CPU ms a document"),
        row("package netsuite", lambda one: one.package.cpu_ms, "CPU ms a document"),
        row(
            "posting step / sequential client",
            lambda one: one.ours.rate / one.sequential.rate,
            "x",
            SEQUENTIAL_RATIO_MIN,
        ),
        row(
            "posting step / package netsuite",
            lambda one: one.ours.rate / one.package.rate,
            "x",
            PACKAGE_RATIO_MIN,
        ),
    ]


if __name__ == "__main__":
    sys.exit(run_alone(measure))
