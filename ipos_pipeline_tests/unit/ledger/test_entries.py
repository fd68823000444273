"""Posting entries: only legal moves, one claimant, totals to the cent."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest

from ipos_pipeline.ledger.entry import LEGAL_MOVES, OPEN_TO_RUNS, PostingEntry, Status
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline_tests.builders import (
    DAY,
    KEY,
    LOCATION,
    NOON,
    keys,
    posting_entry,
    sales_of,
    source_document,
)
from ipos_pipeline_tests.unit.ledger.conftest import Plan
from ipos_pipeline_tests.unit.ledger.moves import LATER, MOVE_TO, RUN, SCOPE, WAY_TO

SALE, REFUND = f"{KEY}-CS", f"{KEY}-CR"
LATE = DAY + timedelta(days=1)


def entry(ledger: LedgerStore, external_id: str = SALE) -> PostingEntry:
    with ledger.read() as work:
        return next(
            one for one in work.entries.of_day(LOCATION, DAY) if one.external_id == external_id
        )


def move(ledger: LedgerStore, *statuses: Status, external_id: str = SALE) -> object:
    moved: object = None
    for status in statuses:
        with ledger.write("run-1") as work:
            moved = MOVE_TO[status](work, external_id)
    return moved


@pytest.mark.parametrize("target", Status)
@pytest.mark.parametrize("source", Status)
def test_only_a_legal_move_has_an_effect(
    ledger: LedgerStore, plan: Plan, source: Status, target: Status
) -> None:
    """All pairs of the table."""
    plan([SALE])
    move(ledger, *WAY_TO[source])
    with ledger.read() as work:
        before = len(work.history.of(SALE))
    moved = move(ledger, target)
    is_legal = target in LEGAL_MOVES[source]
    assert bool(moved) is is_legal
    assert entry(ledger).status == (target if is_legal else source)
    with ledger.read() as work:
        assert len(work.history.of(SALE)) - before == int(is_legal)


def test_only_a_person_moves_what_is_posted_set_aside_or_withdrawn() -> None:
    """No move of a run leads out of these, so that nothing is posted again by itself."""
    decided = {Status.POSTED, Status.SET_ASIDE, Status.WITHDRAWING, Status.WITHDRAWN}
    assert decided.isdisjoint(OPEN_TO_RUNS)
    for status in decided:
        assert Status.SENDING not in LEGAL_MOVES[status]


def test_a_posted_entry_keeps_its_first_internal_id(ledger: LedgerStore, plan: Plan) -> None:
    plan([SALE])
    move(ledger, *WAY_TO[Status.POSTED])
    with ledger.write("run-2") as work:
        assert work.entries.post({SALE: "111"}, at=LATER, how="again") == []
    assert (entry(ledger).internal_id, entry(ledger).posted_at) == ("987", NOON)


def test_a_claim_names_the_run_and_counts_the_attempt(ledger: LedgerStore, plan: Plan) -> None:
    plan([SALE])
    move(ledger, Status.SENDING)
    found = entry(ledger)
    assert (found.claimed_by, found.claimed_at, found.attempts) == ("run-1", NOON, 1)


def test_runs_are_named_that_hold_claims_of_late(ledger: LedgerStore, plan: Plan) -> None:
    """Whatever location and kind: the account's slots are theirs together."""
    plan([SALE, REFUND])
    for external_id, run in ((SALE, "run-1"), (REFUND, "run-2")):
        with ledger.write(run) as work:
            work.entries.claim([entry(ledger, external_id)], run=run, at=NOON)
    before, after = NOON - timedelta(minutes=1), NOON + timedelta(minutes=1)
    with ledger.read() as work:
        assert sorted(work.runs.posting(claimed_after=before)) == ["run-1", "run-2"]
        assert work.runs.posting(claimed_after=after) == [], "dead by now"
    with ledger.write("run-1") as work:
        work.entries.post({SALE: "987"}, at=LATER, how="created")
    with ledger.read() as work:
        assert work.runs.posting(claimed_after=before) == ["run-2"]


def test_another_date_is_written_only_by_the_run_that_is_sending(
    ledger: LedgerStore, plan: Plan
) -> None:
    plan([SALE])
    move(ledger, Status.SENDING)
    with ledger.write("run-2") as work:
        assert work.entries.send_under(SALE, LATE, run="run-2", at=LATER) == []
    assert entry(ledger).tran_date is None
    with ledger.write(RUN) as work:
        assert work.entries.send_under(SALE, LATE, run=RUN, at=LATER) == [SALE]
        last = work.history.of(SALE)[-1]
    assert (entry(ledger).status, entry(ledger).tran_date) == (Status.SENDING, LATE)
    assert str(LATE) in last["detail"]
    move(ledger, Status.IN_DOUBT)
    with ledger.write(RUN) as work:
        assert work.entries.send_under(SALE, DAY, run=RUN, at=LATER) == []
    move(ledger, Status.PENDING)
    assert entry(ledger).tran_date == LATE, "it was sent under that date"
    move(ledger, Status.SENDING)
    assert entry(ledger).tran_date is None, "each attempt begins with the business date"


def test_the_date_that_netsuite_has_is_kept_of_posted_entries_only(
    ledger: LedgerStore, plan: Plan
) -> None:
    plan([SALE, REFUND])
    move(ledger, *WAY_TO[Status.POSTED])
    with ledger.write(RUN) as work:
        work.entries.note_tran_dates({SALE: LATE, REFUND: LATE})
    assert (entry(ledger).tran_date, entry(ledger, REFUND).tran_date) == (LATE, None)
    with ledger.write(RUN) as work:
        work.entries.note_tran_dates({SALE: None})
    assert entry(ledger).tran_date is None


@pytest.mark.parametrize(("day", "kept"), [(DAY, None), (DAY + timedelta(days=1), LATE)])
def test_the_business_date_is_kept_as_none(day: date, kept: date | None) -> None:
    assert posting_entry().if_other_day(day) == kept


def test_a_released_entry_is_nobodys_and_keeps_its_count(ledger: LedgerStore, plan: Plan) -> None:
    plan([SALE])
    move(ledger, Status.SENDING, Status.PENDING)
    found = entry(ledger)
    assert (found.claimed_by, found.claimed_at, found.attempts) == (None, None, 1)


def test_two_runs_never_claim_the_same_entry(ledger_url: str, plan: Plan) -> None:
    """Two connections, at the same moment, each in small bites that interleave."""
    external_ids = sales_of(keys(60))
    entries = [posting_entry(one) for one in external_ids]
    plan(external_ids)
    claimed: dict[str, list[str]] = {"run-1": [], "run-2": []}
    start = threading.Barrier(2)

    def claim_all(run: str) -> None:
        store = LedgerStore.open(ledger_url)
        start.wait()
        for at in range(0, 60, 5):
            with store.write(run) as work:
                claimed[run] += work.entries.claim(entries[at : at + 5], run=run, at=NOON)
        store.close()

    threads = [threading.Thread(target=claim_all, args=[run]) for run in claimed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed["run-1"] + claimed["run-2"]) == sorted(external_ids)


def test_a_document_planned_anew_since_it_was_read_is_not_claimed(
    ledger: LedgerStore, plan: Plan
) -> None:
    """What would be sent was mapped from the older version."""
    plan([SALE])
    older = posting_entry(payload_hash="b" * 64)
    with ledger.write(RUN) as work:
        assert work.entries.claim([older], run=RUN, at=NOON) == set()
    assert entry(ledger).status == Status.PENDING


def test_a_run_cannot_settle_what_another_run_is_sending(ledger: LedgerStore, plan: Plan) -> None:
    plan([SALE])
    move(ledger, Status.SENDING)
    with ledger.write("run-2") as work:
        work.entries.doubt(SALE, run="run-2", at=NOON, reason="late")
        work.entries.give_back(SALE, run="run-2", at=NOON, reason="late")
        work.entries.reject(SALE, at=NOON, code="X", run="run-2", is_repeated=False)
        work.entries.release([SALE], at=NOON, reason="late")
    assert (entry(ledger).status, entry(ledger).claimed_by) == (Status.SENDING, RUN)


def test_more_entries_than_a_statement_takes_are_moved(ledger: LedgerStore, plan: Plan) -> None:
    external_ids = sales_of(keys(1200))
    plan(external_ids)
    with ledger.write("run-1") as work:
        entries = work.entries.of_day(LOCATION, DAY)
        assert work.entries.claim(entries, run=RUN, at=NOON) == set(external_ids)


def test_what_is_due_is_pending_or_rejected_long_enough_ago(
    ledger: LedgerStore, plan: Plan
) -> None:
    pending, early, never, sending = sales_of(keys(4))
    plan([pending, early, never, sending])
    move(ledger, *WAY_TO[Status.REJECTED], external_id=early)
    move(ledger, Status.SENDING, external_id=sending)
    move(ledger, *WAY_TO[Status.REJECTED], external_id=never)
    with ledger.write(RUN) as work:
        work.entries.try_again_at(never, None)
    with ledger.read() as work:
        before = [one.external_id for one in work.entries.to_send(SCOPE, now=NOON)]
        after = [one.external_id for one in work.entries.to_send(SCOPE, now=LATER)]
    assert (before, after) == ([pending], [pending, early])


def test_a_refused_entry_can_be_made_due(ledger: LedgerStore, plan: Plan) -> None:
    plan([SALE, REFUND])
    move(ledger, *WAY_TO[Status.REJECTED])
    with ledger.write("operator") as work:
        work.entries.make_due([SALE, REFUND], at=NOON, reason="item created")
        assert [one.external_id for one in work.entries.to_send(SCOPE, now=NOON)] == [SALE]
        assert [one["kind"] for one in work.history.of(REFUND)] == []


def test_a_sale_is_not_in_the_scope_of_refunds(ledger: LedgerStore, plan: Plan) -> None:
    plan([SALE, REFUND])
    with ledger.read() as work:
        assert [one.external_id for one in work.entries.to_send(SCOPE, now=NOON)] == [SALE]


def test_only_a_claim_that_is_old_enough_counts_as_abandoned(
    ledger: LedgerStore, plan: Plan
) -> None:
    plan([SALE])
    move(ledger, Status.SENDING)
    later = NOON + timedelta(seconds=1)
    with ledger.write("run-2") as work:
        assert work.entries.doubt_abandoned(SCOPE, claimed_before=NOON, at=later) == []
        assert work.entries.doubt_abandoned(SCOPE, claimed_before=later, at=later) == [SALE]
        assert [one.external_id for one in work.entries.in_doubt(SCOPE)] == [SALE]


@pytest.mark.parametrize("status", Status)
def test_only_what_was_never_sent_is_dropped(
    ledger: LedgerStore, plan: Plan, status: Status
) -> None:
    plan([SALE])
    move(ledger, *WAY_TO[status])
    with ledger.write("landing") as work:
        work.entries.drop_unsent(KEY)
        is_there = bool(work.entries.of_documents([KEY]))
    assert is_there is (status not in {Status.PENDING, Status.REJECTED})


@pytest.mark.parametrize("total", ["0.00", "0.01", "-12345678901.23", "90071992547409.93"])
def test_money_is_exact_through_the_database(ledger: LedgerStore, total: str) -> None:
    """The last one is beyond what a binary floating point number can hold to the cent."""
    with ledger.write("landing") as work:
        work.documents.add([source_document(source_total=Decimal(total))])
        work.entries.plan([posting_entry(total=Decimal(total))], at=NOON)
        assert str(work.documents.by_key([KEY])[KEY].source_total) == total
    assert str(entry(ledger).total) == total


def test_an_amount_with_three_places_is_refused_not_rounded(ledger: LedgerStore) -> None:
    with ledger.write("landing") as work:
        work.documents.add([source_document()])
        with pytest.raises(Exception, match="not an amount with two places"):
            work.entries.plan([posting_entry(total=Decimal("3.999"))], at=NOON)


def test_totals_are_written_as_they_were_mapped(ledger: LedgerStore, plan: Plan) -> None:
    plan([SALE, REFUND])
    with ledger.write("run-1") as work:
        work.entries.set_total({SALE: Decimal("4.01")}, at=NOON)
    assert (entry(ledger).total, entry(ledger, REFUND).total) == (Decimal("4.01"), Decimal("3.99"))
