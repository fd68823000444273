"""What the ledger says over many store-days: days not proved, open errors, a day's invoices."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from ipos_pipeline.domain.closing import UnprovedState
from ipos_pipeline.domain.day_report import InvoiceMoment
from ipos_pipeline.domain.retry_policy import REVIEW_AFTER
from ipos_pipeline.domain.store_day_proof import (
    Difference,
    DifferenceKind,
    Side,
    StoreDayProof,
)
from ipos_pipeline.ledger.documents import State
from ipos_pipeline.ledger.integration_errors import Stage
from ipos_pipeline.ledger.store import LedgerStore, Transaction
from ipos_pipeline_tests.builders import (
    DAY,
    KEY,
    LOCATION,
    NOON,
    failure,
    keys,
    posting_entry,
    source_document,
)

ONE_DAY = timedelta(days=1)
LATER = NOON + timedelta(hours=1)
RED = (Difference(DifferenceKind.NOT_POSTED, KEY, "it is pending"),)


def proof(
    day: date = DAY, differences: tuple[Difference, ...] = (), **changes: Any
) -> StoreDayProof:
    nothing = dict.fromkeys(
        ("shown", "landed", "quarantined", "acknowledged", "posted_documents"), 0
    )
    usual: dict[str, Any] = {
        **nothing,
        "filtered_by_rule": {},
        "open_errors": 0,
        "set_aside": 0,
        "ipos": Side(),
        "ledger": Side(),
        "netsuite": Side(),
    }
    return StoreDayProof(LOCATION, day, LATER, differences=differences, **{**usual, **changes})


def land(work: Transaction, document_key: str = KEY, **changes: Any) -> None:
    """Land an invoice as a run does, which reads the list to its end."""
    work.documents.add([source_document(document_key, **changes)])
    work.store_days.note_list(LOCATION, DAY, shown_documents=1, at=NOON)


@pytest.mark.parametrize(
    ("prepare", "state"),
    [
        (land, UnprovedState.NOT_RECONCILED),
        (
            lambda work: work.store_days.note_look({(LOCATION, DAY): 2}, known={}, at=NOON),
            UnprovedState.NOT_RECONCILED,
        ),
        (lambda work: work.store_days.note_look({(LOCATION, DAY): 0}, known={}, at=NOON), None),
        (lambda work: (land(work), work.proofs.keep(proof())), None),
        (lambda work: work.proofs.keep(proof(differences=RED)), UnprovedState.DIFFERS),
        (
            lambda work: (
                work.proofs.keep(proof()),
                land(work, first_seen_at=LATER + timedelta(seconds=1)),
            ),
            UnprovedState.CHANGED_SINCE,
        ),
    ],
    ids=["landed", "shown", "nothing sold", "proved", "differs", "came later"],
)
def test_a_day_is_closed_when_its_latest_proof_is_whole_and_not_older_than_what_is_landed(
    ledger: LedgerStore, prepare: Callable[[Transaction], object], state: UnprovedState | None
) -> None:
    with ledger.write("run-1") as work:
        prepare(work)
        days = work.overview.unproved_days(DAY - ONE_DAY, DAY)
        outside = work.overview.unproved_days(DAY + ONE_DAY, DAY + 2 * ONE_DAY)
    assert [one.state for one in days] == ([] if state is None else [state])
    assert outside == []


def test_a_posting_withdrawn_after_the_proof_makes_the_day_one_to_look_at_again(
    ledger: LedgerStore,
) -> None:
    with ledger.write("run-1") as work:
        land(work)
        work.entries.plan([posting_entry()], at=NOON)
        work.proofs.keep(proof())
        assert work.overview.unproved_days(DAY, DAY) == []
        work.entries.post({f"{KEY}-CS": "1"}, at=LATER + timedelta(seconds=1), how="created")
        (day,) = work.overview.unproved_days(DAY, DAY)
    assert day.state == UnprovedState.CHANGED_SINCE


def test_open_errors_are_counted_by_cause_and_those_for_a_person_apart(
    ledger: LedgerStore,
) -> None:
    again, item, old, closed = keys(4)
    with ledger.write("run-1") as work:
        work.errors.fail(failure(f"{again}-CS"), at=NOON)
        work.errors.fail(failure(f"{item}-CS", code="unknown_item"), at=NOON)
        work.errors.fail(failure(f"{old}-CS"), at=NOON - REVIEW_AFTER)
        work.errors.fail(failure(f"{closed}-CS"), at=NOON)
        work.errors.close([f"{closed}-CS"], list(Stage), at=NOON, how="posted")
        counts = work.overview.count_open_errors()
        waiting = work.overview.count_open_errors(for_a_person_at=NOON)
        oldest = work.overview.oldest_open_errors(2)
        theirs = work.overview.oldest_open_errors(9, for_a_person_at=NOON)
    assert counts == {(LOCATION, "USER_ERROR"): 2, (LOCATION, "unknown_item"): 1}
    assert waiting == {(LOCATION, "USER_ERROR"): 1, (LOCATION, "unknown_item"): 1}
    assert [one.external_id for one in oldest] == [f"{old}-CS", f"{again}-CS"]
    assert [one.external_id for one in theirs] == [f"{old}-CS", f"{item}-CS"]


def test_an_invoice_is_in_netsuite_when_all_of_it_is(ledger: LedgerStore) -> None:
    whole, half, held, void, aside = keys(5)
    entries = [f"{whole}-CS", f"{whole}-CR", f"{half}-CS", f"{half}-CR", f"{aside}-CS"]
    with ledger.write("run-1") as work:
        land(work, whole)
        work.documents.add([source_document(half), source_document(aside)])
        work.documents.add([source_document(held, state=State.HELD)])
        work.documents.add([source_document(void, state=State.FILTERED, filter_rule="void")])
        work.entries.plan([posting_entry(one) for one in entries], at=NOON)
        work.entries.post({f"{whole}-CS": "1", f"{half}-CS": "2"}, at=NOON, how="created")
        work.entries.post({f"{whole}-CR": "3"}, at=LATER, how="created")
        work.decisions.set_entry_aside(f"{aside}-CS", at=NOON, reason="till test")
        moments = work.overview.invoices_of_day(LOCATION, DAY)
        late = work.overview.posted_late([LOCATION], before=DAY + ONE_DAY, since=LATER)
    assert moments == [
        InvoiceMoment("1", NOON, LATER),
        InvoiceMoment("2", NOON, None),
        InvoiceMoment("3", NOON, None),
    ]
    assert late == {(LOCATION, DAY): 1}
