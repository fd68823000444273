"""Checks of what became of a store-day's documents: posted, when, acknowledged, told to people."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ipos_pipeline.defs.checks import (
    ALL_ACKNOWLEDGED,
    ALL_ITEMS_KNOWN,
    ALL_MAILS_SENT,
    NO_FAILED_POSTINGS,
    NO_POSTINGS_IN_DOUBT,
    POSTED_SAME_DAY,
)
from ipos_pipeline.defs.partitions import StoreDay
from ipos_pipeline.defs.reporting import amount, check
from ipos_pipeline.domain.business_day import business_date_at, end_of_business_day
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.line_frames import column_total
from ipos_pipeline.domain.problem import ITEM_CODES
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.steps.sending_mails import MailsSent

WARN = dg.AssetCheckSeverity.WARN


def checks_of_postings(
    postings: pd.DataFrame, configuration: IposConfiguration, day: StoreDay, *, now: datetime
) -> list[dg.AssetCheckResult]:
    """Make the checks of `cash_sales` or `cash_refunds` (`POSTINGS`)."""
    return [
        no_failed_postings(postings),
        no_postings_in_doubt(postings),
        posted_same_day(postings, configuration, day, now=now),
    ]


def no_failed_postings(postings: pd.DataFrame) -> dg.AssetCheckResult:
    """List the documents that are not in NetSuite and that no person has set aside."""
    failed = postings[~postings["status"].isin([Status.POSTED, Status.SET_ASIDE])]
    return check(
        NO_FAILED_POSTINGS,
        passed=failed.empty,
        count=len(failed),
        recovery="Read integration_errors of this partition: each row says what to do. Documents"
        " without an error are sent at the next run.",
        sample=failed,
        documents=len(postings),
        not_posted=amount(column_total(failed, "total")),
    )


def no_postings_in_doubt(postings: pd.DataFrame) -> dg.AssetCheckResult:
    """List the documents that were sent and of which no answer is known."""
    doubted = postings[postings["status"].isin([Status.SENDING, Status.IN_DOUBT])]
    return check(
        NO_POSTINGS_IN_DOUBT,
        passed=doubted.empty,
        count=len(doubted),
        recovery="Nothing is to be done: the next run looks them up in NetSuite by external ID,"
        " takes over what is there and sends the rest again.",
        sample=doubted,
        documents=len(postings),
    )


def posted_same_day(
    postings: pd.DataFrame, configuration: IposConfiguration, day: StoreDay, *, now: datetime
) -> dg.AssetCheckResult:
    """List the documents that reached NetSuite, or will, after the day they could have."""
    zone, cutoff_hour = configuration.zone, configuration.day_cutoff_hour
    end = end_of_business_day(day.day, timezone=zone, cutoff_hour=cutoff_hour)

    def business_days_of(moments: pd.Series[Any]) -> list[date]:
        """Minute by minute: in no time zone a business day begins within one."""
        minutes = pc.floor_temporal(pa.array(moments), unit="minute")
        known = {
            minute: business_date_at(minute, timezone=zone, cutoff_hour=cutoff_hour)
            for minute in pc.unique(minutes).to_pylist()
        }
        return [known[minute] for minute in minutes.to_pylist()]

    to_post = postings[postings["status"] != Status.SET_ASIDE]
    done = to_post["posted_at"].fillna(now)
    arrived_late = to_post["first_seen_at"] >= end
    late = to_post[done >= end]
    days = zip(
        business_days_of(done[late.index]), business_days_of(late["first_seen_at"]), strict=True
    )
    late = late[[posted > max(seen, day.day) for posted, seen in days]]
    return check(
        POSTED_SAME_DAY,
        passed=late.empty,
        count=len(late),
        recovery="Look for the reason in the runs of that day and in integration_errors; what is"
        " not posted yet is named by no_failed_postings.",
        sample=late,
        severity=WARN,
        documents=len(to_post),
        of_invoices_that_arrived_late=int(arrived_late.sum()),
    )


def all_acknowledged(acknowledgements: pd.DataFrame) -> dg.AssetCheckResult:
    """List the invoices that IPOS is to confirm and has not."""
    to_confirm = acknowledgements[acknowledgements["is_awaited"]]
    waiting = to_confirm[to_confirm["acknowledged_at"].isna()]
    return check(
        ALL_ACKNOWLEDGED,
        passed=waiting.empty,
        count=len(waiting),
        recovery="An invoice waits here until all of it is in NetSuite: read integration_errors."
        " If nothing is open there, IPOS did not confirm; the next run tells it again.",
        sample=waiting,
        severity=WARN,
        invoices=len(to_confirm),
    )


def all_items_known(errors: pd.DataFrame) -> dg.AssetCheckResult:
    """List the documents that wait for an item, or for it to be active."""
    unknown = errors[errors["code"].isin(ITEM_CODES)]
    return check(
        ALL_ITEMS_KNOWN,
        passed=unknown.empty,
        count=len(unknown),
        recovery="Create or activate the items in NetSuite as inventory items with that barcode;"
        " the next tick posts what waits for them.",
        sample=unknown,
    )


def all_mails_sent(mails: MailsSent) -> dg.AssetCheckResult:
    """Tell how many mails wait, whatever store-day they are about, and why."""
    return check(
        ALL_MAILS_SENT,
        passed=mails.queued == 0,
        count=mails.queued,
        recovery="Read `problem`; `ipos-pipeline check-connections` tries the mail server. What"
        " waits is sent by itself once it works; posting goes on meanwhile.",
        problem=mails.problem or "none",
    )
