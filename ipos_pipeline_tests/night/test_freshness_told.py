"""A trading shop that nobody looks at is told by mail: when it begins and when it is over."""

from __future__ import annotations

from datetime import date, timedelta

from ipos_pipeline.defs.partitions import LOCATIONS
from ipos_pipeline_tests.builders import DAY, LOCATION, NOON, raw_invoice
from ipos_pipeline_tests.errors_workflow.conftest import OPERATIONS
from ipos_pipeline_tests.night.conftest import Night
from ipos_pipeline_tests.pipeline.test_sensors import tick

TEN_MINUTES = 600
MORNING = NOON + timedelta(hours=20)
"""Eight o'clock in Dubai on the next day."""


def watch_for(night: Night, minutes: int) -> str:
    """Let the watch alone be on for a while; give what it says last."""
    said = night.watch()
    for _ in range(minutes // 10):
        night.pipeline.world.clock.advance(TEN_MINUTES)
        said = night.watch()
    return said


def test_a_shop_that_is_looked_at_is_fresh_although_it_sells_nothing(night: Night) -> None:
    for _ in range(4):
        tick(night.pipeline)
        watch_for(night, 20)
    assert "Fresh: the 1 of 1 locations" in night.watch()
    assert night.mails == []


def test_looks_that_stop_are_one_mail_when_it_begins_and_one_when_it_is_over(night: Night) -> None:
    """The sensor of store-days is switched off: the watch must not need it, nor its mails."""
    tick(night.pipeline)

    said = watch_for(night, 180)

    assert "Nobody has asked IPOS about 2026-11-20 of DXB01 for 180 minutes." in said
    (began,) = night.mails
    assert began.recipients == (OPERATIONS,)
    assert "DXB01 is not up to date" in began.subject
    assert "store_days_sensor" in began.text
    tick(night.pipeline)
    night.watch()
    began, over = night.mails
    assert over.subject.strip() == f"Re: {began.subject}"
    assert "up to date again" in over.text


def test_runs_that_do_not_start_are_told_although_looks_go_on(night: Night) -> None:
    night.pipeline.world.ipos.add_invoices([raw_invoice()])
    for _ in range(3):
        tick(night.pipeline)
        watch_for(night, 10)
    assert night.mails == [], "a burst has half an hour"

    tick(night.pipeline)
    assert "no run has read" in watch_for(night, 10)
    assert len(night.mails) == 1
    night.pipeline.run()
    night.watch()
    assert len(night.mails) == 2


def test_a_backfill_of_an_old_day_does_not_pass_for_a_look_at_today(night: Night) -> None:
    tick(night.pipeline)
    night.watch()
    night.pipeline.world.clock.advance(45 * 60)
    night.pipeline.run(DAY - timedelta(days=1))

    assert "2026-11-20 of DXB01" in night.watch()
    assert len(night.mails) == 1


def test_a_closed_shop_is_asked_nothing_and_what_was_stale_stays_so_until_it_is_fresh(
    night: Night,
) -> None:
    tick(night.pipeline)
    watch_for(night, 60)
    night.at(MORNING - timedelta(hours=4))
    assert "0 of 1 locations" in night.watch()
    assert len(night.mails) == 1, "closing time solves nothing"

    night.at(MORNING + timedelta(minutes=35))
    tick(night.pipeline)
    night.watch()
    assert len(night.mails) == 2


def test_a_location_that_is_new_has_half_an_hour_and_is_told_if_nobody_ever_looks(
    night: Night,
) -> None:
    """Its record is active, but it was never registered: no run will ever start for it."""
    night.pipeline.instance.delete_dynamic_partition(LOCATIONS, LOCATION)
    watch_for(night, 30)
    assert night.mails == []
    watch_for(night, 10)
    (mail,) = night.mails
    assert "Nobody has asked IPOS yet" in mail.text


def test_a_location_that_is_closed_for_good_is_watched_no_longer(night: Night) -> None:
    tick(night.pipeline)
    watch_for(night, 60)
    night.pipeline.world.change_record(isinactive=True)

    night.watch()

    assert len(night.mails) == 2
    assert night.operation.outages()[0].closed_at is not None


def test_other_trading_hours_are_a_setting(night: Night) -> None:
    night.pipeline.environment["IPOS_PIPELINE_TRADING_HOURS"] = "14:00-02:00"
    assert "0 of 1 locations" in watch_for(night, 60)
    assert night.ledger(lambda work: work.store_days.get(LOCATION, date(2026, 11, 20))) is None
