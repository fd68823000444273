"""What people see after an older backup of the ledger was restored, and what they decide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ipos_pipeline.ledger.backup import back_up
from ipos_pipeline.ledger.restoring import Order, restore
from ipos_pipeline_tests.builders import LOCATION, raw_invoice
from ipos_pipeline_tests.operators.conftest import Command
from ipos_pipeline_tests.realities.shops import Shops, Tick
from ipos_pipeline_tests.simulated_world import SimulatedWorld
from simulators.faults import NO_FAULTS, Faults

SALES = {number: f"IPOS-{LOCATION}-2026-S-{number}-CS" for number in (1, 2, 3, 4)}
ASIDE = SALES[3]
NOTHING_IS_TAKEN = Faults(throttled=1.0, only="/record/v1/cash")
Run = Callable[[], Tick]

pytestmark = pytest.mark.usefixtures("postgres_programs")


@pytest.fixture
def run(world: SimulatedWorld) -> Run:
    """Run the store-day in a process of its own: nothing stays open."""

    def run_store_day() -> Tick:
        with world.connections() as opened:
            return Shops(world, opened).run()

    return run_store_day


@pytest.fixture
def restored(world: SimulatedWorld, run: Run, tmp_path: Path) -> SimulatedWorld:
    """Three invoices are landed and backed up; two are posted, one set aside; then restored.

    A fourth was sold while nothing ran.
    """
    url = world.environment["IPOS_PIPELINE_LEDGER_URL"]
    file = tmp_path / "ledger.backup"
    world.ipos.add_invoices([raw_invoice(InvNo=number) for number in (1, 2, 3)])
    world.netsuite.faults = NOTHING_IS_TAKEN
    run()
    world.netsuite.faults = NO_FAULTS
    back_up(url, file, on_progress=lambda _done, _total: None)
    world.clock.advance(60)
    with world.connections() as opened, opened.ledger.write("noor") as work:
        assert work.decisions.set_entry_aside(ASIDE, at=world.clock.now, reason="a test sale")
    run()
    assert posted(world) == [SALES[1], SALES[2]]
    world.clock.advance(3600)
    world.ipos.add_invoices([raw_invoice(InvNo=4, InvDate="2026-11-20T12:30:00")])
    order = Order(url, file, "noor", world.clock.now, replace=True)
    done = restore(order, on_progress=lambda _done, _total: None)
    assert [one.subject for one in done.lost] == [ASIDE]
    return world


def posted(world: SimulatedWorld) -> list[str]:
    """List what NetSuite has; twice what it has twice."""
    return sorted(one["externalId"] for one in world.netsuite.transactions())


def creates(world: SimulatedWorld) -> int:
    return sum(
        one.method == "POST" and "/record/v1/cash" in one.path for one in world.netsuite.requests
    )


def test_what_was_posted_is_taken_over_what_is_new_is_posted_and_a_person_is_asked_of_the_rest(
    restored: SimulatedWorld, run: Run, command: Command
) -> None:
    before = creates(restored)

    tick = run()

    assert creates(restored) == before + 1, "only what was sold while nothing ran"
    assert tick.sales.adopted == 2
    assert posted(restored) == [SALES[1], SALES[2], SALES[4]]
    (error,) = command("errors", "list", "--json").json["errors"]
    assert (error["external_id"], error["code"]) == (ASIDE, "decision_lost")


def test_what_a_person_sets_aside_again_stays_unposted(
    restored: SimulatedWorld, run: Run, command: Command
) -> None:
    run()

    again = command("errors", "set-aside", "--external-id", ASIDE, "--reason", "a test", "--yes")
    restored.clock.advance(86400)
    run()

    assert again.code == 0
    assert ASIDE not in posted(restored)


def test_what_a_person_retries_is_posted_and_nobody_is_asked_again(
    restored: SimulatedWorld, run: Run, command: Command
) -> None:
    """Also where NetSuite takes nothing at the first attempt: the answer is not forgotten."""
    run()
    command("errors", "retry", "--code", "decision_lost", "--reason", "nobody had", "--yes")
    restored.netsuite.faults = NOTHING_IS_TAKEN
    run()
    restored.netsuite.faults = NO_FAULTS
    restored.clock.advance(3600)

    run()

    assert posted(restored) == list(SALES.values())
    assert command("errors", "list", "--json").json["errors"] == []


def test_time_alone_never_posts_what_a_person_was_asked_about(
    restored: SimulatedWorld, run: Run
) -> None:
    for _ in range(4):
        run()
        restored.clock.advance(2 * 86400)

    assert ASIDE not in posted(restored)
