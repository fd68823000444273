"""Summarising: one line on what the ledger holds of a store-day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ipos_pipeline.domain.money import total_of
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.store import LedgerStore


@dataclass(frozen=True, slots=True)
class StoreDaySummary:
    """Counts of documents, and what is posted: sales less refunds, AED, tax included."""

    location_code: str
    day: date
    invoices: int
    cash_sales: int
    cash_refunds: int
    acknowledged: int
    open_errors: int
    posted_total: Decimal


def summarise(ledger: LedgerStore, location_code: str, day: date) -> StoreDaySummary:
    """Count what was landed, posted, acknowledged and is open for a store-day."""
    with ledger.read() as work:
        invoices = work.documents.count_of_day(location_code, day)
        sales, refunds = (
            [
                entry.total
                for entry in work.store_day_rows.entries(location_code, day, one)
                if entry.status == Status.POSTED
            ]
            for one in (CASH_SALE, CASH_REFUND)
        )
        acknowledged = work.acknowledgements.acknowledged_of_day(location_code, day)
        errors = work.errors.open_of_day(location_code, day)
    return StoreDaySummary(
        location_code=location_code,
        day=day,
        invoices=invoices,
        cash_sales=len(sales),
        cash_refunds=len(refunds),
        acknowledged=len(acknowledged),
        open_errors=len(errors),
        posted_total=total_of(sales) - total_of(refunds),
    )
