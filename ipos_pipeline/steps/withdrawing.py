"""Withdrawing: postings that a person takes back are deleted in NetSuite, if they are still ours.

Belongs here: record first, delete second, look up what is doubtful. Not here: what may be deleted
(domain/operator_rules.py), posting again (replanning.py). NetSuite has no condition on a delete
(netsuite_facts 8): a change between our look and the delete, seconds later, is not seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.netsuite_record import SUITEQL_TYPES
from ipos_pipeline.domain.operator_rules import (
    PostedDocument,
    TransactionInNetSuite,
    Verdict,
    why_not_withdraw,
)
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.errors import ConfigurationError, InDoubtError, RejectedError, TransientError
from ipos_pipeline.ledger.entry import PostingEntry, Status
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.marking import MARKED
from ipos_pipeline.steps.resolving import By

NO_SUCH_RECORD = "NONEXISTENT_ID"


async def withdraw(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    selection: Selection,
    by: By,
    *,
    is_preview: bool = False,
) -> list[Verdict]:
    """Delete selected postings in NetSuite that this pipeline made and nobody has changed since.

    The others are refused by name. What a stopped withdrawal has left is looked up and ended.
    Raises TransientError when NetSuite cannot be asked, with nothing deleted.
    """
    selection.checked()
    with ledger.read() as work:
        entries = list(work.entries.with_ids(work.selecting.entries(selection)).values())
        marked = {
            one.external_id for one in entries if _was_marked(work.history.of(one.external_id))
        }
    there = await netsuite.transactions_by_internal_id(
        one.internal_id for one in entries if one.internal_id is not None
    )
    verdicts = [
        _decide(one, there.get(one.internal_id or ""), was_marked=one.external_id in marked)
        for one in entries
    ]
    if is_preview:
        return verdicts
    withdrawal = _Withdrawal(netsuite, ledger, by)
    return list(
        await asyncio.gather(
            *(
                withdrawal.carry_out(entry, verdict, is_there=entry.internal_id in there)
                for entry, verdict in zip(entries, verdicts, strict=True)
            )
        )
    )


def _was_marked(events: Iterable[Mapping[str, object]]) -> bool:
    posted = [event for event in events if event["kind"] == Status.POSTED]
    return bool(posted) and MARKED in str(posted[-1]["detail"])


def _decide(
    entry: PostingEntry, there: TransactionInNetSuite | None, *, was_marked: bool
) -> Verdict:
    if entry.status == Status.WITHDRAWN:
        return _verdict(entry, "withdrawn already", applies=False, is_so_already=True)
    if entry.status not in {Status.POSTED, Status.WITHDRAWING}:
        return _verdict(entry, f"it is {entry.status.replace('_', ' ')}, not posted", applies=False)
    if entry.status == Status.WITHDRAWING and there is None:
        return _verdict(entry, "NetSuite has it no more: withdrawn", applies=True)
    ours = PostedDocument(
        entry.external_id,
        entry.internal_id,
        SUITEQL_TYPES[entry.record_type],
        entry.total,
        netsuite_modified=entry.netsuite_modified,
        was_marked=was_marked,
    )
    why_not = why_not_withdraw(ours, there)
    if why_not is not None:
        return _verdict(entry, why_not, applies=False)
    return _verdict(
        entry, f"internal ID {entry.internal_id} of {entry.total} deleted", applies=True
    )


class _Withdrawal:
    """Deletes what was decided, one document at a time, each step in the ledger."""

    def __init__(self, netsuite: NetSuiteClient, ledger: LedgerStore, by: By) -> None:
        self._netsuite = netsuite
        self._ledger = ledger
        self._by = by

    async def carry_out(self, entry: PostingEntry, verdict: Verdict, *, is_there: bool) -> Verdict:
        """Withdraw one document, or put a withdrawal that was stopped in order again."""
        if entry.status == Status.WITHDRAWING and is_there and not verdict.applies:
            self._keep(entry, verdict.words)
        if not verdict.applies:
            return verdict
        if not self._begin(entry):
            return _verdict(entry, "it has changed meanwhile: look again", applies=False)
        if not is_there:
            return self._end(entry, verdict)
        return await self._delete(entry, verdict)

    def _begin(self, entry: PostingEntry) -> bool:
        """Record the intent before anything is sent; IPOS is told nothing of it meanwhile."""
        with self._ledger.write(self._by.actor) as work:
            if entry.status == Status.WITHDRAWING:
                return True
            begun = work.decisions.begin_withdrawal(
                entry.external_id, at=self._by.at, reason=self._by.reason
            )
            if begun:
                work.acknowledgements.withhold([entry.document_key])
        return begun

    async def _delete(self, entry: PostingEntry, verdict: Verdict) -> Verdict:
        internal_id = entry.internal_id or ""
        try:
            await self._netsuite.delete_transaction(entry.record_type, internal_id)
        except InDoubtError as error:
            return await self._look_up(entry, verdict, str(error))
        except RejectedError as error:
            if error.code == NO_SUCH_RECORD:
                return await self._look_up(entry, verdict, str(error))
            return self._keep(entry, error.message)
        except (TransientError, ConfigurationError) as error:
            return self._keep(entry, error.message)
        return self._end(entry, verdict)

    async def _look_up(self, entry: PostingEntry, verdict: Verdict, doubt: str) -> Verdict:
        """See what became of a delete that was not answered; unknown stays unknown."""
        internal_id = entry.internal_id or ""
        try:
            there = await self._netsuite.transactions_by_internal_id([internal_id])
        except (TransientError, ConfigurationError) as error:
            doubt = f"{doubt}; {error.message}"
        else:
            if internal_id not in there:
                return self._end(entry, verdict)
        words = f"unknown whether it was deleted, withdraw it again to look: {doubt}"
        return _verdict(entry, words, applies=False)

    def _keep(self, entry: PostingEntry, why: str) -> Verdict:
        """Note that nothing was deleted; IPOS hears of the document as before."""
        with self._ledger.write(self._by.actor) as work:
            work.decisions.keep_posted(entry.external_id, at=self._by.at, reason=why)
            work.acknowledgements.enqueue_completed([entry.document_key], at=self._by.at)
        return _verdict(entry, f"not deleted: {why}", applies=False)

    def _end(self, entry: PostingEntry, verdict: Verdict) -> Verdict:
        with self._ledger.write(self._by.actor) as work:
            work.decisions.end_withdrawal(
                entry.external_id, at=self._by.at, internal_id=entry.internal_id or ""
            )
        return verdict


def _verdict(
    entry: PostingEntry, words: str, *, applies: bool, is_so_already: bool = False
) -> Verdict:
    key, code, day = entry.external_id, entry.location_code, entry.business_date
    return Verdict(key, code, day, applies, words, is_so_already)
