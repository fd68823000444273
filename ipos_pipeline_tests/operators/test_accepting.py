"""`errors set-aside` on what differs: a person accepts it as it is, until it differs otherwise."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ipos_pipeline.domain.store_day_proof import DifferenceKind
from ipos_pipeline.ledger.integration_errors import ErrorRecord, Stage
from ipos_pipeline_tests.builders import LOCATION, failure, raw_invoice, raw_line
from ipos_pipeline_tests.operators.conftest import Answer, Command, history, statuses
from ipos_pipeline_tests.realities.shops import Shops

KEY = "IPOS-DXB01-2026-S-10377"
SALE = f"{KEY}-CS"
SOLD_AT = "2026-11-20T11:07:33"


@pytest.fixture
def posted(shop: Shops) -> Shops:
    """One sale in NetSuite, two hours old, IPOS told of it."""
    shop.world.ipos.add_invoices([raw_invoice()])
    assert shop.run().proof.is_proved
    shop.world.clock.advance(2 * 60 * 60)
    return shop


def edit(shop: Shops, price: str, **changes: Any) -> None:
    """Change the price of the sale in IPOS."""
    amount = Decimal(price)
    line = raw_line(Rate=amount, NetRate=amount)
    changed = {"Lines": [line], "SubTotal": amount, "NetAmount": amount, **changes}
    shop.world.ipos.edit_invoice(LOCATION, "SALE", 10377, SOLD_AT, **changed)


def delete_sale(shop: Shops) -> None:
    """Delete the sale in NetSuite by hand."""
    shop.world.netsuite.delete_transaction(shop.transactions()[SALE]["id"])


def accept(command: Command, *selection: str) -> Answer:
    chosen = selection or ("--external-id", KEY)
    return command("errors", "set-aside", *chosen, "--reason", "finance knows", "--yes", "--json")


def errors_of(shop: Shops, external_id: str) -> list[ErrorRecord]:
    with shop.connections.ledger.read() as work:
        return work.selecting.errors_with_ids([external_id])


def test_an_accepted_edit_leaves_the_day_proved_and_the_history_has_who_and_why(
    posted: Shops, command: Command
) -> None:
    edit(posted, "5.00")
    red = posted.run().proof
    assert [one.kind for one in red.breaking] == ["edited_in_ipos"]
    assert red.open_errors == 1

    answer = accept(command)

    assert answer.code == 0
    assert "landed with 3.99, IPOS shows 5.00" in answer.what[KEY]
    for _ in range(3):
        proof = posted.run().proof
        assert proof.is_proved
        assert [one.kind for one in proof.differences] == [DifferenceKind.ACCEPTED]
        assert (proof.accepted_total, proof.open_errors) == (Decimal("1.01"), 0)
        assert proof.set_aside == 0, "the invoice itself is posted"
    assert posted.posted() == {SALE: Decimal("3.99")}
    (decided,) = [one for one in history(posted, KEY) if one[0] == "error_set_aside"]
    assert decided[1] != ""
    assert "finance knows" in decided[2]


def test_what_was_accepted_and_differs_otherwise_since_is_an_error_anew(
    posted: Shops, command: Command
) -> None:
    edit(posted, "5.00")
    posted.run()
    accept(command)
    assert posted.run().proof.is_proved

    edit(posted, "6.00")
    proof = posted.run().proof

    assert not proof.is_proved
    (error,) = posted.open_errors()
    assert (error.code, error.attempts) == ("edited_in_ipos", 1)
    assert "IPOS shows 6.00" in error.message
    before, now = errors_of(posted, KEY)
    assert "another difference than was accepted" in (before.closed_how or "")
    assert now.status == "open"


def test_a_second_edit_that_keeps_the_total_is_another_difference_too(
    posted: Shops, command: Command
) -> None:
    edit(posted, "5.00")
    posted.run()
    accept(command)

    edit(posted, "5.00", Lines=[raw_line(PrimaryBarcode="600130", Rate=5, NetRate=5)])

    assert not posted.run().proof.is_proved
    assert [one.code for one in posted.open_errors()] == ["edited_in_ipos"]


def test_an_accepted_difference_that_is_put_in_order_is_closed(
    posted: Shops, command: Command
) -> None:
    delete_sale(posted)
    posted.run()
    accept(command, "--external-id", SALE)
    assert posted.run().proof.is_proved

    assert command("repost", "--external-id", SALE, "--reason", "sold", "--yes").code == 0
    posted.world.clock.advance(60)
    proof = posted.run().proof

    assert proof.is_proved
    assert proof.differences == ()
    (error,) = errors_of(posted, SALE)
    assert error.status == "closed"
    assert "found it in order" in (error.closed_how or "")


def test_retrying_undoes_what_was_accepted_and_there_is_nothing_else_to_retry(
    posted: Shops, command: Command
) -> None:
    edit(posted, "5.00")
    posted.run()
    retried = command("errors", "retry", "--external-id", KEY, "--yes", "--json")
    assert retried.code == 0
    assert "nothing to retry" in retried.what[KEY]
    accept(command)
    again = accept(command)
    assert (again.code, again.what[KEY]) == (0, "set aside already")

    undone = command("errors", "retry", "--external-id", KEY, "--yes", "--json")

    assert "no longer accepted" in undone.what[KEY]
    (error,) = posted.open_errors()
    assert error.next_attempt_at is None
    assert not posted.due(), "no run mends it"
    assert [one.kind for one in posted.run().proof.breaking] == ["edited_in_ipos"]


def test_accepting_moves_no_document_and_tells_ipos_nothing(
    posted: Shops, command: Command
) -> None:
    delete_sale(posted)
    posted.run()
    told = len(posted.world.ipos.acknowledgements())
    refused = accept(command, "--external-id", SALE, "--acknowledge")
    assert refused.code == 1
    by_hand = ("--external-id", SALE, "--netsuite-id", "999", "--reason", "x", "--yes", "--json")
    marked = command("errors", "mark-posted", *by_hand)
    assert marked.code == 1, "only what is not posted can be marked"

    accept(command, "--external-id", SALE)

    proof = posted.run().proof
    assert proof.is_proved
    assert (proof.ipos.gross, proof.netsuite.gross) == (Decimal("3.99"), Decimal("0.00"))
    assert proof.accepted_total == Decimal("3.99")
    assert statuses(posted) == {SALE: "posted"}
    assert len(posted.world.ipos.acknowledgements()) == told
    assert not posted.due()


def test_what_is_gone_and_posted_again_is_closed_by_the_next_reconciliation(
    posted: Shops, command: Command
) -> None:
    delete_sale(posted)
    posted.run()
    assert [one.code for one in posted.open_errors()] == ["absent_in_netsuite"]

    assert command("repost", "--external-id", SALE, "--reason", "sold", "--yes").code == 0
    posted.world.clock.advance(60)
    proof = posted.run().proof

    assert proof.is_proved
    assert posted.open_errors() == []
    (error,) = errors_of(posted, SALE)
    assert "found it in order" in (error.closed_how or "")


def test_an_invoice_edited_and_refused_by_ipos_is_decided_one_thing_at_a_time(
    posted: Shops, command: Command
) -> None:
    """Both errors are of one invoice; who accepts the edit has not decided about the other."""
    edit(posted, "5.00")
    posted.run()
    refused = failure(
        KEY, stage=Stage.ACKNOWLEDGE, code="acknowledgement_refused", record_type=None
    )
    with posted.connections.ledger.write("a run") as work:
        work.errors.fail(refused, at=posted.world.clock())
    assert len(posted.open_errors()) == 2

    accept(command, "--code", "edited_in_ipos")

    (left,) = posted.open_errors()
    assert (left.code, left.stage) == ("acknowledgement_refused", Stage.ACKNOWLEDGE)
