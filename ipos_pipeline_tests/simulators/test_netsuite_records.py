"""Cash sales and refunds are created, read, changed and refused as NetSuite documents it."""

from datetime import date
from decimal import Decimal

import pytest

from ipos_pipeline_tests.simulators.signed_in_account import (
    BASE_URL,
    RECORDS,
    REFUNDS,
    SALES,
    STRICT,
    Account,
    details,
    document,
    line,
)


@pytest.mark.parametrize("type_name", ["cashSale", "cashsale", "CASHREFUND"])
def test_a_created_record_is_named_only_in_location(type_name: str) -> None:
    account = Account()

    answer = account.post(f"{RECORDS}/{type_name}", document())

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Location"] == f"{BASE_URL}{RECORDS}/{type_name}/1"


def test_gross_amounts_are_split_per_line_with_halves_away_from_zero() -> None:
    account = Account()
    lines = [line(grossAmt=Decimal("10.55")), line(grossAmt=Decimal("0.01"))]

    account.post(SALES, document(item={"items": lines}))

    (sale,) = account.simulator.transactions()
    amounts = [(kept["amount"], kept["tax1Amt"]) for kept in sale["lines"]]
    assert amounts == [(Decimal("10.05"), Decimal("0.50")), (Decimal("0.01"), Decimal("0.00"))]
    totals = (sale["subtotal"], sale["taxTotal"], sale["total"])
    assert totals == (Decimal("10.06"), Decimal("0.50"), Decimal("10.56"))


@pytest.mark.parametrize(
    ("given", "amount", "tax"),
    [
        ({"amount": Decimal("10.10")}, "10.10", "0.51"),
        ({"rate": Decimal("3.335")}, "6.67", "0.33"),
        ({"amount": Decimal("10.005")}, "10.01", "0.50"),
        ({}, "0.00", "0.00"),
        ({"amount": 10, "taxCode": None}, "10.00", "0.00"),
    ],
)
def test_net_amounts_get_their_tax_on_top(given: dict[str, object], amount: str, tax: str) -> None:
    account = Account()

    account.post(SALES, document(item={"items": [line(**{"grossAmt": None, **given})]}))

    kept = account.simulator.transactions()[0]["lines"][0]
    assert (kept["amount"], kept["tax1Amt"]) == (Decimal(amount), Decimal(tax))


def test_a_sale_with_an_account_is_deposited_and_one_without_is_not() -> None:
    account = Account()
    account.post(SALES, document("A"))
    account.post(SALES, document("B", account=None))

    assert [sale["status"] for sale in account.simulator.transactions()] == ["C", "B"]


def test_an_external_id_is_taken_for_sales_and_refunds_alike() -> None:
    account = Account()
    account.post(SALES, document())

    for path in (SALES, REFUNDS):
        answer = account.post(path, document())
        assert answer.status_code == 400
        assert details(answer) == [
            {"detail": "This record already exists", "o:errorCode": "USER_ERROR"}
        ]
    assert len(account.simulator.transactions()) == 1


@pytest.mark.parametrize("external_id", ["IPOS|1", "IPOS 1", "", 7])
def test_an_external_id_has_only_letters_digits_underscore_and_hyphen(external_id: object) -> None:
    answer = Account().post(SALES, document(external_id))  # type: ignore[arg-type]

    assert answer.status_code == 400
    assert details(answer)[0]["o:errorPath"] == "externalId"


def test_a_misspelt_field_is_only_a_warning_by_default() -> None:
    account = Account()

    answer = account.post(SALES, document(custbody_shop="x"))

    assert answer.status_code == 204
    assert "custbody_shop" in answer.headers["X-NetSuite-Warning"]
    assert "custbody_shop" not in account.simulator.transactions()[0]


def test_a_misspelt_field_is_refused_when_names_are_validated() -> None:
    account = Account()
    lines = [line(), line(grosAmt=1)]

    answer = account.post(SALES, document(foo=1, item={"items": lines}), **STRICT)

    assert answer.status_code == 400
    assert {fault["o:errorPath"] for fault in details(answer)} == {"foo", "item.items[1].grosAmt"}
    assert account.simulator.transactions() == []


def test_a_declared_custom_field_is_kept_and_shown_in_suiteql() -> None:
    account = Account()
    account.simulator.declare_custom_fields(body=["custbody_shop"], line=["custcol_serial"])
    lines = [line(custcol_serial=3)]

    answer = account.post(SALES, document(custbody_shop="x", item={"items": lines}), **STRICT)

    assert answer.status_code == 204
    assert account.rows("SELECT custbody_shop FROM transaction") == [{"custbody_shop": "x"}]
    serials = account.rows("SELECT custcol_serial FROM transactionline WHERE item IS NOT NULL")
    assert serials == [{"custcol_serial": "3"}]


@pytest.mark.parametrize("field", ["status", "undepFunds"])
def test_a_refund_does_not_know_some_fields_of_a_sale(field: str) -> None:
    account = Account()

    refused = account.post(REFUNDS, document("R", **{field: {"id": "B"}}), **STRICT)

    assert details(refused)[0]["o:errorPath"] == field
    assert account.post(SALES, document("S", **{field: {"id": "B"}}), **STRICT).is_success


def test_all_wrong_references_are_reported_at_once() -> None:
    """Unknown, inactive and non-inventory items are refused alike, each at its own line."""
    items = [{"id": "9999"}, {"id": "102"}, {"id": "103"}, {"id": "100"}]
    sent = document(entity={"id": "6"}, item={"items": [line(item=item) for item in items]})

    answer = Account().post(SALES, sent)

    assert [fault["o:errorPath"] for fault in details(answer)] == [
        "entity",
        "item.items[0].item",
        "item.items[1].item",
        "item.items[2].item",
    ]
    assert details(answer)[1] == {
        "detail": "Error while accessing resource: You have entered an Invalid Field Value 9999"
        " for the following field: item",
        "o:errorCode": "INVALID_CONTENT",
        "o:errorPath": "item.items[0].item",
    }


@pytest.mark.parametrize("item", [{"externalId": "shoes"}, {"id": "101"}, "101", 101])
def test_a_reference_may_be_written_four_ways(item: object) -> None:
    account = Account()

    assert account.post(SALES, document(item={"items": [line(item=item)]})).status_code == 204
    assert account.simulator.transactions()[0]["lines"][0]["item"] == "101"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"tranDate": "20/11/2026"}, "tranDate"),
        ({"tranDate": "2026-11-31"}, "tranDate"),
        ({"exchangeRate": "1"}, "exchangeRate"),
        ({"toBePrinted": "T"}, "toBePrinted"),
        ({"memo": 7}, "memo"),
        ({"item": {"items": [line(quantity="2")]}}, "item.items[0].quantity"),
        ({"item": {"items": [line(quantity=0)]}}, "item.items[0].quantity"),
        ({"item": {"items": [line(price={"id": "77"})]}}, "item.items[0].price"),
        ({"item": [line()]}, "item"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(changes: dict[str, object], path: str) -> None:
    answer = Account().post(SALES, document(**changes))  # type: ignore[arg-type]

    assert answer.status_code == 400
    assert [fault["o:errorPath"] for fault in details(answer)] == [path]


def test_null_means_not_set() -> None:
    account = Account()
    sent = {**document(), "memo": None, "account": None}

    assert account.post(SALES, sent).status_code == 204
    assert "memo" not in account.simulator.transactions()[0]


def test_missing_fields_are_listed_by_their_labels() -> None:
    sent = document(entity=None, account=None, currency=None, location=None, item=None)

    assert details(Account().post(REFUNDS, sent))[0] == {
        "detail": "Error while accessing a resource. Please enter value(s) for:"
        " Customer, Account, Currency, Location, Items.",
        "o:errorCode": "USER_ERROR",
    }
    assert "Customer, Items." in details(Account().post(SALES, sent))[0]["detail"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([line(amount=10)], "either amount or grossAmt"),
        ([line(), line(grossAmt=-20)], "negative"),
        ([line(item=None)], "Item."),
    ],
)
def test_a_document_against_the_rules_is_a_user_error(lines: list[object], reason: str) -> None:
    (fault,) = details(Account().post(SALES, document(item={"items": lines})))

    assert fault["o:errorCode"] == "USER_ERROR"
    assert reason in fault["detail"]


def test_a_negative_line_is_legal_while_the_total_is_not_negative() -> None:
    account = Account()
    lines = [line(grossAmt=20), line(quantity=-1, grossAmt=-5)]

    assert account.post(SALES, document(item={"items": lines})).status_code == 204
    assert account.simulator.transactions()[0]["total"] == Decimal("15.00")


def test_a_closed_period_takes_no_document_and_no_change() -> None:
    account = Account()
    account.post(SALES, document())
    account.simulator.close_period(date(2026, 11, 20))

    refused = account.post(SALES, document("IPOS-2"))

    assert "accounting period" in details(refused)[0]["detail"]
    assert account.call("PATCH", f"{SALES}/1", json={"memo": "x"}).status_code == 400
    assert account.call("DELETE", f"{SALES}/1").status_code == 400
    assert account.post(SALES, document("IPOS-3", tranDate="2026-12-01")).status_code == 204
    account.simulator.reopen_period(date(2026, 11, 1))
    assert account.post(SALES, document("IPOS-2")).status_code == 204


def test_a_period_is_closed_with_all_before_it_and_locked_alone() -> None:
    account = Account()
    account.simulator.close_period(date(2026, 9, 15))
    account.simulator.lock_period(date(2026, 11, 15))

    days = ("2026-08-31", "2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01", "2026-12-01")
    taken = [
        day
        for day in days
        if account.post(SALES, document(f"IPOS-{day}", tranDate=day)).status_code == 204
    ]

    assert taken == ["2026-10-01", "2026-10-31", "2026-12-01"]


def test_a_record_is_read_by_internal_and_by_external_id() -> None:
    account = Account()
    account.post(SALES, document(memo="m"))

    sale = account.call("GET", f"{SALES}/eid:IPOS-1?expandSubResources=true").json()

    assert sale == account.call("GET", f"{SALES}/1?expandSubResources=true").json()
    assert sale["entity"] == {"links": [], "id": "5", "refName": "Walk-in customer"}
    assert (sale["total"], sale["status"]["id"]) == (10.5, "C")
    assert sale["item"]["items"][0]["item"]["refName"] == "SHIRT"


def test_lines_are_only_a_link_unless_expanded_and_fields_choose_the_body() -> None:
    account = Account()
    account.post(SALES, document(memo="m"))

    assert list(account.call("GET", f"{SALES}/1").json()["item"]) == ["links"]
    chosen = account.call("GET", f"{SALES}/1?fields=memo,total").json()
    assert set(chosen) == {"links", "id", "memo", "total"}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("key", ["9", "eid:IPOS-9", "nonsense"])
def test_a_record_that_does_not_exist_is_a_404(method: str, key: str) -> None:
    answer = Account().call(method, f"{SALES}/{key}", json={})

    assert answer.status_code == 404
    assert details(answer)[0]["o:errorCode"] == "NONEXISTENT_ID"


def test_a_sale_is_not_found_among_the_refunds() -> None:
    account = Account()
    account.post(SALES, document())

    assert account.call("GET", f"{REFUNDS}/eid:IPOS-1").status_code == 404


def test_a_patch_keeps_what_it_omits_and_empties_what_is_null() -> None:
    account = Account()
    account.post(SALES, document(memo="m", otherRefNum="7"))

    answer = account.call("PATCH", f"{SALES}/1", json={"memo": None})

    sale = account.simulator.transactions()[0]
    assert answer.headers["Location"].endswith("/cashSale/1")
    assert "memo" not in sale
    assert (sale["otherRefNum"], sale["total"]) == ("7", Decimal("10.50"))


def test_a_repeated_upsert_doubles_the_lines_unless_they_are_replaced() -> None:
    """The documented trap: request lines without a matching `line` are added."""
    account = Account()

    for _ in range(2):
        assert account.call("PUT", f"{SALES}/eid:IPOS-1", json=document(None)).status_code == 204
    doubled = account.simulator.transactions()
    account.call("PUT", f"{SALES}/eid:IPOS-1?replace=item", json=document(None))
    replaced = account.simulator.transactions()

    assert [(sale["total"], len(sale["lines"])) for sale in doubled] == [(Decimal("21.00"), 2)]
    assert [(sale["total"], len(sale["lines"])) for sale in replaced] == [(Decimal("10.50"), 1)]


def test_a_line_named_by_its_number_is_updated_in_place() -> None:
    account = Account()
    account.post(SALES, document())

    changed = {"item": {"items": [{"line": 1, "amount": 20}]}}
    account.call("PATCH", f"{SALES}/1", json=changed)

    (kept,) = account.simulator.transactions()[0]["lines"]
    assert (kept["amount"], kept["tax1Amt"], kept["item"]) == (Decimal(20), Decimal(1), "100")


def test_an_upsert_needs_an_external_id_in_the_address() -> None:
    assert Account().call("PUT", f"{SALES}/1", json=document(None, item=None)).status_code == 400


def test_a_deleted_record_frees_its_external_id() -> None:
    account = Account()
    account.post(SALES, document())

    assert account.call("DELETE", f"{SALES}/eid:IPOS-1").status_code == 204
    assert account.post(SALES, document()).headers["Location"].endswith("/2")


def test_a_body_that_is_no_json_object_is_an_invalid_request() -> None:
    account = Account()

    for content in ("{", "[]", ""):
        answer = account.call("POST", SALES, content=content)
        assert details(answer)[0]["o:errorCode"] == "INVALID_REQUEST"


def test_another_subsidiary_than_the_customers_is_refused() -> None:
    account = Account()
    account.simulator.add_subsidiary(2, "Other LLC")

    assert account.post(SALES, document("A", subsidiary={"id": "2"})).status_code == 400
    assert account.post(SALES, document("B")).status_code == 204
    assert account.simulator.transactions()[0]["subsidiary"] == "1"


def test_an_accountant_changes_and_deletes_by_hand() -> None:
    account = Account()
    account.post(SALES, document())

    account.simulator.update_transaction("1", memo="corrected")
    assert account.simulator.transactions()[0]["memo"] == "corrected"
    account.simulator.delete_transaction("1")
    assert account.simulator.transactions() == []
    with pytest.raises(KeyError):
        account.simulator.delete_transaction("1")
