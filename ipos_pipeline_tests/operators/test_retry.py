"""`errors retry`: what was refused is due again; what is posted is never sent twice."""

from __future__ import annotations

from decimal import Decimal

from ipos_pipeline_tests.builders import DAY, amount_line, raw_invoice, raw_line
from ipos_pipeline_tests.operators.conftest import Command, history, statuses
from ipos_pipeline_tests.realities.shops import Shops

SALE, REFUND = "IPOS-DXB01-2026-S-10377-CS", "IPOS-DXB01-2026-S-10377-CR"


def refused_once(shop: Shops) -> None:
    """Land an invoice while its period is closed, then open the period again."""
    shop.world.ipos.add_invoices([raw_invoice()])
    shop.world.netsuite.close_period(DAY)
    shop.run()
    assert statuses(shop) == {SALE: "rejected"}
    shop.world.netsuite.reopen_period(DAY)


def test_a_refused_document_is_sent_at_the_next_run_instead_of_a_quarter_of_an_hour_later(
    shop: Shops, command: Command
) -> None:
    refused_once(shop)
    shop.run()
    assert statuses(shop) == {SALE: "rejected"}, "it waits"

    answer = command(
        "errors", "retry", "--external-id", SALE, "--reason", "open again", "--yes", "--json"
    )

    assert answer.code == 0
    assert answer.what == {SALE: "the next run sends it again"}
    assert shop.due(), "the sensor starts a run"
    shop.run()
    assert statuses(shop) == {SALE: "posted"}
    (due,) = [one for one in history(shop, SALE) if one[0] == "due_again"]
    assert "ipos-pipeline" in due[1]
    assert "open again" in due[2]


def test_retrying_twice_and_after_it_is_posted_changes_nothing(
    shop: Shops, command: Command
) -> None:
    refused_once(shop)
    retry = ("errors", "retry", "--invoice", "10377", "--yes", "--json")
    assert command(*retry).code == command(*retry).code == 0
    shop.run()

    answer = command(*retry)

    assert answer.code == 0
    assert answer.what[SALE].startswith("posted already")
    shop.run()
    assert len(shop.transactions()) == 1


def test_without_yes_and_without_a_terminal_nothing_is_done(shop: Shops, command: Command) -> None:
    refused_once(shop)

    answer = command("errors", "retry", "--all")

    assert answer.code == 2
    assert "--yes" in answer.err
    shop.run()
    assert statuses(shop) == {SALE: "rejected"}


def test_an_empty_selection_is_refused_and_a_selection_that_fits_nothing_fails(
    command: Command,
) -> None:
    empty = command("errors", "retry", "--yes")
    assert empty.code == 2
    assert "Nothing is selected" in empty.err
    assert command("errors", "retry", "--invoice", "4711", "--yes").code == 1


def test_only_what_fits_every_head_of_the_selection_is_made_due(
    shop: Shops, command: Command
) -> None:
    refused_once(shop)

    assert command("errors", "retry", "--location", "SHJ01", "--all", "--yes").code == 1
    assert command("errors", "retry", "--day", "2026-11-19", "--yes").code == 1
    assert command("errors", "retry", "--day", "2026-11-20", "--code", "X", "--yes").code == 1
    assert not shop.due()
    here = command("errors", "retry", "--day", "2026-11-20", "--location", "DXB01", "--yes")
    assert here.code == 0
    assert shop.due()


def test_an_invoice_that_is_held_is_read_again_at_the_next_look(
    shop: Shops, command: Command
) -> None:
    shop.world.ipos.add_invoices([raw_invoice(raw_line(Qty=0, NetRate=0))])
    shop.run()
    assert not shop.due()

    assert command("errors", "retry", "--code", "nothing_to_post", "--yes").code == 0

    assert shop.due()


def test_the_side_that_is_not_posted_is_planned_from_the_newest_version(
    shop: Shops, command: Command
) -> None:
    """The sale is posted, the refund fails; then the shop corrects the returned line in IPOS."""
    sold, wrong = amount_line(1, 2, "20.00"), amount_line(2, -1, "-5.00", PrimaryBarcode="999")
    shop.world.ipos.add_invoices([raw_invoice(sold, wrong)])
    shop.run()
    assert statuses(shop) == {SALE: "posted", REFUND: "rejected"}
    shop.world.clock.advance(60)
    corrected = raw_invoice(sold, amount_line(2, -1, "-7.00"))
    shop.world.ipos.edit_invoice(
        "DXB01",
        "SALE",
        10377,
        corrected["InvDate"],
        **{name: corrected[name] for name in ("Lines", "SubTotal", "NetAmount")},
    )
    shop.run()
    assert statuses(shop)[REFUND] == "rejected", "a posted invoice is frozen as landed"

    answer = command("errors", "retry", "--invoice", "10377", "--latest-version", "--yes", "--json")
    shop.world.clock.advance(60)
    tick = shop.run()

    assert answer.code == 0
    (told,) = answer.what.values()
    assert told == f"planned from the newest version: the next run posts {REFUND} with 7.00"
    assert shop.posted() == {SALE: Decimal("20.00"), REFUND: Decimal("7.00")}
    assert shop.open_errors() == []
    assert shop.acknowledged() == [10377]
    assert tick.proof.is_proved
    again = command("errors", "retry", "--invoice", "10377", "--latest-version", "--yes", "--json")
    assert again.code == 1, "nothing of it is left to post"
    shop.run()
    assert len(shop.transactions()) == 2


def test_a_document_of_which_ipos_has_shown_no_newer_version_is_told_of_by_name(
    shop: Shops, command: Command
) -> None:
    shop.world.ipos.add_invoices(
        [raw_invoice(raw_line(PrimaryBarcode="999")), raw_invoice(InvNo=2)]
    )
    shop.run()
    latest = ("errors", "retry", "--latest-version", "--yes", "--json")

    of_the_day = command(*latest, "--day", DAY.isoformat())
    named = command(*latest, "--invoice", "2")

    unchanged = "IPOS has shown no newer version of it"
    assert of_the_day.what == {SALE.removesuffix("-CS"): unchanged}, "what is posted needs none"
    assert named.what == {"IPOS-DXB01-2026-S-2": unchanged}
    assert of_the_day.code == named.code == 1
    assert statuses(shop) == {SALE: "rejected", "IPOS-DXB01-2026-S-2-CS": "posted"}
