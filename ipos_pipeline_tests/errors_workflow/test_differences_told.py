"""A difference that needs a person: one error, one mail, one log record, until it is in order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ipos_pipeline.cli.main import run
from ipos_pipeline_tests.builders import LOCATION, raw_invoice, raw_line
from ipos_pipeline_tests.errors_workflow.conftest import Operation
from ipos_pipeline_tests.pipeline.conftest import checks_of
from simulators.world import ERROR_EMAIL

SALE = "IPOS-DXB01-2026-S-10377-CS"


@pytest.fixture
def posted(operation: Operation) -> Operation:
    """A sale in NetSuite that was posted two hours ago."""
    operation.pipeline.world.ipos.add_invoices([raw_invoice()])
    operation.tick()
    operation.pipeline.world.clock.advance(2 * 60 * 60)
    return operation


def decide(operation: Operation, *arguments: str) -> None:
    """Run a command of operators."""
    pipeline = operation.pipeline
    connect = pipeline.world.connections
    said = (*arguments, "--reason", "finance knows", "--yes")
    assert run(said, connect=lambda: connect(**pipeline.environment)) == 0


def delete_by_hand(operation: Operation) -> None:
    world, pipeline = operation.pipeline.world, operation.pipeline
    world.netsuite.delete_transaction(pipeline.posted()[SALE]["id"])


def test_a_record_deleted_by_hand_is_one_error_and_one_mail_however_often_it_is_seen(
    posted: Operation,
) -> None:
    pipeline = posted.pipeline
    delete_by_hand(posted)
    pipeline.run()
    assert posted.tick() == [], "it makes no store-day due"

    for _ in range(10):
        pipeline.run()
        posted.tick()

    (error,) = pipeline.open_errors()
    assert (error.external_id, error.stage, error.code) == (SALE, "reconcile", "absent_in_netsuite")
    assert (error.attempts, error.next_attempt_at) == (11, None)
    assert error.last_failed_at > error.first_failed_at
    assert len(posted.mails) == 1
    (record,) = posted.log_records()
    assert record["externalid"] == SALE
    assert (record["invoice"], record["type"]) == ("10377", "cashSale (reconcile)")
    assert record["code"] == "absent_in_netsuite"
    assert '"InvNo"' in record["payload"]
    assert record["attempts"] == 11

    decide(posted, "repost", "--external-id", SALE)
    posted.tick()
    posted.tick()

    assert list(pipeline.posted()) == [SALE]
    assert pipeline.open_errors() == []
    assert posted.log_records() == []
    assert len(posted.mails) == 1, "that it is in order needs no mail"


def test_the_tick_after_the_reconciliation_mails_what_it_found_and_what_to_do(
    posted: Operation,
) -> None:
    """The run lists its errors before it reconciles; a tick comes every quarter of an hour."""
    delete_by_hand(posted)
    posted.pipeline.run()
    assert posted.mails == []

    posted.tick()

    (mail,) = posted.mails
    assert mail.subject == "[DXB01] Invoice 10377 of 2026-11-20: gone from NetSuite"
    assert mail.recipients == (ERROR_EMAIL,)
    for words in (
        "somebody deleted or moved it",
        "repost it if it belongs there",
        "set this error aside with the reason",
        "internal ID 1 is gone",
        "each reconciliation of the day looks again",
        f"ipos-pipeline errors show {SALE}",
        "3.99 AED",
    ):
        assert words in " ".join(mail.text.split())
    assert "not in NetSuite" not in mail.subject


def test_a_difference_of_another_kind_is_one_more_mail_in_the_thread(posted: Operation) -> None:
    world, pipeline = posted.pipeline.world, posted.pipeline
    internal_id = pipeline.posted()[SALE]["id"]
    world.netsuite.update_transaction(internal_id, memo="seen by the auditor")
    pipeline.run()
    posted.tick()

    changed = {"items": [{"line": 1, "grossAmt": Decimal("3.50")}]}
    world.netsuite.update_transaction(internal_id, item=changed)
    for _ in range(3):
        pipeline.run()
        posted.tick()

    first, second = posted.mails
    assert first.subject.endswith("changed in NetSuite")
    assert second.subject.startswith("Re: ")
    assert second.message["In-Reply-To"] == first.message["Message-ID"]
    assert "The reason has changed" in second.text
    assert [one["code"] for one in posted.log_records()] == ["total_differs"]
    assert len(pipeline.open_errors()) == 1


def test_an_accepted_difference_is_green_and_not_in_the_log_and_told_anew_when_it_changes(
    posted: Operation,
) -> None:
    world, pipeline = posted.pipeline.world, posted.pipeline
    internal_id = pipeline.posted()[SALE]["id"]

    def change(amount: str) -> None:
        line = {"line": 1, "grossAmt": Decimal(amount)}
        world.netsuite.update_transaction(internal_id, item={"items": [line]})

    change("3.50")
    pipeline.run()
    posted.tick()
    decide(posted, "errors", "set-aside", "--external-id", SALE)

    result = pipeline.run()
    posted.tick()

    assert all(checks_of(result).values())
    assert posted.log_records() == []
    change("3.00")
    assert not checks_of(pipeline.run())["store_day_reconciliation:no_drift_after_posting"]
    posted.tick()
    assert len(posted.mails) == 2
    assert "NetSuite 3.00" in posted.mails[-1].text
    assert [one["code"] for one in posted.log_records()] == ["total_differs"]


def test_many_invoices_edited_at_once_are_one_mail(operation: Operation) -> None:
    world = operation.pipeline.world
    world.ipos.add_invoices([raw_invoice(InvNo=number) for number in range(1, 31)])
    operation.tick()
    line = raw_line(PrimaryBarcode="600130")
    for number in range(1, 31):
        world.ipos.edit_invoice(LOCATION, "SALE", number, "2026-11-20T11:07:33", Lines=[line])
    operation.pipeline.run()

    operation.tick()

    (mail,) = operation.mails
    assert mail.subject == "[DXB01] 30 invoices: edited in IPOS (edited_in_ipos)"
    assert "30 documents differ for one cause" in mail.text
    assert len(operation.log_records()) == 30
