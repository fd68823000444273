"""`errors set-aside`: a person has decided; nothing acts on it until a person undoes it."""

from __future__ import annotations

import pytest

from ipos_pipeline_tests.builders import amount_line, raw_invoice, raw_line
from ipos_pipeline_tests.operators.conftest import Command, history, statuses
from ipos_pipeline_tests.realities.shops import Shops

KEY = "IPOS-DXB01-2026-S-10377"
SALE, REFUND = f"{KEY}-CS", f"{KEY}-CR"
UNKNOWN = raw_invoice(raw_line(PrimaryBarcode="999"))
NOTHING = raw_invoice(raw_line(Qty=0, NetRate=0))
UNREADABLE = raw_invoice(raw_line(Qty="two"))


def set_aside(command: Command, *more: str) -> None:
    answer = command("errors", "set-aside", "--all", "--reason", "test sale", "--yes", *more)
    assert answer.code == 0, answer.out + answer.err


@pytest.mark.parametrize("invoice", [UNKNOWN, NOTHING, UNREADABLE], ids=["item", "held", "raw"])
def test_what_is_set_aside_is_neither_open_nor_retried_and_the_day_is_proved(
    shop: Shops, command: Command, invoice: dict[str, object]
) -> None:
    shop.world.ipos.add_invoices([invoice, raw_invoice(InvNo=2)])
    shop.run()

    set_aside(command)
    shop.world.netsuite.add_item("9001", "SKU-9001", upccode="999")
    for _ in range(3):
        shop.world.clock.advance(24 * 60 * 60)
        assert not shop.due(), "the sensor knows of it"
        tick = shop.run()

    assert shop.open_errors() == []
    assert list(shop.posted()) == ["IPOS-DXB01-2026-S-2-CS"]
    assert shop.acknowledged() == [2]
    assert tick.proof.set_aside == 1
    assert tick.proof.is_proved, tick.proof.differences


def test_setting_aside_is_undone_by_retrying_and_the_document_is_posted(
    shop: Shops, command: Command
) -> None:
    shop.world.ipos.add_invoices([UNKNOWN])
    shop.run()
    set_aside(command)
    assert statuses(shop) == {SALE: "set_aside"}
    shop.world.netsuite.add_item("9001", "SKU-9001", upccode="999")
    assert command("errors", "retry", "--all", "--yes").code == 1, "only open ones are meant"

    undone = command("errors", "retry", "--external-id", SALE, "--reason", "sold", "--yes")
    assert undone.code == 0
    (error,) = shop.open_errors()
    assert error.code == "unknown_item"
    shop.run()

    assert list(shop.posted()) == [SALE]
    assert shop.acknowledged() == [10377]
    kinds = [kind for kind, _, _ in history(shop, SALE)]
    assert [kind for kind in kinds if "error" in kind or "aside" in kind] == [
        "error_opened",
        "set_aside",
        "error_set_aside",
        "error_reopened",
        "error_closed",
    ]


def test_an_invoice_set_aside_as_a_whole_is_not_posted_when_the_settings_become_right(
    shop: Shops, command: Command
) -> None:
    """A person booked it by hand meanwhile: posting it too would be a duplicate."""
    shop.world.change_record(prices_include_tax=False)
    shop.world.ipos.add_invoices([raw_invoice(raw_line(), TaxAmount=0.19)])
    shop.run()
    (error,) = shop.open_errors()
    set_aside(command)
    shop.world.change_record(prices_include_tax=True)

    tick = shop.run()

    assert error.record_type is None
    assert shop.posted() == {}
    assert tick.proof.is_proved
    assert command("errors", "retry", "--external-id", KEY, "--yes").code == 0
    shop.run()
    assert list(shop.posted()) == [SALE]


def test_ipos_is_told_of_an_invoice_set_aside_only_if_asked_for_with_what_there_is(
    shop: Shops, command: Command
) -> None:
    shop.world.ipos.add_invoices(
        [raw_invoice(amount_line(1, 2, "20.00"), amount_line(2, -1, "-5.00", PrimaryBarcode="9"))]
    )
    shop.run()

    set_aside(command, "--acknowledge")
    shop.world.clock.advance(60)
    tick = shop.run()

    (told,) = shop.world.ipos.posted("DXB01")
    assert told["ErpId"] == shop.transactions()[SALE]["id"]
    assert told["ErpRefundId"] is None
    assert tick.proof.is_proved
    shop.world.netsuite.add_item("9001", "SKU-9001", upccode="9")
    assert command("errors", "retry", "--external-id", REFUND, "--yes").code == 0
    shop.world.clock.advance(60)
    shop.run()
    _, told = shop.world.ipos.acknowledgements()
    assert told["ErpRefundId"] == shop.transactions()[REFUND]["id"], "told again, of both"


def test_an_invoice_without_documents_is_acknowledged_with_an_empty_id(
    shop: Shops, command: Command
) -> None:
    shop.world.ipos.add_invoices([NOTHING])
    shop.run()

    set_aside(command, "--acknowledge")
    tick = shop.run()

    assert shop.acknowledged() == [10377]
    assert tick.acknowledged.confirmed == 1
    assert tick.proof.is_proved


def test_an_unreadable_invoice_cannot_be_acknowledged(shop: Shops, command: Command) -> None:
    shop.world.ipos.add_invoices([UNREADABLE])
    shop.run()

    answer = command(
        "errors", "set-aside", "--all", "--reason", "x", "--acknowledge", "--yes", "--json"
    )

    assert answer.code == 1
    assert "cannot be read" in next(iter(answer.what.values()))
    assert len(shop.open_errors()) == 1


@pytest.mark.parametrize("reason", [[], ["--reason", "  "]], ids=["none", "blank"])
def test_a_reason_is_required(shop: Shops, command: Command, reason: list[str]) -> None:
    shop.world.ipos.add_invoices([NOTHING])
    shop.run()

    assert command("errors", "set-aside", "--all", "--yes", *reason).code == 2
    assert len(shop.open_errors()) == 1


def test_setting_aside_twice_is_fine_and_says_so(shop: Shops, command: Command) -> None:
    shop.world.ipos.add_invoices([UNKNOWN])
    shop.run()
    set_aside(command)

    again = command(
        "errors", "set-aside", "--external-id", SALE, "--reason", "x", "--yes", "--json"
    )

    assert again.code == 0
    assert again.what == {SALE: "set aside already"}


def test_a_run_that_read_the_document_before_it_was_set_aside_does_not_send_it(
    shop: Shops, command: Command
) -> None:
    """The run has it in its hands; its claim finds that a person has decided otherwise."""
    shop.world.ipos.add_invoices([UNKNOWN])
    shop.run()
    with shop.connections.ledger.read() as work:
        read_before = list(work.entries.with_ids([SALE]).values())
    set_aside(command)

    with shop.connections.ledger.write("a run") as work:
        claimed = work.entries.claim(read_before, run="a run", at=shop.world.clock())
        refused = work.entries.reject(
            SALE, at=shop.world.clock(), code="X", run="a run", is_repeated=False
        )

    assert claimed == set()
    assert refused == []
    assert statuses(shop) == {SALE: "set_aside"}
