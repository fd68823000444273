"""After a backup was restored: nothing is sent before it is known not to be in NetSuite (ADR 0022).

Belongs here: what becomes of a document that the lost ledger may have posted, or that a person may
have decided on. Not here: sending (posting.py), restoring (ledger/restoring.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline.domain.retry_policy import DECISION_LOST
from ipos_pipeline.ledger.entry import PostingEntry
from ipos_pipeline.ledger.restores import Restored
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.settling import Settler, Source

AT_ONCE = 500


async def sendable(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    settler: Settler,
    due: Sequence[PostingEntry],
    *,
    restored: Restored,
) -> list[PostingEntry]:
    """Give what may be sent of what is due; what NetSuite has is adopted.

    Where a person may have decided in the time that the ledger has forgotten, one is asked: once,
    for a document that is due with that error was taken up again.
    """
    unsure = {one.external_id for one in due if restored.is_unsure(one)}
    known_not_there: set[str] = set()
    for some in chunked((one for one in due if one.external_id in unsure), AT_ONCE):
        known_not_there |= await _looked_up(netsuite, ledger, settler, some, restored)
    settler.flush()
    return [one for one in due if one.external_id not in unsure - known_not_there]


async def _looked_up(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    settler: Settler,
    entries: Sequence[PostingEntry],
    restored: Restored,
) -> set[str]:
    """Settle what needs no sending; give the external IDs of the others."""
    external_ids = [one.external_id for one in entries]
    found = await netsuite.transactions_by_external_id(external_ids)
    with ledger.read() as work:
        documents = work.documents.by_key({one.document_key for one in entries})
        asked = work.errors.open_with_code(external_ids, DECISION_LOST)
    left: set[str] = set()
    for entry in entries:
        document = documents[entry.document_key]
        source = Source(document.number, document.payload)
        transaction = found.get(entry.external_id)
        if transaction is not None:
            settler.adopt(entry, source, transaction, total=entry.total)
        elif restored.may_be_decided(document.occurred_at) and entry.external_id not in asked:
            settler.needs_person(entry, source, _decision_lost(restored))
        else:
            left.add(entry.external_id)
    return left


def _decision_lost(restored: Restored) -> Problem:
    ends_at = restored.backup_ends_at
    backup = "an empty one" if ends_at is None else f"one that ends at {ends_at:%Y-%m-%d %H:%M} UTC"
    return Problem(
        "decision_lost",
        f"The ledger was restored from a backup, {backup}. NetSuite does not have this document;"
        " the ledger no longer knows whether a person had set it aside or booked it by hand.",
        "If nobody had, retry it. Otherwise set it aside again, or mark it as posted.",
    )
