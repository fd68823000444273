"""The replay of the real data set, on a few rows of its shape."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from simulators.catalogue import StockItem
from simulators.retail_replay import catalogue_of, read_sales

COLUMNS = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID"]
DAY = date(2010, 11, 4)
SHOPS = ["DXB01", "DXB02", "AUH01", "SHJ01"]

Replay = Callable[..., list[dict[str, Any]]]


def row(
    invoice: str,
    code: str = "85048",
    quantity: int = 1,
    price: float = 6.95,
    customer: float | None = 13085.0,
    *,
    at: str = "2010-11-04 07:45:00",
    description: str | None = "GLASS BALL",
) -> tuple[object, ...]:
    """Make a row as it stands in the file."""
    return invoice, code, description, quantity, at, price, customer


@pytest.fixture
def replay(tmp_path: Path) -> Replay:
    """Write rows to a file and read the invoices of the day back."""

    def read(*rows: tuple[object, ...], locations: list[str] = SHOPS) -> list[dict[str, Any]]:
        path = tmp_path / "sales.parquet"
        pd.DataFrame(rows, columns=COLUMNS).to_parquet(path)
        return read_sales(path, first=DAY, last=DAY, locations=locations)

    return read


def test_a_sale_keeps_its_number_time_customer_and_exact_prices(replay: Replay) -> None:
    """Prices arrive as binary fractions and must leave as they were typed."""
    [invoice] = replay(row("489434", quantity=12), row("489434", " 79323P ", 3, 0.001))
    assert (invoice["InvNo"], invoice["InvDate"]) == (489434, "2010-11-04T07:45:00")
    assert (invoice["DocType"], invoice["CustomerCode"]) == ("SALE", "13085")
    assert [line["PrimaryBarcode"] for line in invoice["Lines"]] == ["85048", "79323P"]
    assert [str(line["Rate"]) for line in invoice["Lines"]] == ["6.95", "0.001"]
    assert [str(line["NetRate"]) for line in invoice["Lines"]] == ["83.40", "0.00"]
    assert [line["SlNo"] for line in invoice["Lines"]] == [1, 2]
    assert [str(invoice[name]) for name in ("SubTotal", "NetAmount")] == ["83.40", "83.40"]
    assert str(invoice["TaxAmount"]) == "3.97"


def test_only_the_days_asked_for_are_read(replay: Replay) -> None:
    """Both ends are included, to the last second."""
    invoices = replay(
        row("1", at="2010-11-03 23:59:59"),
        row("2", at="2010-11-04 00:00:00"),
        row("3", at="2010-11-04 23:59:59"),
        row("4", at="2010-11-05 00:00:00"),
    )
    assert [invoice["InvNo"] for invoice in invoices] == [2, 3]


def test_a_return_alone_is_a_return_document_without_its_letter(replay: Replay) -> None:
    """Its quantities stay negative."""
    [invoice] = replay(row("C489449", quantity=-12))
    assert (invoice["InvNo"], invoice["DocType"]) == (489449, "RETURN")
    assert str(invoice["NetAmount"]) == "-83.40"


def test_a_number_with_another_letter_stays_a_text(replay: Replay) -> None:
    """Bad debts are in the file as `A...`, with a negative price."""
    [invoice] = replay(row("A506401", "B", 1, -53594.36, None))
    assert (invoice["InvNo"], invoice["DocType"]) == ("A506401", "SALE")
    assert invoice["NetAmount"] == Decimal("-53594.36")


def test_a_return_and_a_sale_of_one_visit_become_one_exchange(replay: Replay) -> None:
    """With the number and time of the sale, even where the return came first."""
    [exchange] = replay(
        row("C1", quantity=-2, at="2010-11-04 07:00:00"), row("2", at="2010-11-04 09:00:00")
    )
    assert (exchange["InvNo"], exchange["InvDate"]) == (2, "2010-11-04T09:00:00")
    assert exchange["DocType"] == "SALE"
    assert [line["Qty"] for line in exchange["Lines"]] == [1, -2]
    assert {line["InvNo"] for line in exchange["Lines"]} == {2}
    assert str(exchange["NetAmount"]) == "-6.95"


def test_several_returns_and_sales_are_paired_in_order_of_time(replay: Replay) -> None:
    """A return that finds no sale stays a document of its own, whatever the order of rows."""
    rows = [
        row("C11", "A", -1, at="2010-11-04 10:00:00"),
        row("C10", "B", -1, at="2010-11-04 12:00:00"),
        row("C12", "C", -1, at="2010-11-04 13:00:00"),
        row("21", "D", at="2010-11-04 09:00:00"),
        row("20", "E", at="2010-11-04 11:00:00"),
    ]
    seen = {
        invoice["InvNo"]: [line["Barcode"] for line in invoice["Lines"]]
        for invoice in replay(*rows)
    }
    assert seen == {21: ["D", "A"], 20: ["E", "B"], 12: ["C"]}
    assert replay(*rows) == replay(*reversed(rows))


def test_invoices_of_nobody_are_never_paired(replay: Replay) -> None:
    """Two unknown customers are not one."""
    assert len(replay(row("C1", quantity=-1, customer=None), row("2", customer=None))) == 2


def test_a_customer_always_shops_at_the_same_location(replay: Replay) -> None:
    """The hash is the same in every process: these locations are written down here."""
    rows = [row(str(number), customer=13085.0 + number % 3) for number in range(1, 10)]
    where = {invoice["CustomerCode"]: invoice["LocationCode"] for invoice in replay(*rows)}
    places = {(one["CustomerCode"], one["LocationCode"]) for one in replay(*rows)}
    assert places == set(where.items())
    assert where == {"13085": "DXB01", "13086": "AUH01", "13087": "DXB01"}
    spread = {
        one["LocationCode"] for one in replay(*(row(str(n), customer=None) for n in range(40)))
    }
    assert spread == set(SHOPS)


def test_an_invoice_whose_rows_differ_by_a_minute_has_the_earliest_time(replay: Replay) -> None:
    """There are 41 such invoices in the year."""
    [invoice] = replay(row("1", at="2010-11-04 07:46:00"), row("1", at="2010-11-04 07:45:00"))
    assert invoice["InvDate"] == "2010-11-04T07:45:00"


def test_a_missing_description_is_a_null(replay: Replay) -> None:
    """An optional null passes through; it does not become a word."""
    [invoice] = replay(row("1", description=None))
    assert invoice["Lines"][0]["ItemName"] is None


def test_the_catalogue_has_each_code_once_and_knows_goods_from_charges(tmp_path: Path) -> None:
    """NetSuite refuses what is no inventory item, so the difference matters."""
    path = tmp_path / "sales.parquet"
    codes = ["85123A", "85123A ", "85123a", "DCGS0003", "POST", "M", "gift_0001_10", "85048"]
    rows = [row(str(number), code) for number, code in enumerate(codes)]
    rows[-1] = row("9", "85048", description=None)
    pd.DataFrame(rows, columns=COLUMNS).to_parquet(path)
    assert catalogue_of(path) == [
        StockItem("85048", "85048"),
        StockItem("85123A", "GLASS BALL"),
        StockItem("85123a", "GLASS BALL"),
        StockItem("DCGS0003", "GLASS BALL"),
        StockItem("M", "GLASS BALL", "NonInvtPart"),
        StockItem("POST", "GLASS BALL", "Service"),
        StockItem("gift_0001_10", "GLASS BALL", "NonInvtPart"),
    ]


def test_a_file_that_is_no_table_is_an_error_of_two_known_kinds(tmp_path: Path) -> None:
    """The command turns them into one line."""
    path = tmp_path / "sales.parquet"
    path.write_text("no table")
    with pytest.raises(ValueError, match=r"(?i)parquet"):
        catalogue_of(path)
    with pytest.raises(OSError, match="absent"):
        read_sales(tmp_path / "absent.parquet", first=DAY, last=DAY, locations=SHOPS)
