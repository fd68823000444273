"""SuiteQL answers the way NetSuite writes its results, and refuses what it would not know."""

from datetime import date
from decimal import Decimal

import pytest

from ipos_pipeline_tests.simulators.signed_in_account import (
    REFUNDS,
    SALES,
    SUITEQL,
    Account,
    details,
    document,
    line,
)
from simulators.suiteql import to_date


@pytest.fixture
def account() -> Account:
    """Fill an account with two sales of 10.50 and 0.10 and a refund of 21.00."""
    account = Account()
    cheap = [line(grossAmt=Decimal("0.10"), taxCode=None)]
    account.post(SALES, document("IPOS-1", memo="it's from 'transaction'"))
    account.post(SALES, document("IPOS-2", item={"items": cheap}, account=None))
    account.post(REFUNDS, document("IPOS-3", item={"items": [line(grossAmt=21)]}))
    return account


def test_documents_are_found_by_external_id(account: Account) -> None:
    found = account.rows(
        "SELECT T.ID, externalId, type, tranid AS TranNumber, TO_CHAR(trandate, 'YYYY-MM-DD') AS d,"
        " foreigntotal, memo FROM Transaction t WHERE t.externalid IN (?, ?) ORDER BY id",
        "IPOS-1",
        "IPOS-3",
    )

    assert found == [
        {
            "id": "1",
            "externalid": "IPOS-1",
            "type": "CashSale",
            "trannumber": "CS1",
            "d": "2026-11-20",
            "foreigntotal": "10.5",
            "memo": "it's from 'transaction'",
        },
        {
            "id": "3",
            "externalid": "IPOS-3",
            "type": "CashRfnd",
            "trannumber": "CR3",
            "d": "2026-11-20",
            "foreigntotal": "-21",
        },
    ]


def test_literals_are_left_alone(account: Account) -> None:
    found = account.rows("SELECT id FROM transaction WHERE memo = 'it''s from ''transaction'''")

    assert found == [{"id": "1"}]


def test_a_raw_date_comes_in_the_users_format(account: Account) -> None:
    """A client that forgets TO_CHAR must notice."""
    (row,) = account.rows("SELECT trandate, lastmodifieddate FROM transaction WHERE id = 1")

    assert row == {"trandate": "20/11/2026", "lastmodifieddate": "20/11/2026"}


def test_dates_are_compared_and_written_by_format(account: Account) -> None:
    written = 'TO_CHAR(lastmodifieddate, \'YYYY-MM-DD"T"HH24:MI:SS"Z"\') AS at'
    since = "lastmodifieddate >= TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS') AND id = 1"

    query = f"SELECT {written} FROM transaction WHERE {since}"
    assert account.rows(query, "2026-11-20 18:30:00") == [{"at": "2026-11-20T18:30:00Z"}]
    assert account.rows(query, "2026-11-20 18:30:01") == []
    same_day = "SELECT COUNT(*) AS n FROM transaction WHERE trandate = TO_DATE(?, 'DD/MM/YYYY')"
    assert account.rows(same_day, "20/11/2026") == [{"n": "3"}]
    assert to_date("2026-11-20", "YYYY-MM-DD") == b"2026-11-20"


def test_accounting_periods_are_months_quarters_and_years_and_show_what_is_closed(
    account: Account,
) -> None:
    account.simulator.close_period(date(2026, 9, 15))
    account.simulator.lock_period(date(2026, 10, 1))

    found = account.rows(
        "SELECT periodname, TO_CHAR(startdate, 'YYYY-MM-DD') AS s, closed, alllocked, arlocked,"
        " isyear, isquarter FROM accountingperiod"
        " WHERE startdate >= TO_DATE(?, 'YYYY-MM-DD') AND enddate < TO_DATE(?, 'YYYY-MM-DD')"
        " ORDER BY startdate, enddate",
        "2026-07-01",
        "2026-12-01",
    )

    shown = [
        (one["periodname"], one["s"], one["closed"], one["arlocked"], one["isquarter"])
        for one in found
    ]
    assert shown == [
        ("Jul 2026", "2026-07-01", "T", "F", "F"),
        ("Q3 2026", "2026-07-01", "T", "F", "T"),
        ("Aug 2026", "2026-08-01", "T", "F", "F"),
        ("Sep 2026", "2026-09-01", "T", "F", "F"),
        ("Oct 2026", "2026-10-01", "F", "T", "F"),
        ("Nov 2026", "2026-11-01", "F", "F", "F"),
    ]
    assert all(one["alllocked"] == one["arlocked"] for one in found)
    assert account.rows("SELECT COUNT(*) AS n FROM accountingperiod WHERE isyear = 'T'") == [
        {"n": "16"}
    ]


def test_totals_add_up_to_the_cent(account: Account) -> None:
    for number in range(20):
        account.post(
            SALES, document(f"S-{number}", item={"items": [line(grossAmt=Decimal("0.10"))]})
        )

    assert account.rows(
        "SELECT type, COUNT(*), SUM(foreigntotal) AS total, MIN(foreigntotal) AS least"
        " FROM transaction GROUP BY type ORDER BY type DESC"
    ) == [
        {"type": "CashSale", "expr2": "22", "total": "12.6", "least": "0.1"},
        {"type": "CashRfnd", "expr2": "1", "total": "-21", "least": "-21"},
    ]


@pytest.mark.parametrize("least", [Decimal("10.5"), "10.50", 10])
def test_numbers_and_texts_compare_as_the_column_does(account: Account, least: object) -> None:
    query = "SELECT id FROM transaction WHERE foreigntotal >= ? AND id = '1'"

    assert account.rows(query, least) == [{"id": "1"}]
    assert account.rows("SELECT id FROM item WHERE upccode = ?", 6291000000017) == [{"id": "100"}]


def test_a_status_has_a_letter_and_a_label(account: Account) -> None:
    rows = account.rows(
        "SELECT t.status, BUILTIN.DF(t.status) AS label, BUILTIN.DF(entity) AS customer"
        " FROM transaction t WHERE type = 'CashSale' ORDER BY id"
    )

    assert [row["status"] + " " + row["label"] for row in rows] == [
        "C Cash Sale : Deposited",
        "B Cash Sale : Not Deposited",
    ]
    assert rows[0]["customer"] == "Walk-in customer"


def test_lines_have_the_signs_of_the_ledger_and_tax_is_a_line_of_its_own(account: Account) -> None:
    lines = account.rows(
        "SELECT tl.mainline, tl.taxline, tl.item, tl.quantity, tl.netamount FROM transaction t"
        " JOIN transactionline tl ON tl.transaction = t.id WHERE t.externalid = ?"
        " ORDER BY tl.linesequencenumber",
        "IPOS-1",
    )

    assert lines == [
        {"mainline": "T", "taxline": "F", "netamount": "10.5"},
        {"mainline": "F", "taxline": "F", "item": "100", "quantity": "-2", "netamount": "-10"},
        {"mainline": "F", "taxline": "T", "netamount": "-0.5"},
    ]


def test_items_show_barcodes_and_custom_fields_and_nulls_are_absent(account: Account) -> None:
    rows = account.rows(
        "SELECT id, itemid, upccode, externalid, itemtype, isinactive, custitem_old_code FROM item"
        " WHERE upccode IN (?) OR externalid = ? ORDER BY id",
        "6291000000017",
        "shoes",
    )

    common = {"itemtype": "InvtPart", "isinactive": "F"}
    shirt = {"upccode": "6291000000017", "custitem_old_code": "S-1"}
    assert rows == [
        {"id": "100", "itemid": "SHIRT", **shirt, **common},
        {"id": "101", "itemid": "SHOES", "externalid": "shoes", **common},
    ]


@pytest.mark.parametrize(
    "table", ["customer", "location", "subsidiary", "currency", "account", "salestaxitem"]
)
def test_each_list_is_a_table(account: Account, table: str) -> None:
    rows = account.rows(f"SELECT * FROM {table} WHERE isinactive = 'F'")

    assert len(rows) == 1


def test_like_is_case_sensitive_and_functions_help(account: Account) -> None:
    assert account.rows("SELECT id FROM item WHERE itemid LIKE 'sh%'") == []
    rows = account.rows("SELECT NVL(upccode, '-') AS u FROM item WHERE LOWER(itemid) LIKE 'sh%'")
    assert [row["u"] for row in rows] == ["6291000000017", "-"]


def test_pages_are_linked_and_their_offset_is_divisible_by_the_limit(account: Account) -> None:
    account.simulator.add_items({"id": 200 + n, "itemid": f"I{n}"} for n in range(20))
    query = "SELECT id FROM item WHERE id >= 200 ORDER BY id DESC"

    page = account.query(query, page="?limit=6&offset=6").json()

    assert [item["id"] for item in page["items"]] == ["213", "212", "211", "210", "209", "208"]
    assert (page["count"], page["totalResults"], page["offset"]) == (6, 20, 6)
    assert page["hasMore"] is True
    rels = {link["rel"]: link["href"].partition("offset=")[2] for link in page["links"]}
    assert rels == {"self": "6", "next": "12", "last": "18", "first": "0", "prev": "0"}
    last = account.query(query, page="?limit=6&offset=18").json()
    assert (last["count"], last["hasMore"]) == (2, False)


@pytest.mark.parametrize("page", ["?limit=6&offset=5", "?limit=1001", "?limit=0", "?limit=x"])
def test_wrong_paging_is_refused(account: Account, page: str) -> None:
    assert account.query("SELECT id FROM item", page=page).status_code == 400


def test_the_prefer_header_is_required(account: Account) -> None:
    answer = account.call("POST", SUITEQL, json={"q": "SELECT id FROM item"})

    assert answer.status_code == 400
    assert details(answer)[0]["o:errorHeader"] == "Prefer"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT id FROM vendor", "Record 'vendor' was not found."),
        ("SELECT id FROM ns_transaction", "Record 'ns_transaction' was not found."),
        ("SELECT location FROM transaction", "Field 'location' was not found."),
        ("SELECT id FROM item WHERE", "Invalid or unsupported search"),
        ("SELECT id FROM item; SELECT 1", "Invalid or unsupported search"),
        ("DELETE FROM item", "Only a single SELECT"),
        ("SELECT RANDOMBLOB(9) FROM item", "Unknown identifier 'RANDOMBLOB'"),
        ("SELECT id FROM item WHERE id = ?", "Invalid or unsupported search"),
        ("SELECT id FROM item LIMIT 5", "Invalid or unsupported search"),
        ('SELECT "id FROM item', "Invalid or unsupported search at"),
    ],
)
def test_a_query_that_netsuite_would_not_know_is_refused(
    account: Account, query: str, reason: str
) -> None:
    answer = account.query(query)

    assert answer.status_code == 400
    assert reason in details(answer)[0]["detail"]
