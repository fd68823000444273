"""What the ledger holds of one store-day, as frames for people and for Parquet.

Belongs here: ledger rows -> columns. Not here: the split (domain/line_frames.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.ipos_invoice import parse_invoice
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.domain.json_text import read_json
from ipos_pipeline.domain.line_frames import INSTANT, MONEY, RAW_LINES, frame_of, raw_rows
from ipos_pipeline.domain.netsuite_record import RecordType
from ipos_pipeline.domain.reconciliation import Difference
from ipos_pipeline.ledger.store import LedgerStore

POSTINGS = pa.schema(
    [
        pa.field("external_id", pa.string()),
        pa.field("document_key", pa.string()),
        pa.field("status", pa.string()),
        pa.field("internal_id", pa.string()),
        pa.field("total", MONEY),
        pa.field("attempts", pa.int64()),
        pa.field("posted_at", INSTANT),
        pa.field("lines", pa.int64()),
        pa.field("lines_amount", MONEY),
    ]
)
"""Columns of `cash_sales` and `cash_refunds`: one row for each document. `total` is what NetSuite
shows, tax included; `lines_amount` adds up the lines of `sale_lines` or `refund_lines`."""

ACKNOWLEDGEMENTS = pa.schema(
    [
        pa.field("document_key", pa.string()),
        pa.field("inv_no", pa.string()),
        pa.field("state", pa.string()),
        pa.field("filter_rule", pa.string()),
        pa.field("first_seen_at", INSTANT),
        pa.field("acknowledged_at", INSTANT),
    ]
)
"""Columns of `acknowledgements`: one row for each landed invoice."""

ERRORS = pa.schema(
    [
        pa.field("external_id", pa.string()),
        pa.field("stage", pa.string()),
        pa.field("inv_no", pa.string()),
        pa.field("code", pa.string()),
        pa.field("message", pa.string()),
        pa.field("next_step", pa.string()),
        pa.field("path", pa.string()),
        pa.field("attempts", pa.int64()),
        pa.field("first_failed_at", INSTANT),
        pa.field("last_failed_at", INSTANT),
    ]
)
"""Columns of `integration_errors`: one row for each open error."""

DIFFERENCES = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("subject", pa.string()),
        pa.field("detail", pa.string()),
    ]
)
"""Columns of `store_day_reconciliation`: one row for each difference."""


def raw_lines(
    ledger: LedgerStore, *, configuration: IposConfiguration, profile: IposProfile, day: date
) -> pd.DataFrame:
    """Read a store-day's landed invoices, one row for each line (`RAW_LINES`)."""
    rows: list[dict[str, Any]] = []
    with ledger.read() as work:
        for document in work.documents.of_day(configuration.location_code, day):
            invoice = parse_invoice(
                read_json(document.payload),
                configuration=configuration,
                profile=profile,
                from_returns_feed=document.from_returns_feed,
            )
            rows += raw_rows(invoice, state=document.state)
    return frame_of(rows, RAW_LINES)


def planned_documents(ledger: LedgerStore, *, location_code: str, day: date) -> set[str]:
    """Give the external IDs that the ledger means to have in NetSuite for a store-day."""
    with ledger.read() as work:
        return {entry.external_id for entry in work.entries.of_day(location_code, day)}


def postings(
    ledger: LedgerStore,
    lines: pd.DataFrame,
    *,
    record_type: RecordType,
    location_code: str,
    day: date,
) -> pd.DataFrame:
    """Read what became of a store-day's documents, beside what their lines add up to."""
    with ledger.read() as work:
        entries = [
            entry
            for entry in work.entries.of_day(location_code, day)
            if entry.record_type == record_type
        ]
    by_document = lines.groupby("external_id")["amount"]
    counts, amounts = by_document.size().to_dict(), by_document.sum().to_dict()
    rows = (
        {
            "external_id": entry.external_id,
            "document_key": entry.document_key,
            "status": entry.status,
            "internal_id": entry.internal_id,
            "total": entry.total,
            "attempts": entry.attempts,
            "posted_at": entry.posted_at,
            "lines": counts.get(entry.external_id, 0),
            "lines_amount": amounts.get(entry.external_id),
        }
        for entry in entries
    )
    return frame_of(rows, POSTINGS)


def acknowledgements(ledger: LedgerStore, *, location_code: str, day: date) -> pd.DataFrame:
    """Read which of a store-day's invoices IPOS has confirmed (`ACKNOWLEDGEMENTS`)."""
    with ledger.read() as work:
        documents = list(work.documents.of_day(location_code, day))
        confirmed = work.acknowledgements.acknowledged_of_day(location_code, day)
    rows = (
        {
            "document_key": document.document_key,
            "inv_no": document.number,
            "state": document.state,
            "filter_rule": document.filter_rule,
            "first_seen_at": document.first_seen_at,
            "acknowledged_at": confirmed.get(document.document_key),
        }
        for document in documents
    )
    return frame_of(rows, ACKNOWLEDGEMENTS)


def open_errors(ledger: LedgerStore, *, location_code: str, day: date) -> pd.DataFrame:
    """Read a store-day's open errors (`ERRORS`), oldest first."""
    with ledger.read() as work:
        errors = work.errors.open_of_day(location_code, day)
    rows = (
        {name: getattr(error, "number" if name == "inv_no" else name) for name in ERRORS.names}
        for error in errors
    )
    return frame_of(rows, ERRORS)


def differences_frame(differences: Iterable[Difference]) -> pd.DataFrame:
    """Put the differences of a reconciliation into a frame (`DIFFERENCES`)."""
    rows = ({name: getattr(one, name) for name in DIFFERENCES.names} for one in differences)
    return frame_of(rows, DIFFERENCES)
