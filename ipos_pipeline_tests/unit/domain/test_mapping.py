"""The payload NetSuite gets, field by field, and all reasons why there is none."""

from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest
import simplejson
from pydantic import ValidationError

from ipos_pipeline.domain.ipos_invoice import IposInvoice
from ipos_pipeline.domain.ipos_profile import NESTED
from ipos_pipeline.domain.json_text import write_json
from ipos_pipeline.domain.mapping import FieldMapping, MappingRules, map_document
from ipos_pipeline.domain.netsuite_record import NetSuiteRecord, RecordType
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline.domain.split import split_invoice
from ipos_pipeline_tests.builders import (
    BARCODE,
    amount_line,
    catalogue,
    invoice,
    item,
    mapping_rules,
    raw_line,
)


def mapped(
    read: IposInvoice,
    record_type: RecordType = "cashSale",
    rules: MappingRules | None = None,
    items: dict[str, Any] | None = None,
) -> NetSuiteRecord | list[Problem]:
    return map_document(
        record_type,
        read,
        split_invoice(read),
        rules=rules or mapping_rules(),
        catalogue=catalogue() if items is None else items,
    )


def payload(read: IposInvoice, *args: Any) -> dict[str, Any]:
    record = mapped(read, *args)
    assert isinstance(record, NetSuiteRecord)
    return record.to_payload()


def problems(read: IposInvoice, **parts: Any) -> list[Problem]:
    found = mapped(read, **parts)
    assert isinstance(found, list)
    return found


def test_a_sale_has_exactly_the_documented_body() -> None:
    line = raw_line(Qty=2, NetRate=Decimal("7.98"), Conversion=12)
    assert payload(invoice(line)) == {
        "externalId": "IPOS-DXB01-2026-S-10377-CS",
        "entity": {"id": "501"},
        "tranDate": "2026-11-20",
        "location": {"id": "11"},
        "subsidiary": {"id": "2"},
        "currency": {"id": "1"},
        "account": {"id": "129"},
        "memo": "IPOS SALE 10377",
        "item": {
            "items": [
                {
                    "item": {"id": "2001"},
                    "quantity": 24,
                    "price": {"id": "-1"},
                    "grossAmt": Decimal("7.98"),
                    "taxCode": {"id": "5"},
                    "location": {"id": "11"},
                    "description": "TEST Item",
                }
            ]
        },
    }


def test_a_refund_is_positive_and_has_its_own_id() -> None:
    body = payload(invoice(amount_line(1, -2, "-7.98"), DocType="RETURN"), "cashRefund")
    line = body["item"]["items"][0]
    assert body["externalId"] == "IPOS-DXB01-2026-R-10377-CR"
    assert (line["quantity"], line["grossAmt"]) == (2, Decimal("7.98"))


def test_an_exchange_puts_each_line_on_its_own_side() -> None:
    read = invoice(amount_line(1, 1, "10.00"), amount_line(2, -1, "-4.00"))
    sale, refund = payload(read), payload(read, "cashRefund")
    assert [line["grossAmt"] for line in sale["item"]["items"]] == [Decimal("10.00")]
    assert [line["grossAmt"] for line in refund["item"]["items"]] == [Decimal("4.00")]


def test_the_date_is_the_business_day_not_the_clocks() -> None:
    body = payload(invoice(InvDate="2026-11-21T01:30:00", BusinessDate="2026-11-20"))
    assert body["tranDate"] == "2026-11-20"


def test_without_a_subsidiary_the_field_is_left_out() -> None:
    assert "subsidiary" not in payload(invoice(), "cashSale", mapping_rules(subsidiary=None))


@pytest.mark.parametrize(
    ("includes_tax", "override", "field"),
    [
        (True, None, "grossAmt"),
        (False, None, "amount"),
        (True, "amount", "amount"),
        (False, "grossAmt", "grossAmt"),
    ],
)
def test_the_amount_is_in_one_field_never_in_both(
    includes_tax: bool,  # noqa: FBT001
    override: Any,
    field: str,
) -> None:
    """NetSuite recalculates one from the other (netsuite_facts, 0.9)."""
    rules = mapping_rules(
        fields=FieldMapping(amount_field=override), prices_include_tax=includes_tax
    )
    line = payload(invoice(), "cashSale", rules)["item"]["items"][0]
    assert line.keys() & {"amount", "grossAmt"} == {field}


def test_money_is_a_json_number_with_its_exact_decimals() -> None:
    text = write_json(payload(invoice(amount_line(1, 1, "10.1"))))
    assert '"grossAmt":10.10' in text


@pytest.mark.parametrize(("qty", "written"), [("2.000", "2"), ("0.350", "0.35"), ("100", "100")])
def test_a_quantity_is_a_plain_number(qty: str, written: str) -> None:
    text = write_json(payload(invoice(raw_line(Qty=Decimal(qty)))))
    assert f'"quantity":{written},' in text


def test_custom_fields_take_values_of_the_invoice_and_of_the_line() -> None:
    fields = FieldMapping(
        memo="{location_code}/{inv_no}",
        body_fields={"custbody_no": "{inv_no}", "custbody_till": "till {counter_no}"},
        line_fields={"custcol_ref": "{ref_no}", "custcol_sl": "{sl_no}", "custcol_pos": True},
    )
    body = payload(invoice(), "cashSale", mapping_rules(fields=fields))
    line = body["item"]["items"][0]
    assert (body["memo"], body["custbody_no"], body["custbody_till"]) == (
        "DXB01/10377",
        "10377",
        "till 3",
    )
    assert (line["custcol_ref"], line["custcol_sl"], line["custcol_pos"]) == ("11669", 1, True)


def test_a_null_passes_through_to_netsuite() -> None:
    fields = FieldMapping(body_fields={"custbody_customer": "{customer_code}"})
    body = payload(invoice(raw_line(ItemName=None)), "cashSale", mapping_rules(fields=fields))
    assert body["custbody_customer"] is None
    assert body["item"]["items"][0]["description"] is None


def test_text_in_braces_from_a_till_is_not_a_template() -> None:
    assert payload(invoice(InvNo="{inv_no}"))["memo"] == "IPOS SALE {inv_no}"


@pytest.mark.parametrize(
    "fields",
    [
        {"memo": "{number}"},
        {"memo": "{inv_no"},
        {"memo": "{}"},
        {"body_fields": {"custbody_a": "{barcode}"}},
        {"line_fields": {"custcol_a": "{inv_no}"}},
    ],
)
def test_a_template_that_names_no_value_is_refused_when_it_is_read(fields: dict[str, Any]) -> None:
    """It would otherwise fail on every document of the first run."""
    with pytest.raises(ValueError, match="must name values such as"):
        FieldMapping(**fields)


def test_all_problems_are_told_at_once() -> None:
    lines = (
        raw_line(1, PrimaryBarcode="1"),
        raw_line(2),
        raw_line(3, PrimaryBarcode=None),
        raw_line(4, PrimaryBarcode=" "),
        raw_line(5, PrimaryBarcode="2"),
    )
    items = catalogue(item(), item("2", "2", isinactive=True))
    assert [one.code for one in problems(invoice(*lines), items=items)] == [
        "unknown_item",
        "missing_barcode",
        "missing_barcode",
        "inactive_item",
    ]


def test_a_missing_barcode_names_the_line_and_the_vendors_field() -> None:
    (problem,) = problems(invoice(raw_line(7, PrimaryBarcode=None)))
    assert problem.path == "PrimaryBarcode"
    assert "Line 7 (TEST Item)" in problem.message


def test_a_document_below_zero_is_a_problem() -> None:
    (problem,) = problems(invoice(amount_line(1, 1, "-1.00")))
    assert problem.code == "negative_total"


@pytest.mark.parametrize(
    ("key", "barcode"), [("barcode", "122"), ("ref_no", "11669"), ("primary_barcode", BARCODE)]
)
def test_the_item_is_found_by_the_field_of_the_profile(key: str, barcode: str) -> None:
    rules = mapping_rules(profile=NESTED.model_copy(update={"item_key": key}))
    body = payload(invoice(), "cashSale", rules, catalogue(item("77", barcode)))
    assert body["item"]["items"][0]["item"] == {"id": "77"}


@pytest.mark.parametrize("record_type", ["cashSale", "cashRefund"])
def test_every_field_name_is_one_that_oracle_lists(record_type: RecordType) -> None:
    """An unknown name is refused by NetSuite, since we ask for that; so is every document then."""
    text = files("simulators").joinpath("netsuite_cash_fields.json").read_text(encoding="utf-8")
    listed = simplejson.loads(text)
    qty, net_rate = (1, "3.99") if record_type == "cashSale" else (-1, "-3.99")
    body = payload(invoice(amount_line(1, qty, net_rate)), record_type)
    body_names = names_in(listed[record_type])
    line_names = names_in(listed[f"{record_type}.item.items[]"])
    assert body.keys() <= body_names
    assert {*body["item"]["items"][0], "amount"} <= line_names


def names_in(by_kind: Any) -> set[str]:
    return {name for names in by_kind.values() for name in names}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"custmer": "custrecord_x"}, "no field of the configuration record"),
        ({"isinactive": "custrecord_x"}, "no field of the configuration record"),
        ({"customer": None}, "cannot be null"),
        ({"customer": "id, auth_value"}, "should match pattern"),
        ({"customer": "custrecord_x", "account": "custrecord_x"}, "same ID"),
    ],
)
def test_a_field_of_the_configuration_record_is_mapped_to_a_field_that_can_be(
    fields: dict[str, str | None], told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        FieldMapping(configuration_fields=fields)
