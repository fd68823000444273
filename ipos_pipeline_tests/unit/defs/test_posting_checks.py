"""What counts as posted, and as posted on the same day, case by case."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ipos_pipeline.defs.partitions import StoreDay
from ipos_pipeline.defs.posting_checks import (
    checks_of_postings,
    no_failed_postings,
    no_postings_in_doubt,
    posted_same_day,
)
from ipos_pipeline.steps.ledger_frames import POSTINGS
from ipos_pipeline_tests.builders import DAY, LOCATION, NOON, configuration
from ipos_pipeline_tests.unit.defs.test_checks import posting, rows, same_day

MINUTE, HOUR, A_DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MIDNIGHT = NOON + timedelta(hours=12)
"""The end of the shop's day."""


@pytest.mark.parametrize(
    "status", ["pending", "sending", "in_doubt", "rejected", "withdrawing", "withdrawn"]
)
def test_any_document_that_is_not_posted_turns_the_postings_red(status: str) -> None:
    result = no_failed_postings(rows(POSTINGS, posting(), posting(status)))

    assert not result.passed
    assert result.metadata["offending"].value == 1
    assert result.metadata["not_posted"].value == "3.99 AED"


@pytest.mark.parametrize(("status", "is_green"), [("pending", True), ("sending", False)])
def test_only_what_was_sent_is_in_doubt(status: str, *, is_green: bool) -> None:
    assert no_postings_in_doubt(rows(POSTINGS, posting(status))).passed == is_green


def test_a_store_day_without_documents_is_green() -> None:
    day = StoreDay(LOCATION, DAY)
    results = checks_of_postings(rows(POSTINGS), configuration(), day, now=NOON)
    assert [one.passed for one in results] == [True, True, True]


def test_a_backfill_of_an_old_month_is_on_time_when_it_posts_what_it_first_sees() -> None:
    """The day of the sale is long over; nobody could have posted it before it was seen."""
    seen = NOON + 40 * A_DAY

    result = same_day(
        posting(first_seen_at=seen, posted_at=seen + MINUTE),
        posting(first_seen_at=seen, posted_at=seen + 2 * HOUR),
        days_later=60,
    )

    assert result.passed
    assert result.metadata["of_invoices_that_arrived_late"].value == 2


def test_what_a_backfill_leaves_open_is_late_from_the_next_day_on() -> None:
    open_one = posting("rejected", first_seen_at=NOON + 40 * A_DAY)

    assert same_day(open_one, days_later=40).passed
    assert not same_day(open_one, days_later=41).passed


def test_an_invoice_that_arrives_late_is_due_on_the_day_of_its_arrival() -> None:
    arrived = NOON + 2 * A_DAY
    assert same_day(posting(first_seen_at=arrived, posted_at=arrived + HOUR), days_later=9).passed
    late = posting(first_seen_at=arrived, posted_at=arrived + A_DAY)
    assert not same_day(late, days_later=9).passed


def test_a_sale_that_carries_a_later_day_than_it_is_seen_on_is_due_on_that_day() -> None:
    early = posting(first_seen_at=NOON - A_DAY, posted_at=NOON)
    assert same_day(early).passed


def test_what_is_posted_after_midnight_is_late_and_named() -> None:
    result = same_day(
        posting(posted_at=MIDNIGHT - MINUTE), posting(posted_at=MIDNIGHT), days_later=1
    )

    assert not result.passed
    assert result.metadata["offending"].value == 1


def test_with_a_cut_off_hour_the_night_belongs_to_the_day_before() -> None:
    result = posted_same_day(
        rows(POSTINGS, posting(posted_at=MIDNIGHT + HOUR)),
        configuration(day_cutoff_hour=4),
        StoreDay(LOCATION, DAY),
        now=MIDNIGHT + 2 * HOUR,
    )

    assert result.passed


def test_what_a_person_has_set_aside_is_never_late() -> None:
    result = same_day(posting("set_aside"), days_later=30)

    assert result.passed
    assert result.metadata["documents"].value == 0
