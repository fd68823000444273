"""An unknown item, from the first mail to the end, with nobody doing anything but adding it."""

from __future__ import annotations

from typing import Any

import pytest

from ipos_pipeline_tests.builders import raw_invoice, raw_line
from ipos_pipeline_tests.errors_workflow.conftest import OPERATIONS, SENDER, Operation
from simulators.world import ERROR_EMAIL

UNKNOWN = "999"


def unknown_item(**changes: Any) -> dict[str, Any]:
    return raw_invoice(raw_line(PrimaryBarcode=UNKNOWN), **changes)


def test_an_unknown_item_is_one_error_one_mail_and_one_log_record_until_the_item_is_there(
    operation: Operation,
) -> None:
    world, pipeline = operation.pipeline.world, operation.pipeline
    world.ipos.add_invoices([unknown_item()])

    for _ in range(11):
        operation.tick()

    assert len(pipeline.open_errors()) == 1
    assert len(operation.mails) == 1
    assert [one["code"] for one in operation.log_records()] == ["unknown_item"]
    assert operation.log_requests("PUT") == 1, "nothing is sent twice for nothing"
    assert world.ipos.acknowledgements() == []
    assert len(operation.runs) == 1, "an open error alone starts no run"

    world.netsuite.add_item("9001", "SKU-9001", upccode=UNKNOWN)
    operation.tick()

    assert list(pipeline.posted()) == ["IPOS-DXB01-2026-S-10377-CS"]
    assert pipeline.open_errors() == []
    assert operation.log_records() == []
    assert len(world.ipos.acknowledgements()) == 1
    assert len(operation.mails) == 1, "that it is solved needs no mail"


def test_the_mail_says_what_it_is_about_what_happened_and_what_to_do(operation: Operation) -> None:
    operation.pipeline.world.ipos.add_invoices([unknown_item()])

    operation.tick()

    (mail,) = operation.mails
    assert mail.subject == "[DXB01] Invoice 10377 of 2026-11-20: not in NetSuite"
    assert mail.sender == SENDER
    assert mail.recipients == (ERROR_EMAIL,), "the location's own address wins"
    for word in (
        "DXB01",
        "Dubai, Al Rigga",
        "10377",
        "2026-11-20",
        "cash sale",
        "IPOS-DXB01-2026-S-10377-CS",
        "3.99 AED",
        "unknown_item",
        "An item on this invoice is not in NetSuite",
        UNKNOWN,
        "as soon as NetSuite has the item",
        "2026-11-20 12:00 +04",
    ):
        assert word in mail.text
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert "Date" in mail.message


@pytest.mark.parametrize("address", [None, "ask the manager", "a@b.example\r\nBcc: c@d.example"])
def test_without_an_address_of_its_own_a_location_is_told_of_by_the_default_one(
    operation: Operation, address: str | None
) -> None:
    operation.pipeline.world.change_record(error_email=address)
    operation.pipeline.world.ipos.add_invoices([unknown_item()])

    operation.tick()

    (mail,) = operation.mails
    assert mail.recipients == (OPERATIONS,)
    assert mail.message["Bcc"] is None


def test_an_error_that_a_run_of_yesterday_left_untold_is_told_by_the_tick(
    operation: Operation,
) -> None:
    """No run may ever start again for its store-day."""
    settings = dict(operation.pipeline.environment)
    for name in [name for name in settings if name.startswith(("SMTP_", "ERROR_EMAIL"))]:
        del operation.pipeline.environment[name]
    operation.pipeline.world.ipos.add_invoices([unknown_item()])
    operation.tick()
    assert operation.mails == []
    operation.pipeline.environment |= settings

    assert operation.tick() == []

    assert len(operation.mails) == 1


def test_hostile_text_is_harmless_in_mail_and_log(operation: Operation) -> None:
    nasty = "1\r\nBcc: thief@example.com\r\n\r\n<script>alert(1)</script>\u202e=cmd|'/C'!A1\x07"
    line = raw_line(PrimaryBarcode="<b>=1+1</b>\x1b[2J", ItemName="<img src=x onerror=alert(1)>")
    operation.pipeline.world.ipos.add_invoices([raw_invoice(line, InvNo=nasty)])

    operation.tick()

    (mail,) = operation.mails
    assert mail.recipients == (ERROR_EMAIL,)
    assert mail.message["Bcc"] is None
    assert "thief@example.com" in mail.text, "it is shown, not obeyed"
    html = mail.message.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()
    assert "<img" not in html.get_content()
    (record,) = operation.log_records()
    for text in (*mail.text.splitlines(), mail.subject, record["invoice"], record["error"]):
        assert text.isprintable()
    assert "\u202e" not in mail.text + mail.subject + record["invoice"]
