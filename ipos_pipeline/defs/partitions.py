"""Store-days: one partition for each business day and location, written `2026-11-20|DXB01`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import dagster as dg

from ipos_pipeline.errors import ConfigurationError

LOCATIONS = "ipos_locations"
TIMEZONE = "Asia/Dubai"
SEPARATOR = "|"
PARTITION_TAG = "dagster/partition"

ONLY_NEW_TAG = "ipos/only_new"
"""Of a run that a tick starts for what is new: it may build on what the run before it has read."""


@dataclass(frozen=True, slots=True)
class StoreDay:
    """One location's business day."""

    location_code: str
    day: date

    @classmethod
    def of(cls, partition_key: str) -> StoreDay:
        """Read a partition key; Dagster gives it as plain text where only one tag names it."""
        day, separator, location_code = partition_key.partition(SEPARATOR)
        try:
            if separator and location_code:
                return cls(location_code, date.fromisoformat(day))
        except ValueError:
            pass
        message = f"{partition_key!r} is not a store-day such as 2026-11-20|DXB01."
        raise ConfigurationError(message, recovery="Choose a partition in the Dagster UI.")

    @property
    def partition_key(self) -> str:
        """The key of this store-day's partition."""
        return f"{self.day.isoformat()}{SEPARATOR}{self.location_code}"


def store_days(first_day: date) -> dg.MultiPartitionsDefinition:
    """Define all store-days from the first day up to and including today."""
    return dg.MultiPartitionsDefinition(
        {
            # Without end_offset a day exists only when it is over, and today could not be posted.
            "day": dg.DailyPartitionsDefinition(
                start_date=first_day.isoformat(), timezone=TIMEZONE, end_offset=1
            ),
            "location": dg.DynamicPartitionsDefinition(name=LOCATIONS),
        }
    )
