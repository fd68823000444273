"""`errors mark-posted`: a person is believed as far as NetSuite shows the same."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ipos_pipeline_tests.builders import amount_line, raw_invoice, raw_line
from ipos_pipeline_tests.operators.conftest import Command, history, statuses
from ipos_pipeline_tests.realities.shops import Shops

SALE = "IPOS-DXB01-2026-S-10377-CS"
OTHER = "IPOS-DXB01-2026-S-2-CS"


@pytest.fixture
def failed(shop: Shops) -> Shops:
    """One sale that fails, and one that is posted."""
    shop.world.ipos.add_invoices(
        [raw_invoice(raw_line(PrimaryBarcode="999")), raw_invoice(InvNo=2)]
    )
    shop.run()
    assert statuses(shop) == {SALE: "rejected", OTHER: "posted"}
    return shop


def book_by_hand(shop: Shops, amount: str = "3.99", **fields: Any) -> str:
    """Enter a cash sale in NetSuite as an accountant does: without our external ID."""
    netsuite = shop.connections.netsuite
    body = {
        "entity": {"id": "501"},
        "tranDate": "2026-11-21",
        "location": {"id": "11"},
        "subsidiary": {"id": "2"},
        "currency": {"id": "1"},
        "account": {"id": "129"},
        "item": {
            "items": [
                {
                    "item": {"id": "2001"},
                    "quantity": 1,
                    "price": {"id": "-1"},
                    "grossAmt": Decimal(amount),
                    "taxCode": {"id": "5"},
                    "location": {"id": "11"},
                }
            ]
        },
        **fields,
    }
    return shop.connections.wait_for(netsuite.create("cashSale", body))


def mark(command: Command, netsuite_id: str, *more: str) -> Any:
    return command(
        "errors",
        "mark-posted",
        "--external-id",
        SALE,
        "--netsuite-id",
        netsuite_id,
        "--reason",
        "booked on the 21st",
        "--yes",
        "--json",
        *more,
    )


def test_what_was_booked_by_hand_counts_as_posted_and_the_day_is_proved(
    failed: Shops, command: Command
) -> None:
    internal_id = book_by_hand(failed)

    answer = mark(command, internal_id)
    tick = failed.run()

    assert answer.code == 0, answer.out
    assert statuses(failed)[SALE] == "posted"
    assert failed.open_errors() == []
    assert failed.acknowledged() == [2, 10377]
    told = {one["InvNo"]: one["ErpId"] for one in failed.world.ipos.posted("DXB01")}
    assert told[10377] == internal_id
    assert tick.proof.is_proved, tick.proof.differences
    with failed.connections.ledger.read() as work:
        assert work.entries.with_ids([SALE])[SALE].tran_date == date(2026, 11, 21)
    assert len(failed.world.netsuite.transactions()) == 2, "nothing was posted for it"
    (posted,) = [detail for kind, _, detail in history(failed, SALE) if kind == "posted"]
    assert "booked on the 21st" in posted
    assert mark(command, internal_id).code == 0, "saying it twice is fine"


def test_another_total_is_shown_and_refused_unless_a_person_insists(
    failed: Shops, command: Command
) -> None:
    internal_id = book_by_hand(failed, "4.00")

    refused = mark(command, internal_id)
    assert refused.code == 1
    assert refused.what[SALE] == f"it comes to 3.99, internal ID {internal_id} to 4.00"
    assert statuses(failed)[SALE] == "rejected"

    assert mark(command, internal_id, "--despite-difference").code == 0
    tick = failed.run()
    assert [one.kind for one in tick.proof.breaking] == ["total_differs"]


@pytest.mark.usefixtures("failed")
def test_an_id_that_does_not_exist_is_refused(command: Command) -> None:
    answer = mark(command, "424242")
    assert answer.code == 1
    assert "shows no transaction" in answer.what[SALE]


def test_the_posting_of_another_document_is_refused(failed: Shops, command: Command) -> None:
    posted = failed.transactions()[OTHER]["id"]
    answer = mark(command, posted)
    assert answer.code == 1
    assert OTHER in answer.what[SALE]


def test_a_record_of_another_type_is_refused(failed: Shops, command: Command) -> None:
    failed.world.ipos.add_invoices([raw_invoice(amount_line(1, -1, "-3.99"), InvNo=3)])
    failed.run()
    refund = failed.transactions()["IPOS-DXB01-2026-S-3-CR"]["id"]
    answer = mark(command, refund)
    assert answer.code == 1
    assert "CashRfnd" in answer.what[SALE]


def test_a_document_that_was_set_aside_can_be_marked_and_one_that_is_posted_cannot(
    failed: Shops, command: Command
) -> None:
    aside = command("errors", "set-aside", "--all", "--reason", "by hand", "--yes")
    assert aside.code == 0
    assert mark(command, book_by_hand(failed)).code == 0
    another = book_by_hand(failed)
    answer = mark(command, another)
    assert answer.code == 1
    assert "posted as internal ID" in answer.what[SALE]


@pytest.mark.parametrize("netsuite_id", ["12; DROP", "", "-1"])
def test_an_id_that_is_no_number_is_wrong_use(command: Command, netsuite_id: str) -> None:
    assert mark(command, netsuite_id).code == 2


def test_a_document_that_is_not_planned_is_wrong_use(command: Command) -> None:
    answer = mark(command, "12")
    assert answer.code == 2
    assert "No cash sale or refund is planned" in answer.err
