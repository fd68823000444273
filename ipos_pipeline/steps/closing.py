"""Closing: what the ledger knows of days that are over and not proved, and of what is open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime

import pandas as pd
import pyarrow as pa

from ipos_pipeline.domain.closing import ONE_DAY, WINDOW_DAYS, UnprovedDay
from ipos_pipeline.domain.line_frames import INSTANT, frame_of
from ipos_pipeline.ledger.store import LedgerStore

OPEN_ERRORS = pa.schema(
    [
        pa.field("location_code", pa.string()),
        pa.field("business_date", pa.date32()),
        pa.field("number", pa.string()),
        pa.field("external_id", pa.string()),
        pa.field("code", pa.string()),
        pa.field("message", pa.string()),
        pa.field("next_step", pa.string()),
        pa.field("attempts", pa.int64()),
        pa.field("first_failed_at", INSTANT),
        pa.field("next_attempt_at", INSTANT),
    ]
)
"""Open errors of all store-days, without their payloads."""

UNPROVED_DAYS = pa.schema(
    [
        pa.field("location_code", pa.string()),
        pa.field("business_date", pa.date32()),
        pa.field("state", pa.string()),
        pa.field("differences", pa.int64()),
        pa.field("reconciled_at", INSTANT),
    ]
)
"""Store-days that are over and not proved as they stand now."""


@dataclass(frozen=True, slots=True)
class OpenErrors:
    """How many errors are open, of which cause where, and the oldest of them (`OPEN_ERRORS`)."""

    count: int
    by_location_and_code: str
    oldest: pd.DataFrame


def unproved_days(ledger: LedgerStore, *, last_day: date) -> list[UnprovedDay]:
    """List the store-days of the window up to a day that are not proved as they stand now."""
    if last_day <= date.min + WINDOW_DAYS * ONE_DAY:
        return []
    with ledger.read() as work:
        return work.overview.unproved_days(last_day - WINDOW_DAYS * ONE_DAY, last_day)


def unproved_frame(days: Iterable[UnprovedDay]) -> pd.DataFrame:
    """Put days that are not proved into a frame (`UNPROVED_DAYS`)."""
    return frame_of(map(asdict, days), UNPROVED_DAYS)


def open_errors(
    ledger: LedgerStore, *, limit: int, for_a_person_at: datetime | None = None
) -> OpenErrors:
    """Sum up what is open anywhere; on request only what no time will solve."""
    with ledger.read() as work:
        counts = work.overview.count_open_errors(for_a_person_at=for_a_person_at)
        oldest = work.overview.oldest_open_errors(limit, for_a_person_at=for_a_person_at)
    causes = (f"{code} {cause}: {count}" for (code, cause), count in counts.items())
    rows = ({name: getattr(one, name) for name in OPEN_ERRORS.names} for one in oldest)
    return OpenErrors(
        sum(counts.values()), ", ".join(causes) or "none", frame_of(rows, OPEN_ERRORS)
    )
