"""Resolving: what a person decides about errors. It only marks; the next run acts on it.

Belongs here: retry and set aside; to set a difference aside is to accept it. Not here: what is
posted already (withdrawing.py), planning a document anew (replanning.py), marking what was booked
by hand (marking.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from ipos_pipeline.domain.operator_rules import Verdict
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.ledger.entry import PostingEntry, Status
from ipos_pipeline.ledger.integration_errors import CLOSED, OPEN, SET_ASIDE, ErrorRecord, Stage
from ipos_pipeline.ledger.store import LedgerStore, Transaction

log = logging.getLogger(__name__)

NO_REASON = "no reason given"


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, why and when; `actor` is a person, or a Dagster run and who launched it."""

    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """All errors of one external ID, and the entry if they are about a single document.

    What the reconciliation found of it is a case of its own, without the entry: a decision on a
    difference moves no document.
    """

    external_id: str
    errors: tuple[ErrorRecord, ...]
    entry: PostingEntry | None

    @property
    def location_code(self) -> str:
        """The IPOS location."""
        return self.errors[0].location_code

    @property
    def business_date(self) -> date:
        """The business day."""
        return self.errors[0].business_date

    @property
    def document_key(self) -> str:
        """The key of the whole invoice; of one that cannot be read there is no document."""
        return self.external_id if self.entry is None else self.entry.document_key

    @property
    def stages(self) -> set[Stage]:
        """Where it failed, of the errors that are not closed."""
        return {error.stage for error in self.errors if error.status != CLOSED}

    @property
    def is_difference(self) -> bool:
        """Whether it is about a difference between the three sides."""
        return self.errors[0].is_difference

    def with_status(self, status: str) -> tuple[ErrorRecord, ...]:
        """Give its errors of that status."""
        return tuple(error for error in self.errors if error.status == status)

    def verdict(self, move: Move) -> Verdict:
        """Say of this case what is done, or why nothing is."""
        return Verdict(
            self.external_id,
            self.location_code,
            self.business_date,
            applies=move.carry_out is not None,
            words=move.words,
            is_so_already=move.is_so_already,
        )


@dataclass(frozen=True, slots=True)
class Move:
    """A decision: what is done in words, and how; without `carry_out` nothing is."""

    words: str
    carry_out: Callable[[Transaction], object] | None = None
    is_so_already: bool = False


def retry(
    ledger: LedgerStore,
    selection: Selection,
    by: By,
    *,
    statuses: Collection[str] = (OPEN,),
    is_preview: bool = False,
) -> list[Verdict]:
    """Make selected errors due now, those that were set aside too if their status is asked for.

    Documents that are named are looked at whatever the status of their errors.
    """
    wanted = (OPEN, SET_ASIDE, CLOSED) if selection.names_documents else tuple(statuses)
    decide = partial(_retry, by=by)
    return _decide_all(ledger, selection, by, wanted, decide, is_preview=is_preview)


def set_aside(
    ledger: LedgerStore,
    selection: Selection,
    by: By,
    *,
    acknowledge: bool = False,
    is_preview: bool = False,
) -> list[Verdict]:
    """Take selected open errors off the list: not retried, not mirrored, known to every count.

    IPOS is told of the invoice only with `acknowledge`.
    """
    wanted = (OPEN, SET_ASIDE) if selection.names_documents else (OPEN,)
    decide = partial(_set_aside, by=by, acknowledge=acknowledge)
    return _decide_all(ledger, selection, by, wanted, decide, is_preview=is_preview)


def log_decisions(action: str, verdicts: Iterable[Verdict], *, actor: str) -> None:
    """Log what a person had done, one line for each document; why stands in the history."""
    for one in verdicts:
        if one.applies:
            what = {"action": action, "actor": actor, "external_id": one.external_id}
            where = {"location": one.location_code, "day": str(one.business_date)}
            log.info("operator_acted", extra={**what, **where})


def _decide_all(
    ledger: LedgerStore,
    selection: Selection,
    by: By,
    statuses: Collection[str],
    decide: Callable[[Case], Move],
    *,
    is_preview: bool,
) -> list[Verdict]:
    """Decide on each selected case and carry it out, all in one transaction; or only tell."""
    selection.checked()
    verdicts: list[Verdict] = []
    with ledger.read() if is_preview else ledger.write(by.actor) as work:
        for case in _cases(work, selection, statuses):
            move = decide(case)
            verdicts.append(case.verdict(move))
            if move.carry_out is not None and not is_preview:
                move.carry_out(work)
    return verdicts


def _cases(work: Transaction, selection: Selection, statuses: Collection[str]) -> list[Case]:
    """Put errors of one external ID together: what is decided on one counts for all of them.

    All but what differs, which is decided apart from what could not be posted.
    """
    errors: dict[tuple[str, bool], list[ErrorRecord]] = {
        (one.external_id, one.is_difference): []
        for one in work.selecting.errors(selection, statuses)
    }
    external_ids = list(dict.fromkeys(external_id for external_id, _ in errors))
    for one in work.selecting.errors_with_ids(external_ids):
        if (one.external_id, one.is_difference) in errors:
            errors[one.external_id, one.is_difference].append(one)
    entries = work.entries.with_ids(external_ids)
    return [
        Case(key, tuple(of_it), None if is_difference else entries.get(key))
        for (key, is_difference), of_it in errors.items()
    ]


def _retry(case: Case, *, by: By) -> Move:
    if case.is_difference:
        return _retry_difference(case, by)
    if case.entry is not None:
        return _retry_entry(case, case.entry, by)
    open_, aside = case.with_status(OPEN), case.with_status(SET_ASIDE)
    if not open_ and not aside:
        return Move(f"solved already: {case.errors[-1].closed_how}", is_so_already=True)
    if Stage.ACKNOWLEDGE in case.stages:
        return Move("the next run tells IPOS again", partial(_tell_again, case=case, by=by))
    if aside:
        words = "on the list again; the next run reads its day again"
        return Move(words, partial(_reopen, case=case, by=by))
    return Move("the next run reads its day again", partial(_reopen, case=case, by=by))


def _retry_difference(case: Case, by: By) -> Move:
    if case.with_status(SET_ASIDE):
        words = "no longer accepted; the next reconciliation of its day tells it again"
        return Move(words, partial(_accept_no_longer, case=case, by=by))
    if case.with_status(OPEN):
        words = "nothing to retry: the next reconciliation of its day looks again"
        return Move(words, is_so_already=True)
    return Move(f"solved already: {case.errors[-1].closed_how}", is_so_already=True)


def _accept_no_longer(work: Transaction, *, case: Case, by: By) -> None:
    for error in case.with_status(SET_ASIDE):
        work.decisions.reopen_error(
            error.id, case.external_id, at=by.at, reason=by.reason, is_due=False
        )


def _retry_entry(case: Case, entry: PostingEntry, by: By) -> Move:
    match entry.status:
        case Status.REJECTED:
            return Move("the next run sends it again", partial(_make_due, case=case, by=by))
        case Status.SET_ASIDE:
            words = "no longer set aside; the next run sends it again"
            return Move(words, partial(_take_up, case=case, by=by))
        case Status.POSTED | Status.WITHDRAWING:
            words = f"posted already, as internal ID {entry.internal_id}"
            return Move(words, is_so_already=True)
        case Status.WITHDRAWN:
            return Move("withdrawn; to post it again use repost")
    return Move("the next run takes it by itself", is_so_already=True)


def _make_due(work: Transaction, *, case: Case, by: By) -> None:
    work.entries.make_due([case.external_id], at=by.at, reason=by.reason)


def _take_up(work: Transaction, *, case: Case, by: By) -> None:
    work.decisions.take_entry_up_again(case.external_id, at=by.at, reason=by.reason)
    work.acknowledgements.withhold([case.document_key])
    for error in case.with_status(SET_ASIDE):
        work.decisions.reopen_error(error.id, case.external_id, at=by.at, reason=by.reason)


def _reopen(work: Transaction, *, case: Case, by: By) -> None:
    for error in case.with_status(SET_ASIDE):
        work.acknowledgements.withhold([case.document_key])
        work.decisions.reopen_error(error.id, case.external_id, at=by.at, reason=by.reason)
    for error in case.with_status(OPEN):
        work.decisions.make_error_due(error.id, case.external_id, at=by.at, reason=by.reason)


def _tell_again(work: Transaction, *, case: Case, by: By) -> None:
    _reopen(work, case=case, by=by)
    work.acknowledgements.enqueue([case.document_key], at=by.at)
    work.acknowledgements.make_due([case.document_key])


def _set_aside(case: Case, *, by: By, acknowledge: bool) -> Move:
    if not case.with_status(OPEN):
        is_aside = bool(case.with_status(SET_ASIDE))
        return Move("set aside already" if is_aside else "solved already", is_so_already=is_aside)
    if case.is_difference:
        return _accept(case, by, acknowledge=acknowledge)
    why_not = _why_not_set_aside(case, acknowledge=acknowledge)
    if why_not is not None:
        return Move(why_not)
    told = "; IPOS is told of it" if acknowledge else "; IPOS is not told"
    words = "set aside" + ("" if Stage.ACKNOWLEDGE in case.stages else told)
    return Move(words, partial(_put_aside, case=case, by=by, acknowledge=acknowledge))


def _accept(case: Case, by: By, *, acknowledge: bool) -> Move:
    if acknowledge:
        return Move("IPOS cannot be told of a difference: accept it without that")
    (error,) = case.with_status(OPEN)
    words = f"accepted, and in the next proof of its day: {error.message}"
    return Move(words, partial(_put_aside, case=case, by=by, acknowledge=False))


def _why_not_set_aside(case: Case, *, acknowledge: bool) -> str | None:
    if acknowledge and case.stages & {Stage.PARSE, Stage.ACKNOWLEDGE}:
        return "IPOS cannot be told of it: " + (
            "the invoice cannot be read" if Stage.PARSE in case.stages else "it refuses that"
        )
    if case.entry is not None and case.entry.status not in {Status.REJECTED, Status.PENDING}:
        return f"it is {case.entry.status.replace('_', ' ')}: look again after the run"
    return None


def _put_aside(work: Transaction, *, case: Case, by: By, acknowledge: bool) -> None:
    if case.entry is not None:
        work.decisions.set_entry_aside(case.external_id, at=by.at, reason=by.reason)
    for error in case.with_status(OPEN):
        work.decisions.set_error_aside(error.id, case.external_id, at=by.at, reason=by.reason)
    if acknowledge:
        work.acknowledgements.enqueue([case.document_key], at=by.at)
    elif Stage.ACKNOWLEDGE in case.stages:
        work.acknowledgements.withhold([case.document_key])
