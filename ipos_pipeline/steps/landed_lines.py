"""What was landed of one store-day, as lines: read from the payloads, but each version once.

Belongs here: landed payloads -> `RAW_LINES`. Not here: the other frames (ledger_frames.py), the
split (domain/line_frames.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ipos_pipeline.domain.business_day import end_of_business_day, suspicion_of
from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.ipos_invoice import parse_invoice
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.domain.json_text import read_json
from ipos_pipeline.domain.line_frames import (
    RAW_LINES,
    arrow_of,
    frame_of,
    frame_of_arrow,
    order_of,
    raw_rows,
)
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE, RecordType
from ipos_pipeline.ledger.documents import SourceDocument
from ipos_pipeline.ledger.entry import PostingEntry
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.ledger.store_day_rows import LandedVersion

READ_AT_ONCE = 500
"""Payloads in memory at once."""
IN_A_PIECE = 10 * READ_AT_ONCE
"""Invoices whose lines are one piece of a frame: what is large goes back to the system when it is
freed, what is small stays between what lives on."""

SUSPICIOUS_DATES = pa.schema(
    [
        pa.field("document_key", pa.string()),
        pa.field("inv_no", pa.string()),
        pa.field("why", pa.string()),
    ]
)
"""Invoices whose time a right clock would not have written (M19)."""

_VERSION = ["document_key", "payload_hash", "state", "filter_rule"]
"""What tells whether a line was read from the version that is landed now."""


@dataclass(frozen=True, slots=True)
class LandedDay:
    """What was landed of a store-day: `lines` as `RAW_LINES`, `suspicious` as `SUSPICIOUS_DATES`.

    `arrived_late` counts invoices that IPOS first showed after the day was over.
    """

    lines: pd.DataFrame
    suspicious: pd.DataFrame
    arrived_late: int


def landed_day(
    ledger: LedgerStore,
    *,
    configuration: IposConfiguration,
    profile: IposProfile,
    day: date,
    before: pd.DataFrame | None = None,
) -> LandedDay:
    """Read a store-day's landed invoices, one row for each line.

    `before` is the frame of an earlier run: the lines of versions that it holds are taken from
    there, so that the work grows with what is new and not with the day.
    """
    with ledger.read() as work:
        versions = work.store_day_rows.documents(configuration.location_code, day)
    kept = _kept(before, versions)
    known = set(pc.unique(kept["document_key"]).to_pylist())
    fresh = [one.document_key for one in versions if one.document_key not in known]
    read = partial(_read, ledger, configuration=configuration, profile=profile)
    pieces = (map(read, chunked(keys, READ_AT_ONCE)) for keys in chunked(fresh, IN_A_PIECE))
    lines = pa.concat_tables([kept, *(pa.concat_tables(some).combine_chunks() for some in pieces)])
    del kept
    if fresh:
        order = order_of(lines, "inv_at", "document_key")
        if not order.equals(pa.array(range(len(lines)), order.type)):
            lines = lines.take(order)
    end = end_of_business_day(
        day, timezone=configuration.zone, cutoff_hour=configuration.day_cutoff_hour
    )
    return LandedDay(
        lines=frame_of_arrow(lines),
        suspicious=_suspicious(versions, configuration, day),
        arrived_late=sum(one.first_seen_at >= end for one in versions),
    )


def _kept(before: pd.DataFrame | None, versions: Iterable[LandedVersion]) -> pa.Table:
    """Take from an earlier frame the lines of those versions that are still the landed ones."""
    if before is None or list(before.columns) != RAW_LINES.names:
        return RAW_LINES.empty_table()
    table = arrow_of(before, RAW_LINES)
    held = table.group_by(_VERSION).aggregate([]).to_pylist()
    landed = {
        (one.document_key, one.payload_hash, one.state, one.filter_rule)
        for one in versions
        if one.replanned_hash is None  # its sides may be of two versions
    }
    same = [row["document_key"] for row in held if tuple(row[name] for name in _VERSION) in landed]
    if len(same) == len(held):
        return table
    return table.filter(pc.is_in(table["document_key"], pa.array(same, pa.string())))


def _read(
    ledger: LedgerStore,
    document_keys: Sequence[str],
    *,
    configuration: IposConfiguration,
    profile: IposProfile,
) -> pa.Table:
    with ledger.read() as work:
        documents = work.documents.by_key(document_keys)
        replanned = [key for key, one in documents.items() if one.replanned_payload is not None]
        entries = work.entries.of_documents(replanned)
    rows: list[dict[str, Any]] = []
    for key in document_keys:
        rows += _rows_of(documents[key], entries.get(key, []), configuration, profile)
    return pa.Table.from_pylist(rows, schema=RAW_LINES)


def _rows_of(
    document: SourceDocument,
    entries: Iterable[PostingEntry],
    configuration: IposConfiguration,
    profile: IposProfile,
) -> list[dict[str, Any]]:
    """Read the lines of a document: a side may be planned from a newer version than the landed."""
    read = partial(_rows, document, configuration=configuration, profile=profile)
    if document.replanned_payload is None:
        return read(document.payload)
    landed = {one.record_type for one in entries if one.payload_hash == document.payload_hash}
    rows = [row for row in read(document.payload) if _side(row) in landed]
    return rows + [row for row in read(document.replanned_payload) if _side(row) not in landed]


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
    return raw_rows(
        invoice,
        state=document.state,
        filter_rule=document.filter_rule,
        payload_hash=document.payload_hash,
    )


def _side(row: Mapping[str, Any]) -> RecordType:
    return CASH_REFUND if Decimal(row["qty"]) < 0 else CASH_SALE


def _suspicious(
    versions: Sequence[LandedVersion], configuration: IposConfiguration, day: date
) -> pd.DataFrame:
    """Name a store-day's invoices with suspicious dates."""
    reasons = (
        suspicion_of(
            one.occurred_at.astimezone(configuration.zone),
            day,
            now=one.first_seen_at,
            cutoff_hour=configuration.day_cutoff_hour,
        )
        for one in versions
    )
    rows = (
        {"document_key": one.document_key, "inv_no": one.number, "why": why}
        for one, why in zip(versions, reasons, strict=True)
        if why is not None
    )
    return frame_of(rows, SUSPICIOUS_DATES)
