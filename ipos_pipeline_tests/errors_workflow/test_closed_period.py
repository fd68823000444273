"""A day in a closed accounting period, as the people of the shop and of finance see it."""

from __future__ import annotations

from ipos_pipeline_tests.builders import DAY, raw_invoice
from ipos_pipeline_tests.errors_workflow.conftest import Operation


def test_a_closed_period_is_one_mail_that_names_the_day_and_both_ways_out(
    operation: Operation,
) -> None:
    world = operation.pipeline.world
    world.netsuite.close_period(DAY)
    world.ipos.add_invoices([raw_invoice()])

    for _ in range(3):
        operation.tick()

    (mail,) = operation.mails
    for words in (
        "The books of that day are closed in NetSuite",
        "closed_period",
        "The accounting period of 2026-11-20 is closed",
        "accounting period reopened",
        "first_open_day",
    ):
        assert words in " ".join(mail.text.split())
    assert [one["code"] for one in operation.log_records()] == ["closed_period"]
    world.netsuite.reopen_period(DAY)
    for _ in range(5):
        operation.tick()
    assert list(operation.pipeline.posted()) == ["IPOS-DXB01-2026-S-10377-CS"]
    assert operation.log_records() == []
    assert len(operation.mails) == 1
