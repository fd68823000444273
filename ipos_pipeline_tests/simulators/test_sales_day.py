"""The made-up day: it ties to the cent, it repeats by seed, and it has every kind of invoice."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from simulators.catalogue import stock_items
from simulators.invoice_totals import header_amounts
from simulators.json_text import to_json
from simulators.sales_day import catalogue, make_sales_day

DAY = date(2026, 11, 20)
SHOPS = ["DXB01", "DXB02", "AUH01", "SHJ01"]
AMOUNTS = ("SubTotal", "Discount", "TaxAmount", "RoundOff", "NetAmount")


def sides(invoice: dict[str, Any]) -> set[bool]:
    """Say whether an invoice has sale lines, return lines or both."""
    return {line["Qty"] > 0 for line in invoice["Lines"]}


def lines_of(invoices: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Collect the lines of invoices."""
    return [line for invoice in invoices for line in invoice["Lines"]]


@pytest.mark.parametrize("prices_include_tax", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_every_header_ties_to_its_lines_to_the_cent(seed: int, *, prices_include_tax: bool) -> None:
    """By the documented formulas, with the discount signed like what it reduces."""
    for invoice in make_sales_day(DAY, SHOPS, seed=seed, prices_include_tax=prices_include_tax):
        for line in invoice["Lines"]:
            gross = (Decimal(line["Qty"]) * line["Rate"]).quantize(Decimal("0.01"), "ROUND_HALF_UP")
            assert line["NetRate"] == gross - line["Discount"]
            assert line["Discount"] * line["Qty"] >= 0
        base = invoice["SubTotal"] - invoice["Discount"]
        tax = invoice["TaxAmount"]
        assert invoice["SubTotal"] == sum(line["NetRate"] for line in invoice["Lines"])
        assert invoice["Discount"] * invoice["SubTotal"] >= 0
        share = Decimal(5) / (105 if prices_include_tax else 100)
        assert abs(tax - base * share) <= Decimal("0.005")
        added = Decimal(0) if prices_include_tax else tax
        assert invoice["NetAmount"] == base + added + invoice["RoundOff"]
        assert abs(invoice["RoundOff"]) <= Decimal("0.05")


def test_amounts_are_decimals_with_two_places_and_never_minus_zero() -> None:
    """So that they are written as IPOS writes them."""
    invoices = make_sales_day(DAY, SHOPS, seed=3)
    amounts = [invoice[name] for invoice in invoices for name in AMOUNTS]
    amounts += [line[name] for line in lines_of(invoices) for name in ("Rate", "Discount")]
    assert all(isinstance(amount, Decimal) for amount in amounts)
    assert {len(str(amount).partition(".")[2]) for amount in amounts} == {2}
    assert "-0.00" not in map(str, amounts)


def test_the_same_seed_makes_the_same_day_and_another_seed_another() -> None:
    """A failure that names its seed can be repeated."""
    first, again, other = (to_json(make_sales_day(DAY, SHOPS, seed=s)) for s in (7, 7, 8))
    assert first == again
    assert first != other


def test_a_location_sells_the_same_whatever_the_others_do() -> None:
    """Adding a shop does not change the sales of those that are there."""
    assert make_sales_day(DAY, SHOPS, seed=1)[:40] == make_sales_day(DAY, SHOPS[:1], seed=1)


def test_each_shop_has_exchanges_of_every_sign_returns_and_a_void() -> None:
    """The demo shows what the pipeline must handle, in each shop."""
    for shop in SHOPS:
        invoices = make_sales_day(DAY, [shop], seed=0)
        exchanges = [invoice["SubTotal"] for invoice in invoices if len(sides(invoice)) == 2]
        assert sorted((amount > 0) - (amount < 0) for amount in exchanges) == [-1, 0, 1]
        returns = [invoice for invoice in invoices if invoice["DocType"] == "RETURN"]
        assert {frozenset(sides(invoice)) for invoice in returns} == {frozenset([False])}
        assert all(invoice["RefInvNo"] for invoice in returns)
        assert sum(invoice["Void"] for invoice in invoices) == 1
        assert len(invoices) == 40


def test_a_busy_day_has_free_weighed_discounted_and_packed_goods() -> None:
    """Each of them has a rule of its own in the pipeline."""
    lines = lines_of(make_sales_day(DAY, ["DXB01"], seed=0, invoices_per_location=400))
    assert any(line["Rate"] == 0 for line in lines)
    assert any(line["NetRate"] == 0 and line["Rate"] for line in lines)
    assert any(line["Qty"] in (Decimal("0.5"), Decimal("1.25")) for line in lines)
    assert {line["Conversion"] for line in lines} == {1, 6, 12}
    assert any(line["RefNo"] is None for line in lines)
    assert any("؀" <= letter <= "ۿ" for line in lines for letter in line["ItemName"])


def test_the_shop_sells_in_its_opening_hours_and_most_in_the_evening() -> None:
    """In order of time, with numbers that run on without a gap."""
    invoices = make_sales_day(DAY, ["DXB01"], seed=0, invoices_per_location=500)
    moments = [datetime.fromisoformat(invoice["InvDate"]) for invoice in invoices]
    assert moments == sorted(moments)
    assert {moment.date() for moment in moments} == {DAY}
    hours = Counter(moment.hour for moment in moments)
    assert (min(hours), max(hours)) == (10, 22)
    assert hours[19] > 2 * hours[10]


def test_numbers_run_on_from_day_to_day_and_returns_have_their_own() -> None:
    """A gap in the sequence means a lost invoice, so a made-up day has none."""
    for doc_type in ("SALE", "RETURN"):
        numbers = [
            invoice["InvNo"]
            for day in (DAY, date(2026, 11, 21))
            for invoice in make_sales_day(day, ["DXB01"], seed=0)
            if invoice["DocType"] == doc_type
        ]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_every_line_leads_to_an_item_and_a_carton_to_that_of_its_piece() -> None:
    """NetSuite knows pieces only: a carton is pieces times its conversion."""
    barcodes = [item.barcode for item in stock_items()]
    assert len(set(barcodes)) == len(barcodes)
    units = catalogue()
    assert {unit.primary_barcode for unit in units} == set(barcodes)
    assert all((unit.barcode == unit.primary_barcode) == (unit.conversion == 1) for unit in units)
    scanned = [unit.barcode for unit in units]
    assert len(set(scanned)) == len(scanned)


def test_the_documented_header_comes_out_of_its_formulas() -> None:
    """The example of the API description: 60.48 less 0.48 holds 2.86 of tax."""
    amounts = header_amounts([{"NetRate": Decimal("60.48")}], discount=Decimal("0.48"))
    assert {name: str(amount) for name, amount in amounts.items()} == {
        "SubTotal": "60.48",
        "Discount": "0.48",
        "TaxAmount": "2.86",
        "RoundOff": "0.00",
        "NetAmount": "60.00",
    }


def test_a_day_of_so_many_lines_has_sales_of_just_those() -> None:
    """The cost of an invoice can be compared only between invoices of one size."""
    invoices = make_sales_day(DAY, SHOPS, seed=0, lines=8)
    assert {len(invoice["Lines"]) for invoice in invoices} == {8}
    assert {frozenset(sides(invoice)) for invoice in invoices} == {frozenset([True])}
    assert {invoice["DocType"] for invoice in invoices} == {"SALE"}
    assert not any(invoice["Void"] for invoice in invoices)
    assert len(invoices) == 40 * len(SHOPS)
