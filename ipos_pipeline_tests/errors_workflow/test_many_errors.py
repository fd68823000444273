"""Many errors at once: one mail for one cause, and as many as there are causes."""

from __future__ import annotations

import csv
from io import StringIO

from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline_tests.builders import LOCATION, NOON, failure, keys, raw_invoice, raw_line
from ipos_pipeline_tests.errors_workflow.conftest import RULES, Operation, compose


def queued(ledger: LedgerStore) -> int:
    with ledger.read() as work:
        return work.mails.queued()[0]


def fail(ledger: LedgerStore, *codes: str, location_code: str = LOCATION) -> None:
    with ledger.write("run-1") as work:
        for key, code in zip(keys(len(codes)), codes, strict=True):
            external_id = f"{key}-CS".replace("DXB01", location_code)
            work.errors.fail(failure(external_id, code=code, location_code=location_code), at=NOON)


def test_five_hundred_invoices_that_fail_for_one_cause_are_one_mail_with_a_list(
    operation: Operation,
) -> None:
    invoices = [
        raw_invoice(raw_line(PrimaryBarcode="999"), InvNo=number) for number in range(1, 501)
    ]
    operation.pipeline.world.ipos.add_invoices(invoices)

    operation.tick()
    operation.tick()

    assert len(operation.pipeline.open_errors()) == 500
    (mail,) = operation.mails
    assert mail.subject == "[DXB01] 500 invoices: item unknown (unknown_item)"
    assert mail.text.count("IPOS-DXB01-2026-S-") == 50, "the body is bounded"
    (attached,) = mail.message.iter_attachments()
    rows = list(csv.DictReader(StringIO(attached.get_content())))
    assert {row["Invoice"] for row in rows} == {str(number) for number in range(1, 501)}
    assert len(rows) == 500
    assert len(operation.log_records()) == 500


def test_ten_invoices_with_ten_causes_are_ten_mails(ledger: LedgerStore) -> None:
    fail(ledger, *(f"CODE_{number}" for number in range(10)))

    assert compose(ledger) == 10
    assert compose(ledger) == 0, "and each is told once"
    assert queued(ledger) == 10


def test_as_many_of_one_cause_as_the_limit_are_still_told_one_by_one(ledger: LedgerStore) -> None:
    fail(ledger, *["A"] * RULES.group_above)

    assert compose(ledger) == RULES.group_above


def test_one_more_than_the_limit_is_one_mail(ledger: LedgerStore) -> None:
    fail(ledger, *["A"] * (RULES.group_above + 1))

    assert compose(ledger) == 1
    assert compose(ledger) == 0


def test_locations_are_told_apart(ledger: LedgerStore) -> None:
    for code in (LOCATION, "DXB02"):
        fail(ledger, *["A"] * (RULES.group_above + 1), location_code=code)

    assert compose(ledger) == 2
