"""The page of a day is written by runs, by those of ticks every 30 seconds at most."""

from __future__ import annotations

import os
from pathlib import Path

from ipos_pipeline.defs.day_page import PAGE_EVERY
from ipos_pipeline.defs.partitions import ONLY_NEW_TAG
from ipos_pipeline_tests.builders import DAY, raw_invoice
from ipos_pipeline_tests.night.conftest import Night

ONLY_NEW = {ONLY_NEW_TAG: "true"}


def page(night: Night) -> Path:
    return night.data_dir / "reports" / f"{DAY}.html"


def written_seconds_ago(night: Night, seconds: float) -> str:
    """Let the page be of that age by the clock of the test; give what it says."""
    written = night.pipeline.world.clock().timestamp() - seconds
    os.utime(page(night), (written, written))
    return page(night).read_text()


def sell_and_tick(night: Night, inv_no: int) -> None:
    night.pipeline.world.ipos.add_invoices([raw_invoice(InvNo=inv_no)])
    night.pipeline.run(tags=ONLY_NEW)


def test_a_run_of_a_tick_leaves_a_page_of_a_moment_ago_as_it_is(night: Night) -> None:
    sell_and_tick(night, 1)
    before = written_seconds_ago(night, PAGE_EVERY.total_seconds() - 1)

    sell_and_tick(night, 2)

    assert page(night).read_text() == before


def test_a_run_of_a_tick_writes_an_older_page_anew(night: Night) -> None:
    sell_and_tick(night, 1)
    before = written_seconds_ago(night, PAGE_EVERY.total_seconds() + 1)

    sell_and_tick(night, 2)

    assert page(night).read_text() != before


def test_a_run_that_a_person_starts_writes_the_page_always(night: Night) -> None:
    sell_and_tick(night, 1)
    before = written_seconds_ago(night, 1)

    night.pipeline.world.ipos.add_invoices([raw_invoice(InvNo=2)])
    night.pipeline.run()

    assert page(night).read_text() != before


def test_the_watch_writes_the_page_that_runs_have_left(night: Night) -> None:
    sell_and_tick(night, 1)
    left = written_seconds_ago(night, 1)
    sell_and_tick(night, 2)
    assert page(night).read_text() == left

    night.watch()

    assert page(night).read_text() != left


def test_the_watch_leaves_a_page_that_says_all_as_it_is(night: Night) -> None:
    sell_and_tick(night, 1)
    written = page(night).stat().st_ino

    night.watch()

    assert page(night).stat().st_ino == written
