"""Postings to NetSuite: recorded first, sent second, settled third.

Belongs here: the order of those moves, and the look-up of what is in doubt. The only writer of
transactions. Not here: field mapping (domain/mapping.py), HTTP (clients/), SQL (ledger/).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.closed_period import posted_under
from ipos_pipeline.domain.netsuite_record import NetSuiteRecord
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline.errors import (
    AlreadyExistsError,
    ClosedPeriodError,
    ConfigurationError,
    InDoubtError,
    PipelineError,
    RejectedError,
    TransientError,
)
from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.ledger.entry import PostingEntry
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.after_restore import sendable
from ipos_pipeline.steps.customers import LocationCustomer
from ipos_pipeline.steps.open_days import OpenDays
from ipos_pipeline.steps.settling import Posted, Settler, Source
from ipos_pipeline.steps.sharing_slots import SharedSlots

CLAIM_AT_ONCE = 200
"""Entries whose intent is recorded in one transaction, before the first of them is sent."""

DOUBTS_MAX = 5
"""Attempts at a document that NetSuite says it has and does not show, before a person is asked."""

UNANSWERED_MAX = 5
"""Documents in a row without an answer that was understood, after which a run gives up."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One entry with its source and what it maps to: a record, or the reasons against it."""

    entry: PostingEntry
    source: Source
    mapped: NetSuiteRecord | list[Problem]


@dataclass(frozen=True, slots=True)
class Sendable:
    """One entry that may be sent, with the record to send; `other_day` where its own is closed."""

    entry: PostingEntry
    source: Source
    mapped: NetSuiteRecord
    other_day: date | None = None

    @property
    def record(self) -> NetSuiteRecord:
        """The record as it is sent."""
        return posted_under(self.mapped, self.other_day) if self.other_day else self.mapped


Prepare = Callable[[Sequence[PostingEntry]], AsyncIterator[Prepared]]
"""Maps entries to records; what is known of the source stays there (steps/preparing.py)."""


async def post_documents(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    prepare: Prepare,
    *,
    scope: PartitionScope,
    open_days: OpenDays,
    customer: LocationCustomer,
    run: str,
    clock: Callable[[], datetime],
    lease: timedelta,
) -> Posted:
    """Bring every document of one store-day and record type that is due into NetSuite.

    One document's failure never fails the others. Raises ConfigurationError, or TransientError
    where NetSuite answers nobody, after what was in flight has been settled and what was claimed
    but not sent has been given back. Raises the same where the ledger fails: what it cannot be told
    keeps its claim. A claim older than `lease` that nobody settled is taken to be a dead run's: it
    is looked up before anything is sent. So is what a restored ledger may have forgotten.
    """
    result = Posted()
    settler = Settler(ledger, run=run, clock=clock, result=result)
    await _settle_doubts(netsuite, ledger, settler, scope=scope, run=run, clock=clock, lease=lease)
    with ledger.read() as work:
        due = work.entries.to_send(scope, now=clock())
        restored = work.restores.newest()
    if restored is not None:
        due = await sendable(netsuite, ledger, settler, due, restored=restored)
    sender = _Sender(
        netsuite,
        ledger,
        settler,
        open_days=open_days,
        customer=customer,
        slots=SharedSlots(netsuite, ledger, run=run, clock=clock, lease=lease),
        run=run,
        clock=clock,
    )
    await sender.send_all(prepare(due))
    return result


async def _settle_doubts(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    settler: Settler,
    *,
    scope: PartitionScope,
    run: str,
    clock: Callable[[], datetime],
    lease: timedelta,
) -> None:
    """Look up what may have been applied: adopt what is there, make the rest pending again."""
    now = clock()
    with ledger.write(run) as work:
        work.entries.doubt_abandoned(scope, claimed_before=now - lease, at=now)
        doubtful = work.entries.in_doubt(scope)
        documents = work.documents.by_key({entry.document_key for entry in doubtful})
    if not doubtful:
        return
    found = await netsuite.transactions_by_external_id(one.external_id for one in doubtful)
    for entry in doubtful:
        transaction = found.get(entry.external_id)
        if transaction is not None:
            document = documents[entry.document_key]
            source = Source(document.number, document.payload)
            settler.adopt(entry, source, transaction, total=entry.total)
    settler.flush()
    with ledger.write(run) as work:
        work.entries.release(
            [one.external_id for one in doubtful if one.external_id not in found],
            at=clock(),
            reason="looked up: NetSuite does not have it",
        )


class _Sender:
    """Claims entries in batches and keeps as many requests in flight as the client allows."""

    def __init__(
        self,
        netsuite: NetSuiteClient,
        ledger: LedgerStore,
        settler: Settler,
        *,
        open_days: OpenDays,
        customer: LocationCustomer,
        slots: SharedSlots,
        run: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._netsuite = netsuite
        self._ledger = ledger
        self._settler = settler
        self._open_days = open_days
        self._customer = customer
        self._slots = slots
        self._run = run
        self._clock = clock
        self._queue: asyncio.Queue[Sendable | None] = asyncio.Queue(maxsize=CLAIM_AT_ONCE)
        self._stop: Exception | None = None
        self._unanswered = 0

    async def send_all(self, prepared: AsyncIterator[Prepared]) -> None:
        """Send everything; a systemic failure ends the feeding, and what is in flight settles."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._netsuite.concurrency):
                tasks.create_task(self._work())
            try:
                await self._feed(prepared)
            except Exception as error:  # noqa: BLE001 - raised below, like what stops a worker
                self._stop = self._stop or error
            for _ in range(self._netsuite.concurrency):
                await self._queue.put(None)
        self._settler.flush()
        if self._stop is not None:
            raise self._stop

    async def _feed(self, prepared: AsyncIterator[Prepared]) -> None:
        batch: list[Sendable] = []
        async for one in prepared:
            if isinstance(one.mapped, NetSuiteRecord):
                batch.append(Sendable(one.entry, one.source, one.mapped))
            else:
                self._settler.cannot_map(one.entry, one.source, one.mapped)
            if len(batch) == CLAIM_AT_ONCE:
                await self._claim(batch)
                batch = []
            if self._stop is not None:
                return
        await self._claim(batch)

    async def _claim(self, batch: Sequence[Sendable]) -> None:
        """Record the intent to send a batch, then hand over those that are ours."""
        if not batch:
            return
        at = self._clock()
        entries = [one.entry for one in batch]
        with self._ledger.write(self._run) as work:
            work.entries.set_total(_changed_totals(batch), at=at)
            ours = work.entries.claim(entries, run=self._run, at=at)
        self._slots.look_again()
        for one in batch:
            if one.entry.external_id in ours:
                await self._queue.put(one)

    async def _work(self) -> None:
        while (one := await self._queue.get()) is not None:
            try:
                if self._stop is None:
                    await self._send(one)
                    self._slots.look_again()
                else:
                    self._settler.not_sent(one.entry, _in_words(self._stop))
            except Exception as error:  # noqa: BLE001 - raised when the others have settled theirs
                self._stop = self._stop or error

    async def _send(self, one: Sendable) -> None:
        """Send one document and settle what became of it."""
        record = one.record
        body = record.to_payload()
        try:
            internal_id = await self._netsuite.create(record.record_type, body)
        except AlreadyExistsError as error:
            await self._adopt(one, body, error)
        except ClosedPeriodError as error:
            await self._send_under_open_day(one, body, error)
            return
        except RejectedError as error:
            problem = await self._customer.problem(error)
            self._settler.rejected(one.entry, one.source, body, error, problem=problem)
        except InDoubtError as error:
            self._settler.in_doubt(one.entry, str(error))
            self._count_unanswered(error)
            return
        except TransientError as error:
            self._settler.not_sent(one.entry, str(error))
            self._count_unanswered(error)
            return
        except ConfigurationError as error:
            self._stop = self._stop or error
            self._settler.not_sent(one.entry, str(error))
        else:
            self._settler.created(one.entry, internal_id)
        self._unanswered = 0

    async def _send_under_open_day(
        self, one: Sendable, body: Mapping[str, object], error: ClosedPeriodError
    ) -> None:
        """Send a refused document under the first open day, or leave it to a person.

        A refusal is certain: nothing was created. The day is in the ledger before the request goes
        out, so that whoever settles it after a crash knows it.
        """
        self._unanswered = 0
        entry = one.entry
        try:
            day = await self._open_days.after(one.record.tran_date)
        except (TransientError, ConfigurationError) as failure:
            self._stop = self._stop or failure
            self._settler.not_sent(entry, str(failure))
            return
        if day is None:
            problem = self._open_days.problem(entry, error.message)
            self._settler.rejected(entry, one.source, body, error, problem=problem)
            return
        at = self._clock()
        with self._ledger.write(self._run) as work:
            ours = work.entries.send_under(entry.external_id, day, run=self._run, at=at)
        if ours:
            await self._send(replace(one, other_day=day))
        else:
            self._settler.not_sent(entry, "another run has taken it meanwhile")

    def _count_unanswered(self, error: PipelineError) -> None:
        """Stop when NetSuite answers nobody: that is its trouble, not that of one document."""
        self._unanswered += 1
        if self._unanswered >= max(UNANSWERED_MAX, self._netsuite.concurrency):
            message = f"NetSuite has left {self._unanswered} documents unanswered: {error.message}"
            stop = TransientError(
                message, recovery="Nothing to do: what is open is posted when NetSuite answers."
            )
            stop.system = error.system
            self._stop = self._stop or stop

    async def _adopt(
        self, one: Sendable, body: Mapping[str, object], error: AlreadyExistsError
    ) -> None:
        """Take over a record that NetSuite already has under our external ID."""
        external_id = one.entry.external_id
        try:
            found = await self._netsuite.transactions_by_external_id([external_id])
        except (TransientError, ConfigurationError) as failure:
            self._settler.in_doubt(one.entry, str(failure))
            return
        transaction = found.get(external_id)
        if transaction is None:
            self._not_found_although_there(one, body, error)
        else:
            self._settler.adopt(one.entry, one.source, transaction, total=one.record.total)

    def _not_found_although_there(
        self, one: Sendable, body: Mapping[str, object], error: AlreadyExistsError
    ) -> None:
        """Wait for SuiteQL to show what the record service has; in the end a person must look."""
        if one.entry.attempts < DOUBTS_MAX:
            self._settler.in_doubt(one.entry, f"not to be found although it is there: {error}")
        else:
            self._settler.rejected(one.entry, one.source, body, error)


def _in_words(stop: Exception) -> str:
    """Say why nothing more is sent; the text of a defect may hold anything."""
    return str(stop) if isinstance(stop, PipelineError) else f"the run ends: {type(stop).__name__}"


def _changed_totals(batch: Sequence[Sendable]) -> dict[str, Decimal]:
    return {
        one.entry.external_id: one.record.total
        for one in batch
        if one.record.total != one.entry.total
    }
