"""Open errors: one for each document and stage, counted, closed by success, kept for ever."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy

from ipos_pipeline.domain.netsuite_record import CASH_SALE
from ipos_pipeline.ledger.documents import State
from ipos_pipeline.ledger.integration_errors import ErrorRecord, Stage
from ipos_pipeline.ledger.schema import integration_error
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline_tests.builders import (
    BARCODE,
    DAY,
    KEY,
    LOCATION,
    NOON,
    failure,
    source_document,
)

LATER = NOON + timedelta(hours=1)
SALE = f"{KEY}-CS"


def open_errors(ledger: LedgerStore) -> list[ErrorRecord]:
    with ledger.read() as work:
        return work.errors.open_of_day(LOCATION, DAY)


def rows(ledger_url: str) -> list[Any]:
    engine = sqlalchemy.create_engine(ledger_url)
    with engine.connect() as connection:
        found = connection.execute(sqlalchemy.select(integration_error)).all()
    engine.dispose()
    return list(found)


def kinds(ledger: LedgerStore) -> list[str]:
    with ledger.read() as work:
        return [event["kind"] for event in work.history.of(SALE)]


def test_a_second_failure_counts_at_the_same_error(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        assert work.errors.fail(failure(), at=NOON) == NOON + timedelta(minutes=15)
        again = work.errors.fail(failure(message="again"), at=LATER)
        assert again == LATER + timedelta(hours=1)
    (error,) = open_errors(ledger)
    assert (error.attempts, error.message) == (2, "again")
    assert (error.first_failed_at, error.last_failed_at) == (NOON, LATER)


def test_stages_fail_apart(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.errors.fail(failure(stage=Stage.MAP), at=NOON)
        work.errors.fail(failure(stage=Stage.POST), at=NOON)
    assert [error.stage for error in open_errors(ledger)] == [Stage.MAP, Stage.POST]


def test_a_changed_reason_is_history_a_repeated_one_is_not(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        for code in ("A", "A", "B"):
            work.errors.fail(failure(code=code), at=NOON)
    assert kinds(ledger) == ["error_opened", "error_changed"]


def test_success_closes_the_stages_it_proves(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.errors.fail(failure(stage=Stage.MAP), at=NOON)
        work.errors.fail(failure(stage=Stage.ACKNOWLEDGE), at=NOON)
        work.errors.close([SALE], [Stage.MAP, Stage.POST], at=LATER, how="posted")
    assert [error.stage for error in open_errors(ledger)] == [Stage.ACKNOWLEDGE]


def test_a_closed_error_is_kept_and_a_new_one_starts_from_one(
    ledger: LedgerStore, ledger_url: str
) -> None:
    with ledger.write("run-1") as work:
        work.errors.fail(failure(), at=NOON)
        work.errors.close([SALE], [Stage.POST], at=NOON, how="posted")
        assert work.errors.fail(failure(), at=LATER) == LATER + timedelta(minutes=15)
    assert sorted((row.status, row.closed_how) for row in rows(ledger_url)) == [
        ("closed", "posted"),
        ("open", None),
    ]
    assert kinds(ledger) == ["error_opened", "error_closed", "error_opened"]


def test_closing_twice_changes_nothing(ledger: LedgerStore, ledger_url: str) -> None:
    with ledger.write("run-1") as work:
        work.errors.fail(failure(), at=NOON)
        work.errors.close([SALE], [Stage.POST], at=NOON, how="first")
        work.errors.close([SALE], [Stage.POST], at=LATER, how="second")
    assert [row.closed_how for row in rows(ledger_url)] == ["first"]


def test_the_database_itself_refuses_a_second_open_error(
    ledger: LedgerStore, ledger_url: str
) -> None:
    with ledger.write("run-1") as work:
        work.errors.fail(failure(), at=NOON)
    (row,) = rows(ledger_url)
    copy = {**row._mapping, "id": row.id + 1}
    engine = sqlalchemy.create_engine(ledger_url)
    with engine.begin() as connection, pytest.raises(sqlalchemy.exc.IntegrityError):
        connection.execute(sqlalchemy.insert(integration_error).values(**copy))
    engine.dispose()


def test_quarantine_closes_once_ipos_no_longer_shows_the_invoice_in_that_form(
    ledger: LedgerStore,
) -> None:
    raw = failure("IPOS-DXB01-RAW-0123456789abcdef", stage=Stage.PARSE)
    with ledger.write("run-1") as work:
        work.errors.fail(raw, at=NOON)
        work.errors.close_unreadable(LOCATION, DAY, but=[raw.external_id], at=LATER)
        work.errors.close_unreadable("DXB02", DAY, but=[], at=LATER)
        work.errors.close_unreadable(LOCATION, DAY + timedelta(days=1), but=[], at=LATER)
        assert work.errors.count_unreadable(LOCATION, DAY) == 1
        work.errors.close_unreadable(LOCATION, DAY, but=[], at=LATER)
        assert work.errors.count_unreadable(LOCATION, DAY) == 0


def test_what_waits_for_the_catalogue_is_found_with_its_barcodes(ledger: LedgerStore) -> None:
    missing = {"stage": Stage.MAP, "code": "unknown_item"}
    with ledger.write("run-1") as work:
        work.errors.fail(failure(**missing, reference=f"{BARCODE}\n600130"), at=NOON)
        work.errors.fail(failure("A-CS", **missing, location_code="DXB02", reference="1"), at=NOON)
        work.errors.fail(failure("B-CS", **missing, reference=None), at=NOON)
        work.errors.fail(failure("C-CS", stage=Stage.MAP, reference="1"), at=NOON)
    with ledger.read() as work:
        everywhere = work.errors.waiting_for_items()
        here = work.errors.waiting_for_items([LOCATION])
    assert everywhere == {SALE: [BARCODE, "600130"], "A-CS": ["1"]}
    assert here == {SALE: [BARCODE, "600130"]}


def test_a_held_document_that_is_not_shown_again_waits_longer_and_stays_open(
    ledger: LedgerStore,
) -> None:
    """Otherwise its due time would start a run at every tick, for ever."""
    held = failure(KEY, stage=Stage.MAP, record_type=None, code="nothing_to_post")
    quarter = NOON + timedelta(minutes=15)
    with ledger.write("run-1") as work:
        work.documents.add([source_document(state=State.HELD)])
        work.documents.note_listed([KEY], DAY, at=NOON)
        work.errors.fail(held, at=NOON)
        gone = work.documents.held_and_gone(LOCATION, DAY, before=quarter)
        work.errors.wait_longer(gone, at=quarter)
        due = [
            work.store_days.with_due_work([LOCATION], claimed_before=NOON, now=now)
            for now in (quarter, quarter + timedelta(hours=1))
        ]
    assert gone == [KEY]
    assert due == [set(), {(LOCATION, DAY)}]
    (error,) = open_errors(ledger)
    assert (error.external_id, error.attempts) == (KEY, 2)


def test_what_is_still_shown_is_not_gone(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.documents.add([source_document(state=State.HELD)])
        work.documents.note_listed([KEY], DAY, at=NOON)
        assert work.documents.held_and_gone(LOCATION, DAY, before=NOON) == []


def test_a_difference_is_no_failed_posting_and_nothing_that_a_run_would_try_again(
    ledger: LedgerStore,
) -> None:
    """No date of the configuration record moves, no store-day is due, no landing is frozen."""
    differs = failure(KEY, stage=Stage.RECONCILE, record_type=None, code="edited_in_ipos")
    with ledger.write("run-1") as work:
        work.documents.add([source_document(KEY)])
        assert work.errors.fail(differs, at=NOON) is None
        (error,) = work.errors.differences_of_day(LOCATION, DAY)
        work.decisions.set_error_aside(error.id, KEY, at=NOON, reason="finance knows")
        late = NOON + timedelta(days=30)
        due = work.store_days.with_due_work([LOCATION], claimed_before=late, now=late)
        last_failed = work.runs.last_failed_at(LOCATION, CASH_SALE)
        frozen = work.documents.known([KEY])[KEY].is_frozen
        aside = work.selecting.set_aside_of_day(LOCATION, DAY)
    assert (due, last_failed, frozen, aside) == (set(), None, False, set())
