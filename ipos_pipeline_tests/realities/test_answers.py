"""Answers that are none, other people's answers, and NetSuite away: failures stay failures."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from ipos_pipeline.errors import (
    AuthenticationError,
    LocationMismatchError,
    PipelineError,
    TransientError,
)
from ipos_pipeline_tests.builders import DAY, LOCATION, raw_invoice
from ipos_pipeline_tests.realities.shops import FOUR, Shops
from simulators.faults import Faults

ALL_POSTED = {f"IPOS-{code}-2026-S-10377-CS": Decimal("3.99") for code in FOUR}
NO_LISTS = [
    "html_page",
    "truncated",
    "empty_body",
    "no_content",
    "null_data",
    "status_zero",
    "server_error",
    "stalled",
    "connection_reset",
    "throttled",
    "throttled_with_retry_after",
]


def sell_everywhere(shops: Shops) -> None:
    shops.world.ipos.add_invoices(raw_invoice(LocationCode=code) for code in FOUR)


def known_of(shops: Shops) -> object:
    with shops.connections.ledger.read() as work:
        return work.store_days.get(LOCATION, DAY)


@pytest.mark.parametrize("fault", NO_LISTS)
def test_an_answer_that_is_no_list_moves_nothing_opens_no_error_and_is_read_again_later(
    shops: Shops, fault: str
) -> None:
    """M21, M22: a failed read is not an empty day."""
    sell_everywhere(shops)
    shops.world.ipos.faults = Faults(**{fault: 1.0, "only": "GET /api/invoices"})
    before = known_of(shops)

    with pytest.raises(TransientError, match="DXB01"):
        shops.run()

    assert known_of(shops) == before, "no watermark moves"
    assert shops.landed_numbers() == []
    assert shops.open_errors() == []
    assert shops.posted() == {}
    shops.world.ipos.faults = Faults()
    shops.quarter_of_an_hour()
    assert shops.posted() == ALL_POSTED


@pytest.mark.parametrize("fault", NO_LISTS)
def test_a_failed_read_in_the_proof_proves_nothing_and_undoes_nothing(
    shops: Shops, fault: str
) -> None:
    """M21: what was posted and acknowledged before stays so."""
    sell_everywhere(shops)
    shops.quarter_of_an_hour()
    shops.world.ipos.faults = Faults(**{fault: 1.0, "only": "GET /api/invoices"})

    with pytest.raises(TransientError):
        shops.run()

    assert shops.posted() == ALL_POSTED
    assert shops.acknowledged() == [10377]


def test_a_byte_order_mark_is_read_over_and_an_empty_list_is_empty(shops: Shops) -> None:
    """M21: only a well-formed empty list is empty."""
    shops.world.ipos.faults = Faults(byte_order_mark=1.0)
    assert shops.run().landed.shown == 0
    sell_everywhere(shops)

    tick = shops.run()

    assert tick.landed.shown == 1
    assert tick.proof.is_proved


@pytest.mark.parametrize("fault", NO_LISTS)
def test_some_bad_answers_among_good_ones_lose_and_repeat_nothing(shops: Shops, fault: str) -> None:
    """M21, M22: every third answer of lists and acknowledgements is bad."""
    shops.world.ipos.add_invoices(
        raw_invoice(InvNo=number, LocationCode=code) for code in FOUR for number in range(1, 11)
    )
    shops.world.ipos.faults = Faults(**{fault: 0.33})

    for _ in range(8):
        shops.quarter_of_an_hour()

    assert shops.world.ipos.fault_counts[fault] > 0
    assert shops.posted() == {
        f"IPOS-{code}-2026-S-{number}-CS": Decimal("3.99")
        for code in FOUR
        for number in range(1, 11)
    }
    assert len(shops.world.netsuite.transactions()) == 40
    assert all(shops.acknowledged(code) == list(range(1, 11)) for code in FOUR)


def test_a_rotated_credential_stops_its_shop_alone_and_loudly(shops: Shops) -> None:
    """M26: the run fails by name; with the new credential nothing is missing."""
    sell_everywhere(shops)
    new = shops.world.ipos.rotate_credential(LOCATION)

    done = shops.quarter_of_an_hour()

    assert {code for code, _ in done} == set(FOUR[1:])
    (error,) = shops.failures.values()
    assert isinstance(error, AuthenticationError)
    assert LOCATION in error.message
    assert new not in error.message
    assert shops.open_errors() == []
    shops.change_record(LOCATION, auth_value=new)
    shops.quarter_of_an_hour()
    assert shops.posted() == ALL_POSTED


def test_another_shops_invoices_under_the_right_address_are_never_booked(shops: Shops) -> None:
    """M26: nothing is landed, posted or acknowledged while IPOS mixes shops up."""
    sell_everywhere(shops)
    shops.world.ipos.faults = Faults(other_location=1.0)

    shops.quarter_of_an_hour()

    assert {type(error) for error in shops.failures.values()} == {LocationMismatchError}
    assert len(shops.failures) == 4
    assert shops.posted() == {}
    assert all(shops.landed_numbers(location=code) == [] for code in FOUR)
    assert shops.world.ipos.acknowledgements() == []
    shops.world.ipos.faults = Faults()
    shops.quarter_of_an_hour()
    locations = {one["externalId"]: one["location"] for one in shops.transactions().values()}
    assert locations == {
        f"IPOS-{code}-2026-S-10377-CS": str(11 + shop) for shop, code in enumerate(FOUR)
    }


def test_another_shop_without_its_code_on_the_invoices_is_stopped_by_what_else_it_says(
    shops: Shops,
) -> None:
    """M26: one foreign invoice on a page is enough to land nothing of it."""
    own = [raw_invoice(InvNo=number) for number in range(1, 101)]
    shops.world.ipos.add_invoices([*own, raw_invoice(InvNo=999, LocationCode="DXB02")][::-1])
    foreign = raw_invoice(InvNo=998, LocationCode="DXB02")
    shops.world.ipos.add_invoice(foreign, location=LOCATION)

    with pytest.raises(LocationMismatchError, match="DXB02"):
        shops.run()

    assert shops.landed_numbers() == []
    assert shops.posted() == {}


def test_a_foreign_invoice_deep_in_a_list_is_never_landed_and_holds_everything_up(
    shops: Shops,
) -> None:
    """M26: earlier pages held this shop's own; they are landed, and posted once IPOS is right."""
    own = [raw_invoice(InvNo=number) for number in range(1, 301)]
    foreign = raw_invoice(InvNo=999, LocationCode="DXB02", InvDate="2026-11-20T23:00:00")
    shops.world.ipos.add_invoices([*own, foreign])
    shops.world.ipos.add_invoice(foreign, location=LOCATION)

    shops.quarter_of_an_hour()

    assert isinstance(shops.failures.pop((LOCATION, DAY)), LocationMismatchError)
    assert shops.failures == {}
    assert "999" not in shops.landed_numbers()
    assert len(shops.landed_numbers()) == 200, "the first page"
    shops.quarter_of_an_hour()
    assert isinstance(shops.failures.pop((LOCATION, DAY)), LocationMismatchError)
    assert set(shops.posted()) == {"IPOS-DXB02-2026-S-999-CS"}
    shops.world.ipos.delete_invoice(LOCATION, "SALE", 999, "2026-11-20T23:00:00")
    shops.quarter_of_an_hour()
    assert len(shops.posted()) == 301
    assert shops.run().proof.is_proved


NETSUITE_AWAY: dict[str, Callable[[], Faults]] = {
    "every request fails": lambda: Faults(server_error=1.0, token_error=1.0),
    "no answer ever comes": lambda: Faults(stalled=1.0),
    "only the record service": lambda: Faults(server_error=1.0, only="/record/v1/"),
    "a web page for everything": lambda: Faults(html_page=1.0),
}


@pytest.mark.parametrize("how", NETSUITE_AWAY)
def test_after_an_hour_without_netsuite_everything_is_posted_once(shops: Shops, how: str) -> None:
    """M22: each tick fails with one clear error; no invoice gets an error of its own."""
    numbers = range(1, 31)
    shops.world.ipos.add_invoices(
        raw_invoice(InvNo=number, LocationCode=code) for code in FOUR for number in numbers
    )
    shops.quarter_of_an_hour()
    later = range(31, 41)
    shops.world.ipos.add_invoices(
        raw_invoice(InvNo=number, LocationCode=code) for code in FOUR for number in later
    )
    shops.world.netsuite.faults = NETSUITE_AWAY[how]()

    for _ in range(4):
        shops.world.clock.advance(15 * 60)
        failures: list[PipelineError] = []
        for code in FOUR:
            with pytest.raises(TransientError) as caught:
                shops.run(location=code)
            failures.append(caught.value)
        assert all(error.message and error.recovery for error in failures)
        assert all(shops.open_errors(location=code) == [] for code in FOUR)

    shops.world.netsuite.faults = Faults()
    shops.quarter_of_an_hour()
    shops.quarter_of_an_hour()
    assert shops.posted() == {
        f"IPOS-{code}-2026-S-{number}-CS": Decimal("3.99")
        for code in FOUR
        for number in (*numbers, *later)
    }
    assert all(shops.acknowledged(code) == [*numbers, *later] for code in FOUR)
    assert shops.due() == {}
    assert all(shops.run(location=code).proof.is_proved for code in FOUR)


def test_an_hour_in_which_netsuite_takes_everything_and_answers_nothing_posts_nothing_twice(
    shops: Shops,
) -> None:
    """M22: what was sent is looked up before anything is sent again."""
    shops.world.ipos.add_invoices(raw_invoice(InvNo=number) for number in range(1, 31))
    shops.world.netsuite.faults = Faults(reply_lost=1.0, only="/record/v1/")
    for _ in range(4):
        shops.quarter_of_an_hour()
    assert shops.open_errors() == []
    shops.world.netsuite.faults = Faults()

    shops.quarter_of_an_hour()
    shops.quarter_of_an_hour()

    assert len(shops.posted()) == len(shops.world.netsuite.transactions()) == 30
    assert shops.acknowledged() == list(range(1, 31))
    assert shops.run().proof.is_proved
