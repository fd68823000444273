"""`withdraw` and `repost`: only what is ours and untouched is deleted, and nothing is guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ipos_pipeline_tests.builders import amount_line, raw_invoice
from ipos_pipeline_tests.operators.conftest import Answer, Command, history, statuses
from ipos_pipeline_tests.realities.shops import Shops
from simulators.faults import NO_FAULTS, Faults

SALE, OTHER = "IPOS-DXB01-2026-S-10377-CS", "IPOS-DXB01-2026-S-2-CS"


@pytest.fixture
def posted(shop: Shops) -> Shops:
    """Two sales in NetSuite, IPOS told of both."""
    shop.world.ipos.add_invoices([raw_invoice(), raw_invoice(InvNo=2)])
    shop.run()
    shop.world.clock.advance(24 * 60 * 60)
    assert statuses(shop) == {SALE: "posted", OTHER: "posted"}
    return shop


def withdraw(command: Command, *selection: str) -> Answer:
    chosen = selection or ("--day", "2026-11-20")
    return command("withdraw", *chosen, "--reason", "wrong customer", "--yes", "--json")


def repost(command: Command, *selection: str) -> Answer:
    chosen = selection or ("--day", "2026-11-20")
    return command("repost", *chosen, "--reason", "customer is right now", "--yes", "--json")


def test_withdrawn_documents_are_posted_again_with_the_corrected_configuration(
    posted: Shops, command: Command
) -> None:
    posted.world.netsuite.add_customer("777", "The right customer", subsidiary="2")
    before = {key: one["id"] for key, one in posted.transactions().items()}

    assert withdraw(command).code == 0
    assert posted.transactions() == {}
    assert set(statuses(posted).values()) == {"withdrawn"}
    assert not posted.due(), "nothing is posted again by itself"
    tick = posted.run()
    assert posted.transactions() == {}
    assert {one.kind for one in tick.proof.breaking} == {"withdrawn"}
    posted.world.change_record(customer="777")

    answer = repost(command)
    assert answer.code == 0, answer.out
    assert posted.due()
    posted.world.clock.advance(60)
    tick = posted.run()

    there = posted.transactions()
    assert there.keys() == before.keys()
    assert {one["entity"] for one in there.values()} == {"777"}
    assert tick.proof.is_proved
    told = {one["ErpId"] for one in posted.world.ipos.acknowledgements() if one["Repeated"]}
    assert told == {one["id"] for one in there.values()}, "IPOS hears of what is there now"
    kinds = [kind for kind, _, _ in history(posted, SALE)]
    assert kinds[-5:] == ["withdrawing", "withdrawn", "pending", "sending", "posted"]
    reasons = [detail for _, _, detail in history(posted, SALE)]
    assert any("wrong customer" in detail for detail in reasons)
    assert any(before[SALE] in detail for detail in reasons), "its internal ID is kept"


def test_a_document_that_someone_changed_is_refused_by_name_and_the_others_are_deleted(
    posted: Shops, command: Command
) -> None:
    changed = posted.transactions()[SALE]["id"]
    posted.world.netsuite.update_transaction(changed, memo="checked by the auditor")

    answer = withdraw(command)

    assert answer.code == 1
    assert "changed in NetSuite" in answer.what[SALE]
    assert statuses(posted) == {SALE: "posted", OTHER: "withdrawn"}
    assert list(posted.posted()) == [SALE]


def test_nothing_is_deleted_before_it_was_asked_for(posted: Shops, command: Command) -> None:
    answer = command("withdraw", "--all", "--reason", "x")

    assert answer.code == 2
    assert SALE in answer.err, "what it would do is shown"
    assert len(posted.transactions()) == 2
    assert set(statuses(posted).values()) == {"posted"}
    assert command("withdraw", "--all", "--yes").code == 2, "a reason is required"
    assert command("withdraw", "--reason", "x", "--yes").code == 2, "a selection too"


def test_a_delete_whose_answer_is_lost_is_looked_up_not_guessed(
    posted: Shops, command: Command
) -> None:
    posted.world.netsuite.faults = Faults(server_error_after=1.0, only="DELETE")

    answer = withdraw(command)

    posted.world.netsuite.faults = NO_FAULTS
    assert answer.code == 0
    assert posted.transactions() == {}
    assert set(statuses(posted).values()) == {"withdrawn"}


def test_a_delete_that_had_no_effect_stays_in_doubt_until_it_is_repeated(
    posted: Shops, command: Command
) -> None:
    posted.world.netsuite.faults = Faults(server_error=1.0, only="DELETE")

    answer = withdraw(command)

    posted.world.netsuite.faults = NO_FAULTS
    assert answer.code == 1
    assert "unknown whether it was deleted" in answer.what[SALE]
    assert set(statuses(posted).values()) == {"withdrawing"}
    posted.run()
    assert set(statuses(posted).values()) == {"withdrawing"}, "no run touches it"
    assert withdraw(command).code == 0
    assert posted.transactions() == {}
    again = withdraw(command)
    assert again.code == 0
    assert set(again.what.values()) == {"withdrawn already"}


def test_a_refused_delete_leaves_the_document_posted(posted: Shops, command: Command) -> None:
    posted.world.netsuite.close_period(posted.world.clock().date())

    answer = withdraw(command)

    assert answer.code == 1
    assert "not deleted" in answer.what[SALE]
    assert set(statuses(posted).values()) == {"posted"}
    assert len(posted.transactions()) == 2


def test_what_someone_deleted_in_netsuite_is_posted_again_only_by_repost(
    posted: Shops, command: Command
) -> None:
    posted.world.netsuite.delete_transaction(posted.transactions()[SALE]["id"])
    tick = posted.run()
    assert [one.kind for one in tick.proof.breaking] == ["absent_in_netsuite"]
    assert list(posted.posted()) == [OTHER]

    answer = repost(command)

    assert answer.code == 1
    assert "NetSuite has it" in answer.what[OTHER]
    assert answer.what[SALE] == "the next run posts it again, with 3.99"
    posted.world.clock.advance(60)
    assert posted.run().proof.is_proved
    assert posted.posted() == {SALE: Decimal("3.99"), OTHER: Decimal("3.99")}


def test_reposting_is_refused_while_netsuite_cannot_be_asked(
    posted: Shops, command: Command
) -> None:
    posted.world.netsuite.delete_transaction(posted.transactions()[SALE]["id"])
    posted.world.netsuite.faults = Faults(suiteql_failure=1.0)

    assert repost(command).code != 0

    assert set(statuses(posted).values()) == {"posted"}


def test_ipos_is_not_told_of_what_was_withdrawn_before_it_heard_of_it(
    shop: Shops, command: Command
) -> None:
    shop.world.ipos.faults = Faults(acknowledgement_lost=1.0)
    shop.world.ipos.add_invoices([raw_invoice(amount_line(1, 1, "3.99"))])
    with pytest.raises(Exception, match="no answer from ipos"):
        shop.run()
    shop.world.ipos.faults = NO_FAULTS
    assert withdraw(command).code == 0

    shop.run()

    assert shop.acknowledged() == []
    assert repost(command).code == 0
    shop.world.clock.advance(60)
    shop.run()
    assert shop.acknowledged() == [10377]
