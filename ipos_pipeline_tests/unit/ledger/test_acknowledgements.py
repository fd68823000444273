"""The outbox to IPOS: only what is wholly posted, until IPOS has confirmed it."""

from datetime import timedelta

import pytest

from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.store import LedgerStore, Transaction
from ipos_pipeline_tests.builders import DAY, KEY, LOCATION, NOON, source_document
from ipos_pipeline_tests.unit.ledger.conftest import Plan
from ipos_pipeline_tests.unit.ledger.moves import MOVE_TO, WAY_TO

SALE, REFUND = f"{KEY}-CS", f"{KEY}-CR"
LATER = NOON + timedelta(hours=1)


def due(work: Transaction) -> list[str]:
    return work.acknowledgements.due(LOCATION, DAY, now=NOON)


def post_and_enqueue(work: Transaction) -> None:
    work.entries.post({SALE: "987"}, at=NOON, how="created")
    work.acknowledgements.enqueue_completed([KEY], at=NOON)


@pytest.mark.parametrize("refund", Status)
def test_an_invoice_is_due_only_when_both_its_documents_are_posted(
    ledger: LedgerStore, plan: Plan, refund: Status
) -> None:
    plan([SALE, REFUND])
    with ledger.write("run-1") as work:
        for step in WAY_TO[refund]:
            MOVE_TO[step](work, REFUND)
        post_and_enqueue(work)
        assert due(work) == ([KEY] if refund == Status.POSTED else [])


def test_a_document_without_entries_is_never_due(ledger: LedgerStore) -> None:
    """Held by a problem, or void: nothing of it is in NetSuite."""
    with ledger.write("run-1") as work:
        work.documents.add([source_document()])
        work.acknowledgements.enqueue_completed([KEY], at=NOON)
        assert due(work) == []


def test_enqueueing_twice_keeps_one(ledger: LedgerStore, plan: Plan) -> None:
    plan([SALE])
    with ledger.write("run-1") as work:
        post_and_enqueue(work)
        work.acknowledgements.enqueue_completed([KEY], at=LATER)
        assert due(work) == [KEY]


def test_a_confirmed_document_is_due_no_more(ledger: LedgerStore, plan: Plan) -> None:
    plan([SALE])
    with ledger.write("run-1") as work:
        post_and_enqueue(work)
        work.acknowledgements.settle([KEY], at=LATER)
        assert due(work) == []
        assert work.acknowledgements.acknowledged_of_day(LOCATION, DAY) == {KEY: LATER}
        work.acknowledgements.enqueue_completed([KEY], at=LATER)
        assert due(work) == []


def test_a_document_that_ipos_still_shows_is_told_again(ledger: LedgerStore, plan: Plan) -> None:
    """The confirmation was lost on their side (M23)."""
    plan([SALE])
    with ledger.write("run-1") as work:
        post_and_enqueue(work)
        work.acknowledgements.settle([KEY], at=NOON)
        work.acknowledgements.due_again([KEY], at=NOON)
        assert due(work) == [KEY]
        assert work.acknowledgements.acknowledged_of_day(LOCATION, DAY) == {}


def test_a_refused_document_stays_in_the_outbox_until_its_time(
    ledger: LedgerStore, plan: Plan
) -> None:
    plan([SALE])
    with ledger.write("run-1") as work:
        post_and_enqueue(work)
        work.acknowledgements.postpone(KEY, until=LATER)
        assert due(work) == []
        assert work.acknowledgements.due(LOCATION, DAY, now=LATER) == [KEY]
