"""What the ledger holds of one store-day, as frames for people and for Parquet.

Belongs here: ledger rows -> columns. Not here: the split (domain/line_frames.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa

from ipos_pipeline.domain.business_day import suspicion_of
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.ipos_invoice import parse_invoice
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.domain.json_text import read_json
from ipos_pipeline.domain.line_frames import INSTANT, MONEY, RAW_LINES, frame_of, raw_rows
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE, RecordType
from ipos_pipeline.domain.store_day_proof import Difference, StoreDayProof
from ipos_pipeline.ledger.documents import SourceDocument, State
from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.previewing import PreviewedDocument, PreviewedProblem

POSTINGS = pa.schema(
    [
        pa.field("external_id", pa.string()),
        pa.field("document_key", pa.string()),
        pa.field("status", pa.string()),
        pa.field("internal_id", pa.string()),
        pa.field("total", MONEY),
        pa.field("attempts", pa.int64()),
        pa.field("first_seen_at", INSTANT),
        pa.field("posted_at", INSTANT),
        pa.field("lines", pa.int64()),
        pa.field("lines_amount", MONEY),
    ]
)
"""Columns of `cash_sales` and `cash_refunds`: one row for each document. `total` is what NetSuite
shows, tax included; `first_seen_at` is when IPOS first showed the invoice; `lines_amount` adds up
the lines of `sale_lines` or `refund_lines`."""

ACKNOWLEDGEMENTS = pa.schema(
    [
        pa.field("document_key", pa.string()),
        pa.field("inv_no", pa.string()),
        pa.field("state", pa.string()),
        pa.field("filter_rule", pa.string()),
        pa.field("first_seen_at", INSTANT),
        pa.field("is_awaited", pa.bool_()),
        pa.field("acknowledged_at", INSTANT),
    ]
)
"""Columns of `acknowledgements`: one row for each landed invoice. `is_awaited`: whether IPOS is to
confirm it, one day; a filtered one only where the location says so, and one that a person has set
aside only if IPOS was to be told."""

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


SUSPICIOUS_DATES = pa.schema(
    [
        pa.field("document_key", pa.string()),
        pa.field("inv_no", pa.string()),
        pa.field("why", pa.string()),
    ]
)
"""Invoices whose time a right clock would not have written (M19)."""

SIDES = pa.schema(
    [
        pa.field("side", pa.string()),
        pa.field("documents", pa.int64()),
        pa.field("net", MONEY),
        pa.field("tax", MONEY),
        pa.field("gross", MONEY),
    ]
)
"""The three sides of a store-day; IPOS counts invoices. Amounts are sales less refunds."""

PREVIEWED_DOCUMENTS = pa.schema(
    [
        pa.field("external_id", pa.string()),
        pa.field("action", pa.string()),
        pa.field("record_type", pa.string()),
        pa.field("customer", pa.string()),
        pa.field("tran_date", pa.date32()),
        pa.field("lines", pa.int64()),
        pa.field("total", MONEY),
    ]
)
"""What a dry run shows of the documents that a run would post."""

PREVIEWED_PROBLEMS = pa.schema(
    [
        pa.field("external_id", pa.string()),
        pa.field("code", pa.string()),
        pa.field("message", pa.string()),
        pa.field("next_step", pa.string()),
    ]
)
"""What a dry run shows of the documents that a run could not post: one row for each reason."""


def raw_lines(
    ledger: LedgerStore, *, configuration: IposConfiguration, profile: IposProfile, day: date
) -> pd.DataFrame:
    """Read a store-day's landed invoices, one row for each line (`RAW_LINES`)."""
    rows: list[dict[str, Any]] = []
    with ledger.read() as work:
        documents = list(work.documents.of_day(configuration.location_code, day))
        entries = work.entries.of_documents(
            one.document_key for one in documents if one.replanned_payload is not None
        )
    for document in documents:
        read = partial(_rows, document, configuration=configuration, profile=profile)
        if document.replanned_payload is None:
            rows += read(document.payload)
        else:
            landed = {
                entry.record_type
                for entry in entries.get(document.document_key, [])
                if entry.payload_hash == document.payload_hash
            }
            rows += [row for row in read(document.payload) if _side(row) in landed]
            rows += [row for row in read(document.replanned_payload) if _side(row) not in landed]
    return frame_of(rows, RAW_LINES)


def _rows(
    document: SourceDocument,
    payload: str,
    *,
    configuration: IposConfiguration,
    profile: IposProfile,
) -> list[dict[str, Any]]:
    invoice = parse_invoice(
        read_json(payload),
        configuration=configuration,
        profile=profile,
        from_returns_feed=document.from_returns_feed,
    )
    return raw_rows(invoice, state=document.state, filter_rule=document.filter_rule)


def _side(row: Mapping[str, Any]) -> RecordType:
    """Tell to which document a line goes: a side may be planned from a newer version."""
    return CASH_REFUND if Decimal(row["qty"]) < 0 else CASH_SALE


def suspicious_dates(
    ledger: LedgerStore, configuration: IposConfiguration, day: date
) -> pd.DataFrame:
    """Name a store-day's landed invoices with suspicious dates (`SUSPICIOUS_DATES`)."""
    with ledger.read() as work:
        documents = list(work.documents.of_day(configuration.location_code, day))
    reasons = (
        suspicion_of(
            one.occurred_at.astimezone(configuration.zone),
            one.business_date,
            now=one.first_seen_at,
            cutoff_hour=configuration.day_cutoff_hour,
        )
        for one in documents
    )
    rows = (
        {"document_key": one.document_key, "inv_no": one.number, "why": why}
        for one, why in zip(documents, reasons, strict=True)
        if why is not None
    )
    return frame_of(rows, SUSPICIOUS_DATES)


def planned_documents(ledger: LedgerStore, *, location_code: str, day: date) -> set[str]:
    """Give the external IDs that the ledger means to have in NetSuite for a store-day."""
    with ledger.read() as work:
        return {entry.external_id for entry in work.entries.of_day(location_code, day)}


def postings(ledger: LedgerStore, lines: pd.DataFrame, *, scope: PartitionScope) -> pd.DataFrame:
    """Read what became of a store-day's documents, beside what their lines add up to."""
    with ledger.read() as work:
        entries = [
            entry
            for entry in work.entries.of_day(scope.location_code, scope.business_date)
            if entry.record_type == scope.record_type
        ]
        first_seen = work.documents.first_seen_of_day(scope.location_code, scope.business_date)
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
            "first_seen_at": first_seen[entry.document_key],
            "posted_at": entry.posted_at,
            "lines": counts.get(entry.external_id, 0),
            "lines_amount": amounts.get(entry.external_id),
        }
        for entry in entries
    )
    return frame_of(rows, POSTINGS)


def previewed_documents(documents: Iterable[PreviewedDocument]) -> pd.DataFrame:
    """Put what a run would do into a frame (`PREVIEWED_DOCUMENTS`)."""
    return frame_of(map(asdict, documents), PREVIEWED_DOCUMENTS)


def previewed_problems(problems: Iterable[PreviewedProblem]) -> pd.DataFrame:
    """Put what stands in the way of a run into a frame (`PREVIEWED_PROBLEMS`)."""
    return frame_of(map(asdict, problems), PREVIEWED_PROBLEMS)


def acknowledgements(ledger: LedgerStore, *, location_code: str, day: date) -> pd.DataFrame:
    """Read which of a store-day's invoices IPOS has confirmed (`ACKNOWLEDGEMENTS`)."""
    with ledger.read() as work:
        documents = list(work.documents.of_day(location_code, day))
        confirmed = work.acknowledgements.acknowledged_of_day(location_code, day)
        decided = work.selecting.set_aside_of_day(location_code, day)
        aside = decided | {
            entry.document_key
            for entry in work.entries.of_day(location_code, day)
            if entry.external_id in decided
        }
        told_of = confirmed.keys() | work.acknowledgements.outbox_of_day(location_code, day)
    rows = (
        {
            "document_key": document.document_key,
            "inv_no": document.number,
            "state": document.state,
            "filter_rule": document.filter_rule,
            "first_seen_at": document.first_seen_at,
            "is_awaited": document.document_key in told_of
            or (document.state != State.FILTERED and document.document_key not in aside),
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


def sides_frame(proof: StoreDayProof) -> pd.DataFrame:
    """Put the three sides of a proof beneath each other (`SIDES`)."""
    sides = (("IPOS", proof.ipos), ("ledger", proof.ledger), ("NetSuite", proof.netsuite))
    rows = (
        {"side": name, **{key: getattr(side, key) for key in SIDES.names[1:]}}
        for name, side in sides
    )
    return frame_of(rows, SIDES)
