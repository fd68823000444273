"""Reading invoices: strict where a number is posted, lenient where a vendor may vary."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ipos_pipeline.domain.ipos_profile import (
    NESTED,
    DocTypeWords,
    HeaderNames,
    IposProfile,
    LineNames,
)
from ipos_pipeline.domain.json_text import read_json
from ipos_pipeline.errors import LocationMismatchError, MalformedInvoiceError
from ipos_pipeline_tests.builders import amount_line, invoice, raw_invoice, raw_line, read_invoice

SURROGATE = read_json(r'"\ud83d"')


def without(raw: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name not in names}


def fault_of(raw: Any) -> MalformedInvoiceError:
    with pytest.raises(MalformedInvoiceError) as caught:
        read_invoice(raw)
    return caught.value


def test_the_published_sample_line_is_read_field_by_field() -> None:
    line = invoice().lines[0]
    assert line.sl_no == line.qty == 1
    assert line.rate == line.net_rate == Decimal("3.99")
    assert (line.barcode, line.primary_barcode, line.ref_no) == ("122", "600129", "11669")


@pytest.mark.parametrize(
    "name", ["CounterNo", "CustomerCode", "Currency", "RefInvNo", "SubTotal", "NetAmount", "Void"]
)
def test_an_optional_header_field_may_be_null_or_missing(name: str) -> None:
    assert read_invoice(raw_invoice(**{name: None})) == read_invoice(without(raw_invoice(), name))


@pytest.mark.parametrize(
    "name", ["Barcode", "ItemName", "Rate", "Discount", "Tax", "RefNo", "Conversion"]
)
def test_an_optional_line_field_may_be_null_or_missing(name: str) -> None:
    assert invoice(raw_line() | {name: None}) == invoice(without(raw_line(), name))


def test_a_null_stays_a_null() -> None:
    read = invoice(raw_line(ItemName=None), CustomerCode=None)
    assert (read.customer_code, read.lines[0].item_name) == (None, None)


def test_extra_keys_are_let_through() -> None:
    assert invoice(raw_line(Cashier="Noor"), Weather="hot") == invoice()


def test_numbers_may_arrive_as_text() -> None:
    as_text = raw_line(SlNo="1", Qty=" 1 ", NetRate="3.99", Tax="5")
    assert invoice(as_text, NetAmount="3.99") == invoice()


@pytest.mark.parametrize("number", [10377, "10377", " 10377 "])
def test_a_number_as_text_is_the_same_number(number: object) -> None:
    assert invoice(InvNo=number).inv_no == "10377"


def test_an_item_name_that_is_a_number_is_its_text() -> None:
    assert invoice(raw_line(ItemName=7)).lines[0].item_name == "7"


@pytest.mark.parametrize(
    "name",
    ["قميص \u200fأزرق", "👕" * 300, "tab\tnul\x00bell\x07", "<script>", "=HYPERLINK(1)", " x "],
)
def test_an_item_name_is_kept_exactly(name: str) -> None:
    assert invoice(raw_line(ItemName=name)).lines[0].item_name == name


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"InvNo": None}, "InvNo"),
        ({"InvNo": True}, "InvNo"),
        ({"InvNo": "  "}, "InvNo"),
        ({"InvNo": Decimal("1.5")}, "InvNo"),
        ({"InvNo": ["1"]}, "InvNo"),
        ({"InvNo": "9" * 101}, "InvNo"),
        ({"InvNo": SURROGATE}, "InvNo"),
        ({"InvDate": None}, "InvDate"),
        ({"InvDate": ""}, "InvDate"),
        ({"InvDate": 1795201653}, "InvDate"),
        ({"InvDate": "1795201653"}, "InvDate"),
        ({"InvDate": "1795201653.5"}, "InvDate"),
        ({"InvDate": "20/11/2026 21:07"}, "InvDate"),
        ({"InvDate": "0001-01-01T00:00:00"}, "InvDate"),
        ({"InvDate": "9999-12-31T23:59:59"}, "InvDate"),
        ({"BusinessDate": "0001-01-01"}, "BusinessDate"),
        ({"BusinessDate": "2026-11-200"}, "BusinessDate"),
        ({"BusinessDate": 20261120}, "BusinessDate"),
        ({"DocType": "ORDER"}, "DocType"),
        ({"DocType": ["SALE"]}, "DocType"),
        ({"DocType": {}}, "DocType"),
        ({"NetAmount": "n/a"}, "NetAmount"),
        ({"NetAmount": True}, "NetAmount"),
        ({"Void": "perhaps"}, "Void"),
        ({"Lines": None}, "Lines"),
        ({"Lines": {}}, "Lines"),
        ({"Lines": []}, "Lines"),
        ({"Lines": [None]}, "Lines 1"),
        ({"Lines": [raw_line(), raw_line(2, Qty="two")]}, "Lines 2 Qty"),
    ],
)
def test_a_bad_field_is_named_as_the_vendor_names_it(changes: dict[str, Any], field: str) -> None:
    assert fault_of({**raw_invoice(), **changes}).field == field


@pytest.mark.parametrize("name", ["InvNo", "InvDate", "Lines"])
def test_a_missing_header_field_is_named(name: str) -> None:
    assert fault_of(without(raw_invoice(), name)).field == name


@pytest.mark.parametrize("name", ["SlNo", "Qty", "NetRate"])
def test_a_missing_line_field_is_named_with_its_line(name: str) -> None:
    raw = raw_invoice() | {"Lines": [raw_line(), without(raw_line(2), name)]}
    assert fault_of(raw).field == f"Lines 2 {name}"


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "-Infinity", "1e400", "1000000000000", "true", '""', "[]", '"1,000"'],
)
@pytest.mark.parametrize("name", ["Qty", "NetRate"])
def test_a_quantity_or_amount_that_is_no_plain_number_is_refused(name: str, value: str) -> None:
    """One of them posted would be worse than the whole invoice waiting for a person."""
    line = raw_line(**{name: read_json(value)})
    assert fault_of(raw_invoice() | {"Lines": [line]}).field == f"Lines 1 {name}"


@pytest.mark.parametrize("value", [True, Decimal("1.5"), "first", None])
def test_a_line_number_is_a_whole_number(value: object) -> None:
    assert fault_of(raw_invoice(raw_line(SlNo=value))).field == "Lines 1 SlNo"


def test_the_message_names_the_number_and_counts_further_faults() -> None:
    fault = fault_of(raw_invoice(NetAmount="x", Void="perhaps"))
    assert (fault.inv_no, "(and 1 more)" in str(fault)) == ("10377", True)


def test_the_number_in_a_message_can_be_stored_whatever_it_is() -> None:
    assert (fault_of(raw_invoice(InvNo=SURROGATE)).inv_no or "").encode() == b"?"


@pytest.mark.parametrize("raw", [None, "text", 7, ["InvNo"]])
def test_what_is_no_object_is_refused(raw: object) -> None:
    assert fault_of(raw).inv_no is None


def test_an_invoice_of_another_location_stops_everything() -> None:
    """Another shop's data under the right URL must never be posted to this one (M26)."""
    with pytest.raises(LocationMismatchError, match="DXB02"):
        invoice(LocationCode="DXB02")


@pytest.mark.parametrize("code", [None, "", "DXB01", " DXB01 "])
def test_a_missing_location_code_is_the_one_asked_for(code: str | None) -> None:
    assert invoice(LocationCode=code).location_code == "DXB01"


def test_business_date_decides_over_the_clock() -> None:
    assert invoice(InvDate="2026-11-21T02:00:00").business_date == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("inv_date", "day"), [("2026-11-21T03:59:59", 20), ("2026-11-21T04:00:00", 21)]
)
def test_without_business_date_the_cut_off_decides(inv_date: str, day: int) -> None:
    raw = raw_invoice(InvDate=inv_date, BusinessDate=None)
    assert read_invoice(raw, day_cutoff_hour=4).business_date == date(2026, 11, day)


def test_a_business_date_may_carry_a_time() -> None:
    assert invoice(BusinessDate="2026-11-20T00:00:00").business_date == date(2026, 11, 20)


@pytest.mark.parametrize(
    "inv_date", ["2026-11-20T11:07:33", "2026-11-20 11:07:33", "2026-11-20T07:07:33Z"]
)
def test_the_time_is_the_shops_wall_clock_unless_it_has_an_offset(inv_date: str) -> None:
    assert invoice(InvDate=inv_date).inv_at == datetime(2026, 11, 20, 7, 7, 33, tzinfo=UTC)


def test_a_document_without_type_is_what_its_feed_holds() -> None:
    raw = raw_invoice(DocType=None)
    assert read_invoice(raw).doc_type == "SALE"
    assert read_invoice(raw, from_returns_feed=True).doc_type == "RETURN"


def test_a_returns_feed_may_count_returned_goods_upwards() -> None:
    profile = NESTED.model_copy(update={"returns_quantity_sign": "positive"})
    raw = raw_invoice(amount_line(1, 2, "7.98", Discount=1), DocType="RETURN", Discount=1)
    read = read_invoice(raw, profile=profile, from_returns_feed=True)
    line = read.lines[0]
    assert [line.qty, line.net_rate, line.discount] == [-2, Decimal("-7.98"), -1]
    assert [read.net_amount, read.discount] == [Decimal("-6.98"), -1]


def test_only_the_returns_feed_counts_upwards() -> None:
    profile = NESTED.model_copy(update={"returns_quantity_sign": "positive"})
    assert read_invoice(raw_invoice(), profile=profile).lines[0].qty == 1


def test_every_word_can_be_the_vendors_own() -> None:
    profile = IposProfile(
        header=HeaderNames(inv_no="BillNo", doc_type="Kind"),
        line=LineNames(qty="Menge"),
        doc_types=DocTypeWords(sale="VK", **{"return": "RG"}),
    )
    line = raw_line(Menge=3)
    raw = raw_invoice(line, BillNo="B-1", Kind="RG")
    read = read_invoice(raw, profile=profile)
    assert [read.inv_no, read.doc_type, read.lines[0].qty] == ["B-1", "RETURN", 3]


def test_a_fault_is_named_with_the_vendors_own_word() -> None:
    profile = IposProfile(line=LineNames(qty="Menge"))
    with pytest.raises(MalformedInvoiceError) as caught:
        read_invoice(raw_invoice(), profile=profile)
    assert caught.value.field == "Lines 1 Menge"


def test_one_fault_is_told_as_one() -> None:
    assert str(fault_of(raw_invoice() | {"Lines": [raw_line(Qty="x")]})) == (
        "Lines 1 Qty: Input should be a valid decimal"
    )
