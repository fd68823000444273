"""A shop's customer is missing in NetSuite or inactive: told once, then waited for."""

from __future__ import annotations

import httpx2
import pytest

from ipos_pipeline_tests.builders import raw_invoice, raw_line
from ipos_pipeline_tests.contract.faulty import InFront
from ipos_pipeline_tests.contract.test_netsuite_refusals import refusal
from ipos_pipeline_tests.errors_workflow.conftest import Operation
from ipos_pipeline_tests.pipeline.conftest import checks_of
from ipos_pipeline_tests.realities.shops import Shops
from ipos_pipeline_tests.simulated_world import SimulatedWorld

CUSTOMER = "501"
"""Whom the shop's configuration record names."""
ITEM = "2001"
"""What each invoice sells, by its internal ID."""
INVOICES = 30
DENIED = refusal(403, "INSUFFICIENT_PERMISSION", "Permission Violation.")


def switch_customer(world: SimulatedWorld, *, active: bool, subsidiary: str = "2") -> None:
    world.netsuite.add_customer(
        CUSTOMER, "Walk-in customers", isinactive=not active, subsidiary=subsidiary
    )


def documents_sent(world: SimulatedWorld) -> int:
    return sum(
        one.method == "POST" and "/record/v1/cash" in one.path for one in world.netsuite.requests
    )


def customers_asked_for(world: SimulatedWorld) -> int:
    return sum("FROM customer " in one.body for one in world.netsuite.requests)


@pytest.fixture
def refused(operation: Operation) -> Operation:
    """A shop whose customer is inactive, and thirty sales that NetSuite has refused for it."""
    world = operation.pipeline.world
    switch_customer(world, active=False)
    world.ipos.add_invoices([raw_invoice(InvNo=number + 1) for number in range(INVOICES)])
    operation.tick()
    assert documents_sent(world) == INVOICES
    return operation


def test_thirty_refusals_are_one_look_one_mail_and_thirty_errors_that_name_the_customer(
    refused: Operation,
) -> None:
    errors = refused.pipeline.open_errors()

    assert customers_asked_for(refused.pipeline.world) == 1
    assert {(one.code, one.path, one.reference) for one in errors} == {
        ("inactive_customer", "entity", CUSTOMER)
    }
    assert len(errors) == len(refused.log_records()) == INVOICES
    refused.tick()
    (mail,) = refused.mails
    assert mail.subject == "[DXB01] 30 invoices: customer inactive (inactive_customer)"
    words = " ".join(mail.text.split())
    assert "The customer of this shop is switched off in NetSuite" in words
    assert "Activate the customer in NetSuite" in words


def test_while_the_customer_is_inactive_a_tick_sends_nothing_and_asks_once(
    refused: Operation,
) -> None:
    world = refused.pipeline.world
    sent, asked = documents_sent(world), customers_asked_for(world)

    runs = [refused.tick() for _ in range(8)]

    assert runs == [[]] * 8
    assert documents_sent(world) == sent
    assert customers_asked_for(world) == asked + 8
    assert len(refused.mails) == 1


def test_the_tick_after_the_customer_is_activated_posts_all_and_closes_all(
    refused: Operation,
) -> None:
    switch_customer(refused.pipeline.world, active=True)

    refused.tick()

    assert len(refused.pipeline.posted()) == INVOICES
    assert refused.pipeline.open_errors() == []
    assert refused.log_records() == []
    assert refused.tick() == [], "and nothing is left to do"


def test_the_tick_after_the_record_names_another_customer_posts_all_for_that_one(
    refused: Operation,
) -> None:
    world = refused.pipeline.world
    world.netsuite.add_customer("777", "The right customer", subsidiary="2")
    world.change_record(customer="777")
    asked = customers_asked_for(world)

    refused.tick()

    assert {one["entity"] for one in refused.pipeline.posted().values()} == {"777"}
    assert len(refused.pipeline.posted()) == INVOICES
    assert refused.pipeline.open_errors() == []
    assert customers_asked_for(world) == asked, "what is not waited for any more is not asked for"


def test_a_correction_to_another_missing_customer_is_tried_once_and_then_waited_for(
    refused: Operation,
) -> None:
    world = refused.pipeline.world
    world.change_record(customer="4711")

    for _ in range(4):
        refused.tick()

    assert documents_sent(world) == 2 * INVOICES
    errors = refused.pipeline.open_errors()
    assert {(one.code, one.reference) for one in errors} == {("unknown_customer", "4711")}
    assert len(refused.mails) == 2, "the reason has changed, which people are told"
    world.netsuite.add_customer("4711", "Walk-in customers", subsidiary="2")
    refused.tick()
    assert len(refused.pipeline.posted()) == INVOICES


def test_a_refused_customer_leaves_the_check_of_the_items_green(operation: Operation) -> None:
    switch_customer(operation.pipeline.world, active=False)
    operation.pipeline.world.ipos.add_invoices([raw_invoice()])

    checks = checks_of(operation.pipeline.run())

    assert not checks["cash_sales:no_failed_postings"]
    assert checks["integration_errors:all_items_known"]


def test_a_mail_about_one_document_says_that_it_waits_for_the_customer(
    operation: Operation,
) -> None:
    operation.pipeline.world.change_record(customer="4711")
    operation.pipeline.world.ipos.add_invoices([raw_invoice()])

    for _ in range(2):
        operation.tick()

    (mail,) = operation.mails
    words = " ".join(mail.text.split())
    assert "The customer of this shop is not in NetSuite" in words
    assert "customer 4711, which the configuration record of DXB01 names" in words
    assert "by itself, as soon as NetSuite has the customer" in words


def test_a_document_that_lacks_an_item_first_then_waits_for_the_customer_alone(
    operation: Operation,
) -> None:
    world = operation.pipeline.world
    switch_customer(world, active=False)
    world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999"))])
    operation.tick()
    assert documents_sent(world) == 0
    world.netsuite.add_item("9001", "SKU-9001", upccode="999")

    for _ in range(3):
        operation.tick()

    assert documents_sent(world) == 1
    assert [one.code for one in operation.pipeline.open_errors()] == ["inactive_customer"]
    switch_customer(world, active=True)
    operation.tick()
    assert len(operation.pipeline.posted()) == 1
    assert operation.pipeline.open_errors() == []


def test_a_document_that_lacks_an_item_by_now_waits_for_that(operation: Operation) -> None:
    world = operation.pipeline.world
    switch_customer(world, active=False)
    world.ipos.add_invoices([raw_invoice()])
    operation.tick()
    world.netsuite.update_item(ITEM, isinactive=True)
    switch_customer(world, active=True)

    assert operation.tick(), "the customer is there: it is tried, and lacks an item now"
    assert [operation.tick() for _ in range(3)] == [[]] * 3, "no run helps"

    world.netsuite.update_item(ITEM, isinactive=False)
    operation.tick()
    assert len(operation.pipeline.posted()) == 1
    assert operation.pipeline.open_errors() == []


def test_what_netsuite_refuses_after_its_item_has_come_is_tried_again_in_time_not_at_each_tick(
    operation: Operation,
) -> None:
    world = operation.pipeline.world
    switch_customer(world, active=True, subsidiary="3")
    world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999"))])
    operation.tick()
    world.netsuite.add_item("9001", "SKU-9001", upccode="999")

    for _ in range(5):
        operation.tick()

    assert documents_sent(world) == 2, "at once and after a quarter of an hour; then after an hour"
    assert [one.code for one in operation.pipeline.open_errors()] == ["INVALID_CONTENT"]


def refuse_the_look(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
    """Answer questions about customers as a role is answered that may not see them."""
    return DENIED if b"FROM customer " in request.content else answer


def test_where_customers_may_not_be_read_the_refusal_is_an_ordinary_one(
    world: SimulatedWorld,
) -> None:
    switch_customer(world, active=False)
    world.ipos.add_invoices([raw_invoice(), raw_invoice(InvNo=2)])
    with world.connections(InFront(world.transport(), refuse_the_look)) as connections:
        shop = Shops(world, connections)
        shop.run()

        errors = shop.open_errors()
        assert [one.code for one in errors] == ["INVALID_CONTENT"] * 2
        assert all(one.next_attempt_at is not None for one in errors), "tried again in time"
        assert customers_asked_for(world) == 1, "a look that failed is not repeated in its run"
        switch_customer(world, active=True)
        shop.quarter_of_an_hour()
        assert len(shop.posted()) == 2


def test_where_customers_may_not_be_read_nothing_that_netsuite_takes_is_held_up(
    world: SimulatedWorld,
) -> None:
    world.ipos.add_invoices([raw_invoice()])
    with world.connections(InFront(world.transport(), refuse_the_look)) as connections:
        shop = Shops(world, connections)
        shop.run()

        assert len(shop.posted()) == 1
    assert customers_asked_for(world) == 0, "nobody asks before sending"


def test_a_customer_of_another_subsidiary_is_there_and_active_so_the_refusal_is_an_ordinary_one(
    operation: Operation,
) -> None:
    switch_customer(operation.pipeline.world, active=True, subsidiary="3")
    operation.pipeline.world.ipos.add_invoices([raw_invoice()])

    operation.tick()

    (error,) = operation.pipeline.open_errors()
    assert (error.code, error.path) == ("INVALID_CONTENT", "entity")
    assert error.next_attempt_at is not None
