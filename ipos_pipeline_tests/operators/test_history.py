"""Each action of a person is in the history of the document, with who and why."""

from __future__ import annotations

import getpass

import pytest

from ipos_pipeline_tests.builders import amount_line, raw_invoice, raw_line
from ipos_pipeline_tests.operators.conftest import Command, history
from ipos_pipeline_tests.operators.test_mark_posted import book_by_hand
from ipos_pipeline_tests.realities.shops import Shops

FAILED, POSTED = "IPOS-DXB01-2026-S-10377-CS", "IPOS-DXB01-2026-S-2-CS"
WHY = "because finance said so"


@pytest.fixture
def mixed(shop: Shops) -> Shops:
    """One sale that fails, and one that is posted."""
    shop.world.ipos.add_invoices(
        [raw_invoice(raw_line(PrimaryBarcode="999")), raw_invoice(InvNo=2)]
    )
    shop.run()
    return shop


def act(command: Command, *arguments: str) -> None:
    answer = command(*arguments, "--reason", WHY, "--yes")
    assert answer.code == 0, answer.out + answer.err


def actions_of(shop: Shops, external_id: str) -> list[str]:
    """List what this person did to a document, by the kind of event, with their reason."""
    me = f"{getpass.getuser()} by ipos-pipeline"
    return [
        kind
        for kind, who, detail in history(shop, external_id)
        if who == me and WHY in detail
    ]  # fmt: skip


def test_retry_set_aside_and_its_undoing(mixed: Shops, command: Command) -> None:
    act(command, "errors", "retry", "--external-id", FAILED)
    act(command, "errors", "set-aside", "--external-id", FAILED)
    act(command, "errors", "retry", "--external-id", FAILED)

    assert actions_of(mixed, FAILED) == [
        "due_again",
        "set_aside",
        "error_set_aside",
        "rejected",
        "error_reopened",
    ]


def test_mark_posted(mixed: Shops, command: Command) -> None:
    booked = book_by_hand(mixed)

    act(command, "errors", "mark-posted", "--external-id", FAILED, "--netsuite-id", booked)

    assert actions_of(mixed, FAILED) == ["posted", "error_closed"]


def test_withdraw_and_repost(mixed: Shops, command: Command) -> None:
    act(command, "withdraw", "--external-id", POSTED)
    act(command, "repost", "--external-id", POSTED)

    assert actions_of(mixed, POSTED) == ["withdrawing", "pending"]


def test_latest_version(shop: Shops, command: Command) -> None:
    sold, returned = amount_line(1, 2, "20.00"), amount_line(2, -1, "-5.00", PrimaryBarcode="999")
    exchange = raw_invoice(sold, returned)
    shop.world.ipos.add_invoices([exchange])
    shop.run()
    shop.world.clock.advance(60)
    lines = [sold, amount_line(2, -1, "-5.00")]
    shop.world.ipos.edit_invoice("DXB01", "SALE", 10377, exchange["InvDate"], Lines=lines)
    shop.run()

    act(command, "errors", "retry", "--invoice", "10377", "--latest-version")

    assert "planned_from_latest" in actions_of(shop, "IPOS-DXB01-2026-S-10377")


def test_looking_and_refusing_leave_no_trace(mixed: Shops, command: Command) -> None:
    before = history(mixed, FAILED), history(mixed, POSTED)

    command("errors", "retry", "--external-id", FAILED, "--reason", WHY)
    command("withdraw", "--external-id", FAILED, "--reason", WHY, "--yes")
    command("repost", "--external-id", POSTED, "--reason", WHY, "--yes")

    assert (history(mixed, FAILED), history(mixed, POSTED)) == before


def test_a_solved_error_is_shown_with_how_and_when_it_was_solved(
    mixed: Shops, command: Command
) -> None:
    mixed.world.netsuite.add_item("9001", "SKU-9001", upccode="999")
    mixed.world.clock.advance(365 * 24 * 60 * 60)
    mixed.run()

    (solved,) = command("errors", "list", "--status", "closed", "--json").json["errors"]
    assert solved["external_id"] == FAILED
    assert solved["closed_how"] == "posted: created"
    assert solved["closed_at"] == mixed.world.clock.now.isoformat()
    assert solved["first_failed_at"] < solved["closed_at"]
    shown = command("errors", "show", FAILED).out
    assert "posted: created" in shown
    assert "error_opened" in shown
