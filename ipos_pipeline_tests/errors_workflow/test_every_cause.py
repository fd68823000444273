"""Ten invoices with ten causes, through the whole pipeline: ten mails that each say what to do."""

from __future__ import annotations

import pytest

from ipos_pipeline_tests.builders import amount_line, raw_invoice, raw_line
from ipos_pipeline_tests.errors_workflow.conftest import Operation

TEST_BARCODE = "TEST-1"
CAUSES = {
    "unknown_item": raw_invoice(raw_line(PrimaryBarcode="999"), InvNo=1),
    "inactive_item": raw_invoice(raw_line(PrimaryBarcode="901"), InvNo=2),
    "non_inventory_item": raw_invoice(raw_line(PrimaryBarcode="902"), InvNo=3),
    "ambiguous_item": raw_invoice(raw_line(PrimaryBarcode="903"), InvNo=4),
    "missing_barcode": raw_invoice(raw_line(PrimaryBarcode=None), InvNo=5),
    "negative_total": raw_invoice(amount_line(1, 1, "-5.00"), amount_line(2, -1, "-7.00"), InvNo=6),
    "nothing_to_post": raw_invoice(raw_line(Qty=0, NetRate=0), InvNo=7),
    "currency": raw_invoice(InvNo=8, Currency="USD"),
    "malformed_invoice": raw_invoice(raw_line(Qty="two"), InvNo=9),
    "mixed_test_items": raw_invoice(raw_line(), raw_line(2, PrimaryBarcode=TEST_BARCODE), InvNo=10),
}


@pytest.fixture
def failing(operation: Operation) -> Operation:
    """A shop that sells ten invoices, each of which fails for another cause."""
    world = operation.pipeline.world
    world.change_record(test_items=TEST_BARCODE)
    world.netsuite.add_item("9001", "SKU-9001", upccode="901", isinactive=True)
    world.netsuite.add_item("9002", "SKU-9002", upccode="902", itemtype="Service")
    for internal_id in ("9003", "9004"):
        world.netsuite.add_item(internal_id, f"SKU-{internal_id}", upccode="903")
    world.ipos.add_invoices(CAUSES.values())
    return operation


def test_ten_causes_are_ten_mails_and_ten_log_records_and_stay_so(failing: Operation) -> None:
    for _ in range(3):
        failing.tick()

    assert len(failing.mails) == 10
    assert {one["code"] for one in failing.log_records()} == CAUSES.keys()
    assert len(failing.log_records()) == 10


def test_each_mail_says_what_happened_to_which_invoice_and_what_to_do(failing: Operation) -> None:
    failing.tick()

    texts = {one.text.partition("Code:")[2].split()[0]: one.text for one in failing.mails}
    assert texts.keys() == CAUSES.keys()
    for code, text in texts.items():
        assert f"Invoice:      {CAUSES[code]['InvNo']}" in text.splitlines()
        assert "ipos-pipeline errors show IPOS-DXB01-" in text
    happened = {text.splitlines()[0] for text in texts.values()}
    to_do = {text.partition("What to do:")[2].splitlines()[0] for text in texts.values()}
    assert len(happened) == len(to_do) == 10, "no two causes share their words"


def test_an_amount_in_another_currency_is_not_called_dirhams(failing: Operation) -> None:
    failing.tick()

    (text,) = [one.text for one in failing.mails if "USD" in one.text]
    assert "3.99 in the invoice's currency" in text
    assert "3.99 AED" not in text
