"""What the ledger holds of one store-day, as frames for people and for Parquet.

Belongs here: ledger rows -> columns. Not here: the split (domain/line_frames.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from decimal import Decimal

import pandas as pd
import pyarrow as pa

from ipos_pipeline.domain.line_frames import INSTANT, MONEY, arrow_of, frame_of
from ipos_pipeline.domain.shadow_comparison import Finding
from ipos_pipeline.domain.store_day_proof import Difference, StoreDayProof
from ipos_pipeline.ledger.acknowledgements import ACKNOWLEDGED, DUE
from ipos_pipeline.ledger.documents import State
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

COMPARED = pa.schema(
    [
        *DIFFERENCES,
        pa.field("key", pa.string()),
        pa.field("ours", MONEY),
        pa.field("in_netsuite", MONEY),
        pa.field("internal_ids", pa.string()),
    ]
)
"""Documents of a store-day in shadow beside what another script has posted of them."""

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


def planned_documents(ledger: LedgerStore, *, location_code: str, day: date) -> set[str]:
    """Give the external IDs that the ledger means to have in NetSuite for a store-day."""
    with ledger.read() as work:
        return work.store_day_rows.external_ids(location_code, day)


def postings(ledger: LedgerStore, lines: pd.DataFrame, *, scope: PartitionScope) -> pd.DataFrame:
    """Read what became of a store-day's documents, beside what their lines add up to."""
    with ledger.read() as work:
        entries = work.store_day_rows.entries(
            scope.location_code, scope.business_date, scope.record_type
        )
    counts, amounts = _by_document(lines)
    rows = (
        {
            "external_id": entry.external_id,
            "document_key": entry.document_key,
            "status": entry.status,
            "internal_id": entry.internal_id,
            "total": entry.total,
            "attempts": entry.attempts,
            "first_seen_at": entry.first_seen_at,
            "posted_at": entry.posted_at,
            "lines": counts.get(entry.external_id, 0),
            "lines_amount": amounts.get(entry.external_id),
        }
        for entry in entries
    )
    return frame_of(rows, POSTINGS)


def _by_document(lines: pd.DataFrame) -> tuple[dict[str, int], dict[str, Decimal]]:
    """Count the lines of each external ID, and add their amounts up."""
    by_document = arrow_of(lines[["external_id", "amount"]]).group_by("external_id")
    sums = by_document.aggregate([("amount", "count"), ("amount", "sum")])
    keys = sums["external_id"].to_pylist()
    counts, amounts = sums["amount_count"].to_pylist(), sums["amount_sum"].to_pylist()
    return dict(zip(keys, counts, strict=True)), dict(zip(keys, amounts, strict=True))


def previewed_documents(documents: Iterable[PreviewedDocument]) -> pd.DataFrame:
    """Put what a run would do into a frame (`PREVIEWED_DOCUMENTS`)."""
    return frame_of(map(asdict, documents), PREVIEWED_DOCUMENTS)


def previewed_problems(problems: Iterable[PreviewedProblem]) -> pd.DataFrame:
    """Put what stands in the way of a run into a frame (`PREVIEWED_PROBLEMS`)."""
    return frame_of(map(asdict, problems), PREVIEWED_PROBLEMS)


def acknowledgements(ledger: LedgerStore, *, location_code: str, day: date) -> pd.DataFrame:
    """Read which of a store-day's invoices IPOS has confirmed (`ACKNOWLEDGEMENTS`)."""
    with ledger.read() as work:
        documents = work.store_day_rows.acknowledgements(location_code, day)
        decided = work.selecting.set_aside_of_day(location_code, day)
        entries = work.entries.with_ids(decided)
    aside = decided | {entry.document_key for entry in entries.values()}
    rows = (
        {
            "document_key": document.document_key,
            "inv_no": document.number,
            "state": document.state,
            "filter_rule": document.filter_rule,
            "first_seen_at": document.first_seen_at,
            "is_awaited": document.status in (DUE, ACKNOWLEDGED)
            or (document.state != State.FILTERED and document.document_key not in aside),
            "acknowledged_at": document.acknowledged_at,
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


def differences_frame(differences: Iterable[Difference | Finding]) -> pd.DataFrame:
    """Put what a reconciliation, or a comparison in shadow, found into a frame (`DIFFERENCES`)."""
    rows = ({name: getattr(one, name) for name in DIFFERENCES.names} for one in differences)
    return frame_of(rows, DIFFERENCES)


def compared_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Put what a comparison in shadow found into a frame (`COMPARED`)."""
    rows = (
        {
            **{name: getattr(one, name) for name in DIFFERENCES.names},
            "key": one.key,
            "ours": one.ours,
            "in_netsuite": one.theirs,
            "internal_ids": ", ".join(one.internal_ids),
        }
        for one in findings
    )
    return frame_of(rows, COMPARED)


def sides_frame(proof: StoreDayProof) -> pd.DataFrame:
    """Put the three sides of a proof beneath each other (`SIDES`)."""
    sides = (("IPOS", proof.ipos), ("ledger", proof.ledger), ("NetSuite", proof.netsuite))
    rows = (
        {"side": name, **{key: getattr(side, key) for key in SIDES.names[1:]}}
        for name, side in sides
    )
    return frame_of(rows, SIDES)
