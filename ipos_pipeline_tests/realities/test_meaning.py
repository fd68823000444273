"""What invoices mean: whose number it is, which tax, which item, and which version counts."""

from decimal import Decimal
from typing import Any

import pytest

from ipos_pipeline_tests.builders import DAY, LOCATION, amount_line, raw_invoice, raw_line
from ipos_pipeline_tests.realities.shops import FOUR, Shops

KEY = "IPOS-DXB01-2026-S-10377"
WHEN = "2026-11-20T11:07:33"


def test_the_same_number_everywhere_gives_a_document_of_its_own_each_time(shops: Shops) -> None:
    """M9: four shops, sales and returns, this year and last: eight invoices 10377."""
    shops.world.ipos.add_invoices(
        raw_invoice(amount_line(1, 1, f"{number}.00"), LocationCode=code)
        for number, code in enumerate(FOUR, start=1)
    )
    shops.world.ipos.add_invoices(
        raw_invoice(amount_line(1, -1, f"-{number}.50"), LocationCode=code, DocType="RETURN")
        for number, code in enumerate(FOUR, start=1)
    )
    shops.quarter_of_an_hour()
    next_year = raw_invoice(
        amount_line(1, 1, "9.00"), InvDate="2027-01-01T10:00:00", BusinessDate="2027-01-01"
    )
    shops.world.ipos.add_invoice(next_year)
    shops.world.clock.now = shops.world.clock.now.replace(year=2027, month=1, day=1)
    shops.quarter_of_an_hour()

    sales = {f"IPOS-{code}-2026-S-10377-CS": Decimal(n) for n, code in enumerate(FOUR, start=1)}
    refunds = {
        f"IPOS-{code}-2026-R-10377-CR": Decimal(f"{n}.50") for n, code in enumerate(FOUR, start=1)
    }
    assert shops.posted() == {
        **sales,
        **refunds,
        "IPOS-DXB01-2027-S-10377-CS": Decimal("9.00"),
    }
    assert all(len(shops.acknowledged(code)) >= 2 for code in FOUR)


@pytest.mark.parametrize("includes_tax", [True, False])
def test_each_regime_of_tax_is_posted_with_the_total_that_the_customer_paid(
    shops: Shops, *, includes_tax: bool
) -> None:
    """M12: 100.00 is 100.00 where prices include the tax, and 105.00 where they do not."""
    shops.change_record(LOCATION, prices_include_tax=includes_tax)
    net = Decimal("100.00") if includes_tax else Decimal("105.00")
    shops.world.ipos.add_invoice(
        raw_invoice(amount_line(1, 1, "100.00"), TaxAmount=Decimal("5.00"), NetAmount=net)
    )

    tick = shops.run()

    assert shops.posted() == {f"{KEY}-CS": net}
    assert tick.proof.is_proved


def test_a_mixed_regime_is_an_error_with_a_name_and_the_others_go_on(shops: Shops) -> None:
    """M12: the header adds up only the other way round; that is never guessed away."""
    other = raw_invoice(
        amount_line(1, 1, "100.00"), TaxAmount=Decimal("5.00"), NetAmount=Decimal("105.00")
    )
    shops.world.ipos.add_invoices([other, raw_invoice(InvNo=10378)])

    shops.run()

    (error,) = shops.open_errors()
    assert (error.external_id, error.code, error.path) == (KEY, "tax_regime", "NetAmount")
    assert list(shops.posted()) == ["IPOS-DXB01-2026-S-10378-CS"]
    assert shops.acknowledged() == [10378]


@pytest.mark.parametrize("round_off", ["0.05", "-0.05", "0.01"])
def test_a_round_off_within_the_tolerance_is_not_posted_and_does_not_disturb_the_proof(
    shops: Shops, round_off: str
) -> None:
    """M13: the till rounds to coins, the books hold what was sold."""
    shops.world.ipos.add_invoice(
        raw_invoice(amount_line(1, 1, "20.00"), RoundOff=Decimal(round_off))
    )

    tick = shops.run()

    assert shops.posted() == {f"{KEY}-CS": Decimal("20.00")}
    assert tick.proof.is_proved


def test_a_header_that_differs_from_its_lines_by_cents_is_posted_and_the_cents_reported(
    shops: Shops,
) -> None:
    """M13: within the tolerance; the reconciliation names the invoice and both amounts."""
    shops.world.ipos.add_invoice(
        raw_invoice(amount_line(1, 1, "20.00"), NetAmount=Decimal("20.03"))
    )

    tick = shops.run()

    assert shops.posted() == {f"{KEY}-CS": Decimal("20.00")}
    (difference,) = tick.proof.differences
    assert (difference.kind, difference.subject) == ("rounded", KEY)
    assert "20.03" in difference.detail
    assert tick.proof.is_proved


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"RoundOff": Decimal("0.06")}, "round_off"),
        ({"NetAmount": Decimal("20.06")}, "header_totals"),
    ],
)
def test_a_difference_beyond_the_tolerance_is_an_error_with_a_name(
    shops: Shops, changes: dict[str, Any], code: str
) -> None:
    """M13: six fils are too much; nothing of the invoice is posted or acknowledged."""
    shops.world.ipos.add_invoice(raw_invoice(amount_line(1, 1, "20.00"), **changes))

    shops.run()

    assert [(error.external_id, error.code) for error in shops.open_errors()] == [(KEY, code)]
    assert shops.posted() == {}
    assert shops.acknowledged() == []


ITEMS = {
    "unknown_item": None,
    "inactive_item": {"isinactive": True},
    "non_inventory_item": {"itemtype": "NonInvtPart"},
}


@pytest.mark.parametrize("code", ITEMS)
def test_an_item_that_cannot_be_posted_is_named_and_resolves_itself_in_the_catalogue(
    shops: Shops, code: str
) -> None:
    """M16: barcode and name are in the message; nobody presses a button afterwards."""
    netsuite, fields = shops.world.netsuite, ITEMS[code]
    if fields is not None:
        netsuite.add_item("9001", "SKU-9001", upccode="999", **fields)
    shops.world.ipos.add_invoice(raw_invoice(raw_line(PrimaryBarcode="999", ItemName="Halloumi")))

    shops.quarter_of_an_hour()

    (error,) = shops.open_errors()
    assert (error.external_id, error.code) == (f"{KEY}-CS", code)
    assert "999" in error.message
    assert "Halloumi" in error.message
    assert shops.due() == {}, "an open error alone starts no run"
    netsuite.add_item("9001", "SKU-9001", upccode="999")
    shops.quarter_of_an_hour()
    assert shops.posted() == {f"{KEY}-CS": Decimal("3.99")}
    assert shops.open_errors() == []
    assert shops.acknowledged() == [10377]


def edited(**changes: Any) -> dict[str, Any]:
    """Give the fields of the ordinary invoice that change when it costs 5.00."""
    new = raw_invoice(amount_line(1, 1, "5.00"), **changes)
    return {name: new[name] for name in ("Lines", "SubTotal", "NetAmount")} | changes


def test_an_edit_before_anything_is_posted_counts(shops: Shops) -> None:
    """M17: the newest version is posted, the older one is in the history only."""
    shops.world.ipos.add_invoice(raw_invoice(raw_line(PrimaryBarcode="999")))
    shops.run()
    shops.world.ipos.edit_invoice(LOCATION, "SALE", 10377, WHEN, **edited())

    tick = shops.run()

    assert shops.posted() == {f"{KEY}-CS": Decimal("5.00")}
    assert shops.open_errors() == []
    assert tick.proof.is_proved


@pytest.mark.parametrize("is_shown_again", [True, False])
def test_an_edit_after_posting_is_shown_as_a_difference_and_never_posted(
    shops: Shops, *, is_shown_again: bool
) -> None:
    """M17: an accountant decides; acknowledged again where IPOS shows it again."""
    shops.world.ipos.add_invoice(raw_invoice())
    shops.run()
    changes = edited(Posted=0) if is_shown_again else edited()
    shops.world.ipos.edit_invoice(LOCATION, "SALE", 10377, WHEN, **changes)

    tick = shops.run()

    assert shops.posted() == {f"{KEY}-CS": Decimal("3.99")}
    assert tick.landed.drifted == int(is_shown_again)
    assert [one.kind for one in tick.proof.differences] == ["edited_in_ipos"]
    assert shops.acknowledged() == [10377]


def test_a_void_before_posting_keeps_it_out_and_a_void_afterwards_is_a_difference(
    shops: Shops,
) -> None:
    """M17: 10377 is cancelled in time, 10378 too late."""
    shops.world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999"))])
    shops.run()
    shops.world.ipos.void_invoice(LOCATION, "SALE", 10377, WHEN)
    shops.world.ipos.add_invoice(raw_invoice(InvNo=10378))
    first = shops.run()
    assert first.proof.is_proved
    assert shops.open_errors() == []
    shops.world.ipos.void_invoice(LOCATION, "SALE", 10378, WHEN)

    second = shops.run()

    assert shops.posted() == {"IPOS-DXB01-2026-S-10378-CS": Decimal("3.99")}
    (difference,) = second.proof.differences
    assert (difference.kind, difference.subject) == ("void_in_ipos", "IPOS-DXB01-2026-S-10378")


def test_an_invoice_deleted_after_it_was_fetched_is_named_as_a_difference(shops: Shops) -> None:
    """M17, M18: the money is in the books and IPOS knows nothing of it any more."""
    shops.world.ipos.add_invoices([raw_invoice(InvNo=number) for number in (1, 2, 3)])
    shops.run()
    shops.world.ipos.delete_invoice(LOCATION, "SALE", 2, WHEN)

    tick = shops.run()

    assert len(shops.posted()) == 3
    (difference,) = tick.proof.differences
    assert (difference.kind, difference.subject) == ("not_shown", "IPOS-DXB01-2026-S-2")
    assert not tick.proof.is_proved


def test_a_number_that_was_never_shown_is_reported_as_a_gap(shops: Shops) -> None:
    """M18: sales and returns have sequences of their own; a gap alone does not fail the proof."""
    sales = [raw_invoice(InvNo=number) for number in (10, 11, 14, 15)]
    refund = raw_invoice(amount_line(1, -1, "-1.00"), InvNo=300, DocType="RETURN")
    shops.world.ipos.add_invoices([*sales, refund])

    tick = shops.run()

    (gap,) = tick.proof.differences
    assert (gap.kind, gap.subject) == ("number_gap", "SALE 12 to 13")
    assert tick.proof.is_proved


@pytest.mark.parametrize(
    ("first", "open_errors"),
    [
        (raw_line(PrimaryBarcode="999"), 1),
        (raw_line(Qty=0, NetRate=0), 1),
        (raw_line(Qty="two"), 0),
    ],
    ids=["rejected", "held", "unreadable"],
)
def test_an_invoice_that_vanished_before_it_was_posted_hides_no_later_one_and_costs_no_runs(
    shops: Shops, first: dict[str, Any], open_errors: int
) -> None:
    """M1, M17: IPOS shows one invoice less and one more, and its count alone looks the same."""
    shops.world.ipos.add_invoice(raw_invoice(first, InvNo=1))
    shops.quarter_of_an_hour()
    shops.world.ipos.delete_invoice(LOCATION, "SALE", 1, WHEN)
    runs = 0
    for _ in range(4 * 6):
        runs += len(shops.quarter_of_an_hour())
    assert runs <= 3, "after 15 minutes, 1 hour and 4 hours at most"
    shops.world.ipos.add_invoice(raw_invoice(InvNo=2))

    shops.quarter_of_an_hour()

    assert shops.posted() == {"IPOS-DXB01-2026-S-2-CS": Decimal("3.99")}
    assert shops.landed_numbers(DAY)[-1] == "2"
    assert len(shops.open_errors()) == open_errors
