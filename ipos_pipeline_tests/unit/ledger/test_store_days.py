"""What is known of a store-day, and whether there is something to do for it."""

from datetime import timedelta

import pytest

from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.integration_errors import Stage
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline_tests.builders import (
    DAY,
    KEY,
    LOCATION,
    NOON,
    failure,
    keys,
    source_document,
)
from ipos_pipeline_tests.unit.ledger.conftest import Plan
from ipos_pipeline_tests.unit.ledger.moves import MOVE_TO, WAY_TO

SALE = f"{KEY}-CS"
TODAY = (LOCATION, DAY)


@pytest.mark.parametrize(
    ("status", "minutes", "is_due"),
    [
        (Status.PENDING, 0, True),
        (Status.IN_DOUBT, 0, True),
        (Status.SENDING, 0, False),
        (Status.SENDING, 11, True),
        (Status.REJECTED, 0, False),
        (Status.REJECTED, 60, True),
        (Status.POSTED, 600, False),
    ],
)
def test_a_day_has_work_when_an_entry_is_due(
    ledger: LedgerStore,
    plan: Plan,
    status: Status,
    minutes: int,
    is_due: bool,  # noqa: FBT001
) -> None:
    plan([SALE])
    now = NOON + timedelta(minutes=minutes)
    with ledger.write("run-1") as work:
        for step in WAY_TO[status]:
            MOVE_TO[step](work, SALE)
        found = work.store_days.with_due_work(
            [LOCATION], claimed_before=now - timedelta(minutes=10), now=now
        )
    assert found == ({TODAY} if is_due else set())


def test_a_day_has_work_when_ipos_is_to_hear_of_it(ledger: LedgerStore, plan: Plan) -> None:
    plan([SALE])
    with ledger.write("run-1") as work:
        work.entries.post({SALE: "987"}, at=NOON, how="created")
        work.acknowledgements.enqueue_completed([KEY], at=NOON)
        assert work.store_days.with_due_work([LOCATION], claimed_before=NOON, now=NOON) == {TODAY}
        assert work.store_days.with_due_work(["DXB02"], claimed_before=NOON, now=NOON) == set()


def test_a_look_is_kept_even_when_there_was_nothing(ledger: LedgerStore) -> None:
    """That nothing was sold must differ from that nobody looked."""
    with ledger.write("sensor") as work:
        assert work.store_days.get(*TODAY) is None
        work.store_days.note_look({TODAY: 0}, known={}, at=NOON)
        found = work.store_days.get(*TODAY)
    assert found is not None
    assert (found["looked_at"], found["unacknowledged"], found["shown_at"]) == (NOON, 0, None)


def test_a_list_and_a_look_do_not_overwrite_each_other(ledger: LedgerStore) -> None:
    later = NOON + timedelta(minutes=15)
    with ledger.write("run-1") as work:
        work.store_days.note_list(LOCATION, DAY, shown_documents=112, at=NOON)
        work.store_days.note_look({TODAY: 3}, known={}, at=later)
        found = work.store_days.get(*TODAY)
    assert found is not None
    assert (found["shown_documents"], found["shown_at"]) == (112, NOON)
    assert (found["unacknowledged"], found["looked_at"]) == (3, later)


def test_what_ipos_may_go_on_showing_is_counted(ledger: LedgerStore, plan: Plan) -> None:
    confirmed, waiting, vanished, old = keys(4)
    plan([f"{confirmed}-CS", f"{waiting}-CS"])
    with ledger.write("run-1") as work:
        work.documents.add([source_document(old), source_document(vanished)])
        work.documents.note_listed([vanished], DAY, at=NOON - timedelta(minutes=15))
        work.documents.note_listed([confirmed, waiting], DAY, at=NOON)
        work.documents.note_listed([old], DAY - timedelta(days=9), at=NOON)
        work.store_days.note_list(LOCATION, DAY, shown_documents=3, at=NOON)
        work.entries.post({f"{confirmed}-CS": "1"}, at=NOON, how="created")
        work.acknowledgements.enqueue_completed([confirmed], at=NOON)
        work.acknowledgements.settle([confirmed], at=NOON)
        work.errors.fail(failure("IPOS-DXB01-RAW-1", stage=Stage.PARSE), at=NOON)
        work.errors.fail(failure(f"{waiting}-CS", stage=Stage.MAP), at=NOON)
        known = work.store_days.known_unacknowledged([LOCATION], first_day=DAY)
    assert known == {TODAY: 2}


def test_a_list_waits_to_be_read_since_the_first_look_that_showed_more_than_is_known(
    ledger: LedgerStore,
) -> None:
    later = NOON + timedelta(minutes=15)
    with ledger.write("sensor") as work:
        work.store_days.note_look({TODAY: 1}, known={TODAY: 1}, at=NOON)
        assert work.store_days.unread([LOCATION], first_day=DAY) == {}
        work.store_days.note_look({TODAY: 2}, known={TODAY: 1}, at=NOON)
        work.store_days.note_look({TODAY: 3}, known={TODAY: 1}, at=later)
        assert work.store_days.unread([LOCATION], first_day=DAY) == {TODAY: 3}
        assert work.store_days.unread(["DXB02"], first_day=DAY) == {}
        assert work.store_days.get(*TODAY)["unread_since"] == NOON
        assert work.store_days.last_looks([LOCATION], first_day=DAY) == {TODAY: later}
        work.store_days.note_list(LOCATION, DAY, shown_documents=3, at=later)
        assert work.store_days.unread([LOCATION], first_day=DAY) == {}
