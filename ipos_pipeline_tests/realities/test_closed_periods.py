"""Invoices that arrive after the books of their day were closed: what each policy does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.ledger.entry import PostingEntry
from ipos_pipeline_tests.builders import LOCATION, amount_line, raw_invoice
from ipos_pipeline_tests.databases import ASKED, ledger_on
from ipos_pipeline_tests.realities.shops import QUARTER_OF_AN_HOUR, Shops
from ipos_pipeline_tests.simulated_world import SimulatedWorld
from ipos_pipeline_tests.simulation.process import (
    Fuse,
    FusedTransport,
    SimulatedCrash,
    fuse_ledger,
)
from simulators.faults import NO_FAULTS, Faults

SEPTEMBER = date(2026, 9, 30)
OCTOBER = date(2026, 10, 31)
FIRST_OPEN = date(2026, 11, 1)
TODAY = date(2026, 11, 20)
SALE, REFUND = "IPOS-DXB01-2026-S-10377-CS", "IPOS-DXB01-2026-S-10377-CR"
CRASHES_MAX = 60


def late(inv_no: int = 10377, *lines: dict[str, Any], day: date = OCTOBER) -> dict[str, Any]:
    """Build an invoice of a day whose books are closed by now."""
    dates = {"InvDate": f"{day}T11:07:33", "BusinessDate": str(day)}
    return raw_invoice(*lines, InvNo=inv_no, **dates)


def entries(shops: Shops, day: date = OCTOBER) -> dict[str, PostingEntry]:
    with shops.connections.ledger.read() as work:
        return {one.external_id: one for one in work.entries.of_day(LOCATION, day)}


def requests(shops: Shops, path: str, containing: str = "") -> int:
    """Count the requests that NetSuite got."""
    made = shops.world.netsuite.requests
    return sum(path in one.path and containing in one.body for one in made)


@pytest.fixture
def october_is_closed(shops: Shops) -> Shops:
    shops.world.netsuite.close_period(OCTOBER)
    return shops


@pytest.fixture
def moving(october_is_closed: Shops) -> Shops:
    """October is closed, and the shop posts under the first open day."""
    october_is_closed.change_record(LOCATION, closed_period="first_open_day")
    return october_is_closed


def test_by_default_one_error_waits_and_the_document_is_posted_when_the_period_is_open_again(
    october_is_closed: Shops,
) -> None:
    shops = october_is_closed
    shops.world.ipos.add_invoices([late()])

    for _ in range(3):
        shops.run(OCTOBER)

    (error,) = shops.open_errors(OCTOBER)
    assert (error.code, error.external_id) == ("closed_period", SALE)
    assert "2026-10-31 is closed" in error.message
    assert shops.transactions() == {}
    assert requests(shops, "/cashSale") == 1, "a refusal waits its time"
    assert requests(shops, "/suiteql", "accountingperiod") == 0
    shops.world.netsuite.reopen_period(OCTOBER)
    shops.world.clock.advance(QUARTER_OF_AN_HOUR)
    shops.run(OCTOBER)
    assert shops.transactions()[SALE]["tranDate"] == "2026-10-31"
    assert shops.transactions()[SALE]["memo"] == "IPOS SALE 10377"
    assert shops.open_errors(OCTOBER) == []
    assert shops.acknowledged() == [10377]
    assert entries(shops)[SALE].tran_date is None


def test_the_other_policy_posts_under_the_first_open_day_with_the_true_date_in_the_memo(
    moving: Shops,
) -> None:
    sold, returned = amount_line(1, 2, "20.00"), amount_line(2, -1, "-5.00")
    moving.world.ipos.add_invoices([late(10377, sold, returned)])

    tick = moving.run(OCTOBER)

    found = moving.transactions()
    assert tick.proof.is_proved
    assert {key: (one["tranDate"], one["memo"]) for key, one in found.items()} == {
        SALE: ("2026-11-01", "IPOS SALE 10377 (sold 2026-10-31)"),
        REFUND: ("2026-11-01", "IPOS SALE 10377 (returned 2026-10-31)"),
    }
    assert moving.posted() == {SALE: Decimal("20.00"), REFUND: Decimal("5.00")}
    assert {one.tran_date for one in entries(moving).values()} == {FIRST_OPEN}
    assert moving.open_errors(OCTOBER) == []
    assert moving.acknowledged() == [10377]
    sent = requests(moving, "/record/v1/")
    moving.run(OCTOBER)
    assert requests(moving, "/record/v1/") == sent, "what is posted is not sent again"


def test_a_day_that_is_open_costs_nothing_and_a_closed_one_asks_for_the_periods_once_a_run(
    moving: Shops,
) -> None:
    moving.world.ipos.add_invoices([late(number) for number in range(1, 8)])
    moving.world.ipos.add_invoices([raw_invoice()])

    moving.run(TODAY)
    assert requests(moving, "/suiteql", "accountingperiod") == 0
    assert requests(moving, "/cashSale") == 1
    moving.run(OCTOBER)

    assert requests(moving, "/suiteql", "accountingperiod") == 1
    assert requests(moving, "/cashSale") == 1 + 2 * 7
    assert len(moving.transactions()) == 8


def test_closed_and_locked_periods_in_a_row_are_passed_over(moving: Shops) -> None:
    moving.world.netsuite.reopen_period(OCTOBER)
    moving.world.netsuite.close_period(SEPTEMBER)
    moving.world.netsuite.lock_period(OCTOBER)
    moving.world.ipos.add_invoices([late(day=SEPTEMBER)])

    moving.run(SEPTEMBER)

    assert moving.transactions()[SALE]["tranDate"] == "2026-11-01"
    assert moving.transactions()[SALE]["memo"] == "IPOS SALE 10377 (sold 2026-09-30)"


def test_without_an_open_day_up_to_today_a_person_is_asked_and_no_day_to_come_is_taken(
    moving: Shops,
) -> None:
    moving.world.netsuite.close_period(TODAY)
    moving.world.ipos.add_invoices([late()])

    moving.run(OCTOBER)

    (error,) = moving.open_errors(OCTOBER)
    assert error.code == "closed_period"
    assert "no open day" in error.message
    assert moving.transactions() == {}
    moving.world.netsuite.reopen_period(TODAY)
    moving.world.clock.advance(QUARTER_OF_AN_HOUR)
    moving.run(OCTOBER)
    assert moving.transactions()[SALE]["tranDate"] == "2026-11-01"
    assert moving.open_errors(OCTOBER) == []


def test_each_attempt_begins_with_the_true_date(moving: Shops) -> None:
    """A period that was opened again for the late invoices takes them under their own day."""
    moving.world.ipos.add_invoices([late()])
    moving.world.netsuite.close_period(TODAY)
    moving.run(OCTOBER)
    moving.world.netsuite.reopen_period(OCTOBER)
    moving.world.clock.advance(QUARTER_OF_AN_HOUR)

    moving.run(OCTOBER)

    assert moving.transactions()[SALE]["tranDate"] == "2026-10-31"
    assert entries(moving)[SALE].tran_date is None


def test_periods_that_may_not_be_read_stop_the_run_and_post_nothing(moving: Shops) -> None:
    moving.world.ipos.add_invoices([late()])
    moving.world.netsuite.faults = Faults(forbidden=("accountingperiod",))

    with pytest.raises(ConfigurationError, match="accountingperiod"):
        moving.run(OCTOBER)

    assert moving.transactions() == {}
    assert entries(moving)[SALE].status == "pending"
    moving.world.netsuite.faults = NO_FAULTS
    moving.run(OCTOBER)
    assert moving.transactions()[SALE]["tranDate"] == "2026-11-01"


@pytest.mark.parametrize("is_open_again", [False, True])
def test_a_document_that_is_found_keeps_the_date_that_netsuite_has(
    moving: Shops, tmp_path: Any, *, is_open_again: bool
) -> None:
    """The ledger is lost: the next one learns from NetSuite under which day the document is."""
    moving.world.ipos.add_invoices([late()])
    moving.run(OCTOBER)
    moving.world.ipos.edit_invoice(LOCATION, "SALE", 10377, f"{OCTOBER}T11:07:33", Posted=0)
    if is_open_again:
        moving.world.netsuite.reopen_period(OCTOBER)

    (tmp_path / "another").mkdir()
    with (
        ledger_on(ASKED, tmp_path / "another") as url,
        moving.world.connections(IPOS_PIPELINE_LEDGER_URL=url) as opened,
    ):
        again = Shops(moving.world, opened)
        again.run(OCTOBER)
        found = entries(again)[SALE]

    assert (found.status, found.tran_date) == ("posted", FIRST_OPEN)
    assert len(moving.transactions()) == 1


def test_a_crash_at_any_moment_leaves_one_document_under_a_date_that_the_ledger_knows(
    moving: Shops,
) -> None:
    """The process dies at each effect of a run in turn: before a request, an answer, a commit."""
    lease = moving.connections.settings.claim_lease.total_seconds()
    for number in range(1, CRASHES_MAX):
        moving.world.ipos.add_invoices([late(number)])
        has_crashed = _run_that_dies(moving.world, at=number)
        key = f"IPOS-DXB01-2026-S-{number}-CS"
        before = entries(moving).get(key)
        if key in moving.transactions():
            assert before is not None
            assert before.tran_date == FIRST_OPEN, "it was written down before it was sent"
        moving.world.clock.advance(lease + 1)
        moving.run(OCTOBER)
        assert moving.transactions()[key]["tranDate"] == "2026-11-01"
        assert (entries(moving)[key].status, entries(moving)[key].tran_date) == (
            "posted",
            FIRST_OPEN,
        )
        if not has_crashed:
            break
    else:
        pytest.fail("a run has more effects than were tried")
    assert len(moving.acknowledged()) == len(moving.transactions()) == number


def _run_that_dies(world: SimulatedWorld, *, at: int) -> bool:
    """Run the day in a process of its own that dies at one effect; tell whether it did."""
    fuse = Fuse(at)
    opened = world.connections(FusedTransport(world.transport(), fuse, lambda _: None))
    fuse_ledger(opened, fuse)
    try:
        Shops(world, opened, ticks=1000 * at).run(OCTOBER)
    except BaseException as error:
        if not fuse.is_blown or not _is_crash(error):
            raise
    finally:
        opened.__dict__.pop("_netsuite_http", None)
        opened.__dict__.pop("_ipos_http", None)
        opened.__exit__()
    return fuse.is_blown


def _is_crash(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_crash(one) for one in error.exceptions)
    return isinstance(error, SimulatedCrash)
