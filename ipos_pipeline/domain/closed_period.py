"""A document whose day lies in a closed accounting period: where it goes, or why a person decides.

Belongs here: the choice of the day and the words. Not here: asking NetSuite which periods are open
(clients/netsuite.py), the order of the moves (steps/posting.py). Reasons: ADR 0013.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from ipos_pipeline.domain.configuration import ClosedPeriodPolicy
from ipos_pipeline.domain.netsuite_record import CASH_SALE, NetSuiteRecord
from ipos_pipeline.domain.problem import Problem


def first_open_day(
    open_period_starts: Iterable[date], *, after: date, not_after: date
) -> date | None:
    """Give the first day of the first open period that begins after a day that is closed.

    Never a day that has not come yet: a sale is not posted into the future.
    """
    return min((day for day in open_period_starts if after < day <= not_after), default=None)


def posted_under(record: NetSuiteRecord, day: date) -> NetSuiteRecord:
    """Date a record otherwise; the memo then tells the true date."""
    what = "sold" if record.record_type == CASH_SALE else "returned"
    memo = f"{record.memo} ({what} {record.tran_date.isoformat()})"
    return replace(record, tran_date=day, memo=memo)


def closed_period(business_date: date, policy: ClosedPeriodPolicy, said: str) -> Problem:
    """Tell that a document waits for a person, or for a period; `said` is NetSuite's refusal."""
    closed = f"The accounting period of {business_date} is closed in NetSuite"
    if policy == "queue":
        return Problem(
            "closed_period",
            f"{closed}. {said}",
            "Have the accounting period reopened in NetSuite, or set closed_period of the"
            " location's configuration record to first_open_day; then retry it.",
        )
    return Problem(
        "closed_period",
        f"{closed}, and so is each later one up to today: there is no open day to post it under."
        f" {said}",
        "Have an accounting period opened in NetSuite; it is tried again by itself, or retry it.",
    )
