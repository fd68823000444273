"""What stands in invoices: exchanges, free items, nonsense, every kind of text, many lines."""

from decimal import Decimal
from typing import Any

import pytest

from ipos_pipeline_tests.builders import amount_line, raw_invoice, raw_line
from ipos_pipeline_tests.realities.shops import Shops
from simulators.faults import Faults

KEY = "IPOS-DXB01-2026-S-10377"


@pytest.fixture
def world_ledger_url(ledger_url: str) -> str:
    """URL of the ledger on each kind of database: they differ in what text they take."""
    return ledger_url


@pytest.mark.parametrize(
    ("sold", "returned"),
    [("20.00", "7.50"), ("7.50", "7.50"), ("7.50", "20.00")],
    ids=["net positive", "zero", "net negative"],
)
def test_an_exchange_becomes_one_sale_and_one_refund_that_tie_to_the_cent(
    shops: Shops, sold: str, returned: str
) -> None:
    """M8: whatever the customer pays or gets in the end."""
    shops.world.ipos.add_invoice(
        raw_invoice(amount_line(1, 2, sold), amount_line(2, -1, f"-{returned}"))
    )

    tick = shops.run()

    assert shops.posted() == {f"{KEY}-CS": Decimal(sold), f"{KEY}-CR": Decimal(returned)}
    assert shops.acknowledged() == [10377]
    assert tick.proof.is_proved


FREE = {
    "free item": raw_invoice(amount_line(1, 1, "0.00", Rate=Decimal(0))),
    "100 % discount": raw_invoice(
        amount_line(1, 1, "0.00", Rate=Decimal("3.99"), Discount=Decimal("3.99"))
    ),
    "100 % header discount": raw_invoice(amount_line(1, 2, "10.00"), Discount=Decimal("10.00")),
}


@pytest.mark.parametrize("kind", FREE)
def test_what_costs_nothing_is_posted_with_nothing(shops: Shops, kind: str) -> None:
    """M10: the goods left the shop, so the document is needed."""
    shops.world.ipos.add_invoice(FREE[kind])

    tick = shops.run()

    assert shops.posted() == {f"{KEY}-CS": Decimal("0.00")}
    assert shops.acknowledged() == [10377]
    assert tick.proof.is_proved


def test_a_header_discount_is_spread_over_the_lines_to_the_cent(shops: Shops) -> None:
    """M10: 10.00 off three equal lines leaves no cent over."""
    lines = [amount_line(number, 1, "33.33") for number in (1, 2, 3)]
    shops.world.ipos.add_invoice(raw_invoice(*lines, Discount=Decimal("10.00")))

    assert shops.run().proof.is_proved

    ((key, posted),) = shops.transactions().items()
    assert (key, posted["total"]) == (f"{KEY}-CS", Decimal("89.99"))
    amounts = [line["grossAmt"] for line in posted["lines"]]
    assert amounts == [Decimal("29.99"), Decimal("30.00"), Decimal("30.00")]


def test_lines_of_zero_quantity_are_an_error_alone_and_left_out_among_others(
    shops: Shops,
) -> None:
    """M10: never dropped silently, never acknowledged without a document."""
    nothing = amount_line(1, 0, "0.00")
    shops.world.ipos.add_invoices(
        [raw_invoice(nothing), raw_invoice(nothing, amount_line(2, 1, "5.00"), InvNo=10378)]
    )

    shops.run()

    assert shops.posted() == {"IPOS-DXB01-2026-S-10378-CS": Decimal("5.00")}
    (error,) = shops.open_errors()
    assert (error.external_id, error.code) == (KEY, "nothing_to_post")
    assert shops.acknowledged() == [10378]


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "no quantity": (raw_invoice(raw_line(Qty=None), InvNo=7), "Qty"),
    "text for an amount": (
        raw_invoice(raw_line(NetRate="3.99"), InvNo=7) | {"NetAmount": "see receipt"},
        "NetAmount",
    ),
    "no date": (raw_invoice(InvNo=7, InvDate=None), "InvDate"),
    "no lines": (raw_invoice(InvNo=7) | {"Lines": None}, "Lines"),
    "a line of text": (raw_invoice(InvNo=7) | {"Lines": ["122;TEST Item"]}, "Lines 1"),
    "a date of the year 1": (raw_invoice(InvNo=7, InvDate="0001-01-01T00:00:00"), "InvDate"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_an_unreadable_invoice_is_quarantined_by_field_and_number_and_the_others_go_on(
    shops: Shops, kind: str
) -> None:
    """M11: one bad invoice is one error, not a stopped shop."""
    broken, field = BROKEN[kind]
    shops.world.ipos.add_invoices([raw_invoice(), broken])
    if kind == "a date of the year 1":
        shops.world.ipos.faults = Faults(dates_ignored=1.0)

    shops.run()

    assert shops.posted() == {f"{KEY}-CS": Decimal("3.99")}
    (error,) = shops.open_errors()
    assert (error.code, error.number) == ("malformed_invoice", "7")
    assert error.path is not None
    assert field in error.path
    assert error.external_id.startswith("IPOS-DXB01-RAW-")
    assert shops.acknowledged() == [10377]


def test_of_many_spoiled_invoices_each_is_named_and_every_other_one_posted(shops: Shops) -> None:
    """M11: the server's own ways of writing nonsense; once it writes well, all is posted."""
    numbers = range(1, 41)
    shops.world.ipos.faults = Faults(broken_invoice=0.3, odd_invoice=1.0)
    shops.world.ipos.add_invoices(
        raw_invoice(InvNo=number, InvDate=f"2026-11-20T11:{number:02d}:00") for number in numbers
    )

    shops.quarter_of_an_hour()

    errors = shops.open_errors()
    assert 0 < len(errors) < len(numbers)
    assert len(errors) + len(shops.posted()) == len(numbers)
    assert len(shops.acknowledged()) == len(shops.posted())
    shops.world.ipos.faults = Faults()
    shops.quarter_of_an_hour()
    assert shops.acknowledged() == list(numbers)
    assert shops.posted() == {
        f"IPOS-DXB01-2026-S-{number}-CS": Decimal("3.99") for number in numbers
    }
    # What was null when it was posted and has a value now was edited since.
    assert {error.code for error in shops.open_errors()} <= {"edited_in_ipos"}
    assert shops.due() == {}


def test_what_is_optional_may_be_null_missing_written_as_text_or_unknown(shops: Shops) -> None:
    """M11: null passes through as null; an extra key harms nobody."""
    optional = ("CounterNo", "CustomerCode", "RefInvNo", "BusinessDate", "LocationCode", "Void")
    nulls = {**raw_invoice(InvNo=1), **dict.fromkeys(optional)}
    missing = {key: value for key, value in raw_invoice(InvNo=2).items() if key not in optional}
    line = raw_line(Qty="1", NetRate="3.99", SlNo="1", Conversion="1", Barcode=None, RefNo=None)
    texts = raw_invoice(line, InvNo="3", NetAmount="3.99", RowGuid="ab12", Void=False)
    for one in (nulls, missing, texts):
        shops.world.ipos.add_invoice(one, location="DXB01")

    tick = shops.run()

    assert sorted(shops.posted()) == [f"IPOS-DXB01-2026-S-{number}-CS" for number in (1, 2, 3)]
    assert shops.open_errors() == []
    assert tick.proof.is_proved


TEXTS = {
    "arabic": "مياه شرب 1.5 لتر",
    "right-to-left marks": "\u200fلبن\u200e 1 l \u202eabc\u202c",
    "emoji": "Gift 🎁👩‍👩‍👧 box",
    "300 characters": "قهوة " * 60,
    "control characters": "tab\there\x01\x02\x1f\x7f\x85end",
    "line ends": "two\r\nlines\nof it\u2028",
    "nul": "before\x00after",
    "html": "<script>alert('x')</script> & <b>bold</b> &amp;",
    "spreadsheet formula": '=HYPERLINK("http://evil.example","click")',
    "sql": "'; DROP TABLE source_document; --",
    "braces": "{inv_no} %s ${HOME}",
    "spaces": "  around  ",
    "escapes": 'back\\slash "quoted" \\u0041',
    "combining": "e\u0301 vs \u00e9",
}


@pytest.mark.parametrize("kind", TEXTS)
def test_an_item_name_reaches_netsuite_exactly_as_it_was_written(shops: Shops, kind: str) -> None:
    """M14: through the ledger of either database, and again when the document is retried."""
    line = raw_line(ItemName=TEXTS[kind], PrimaryBarcode="999")
    shops.world.ipos.add_invoice(raw_invoice(line))
    shops.run()
    (error,) = shops.open_errors()
    assert error.code == "unknown_item", "its message shows the name and harms nothing"
    shops.world.netsuite.add_item("9001", "SKU-9001", upccode="999")

    tick = shops.run()

    (posted,) = shops.transactions().values()
    assert posted["lines"][0]["description"] == TEXTS[kind]
    assert tick.proof.is_proved
    assert shops.open_errors() == []


@pytest.mark.parametrize("kind", ["nul", "control characters", "emoji", "html"])
def test_a_strange_text_in_an_unreadable_invoice_is_kept_in_its_error(
    shops: Shops, kind: str
) -> None:
    """M14, M11: what cannot be read is kept too, whatever is in it."""
    shops.world.ipos.add_invoices(
        [raw_invoice(raw_line(ItemName=TEXTS[kind], Qty="two"), InvNo=f"7{TEXTS[kind]}")]
    )

    shops.run()

    (error,) = shops.open_errors()
    assert error.code == "malformed_invoice"
    # No column of PostgreSQL takes a number with NUL in it; the other texts are fine as numbers.
    assert error.path == ("InvNo" if kind == "nul" else "Lines 1 Qty")


@pytest.mark.parametrize("line_count", [250, 1500])
def test_an_invoice_of_very_many_lines_is_posted_and_ties_to_the_cent(
    shops: Shops, line_count: int
) -> None:
    """M15: with a header discount that must be spread over all of them."""
    lines = [amount_line(number, 1, f"{number % 97}.37") for number in range(1, line_count + 1)]
    sub_total = sum(Decimal(f"{number % 97}.37") for number in range(1, line_count + 1))
    shops.world.ipos.add_invoice(raw_invoice(*lines, Discount=Decimal("123.45")))

    tick = shops.run()

    assert shops.posted() == {f"{KEY}-CS": sub_total - Decimal("123.45")}
    (posted,) = shops.transactions().values()
    assert len(posted["lines"]) == line_count
    assert tick.proof.is_proved
