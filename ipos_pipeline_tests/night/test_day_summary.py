"""Finance gets one mail for each closed day, whatever happens to the job that sends it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import dagster as dg

from ipos_pipeline.defs.day_summary import DAY_SUMMARY, day_summary_schedule
from ipos_pipeline.defs.sensors import store_days_sensor
from ipos_pipeline_tests.builders import DAY, NOON, amount_line, raw_invoice, raw_line
from ipos_pipeline_tests.night.conftest import FINANCE, Night, output_of
from ipos_pipeline_tests.pipeline.test_sensors import tick
from ipos_pipeline_tests.ports import reserved_port
from simulators.inbox import SmtpInbox

ONE_DAY = timedelta(days=1)
SEVEN = NOON + timedelta(hours=19)
"""In Dubai, on the morning after `DAY`."""


def summarise(night: Night, **config: Any) -> dg.ExecuteInProcessResult:
    return night.execute(DAY_SUMMARY, run_config={"ops": {"summarise_day": {"config": config}}})


def test_a_proved_day_is_one_mail_with_its_page_even_if_the_job_runs_twice(night: Night) -> None:
    night.pipeline.world.ipos.add_invoices(
        [raw_invoice(InvNo=1), raw_invoice(amount_line(1, 2, "10.50"), InvNo=2)]
    )
    night.pipeline.run()
    night.at(SEVEN)

    shown = output_of(summarise(night))
    again = output_of(summarise(night, day=str(DAY)))

    (mail,) = night.mails
    assert mail.recipients == (FINANCE,)
    assert mail.subject == "[IPOS to NetSuite] 2026-11-20: proved, 2 invoices, 14.49 AED"
    assert "Proved: nothing differs" in mail.text
    (page,) = mail.message.iter_attachments()
    assert (page.get_content_type(), page.get_filename()) == ("text/html", "2026-11-20.html")
    file = night.data_dir.resolve() / "reports" / "2026-11-20.html"
    assert shown["2026-11-20 page"] == str(file)
    assert "14.49" in page.get_content()
    assert "14.49" in file.read_text(encoding="utf-8")
    assert "no second mail" in again["2026-11-20 mail"]


def test_the_schedule_starts_the_job_until_finance_was_told_and_then_no_more(night: Night) -> None:
    """What fails at seven, because NetSuite is down, is tried again before noon."""
    night.at(SEVEN)
    assert isinstance(night.evaluate(day_summary_schedule), dg.RunRequest)
    summarise(night)
    assert "was told" in str(night.evaluate(day_summary_schedule).skip_message)
    del night.pipeline.environment["SMTP_HOST"]
    assert "No mail server" in str(night.evaluate(day_summary_schedule).skip_message)


def test_a_person_may_ask_for_another_mail(night: Night) -> None:
    night.at(SEVEN)
    summarise(night)
    summarise(night, day=str(DAY), again=True)
    assert len(night.mails) == 2


def test_a_day_that_was_not_reconciled_or_differs_says_so_in_the_subject(night: Night) -> None:
    night.at(SEVEN)
    summarise(night)
    night.pipeline.world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999"))])
    night.pipeline.run()
    summarise(night, day=str(DAY), again=True)

    subjects = [one.subject for one in night.mails if one.recipients == (FINANCE,)]

    assert "2026-11-20: not proved, 1 shop not reconciled" in subjects[0]
    assert "2026-11-20: not proved, 1 shop with differences" in subjects[1]


def test_a_mail_server_that_is_down_delays_the_summary_and_repeats_nothing(night: Night) -> None:
    port = reserved_port()
    night.pipeline.environment["SMTP_PORT"] = str(port)
    night.at(SEVEN)

    assert summarise(night).success
    assert summarise(night).success

    with SmtpInbox(port=port) as again:
        for _ in range(4):
            night.pipeline.world.clock.advance(15 * 60)
            tick(night.pipeline, store_days_sensor)
        assert [one.recipients for one in again.messages] == [(FINANCE,)]


def test_days_on_which_nobody_was_told_are_told_afterwards(night: Night) -> None:
    night.at(SEVEN)
    summarise(night)
    night.at(SEVEN + 3 * ONE_DAY)

    summarise(night)

    days = [one.subject.split("] ")[1][:10] for one in night.mails]
    assert days == [str(DAY + back * ONE_DAY) for back in range(4)]


def test_late_postings_and_earlier_days_that_are_open_stand_in_the_mail(night: Night) -> None:
    old = DAY - 3 * ONE_DAY
    late = raw_invoice(InvNo=1, InvDate=f"{old}T11:00:00", BusinessDate=str(old))
    open_one = raw_invoice(
        raw_line(PrimaryBarcode="999"), InvNo=2, InvDate=f"{old}T12:00:00", BusinessDate=str(old)
    )
    night.pipeline.world.ipos.add_invoices([late, open_one])
    night.pipeline.run(old)
    night.at(SEVEN)

    summarise(night)

    mail = next(one for one in night.mails if one.recipients == (FINANCE,))
    assert f"{old} DXB01: 1 document" in mail.text
    assert f"{old} DXB01: 1 differ" in mail.text


def test_a_run_of_a_store_day_writes_the_page_of_its_day_anew(night: Night) -> None:
    night.pipeline.world.ipos.add_invoices([raw_invoice()])
    result = night.pipeline.run()

    (made,) = result.asset_materializations_for_node("store_day_reconciliation")
    page = night.data_dir.resolve() / "reports" / "2026-11-20.html"
    assert made.metadata["day_report"].value == str(page)
    assert "3.99" in page.read_text(encoding="utf-8")
    assert [one.name for one in page.parent.iterdir()] == [page.name]


def test_a_day_that_is_none_fails_the_run_with_one_sentence(night: Night) -> None:
    result = summarise(night, day="yesterday")
    (failed,) = [one.step_failure_data for one in result.all_events if one.is_step_failure]
    assert "is not a day such as" in failed.user_failure_data.description
    assert night.operation.outages() == []


def test_without_a_mail_server_the_page_is_written_and_the_run_says_that_nobody_is_told(
    night: Night,
) -> None:
    del night.pipeline.environment["SMTP_HOST"]
    night.at(SEVEN)
    shown = output_of(summarise(night))
    assert "No mail server" in shown["2026-11-20 mail"]
    assert (night.data_dir / "reports" / "2026-11-20.html").exists()
