"""When a refused document is tried again without a person.

Missing master data waits for NetSuite to have it (steps/releasing.py), not for time. A difference
between the three sides waits for a person. Anything else waits 15 minutes, 1 hour, 4 hours, then a
day each time, and after `REVIEW_AFTER` only a person moves it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ipos_pipeline.domain.problem import MASTER_DATA_CODES
from ipos_pipeline.domain.store_day_proof import FOR_A_PERSON

DELAYS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(days=1))
REVIEW_AFTER = timedelta(days=7)
TELLING_DELAYS = (timedelta(minutes=5), *[timedelta(minutes=10)] * 5, timedelta(hours=1))
DECISION_LOST = "decision_lost"
PERSON_CODES = FOR_A_PERSON | {"external_id_taken", "acknowledged_not_posted", DECISION_LOST}


def next_attempt_at(
    code: str, *, attempts: int, first_failed_at: datetime, now: datetime
) -> datetime | None:
    """Say when to try again after the n-th failed attempt, or None: time alone does not help."""
    if code in MASTER_DATA_CODES or code in PERSON_CODES:
        return None
    if now - first_failed_at >= REVIEW_AFTER:
        return None
    return now + DELAYS[min(attempts, len(DELAYS)) - 1]


def telling_delay(attempts: int) -> timedelta:
    """Say how long to wait after the n-th failed attempt to send a mail or a log record.

    The first waits end within the quarter of an hour between two ticks.
    """
    return TELLING_DELAYS[min(attempts, len(TELLING_DELAYS)) - 1]
