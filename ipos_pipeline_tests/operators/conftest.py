"""One shop, the steps that a tick runs over it, and the commands of operators beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import simplejson

from ipos_pipeline.cli.main import run
from ipos_pipeline.connections import Connections
from ipos_pipeline.ledger.inspection import broken_rules, looked_at
from ipos_pipeline_tests.builders import DAY, LOCATION
from ipos_pipeline_tests.realities.shops import Shops
from ipos_pipeline_tests.simulated_world import SimulatedWorld


@dataclass(frozen=True)
class Answer:
    """What a command gave: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return simplejson.loads(self.out, use_decimal=True)

    @property
    def what(self) -> dict[str, str]:
        """What was done or why not, by external ID."""
        return {one["external_id"]: one["what"] for one in self.json["documents"]}


Command = Callable[..., Answer]


@pytest.fixture
def shop(world: SimulatedWorld, connections: Connections) -> Iterator[Shops]:
    """The product, ready to run store-days of the one shop; whatever is done, the rules hold."""
    yield Shops(world, connections)
    with looked_at(connections.settings.ledger_url) as connection:
        assert broken_rules(connection) == []


@pytest.fixture
def command(world: SimulatedWorld, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command of operators in this process, on the simulated world."""

    def execute(*arguments: str) -> Answer:
        capsys.readouterr()
        code = run(arguments, connect=world.connections)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return execute


def history(shop: Shops, subject: str) -> list[tuple[str, str, str]]:
    """Give what happened to a document: kind, who, and the detail as text."""
    with shop.connections.ledger.read() as work:
        events = work.history.of(subject)
    return [(one["kind"], one["actor"], one["detail"] or "") for one in events]


def statuses(shop: Shops) -> dict[str, str]:
    """Give the status of every entry by its external ID."""
    with shop.connections.ledger.read() as work:
        return {one.external_id: str(one.status) for one in work.entries.of_day(LOCATION, DAY)}
