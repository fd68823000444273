"""Acknowledging: ledger -> IPOS. It hears of an invoice only when NetSuite has all of it.

Belongs here: draining the outbox. Not here: what puts a document into it (settling.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from ipos_pipeline.clients.ipos import AcknowledgedDocument, IposClient
from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.domain.json_text import read_json
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE
from ipos_pipeline.domain.retry_policy import DELAYS
from ipos_pipeline.ledger.documents import SourceDocument
from ipos_pipeline.ledger.entry import PostingEntry
from ipos_pipeline.ledger.integration_errors import Failure, Stage
from ipos_pipeline.ledger.store import LedgerStore

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Acknowledged:
    """What one look at the outbox did, in counts of documents."""

    confirmed: int = 0
    refused: int = 0


async def acknowledge_store_day(
    ipos: IposClient,
    ledger: LedgerStore,
    *,
    profile: IposProfile,
    location_code: str,
    day: date,
    run: str,
    clock: Callable[[], datetime],
) -> Acknowledged:
    """Tell IPOS of every completed document of a store-day that it has not confirmed yet.

    Each call is settled before the next one, so that a crash repeats one call at most; repeating is
    safe. Raises TransientError when IPOS does not answer; what is due stays due.
    """
    result = Acknowledged()
    with ledger.read() as work:
        due = work.acknowledgements.due(location_code, day, now=clock())
    for keys in chunked(due, profile.acknowledge.documents_max):
        with ledger.read() as work:
            documents = work.documents.by_key(keys)
            entries = work.entries.of_documents(keys)
        told = [_told(documents[key], entries.get(key, []), profile) for key in keys]
        refusals = await ipos.acknowledge(told)
        _settle(ledger, documents, refusals, run=run, at=clock())
        result.confirmed += len(keys) - len(refusals)
        result.refused += len(refusals)
    return result


def _told(
    document: SourceDocument, entries: Iterable[PostingEntry], profile: IposProfile
) -> AcknowledgedDocument:
    """Say what IPOS is told: the cash sale's ID, or the refund's where there is no sale."""
    raw = read_json(document.payload)
    names = profile.header
    posted = {entry.record_type: entry.internal_id for entry in entries}
    sale, refund = posted.get(CASH_SALE), posted.get(CASH_REFUND)
    words = profile.doc_types
    default_word = words.return_ if document.from_returns_feed else words.sale
    return AcknowledgedDocument(
        document_key=document.document_key,
        doc_type=raw.get(names.doc_type) or default_word,
        inv_no=raw.get(names.inv_no),
        inv_date=raw.get(names.inv_date),
        erp_id=sale or refund or "",
        erp_refund_id=refund if sale else None,
    )


def _settle(
    ledger: LedgerStore,
    documents: Mapping[str, SourceDocument],
    refusals: Mapping[str, str],
    *,
    run: str,
    at: datetime,
) -> None:
    confirmed = [key for key in documents if key not in refusals]
    with ledger.write(run) as work:
        work.acknowledgements.settle(confirmed, at=at)
        work.errors.close(confirmed, [Stage.ACKNOWLEDGE], at=at, how="IPOS confirmed it")
        for key, why in refusals.items():
            failure = _refusal(documents[key], why)
            log.warning("acknowledgement_refused", extra={"invoice": key})
            until = work.errors.fail(failure, at=at) or at + DELAYS[-1]
            work.acknowledgements.postpone(key, until=until)


def _refusal(document: SourceDocument, why: str) -> Failure:
    reason = "NetSuite has everything of"
    if document.filter_rule is not None:
        reason = f"The filter {document.filter_rule} keeps out"
    return Failure(
        external_id=document.document_key,
        stage=Stage.ACKNOWLEDGE,
        location_code=document.location_code,
        business_date=document.business_date,
        number=document.number,
        record_type=None,
        code="acknowledgement_refused",
        message=f"{reason} invoice {document.number}, but IPOS does not take the"
        f" acknowledgement: {why}.",
        next_step="Ask the IPOS vendor why; it is told again later. Nothing is posted twice.",
    )
