"""The four dates that people read on a location's configuration record.

Belongs here: computing them from the ledger, and writing them where NetSuite shows others. They are
never read as a memory: what stands in NetSuite changes nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE
from ipos_pipeline.ledger.store import LedgerStore


@dataclass(frozen=True, slots=True)
class FourDates:
    """UTC instants, or None for "never".

    Sync: when a run, an empty one too, last left nothing of that kind unposted for the store-day it
    looked at. Error: when a document of that kind last failed, solved or not. What is kept back as
    a whole or cannot be read counts for both kinds.
    """

    last_sales_sync: datetime | None
    last_sales_error: datetime | None
    last_return_sync: datetime | None
    last_return_error: datetime | None


def four_dates(ledger: LedgerStore, location_code: str) -> FourDates:
    """Compute a location's dates from what the ledger keeps of its runs and errors."""
    with ledger.read() as work:
        runs = work.runs
        return FourDates(
            last_sales_sync=runs.last_complete_at(location_code, CASH_SALE),
            last_sales_error=runs.last_failed_at(location_code, CASH_SALE),
            last_return_sync=runs.last_complete_at(location_code, CASH_REFUND),
            last_return_error=runs.last_failed_at(location_code, CASH_REFUND),
        )


async def show_dates(
    netsuite: NetSuiteClient,
    dates: FourDates,
    *,
    record_type: str,
    internal_id: str,
    field_ids: Mapping[str, str],
) -> bool:
    """Have a record show these dates, with one update and only if it shows others.

    `field_ids` (name -> NetSuite's field) lists the dates that the record has. The record service
    gives date-times in UTC (help section_157305090645). Returns whether anything was written;
    raises PipelineError if NetSuite does not take it.
    """
    wanted = {
        field_ids[one.name]: _text(getattr(dates, one.name))
        for one in fields(dates)
        if one.name in field_ids
    }
    if not wanted:
        return False
    shown = await netsuite.record_fields(record_type, internal_id, wanted)
    changed = {name: text for name, text in wanted.items() if _read(shown.get(name)) != text}
    if changed:
        await netsuite.update_record(record_type, internal_id, changed)
    return bool(changed)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(shown: object) -> str | None:
    """Write what NetSuite shows as we write it; what is no date-time stays as it is."""
    if not isinstance(shown, str) or not shown:
        return None
    try:
        return _text(datetime.fromisoformat(shown))
    except ValueError:
        return shown
