"""Marking: a document that a person booked by hand becomes posted, once NetSuite shows it.

Belongs here: looking the transaction up and comparing. Not here: what is compared
(domain/operator_rules.py).
"""

from __future__ import annotations

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.netsuite_record import SUITEQL_TYPES
from ipos_pipeline.domain.operator_rules import (
    PostedDocument,
    TransactionInNetSuite,
    Verdict,
    totals_in_words,
    why_not_mark,
)
from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.ledger.entry import PostingEntry, Status
from ipos_pipeline.ledger.integration_errors import Stage
from ipos_pipeline.ledger.store import LedgerStore, Transaction
from ipos_pipeline.steps.resolving import By

MARKED = "marked by "
"""How the history says that a person, not this pipeline, booked a document."""

NOT_BUSY = (Status.PENDING, Status.REJECTED, Status.SET_ASIDE, Status.WITHDRAWN)


async def mark_posted(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    external_id: str,
    internal_id: str,
    by: By,
    *,
    despite_difference: bool = False,
    is_preview: bool = False,
) -> Verdict:
    """Settle a document as the transaction that a person booked for it; IPOS is told as usual.

    Raises ConfigurationError for an external ID under which nothing is planned.
    """
    with ledger.read() as work:
        entry = work.entries.with_ids([external_id]).get(external_id)
        others = work.entries.with_internal_id(internal_id)
    if entry is None:
        message = f"No cash sale or refund is planned under {external_id!r}."
        raise ConfigurationError(
            message,
            recovery="Give the external ID with -CS or -CR, as `errors list` shows it; an invoice"
            " that is kept back as a whole can only be set aside.",
        )
    if entry.status not in NOT_BUSY:
        return _not_ours_to_settle(entry, internal_id)
    there = (await netsuite.transactions_by_internal_id([internal_id])).get(internal_id)
    own = (await netsuite.transactions_by_external_id([external_id])).get(external_id)
    ours = PostedDocument(
        external_id, entry.internal_id, SUITEQL_TYPES[entry.record_type], entry.total
    )
    why_not = why_not_mark(
        ours,
        there,
        internal_id=internal_id,
        owner=next((one.external_id for one in others if one.external_id != external_id), None),
        own_posting=own.internal_id if own else None,
    )
    if why_not is not None or there is None:
        return _verdict(entry, why_not or "", applies=False)
    words = totals_in_words(ours, there)
    if there.total != ours.total and not despite_difference:
        return _verdict(entry, words, applies=False)
    if is_preview or _settle(ledger, entry, there, by):
        return _verdict(entry, f"posted as internal ID {internal_id}: {words}", applies=True)
    return _verdict(entry, "a run has taken it meanwhile: look again", applies=False)


def _settle(ledger: LedgerStore, entry: PostingEntry, there: TransactionInNetSuite, by: By) -> bool:
    """Write what the person decided, unless a run has taken the document meanwhile."""
    with ledger.write(by.actor) as work:
        if _is_taken(work, entry, there):
            return False
        how = f"{MARKED}{by.actor}: {by.reason}"
        moved = work.decisions.mark_posted(entry.external_id, there.internal_id, at=by.at, how=how)
        if moved and there.tran_date is not None:
            other = entry.if_other_day(there.tran_date)
            work.entries.note_tran_dates({entry.external_id: other})
        if moved:
            stages = [Stage.MAP, Stage.POST]
            work.errors.close([entry.external_id], stages, at=by.at, how=how)
            work.acknowledgements.enqueue_completed([entry.document_key], at=by.at)
    return moved


def _is_taken(work: Transaction, entry: PostingEntry, there: TransactionInNetSuite) -> bool:
    """Tell whether another document was settled as that transaction since we looked."""
    owners = work.entries.with_internal_id(there.internal_id)
    return any(one.external_id != entry.external_id for one in owners)


def _not_ours_to_settle(entry: PostingEntry, internal_id: str) -> Verdict:
    if entry.internal_id is not None and entry.internal_id == internal_id:
        words = f"it is {entry.status} as internal ID {internal_id} already"
        key, code, day = entry.external_id, entry.location_code, entry.business_date
        return Verdict(key, code, day, applies=False, words=words, is_so_already=True)
    known = f" as internal ID {entry.internal_id}" if entry.internal_id else ""
    return _verdict(entry, f"it is {entry.status.replace('_', ' ')}{known}", applies=False)


def _verdict(entry: PostingEntry, words: str, *, applies: bool) -> Verdict:
    return Verdict(entry.external_id, entry.location_code, entry.business_date, applies, words)
