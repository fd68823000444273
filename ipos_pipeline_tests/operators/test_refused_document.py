"""A document that NetSuite refused, as an operator sees it: what was sent, what came back, why."""

from __future__ import annotations

import pytest
import simplejson

from ipos_pipeline_tests.builders import DAY, raw_invoice
from ipos_pipeline_tests.operators.conftest import Command
from ipos_pipeline_tests.realities.shops import Shops

SALE = "IPOS-DXB01-2026-S-10377-CS"


@pytest.fixture
def refused(shop: Shops) -> Shops:
    """A sale for a customer of another subsidiary, whom NetSuite shows as active."""
    shop.world.netsuite.add_customer("4711", "Another company's customers", subsidiary="3")
    shop.world.change_record(customer="4711")
    shop.world.ipos.add_invoices([raw_invoice()])
    shop.run()
    return shop


@pytest.mark.usefixtures("refused")
def test_payload_request_answer_code_and_path_are_kept(command: Command) -> None:
    (error,) = command("errors", "show", SALE, "--json").json["errors"]

    assert (error["stage"], error["code"], error["path"]) == ("post", "INVALID_CONTENT", "entity")
    assert simplejson.loads(error["payload"])["InvNo"] == 10377
    assert simplejson.loads(error["request"])["entity"] == {"id": "4711"}
    (detail,) = simplejson.loads(error["response"])["o:errorDetails"]
    assert detail["o:errorCode"] == "INVALID_CONTENT"
    assert error["attempts"] == 1
    assert error["first_failed_at"] == error["last_failed_at"]
    assert error["next_attempt_at"] > error["last_failed_at"]


@pytest.mark.usefixtures("refused")
def test_it_is_shown_in_words_first_and_in_full_after_that(command: Command) -> None:
    lines = command("errors", "show", SALE).out.splitlines()

    names = [line.partition(":")[0] for line in lines if ":" in line]
    assert names.index("what happened") < names.index("what to do") < names.index("payload")
    assert "a value on it is unknown there" in next(one for one in lines if "what happened" in one)


def test_it_is_tried_again_after_15_minutes_1_hour_4_hours_then_daily_for_a_week(
    refused: Shops, command: Command
) -> None:
    start = refused.world.clock.now
    tried = [
        (refused.world.clock.now - start).total_seconds() / 3600
        for _ in range(4 * 24 * 9)
        if refused.quarter_of_an_hour()
    ]

    assert tried == [0.25, 1.25, 5.25, *(29.25 + 24 * day for day in range(7))]
    (error,) = command("errors", "list", "--json").json["errors"]
    assert (error["attempts"], error["next_attempt_at"]) == (11, None)
    refused.world.change_record(customer="501")
    assert not refused.due(), "now only a person moves it"
    assert command("errors", "retry", "--day", DAY.isoformat(), "--yes").code == 0
    refused.run()
    assert list(refused.posted()) == [SALE]
