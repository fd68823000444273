"""Settling: what became of each document, written to the ledger in batches off the hot path.

Belongs here: the one place where an outcome becomes a status, an error opened or closed, and an
acknowledgement due, all in one transaction. Not here: sending (posting.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from ipos_pipeline.clients.netsuite_rows import NetSuiteTransaction
from ipos_pipeline.domain.json_text import write_json
from ipos_pipeline.domain.netsuite_record import SUITEQL_TYPES
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline.errors import RejectedError
from ipos_pipeline.ledger.entry import PostingEntry, Status
from ipos_pipeline.ledger.integration_errors import Failure, Stage
from ipos_pipeline.ledger.store import LedgerStore, Transaction

log = logging.getLogger(__name__)

FLUSH_AT = 50
FLUSH_AFTER = timedelta(seconds=1)

Settle = Callable[[Transaction, datetime], None]


@dataclass(slots=True)
class Posted:
    """What one posting step did, in counts of documents."""

    created: int = 0
    adopted: int = 0
    rejected: int = 0
    in_doubt: int = 0
    not_sent: int = 0
    reasons_not_sent: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Source:
    """What an error shows of the document's origin: its number and its payload as received."""

    number: str
    payload: str


class Settler:
    """Collects outcomes and writes them some fifty at a time, or every second.

    What could not be written is kept, and only `flush` tries it again: a database that lets each
    attempt wait must not be asked once for every document.
    """

    def __init__(
        self, ledger: LedgerStore, *, run: str, clock: Callable[[], datetime], result: Posted
    ) -> None:
        self._ledger = ledger
        self._run = run
        self._clock = clock
        self._result = result
        self._waiting: list[Settle] = []
        self._posted: dict[str, dict[str, str]] = {}
        self._tran_dates: dict[str, date | None] = {}
        self._documents: set[str] = set()
        self._flushed_at = clock()
        self._has_failed = False

    def created(self, entry: PostingEntry, internal_id: str) -> None:
        """NetSuite created the record."""
        self._result.created += 1
        self._post(entry, internal_id, how="created")

    def adopt(
        self,
        entry: PostingEntry,
        source: Source,
        transaction: NetSuiteTransaction,
        *,
        total: Decimal,
    ) -> None:
        """NetSuite has a record under our external ID: take it over if it is the same document.

        `total` is what the document comes to here. The date that NetSuite has is kept.
        """
        if transaction.type != SUITEQL_TYPES[entry.record_type]:
            problem = _other_type(entry, transaction)
        elif transaction.total != total:
            problem = _other_total(entry, transaction, total)
        else:
            self._result.adopted += 1
            self._tran_dates[entry.external_id] = entry.if_other_day(transaction.tran_date)
            self._post(entry, transaction.internal_id, how="found in NetSuite")
            return
        self.needs_person(entry, source, problem)

    def cannot_map(self, entry: PostingEntry, source: Source, problems: Sequence[Problem]) -> None:
        """The document cannot be built; all its problems are told in one error."""
        self._fail(entry, _failure(entry, Stage.MAP, source, _summary(problems)))

    def needs_person(self, entry: PostingEntry, source: Source, problem: Problem) -> None:
        """Nothing was sent, and nothing may be until a person has decided."""
        self._fail(entry, _failure(entry, Stage.POST, source, problem))

    def rejected(
        self,
        entry: PostingEntry,
        source: Source,
        request: Mapping[str, Any],
        error: RejectedError,
        *,
        problem: Problem | None = None,
    ) -> None:
        """NetSuite refused the document; `problem` tells it where we know more than its words."""
        if problem is None:
            problem = Problem(error.code, error.message, error.recovery, path=error.path)
        failure = _failure(
            entry, Stage.POST, source, problem, request=write_json(request), response=error.response
        )
        self._fail(entry, failure)

    def in_doubt(self, entry: PostingEntry, reason: str) -> None:
        """Something was sent and its outcome is unknown."""
        self._result.in_doubt += 1
        log.warning("document_in_doubt", extra=_named(entry))
        self._add(lambda work, at: _doubt(work, entry, reason, run=self._run, at=at))

    def not_sent(self, entry: PostingEntry, reason: str) -> None:
        """Nothing was sent after all: the entry goes back to where it was."""
        self._result.not_sent += 1
        log.warning("document_not_sent", extra=_named(entry))
        if reason not in self._result.reasons_not_sent:
            self._result.reasons_not_sent.append(reason)
        self._add(lambda work, at: _give_back(work, entry, reason, run=self._run, at=at))

    def flush(self) -> None:
        """Write everything collected so far, in one transaction. Raises what the ledger raises."""
        now = self._clock()
        self._flushed_at = now
        if not self._waiting and not self._posted:
            return
        self._has_failed = True
        with self._ledger.write(self._run) as work:
            for how, internal_ids in self._posted.items():
                work.entries.post(internal_ids, at=now, how=how)
                work.errors.close(
                    internal_ids, [Stage.MAP, Stage.POST], at=now, how=f"posted: {how}"
                )
            work.entries.note_tran_dates(self._tran_dates)
            work.acknowledgements.enqueue_completed(self._documents, at=now)
            for settle in self._waiting:
                settle(work, now)
        self._waiting.clear()
        self._posted.clear()
        self._tran_dates.clear()
        self._documents.clear()
        self._has_failed = False

    def _post(self, entry: PostingEntry, internal_id: str, *, how: str) -> None:
        log.info("document_posted", extra={**_named(entry), "internal_id": internal_id, "how": how})
        self._posted.setdefault(how, {})[entry.external_id] = internal_id
        self._documents.add(entry.document_key)
        self._flush_when_due()

    def _fail(self, entry: PostingEntry, failure: Failure) -> None:
        self._result.rejected += 1
        failed = {"stage": failure.stage, "code": failure.code, "attempts": entry.attempts}
        log.warning("document_rejected", extra={**_named(entry), **failed})
        self._add(lambda work, at: _write_failure(work, entry, failure, run=self._run, at=at))

    def _add(self, settle: Settle) -> None:
        self._waiting.append(settle)
        self._flush_when_due()

    def _flush_when_due(self) -> None:
        if self._has_failed:
            return
        waiting = len(self._waiting) + sum(map(len, self._posted.values()))
        if waiting >= FLUSH_AT or self._clock() - self._flushed_at >= FLUSH_AFTER:
            self.flush()


def _named(entry: PostingEntry) -> dict[str, str]:
    """Name a document in a log line, which is written before the ledger is told.

    If it cannot be told any more, the line is all that is known of the record in NetSuite.
    """
    return {"invoice": entry.document_key, "external_id": entry.external_id}


def _doubt(work: Transaction, entry: PostingEntry, reason: str, *, run: str, at: datetime) -> None:
    work.entries.doubt(entry.external_id, run=run, at=at, reason=reason)


def _give_back(
    work: Transaction, entry: PostingEntry, reason: str, *, run: str, at: datetime
) -> None:
    work.entries.give_back(entry.external_id, run=run, at=at, reason=reason)


def _write_failure(
    work: Transaction, entry: PostingEntry, failure: Failure, *, run: str, at: datetime
) -> None:
    """Reject the entry and open its error, unless another run has settled it meanwhile.

    What reached NetSuite could be mapped: it waits no more for what it lacked before.
    """
    is_repeated = entry.status == Status.REJECTED
    if work.entries.reject(
        entry.external_id, at=at, code=failure.code, run=run, is_repeated=is_repeated
    ):
        work.entries.try_again_at(entry.external_id, work.errors.fail(failure, at=at))
        if failure.stage == Stage.POST:
            work.errors.close([entry.external_id], [Stage.MAP], at=at, how="it could be mapped")


def _failure(
    entry: PostingEntry,
    stage: Stage,
    source: Source,
    problem: Problem,
    *,
    request: str | None = None,
    response: str | None = None,
) -> Failure:
    return Failure(
        external_id=entry.external_id,
        stage=stage,
        location_code=entry.location_code,
        business_date=entry.business_date,
        number=source.number,
        record_type=entry.record_type,
        code=problem.code,
        message=problem.message,
        next_step=problem.next_step,
        path=problem.path,
        reference=problem.reference,
        payload=source.payload,
        request=request,
        response=response,
    )


def _summary(problems: Sequence[Problem]) -> Problem:
    """Tell several problems as one; the first that is not about master data gives the code.

    As long as such a one is open, a change of the catalogue alone does not help.
    """
    distinct = list(dict.fromkeys(problems))
    leading = next((one for one in distinct if not one.is_master_data), distinct[0])
    references = [one.reference for one in distinct if one.reference is not None]
    return Problem(
        code=leading.code,
        message=" ".join(one.message for one in distinct),
        next_step=leading.next_step,
        path=leading.path,
        reference="\n".join(references) or None,
    )


def _other_total(entry: PostingEntry, transaction: NetSuiteTransaction, total: Decimal) -> Problem:
    return Problem(
        "total_differs",
        f"NetSuite already has {entry.external_id} as internal ID {transaction.internal_id} with"
        f" a total of {transaction.total}; this document comes to {total}.",
        "Compare the two; correct the one in NetSuite or delete it, then retry.",
    )


def _other_type(entry: PostingEntry, transaction: NetSuiteTransaction) -> Problem:
    return Problem(
        "external_id_taken",
        f"NetSuite uses the external ID {entry.external_id} for another kind of record:"
        f" {transaction.type} {transaction.internal_id}.",
        "Free the external ID in NetSuite, then retry.",
    )
