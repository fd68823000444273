"""Two runs of one store-day at the same moment, at the level of single transactions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
import sqlalchemy

from ipos_pipeline.ledger.documents import KnownVersion
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.store import LedgerStore, Transaction
from ipos_pipeline_tests.builders import DAY, KEY, LOCATION, NOON, posting_entry, source_document
from ipos_pipeline_tests.unit.ledger.conftest import Plan

SALE, REFUND = f"{KEY}-CS", f"{KEY}-CR"
NEWER = "b" * 64
ENOUGH_TO_BEGIN_SECONDS = 0.3


@pytest.fixture
def other(ledger: LedgerStore, ledger_url: str) -> Iterator[LedgerStore]:
    """The same ledger as another process has it open."""
    assert ledger is not None, "its tables are there"
    store = LedgerStore.open(ledger_url)
    yield store
    store.close()


@contextmanager
def racing(work: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Give a call that begins some work in another thread; wait for its end, it may not fail."""
    failures: list[Exception] = []
    begun = threading.Event()

    def kept() -> None:
        begun.set()
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the test fails with it below
            failures.append(error)

    thread = threading.Thread(target=kept)

    def begin() -> None:
        thread.start()
        begun.wait()
        thread.join(ENOUGH_TO_BEGIN_SECONDS)

    yield begin
    thread.join()
    assert failures == []


def land_newer(work: Transaction) -> KnownVersion:
    """Do what landing does with a version that differs; say what it saw."""
    known = work.documents.known([KEY])[KEY]
    if known.is_frozen:
        work.documents.set_drift(KEY, payload='{"v":2}', payload_hash=NEWER, at=NOON)
        return known
    work.entries.drop_unsent(KEY)
    work.documents.replace(source_document(payload='{"v":2}', payload_hash=NEWER), at=NOON)
    work.entries.plan([posting_entry(SALE, payload_hash=NEWER, total=Decimal("5.00"))], at=NOON)
    return known


def hashes(ledger: LedgerStore) -> tuple[str, str, str | None]:
    """Give the versions of the plan and of the landed payload, and the drift."""
    with ledger.read() as work:
        (entry,) = work.entries.of_day(LOCATION, DAY)
        document = work.documents.by_key([KEY])[KEY]
    return entry.payload_hash, document.payload_hash, document.latest_hash


def test_a_claim_that_comes_first_freezes_the_document_for_the_landing(
    ledger: LedgerStore, other: LedgerStore, plan: Plan
) -> None:
    """Otherwise one version would be sent and another be shown as landed."""
    plan([SALE])
    seen: list[KnownVersion] = []

    def land() -> None:
        with other.write("run-2") as work:
            seen.append(land_newer(work))

    with racing(land) as begin, ledger.write("run-1") as work:
        assert work.entries.claim([posting_entry(SALE)], run="run-1", at=NOON) == {SALE}
        begin()

    assert [one.is_frozen for one in seen] == [True]
    assert hashes(ledger) == ("a" * 64, "a" * 64, NEWER)


def test_a_landing_that_comes_first_takes_the_old_version_from_the_claim(
    ledger: LedgerStore, other: LedgerStore, plan: Plan
) -> None:
    plan([SALE])
    claimed: list[set[str]] = []

    def claim() -> None:
        with other.write("run-2") as work:
            claimed.append(work.entries.claim([posting_entry(SALE)], run="run-2", at=NOON))

    with racing(claim) as begin, ledger.write("run-1") as work:
        assert not land_newer(work).is_frozen
        begin()

    assert claimed == [set()], "it has read a version that no longer counts"
    assert hashes(ledger) == (NEWER, NEWER, None)


def test_the_same_invoice_landed_twice_at_once_is_landed_once(
    ledger: LedgerStore, other: LedgerStore
) -> None:
    def land(work: Transaction) -> bool:
        is_new = KEY not in work.documents.known([KEY])
        if is_new:
            work.documents.add([source_document()])
            work.entries.plan([posting_entry(SALE)], at=NOON)
        return is_new

    second: list[bool] = []

    def land_too() -> None:
        with other.write("run-2") as work:
            second.append(land(work))

    with racing(land_too) as begin, ledger.write("run-1") as work:
        assert land(work)
        begin()

    assert second == [False]


def test_two_runs_that_settle_the_two_sides_of_an_exchange_leave_it_to_be_acknowledged(
    ledger: LedgerStore, other: LedgerStore, plan: Plan
) -> None:
    """If each saw the other side unsettled, IPOS would never be told."""
    plan([SALE, REFUND])

    def settle(work: Transaction, external_id: str) -> None:
        work.entries.post({external_id: "1"}, at=NOON, how="created")
        work.acknowledgements.enqueue_completed([KEY], at=NOON)

    def settle_refund() -> None:
        with other.write("run-2") as work:
            settle(work, REFUND)

    with racing(settle_refund) as begin, ledger.write("run-1") as work:
        settle(work, SALE)
        begin()

    with ledger.read() as work:
        assert work.acknowledgements.due(LOCATION, DAY, now=NOON) == [KEY]


def test_two_runs_claim_each_document_once_between_them(
    ledger: LedgerStore, other: LedgerStore, plan: Plan
) -> None:
    keys = [f"IPOS-DXB01-2026-S-{number}-CS" for number in range(600)]
    plan(keys)
    entries = [posting_entry(key) for key in keys]
    claimed: dict[str, set[str]] = {}
    start = threading.Barrier(2)

    def claim(store: LedgerStore, run: str, order: list[str]) -> None:
        start.wait()
        by_key = {one.external_id: one for one in entries}
        mine = claimed.setdefault(run, set())
        for i in range(0, len(order), 50):
            with store.write(run) as work:
                mine |= work.entries.claim([by_key[k] for k in order[i : i + 50]], run=run, at=NOON)

    threads = [
        threading.Thread(target=claim, args=[ledger, "run-1", keys]),
        threading.Thread(target=claim, args=[other, "run-2", keys[::-1]]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert claimed["run-1"] | claimed["run-2"] == set(keys)
    assert claimed["run-1"] & claimed["run-2"] == set()


def test_a_look_shows_one_moment_although_another_run_writes(
    ledger: LedgerStore, other: LedgerStore
) -> None:
    """Documents and entries are read by two statements and must belong together."""
    with ledger.read() as look:
        assert look.store_day_rows.documents(LOCATION, DAY) == []
        with other.write("run-2") as work:
            work.documents.add([source_document()])
            work.entries.plan([posting_entry(SALE)], at=NOON)
        assert look.entries.of_day(LOCATION, DAY) == []
    with ledger.read() as look:
        assert [one.status for one in look.entries.of_day(LOCATION, DAY)] == [Status.PENDING]


def test_a_writer_that_hangs_is_ended_by_postgresql(ledger: LedgerStore) -> None:
    """A machine that is gone must not keep the others from writing for hours."""
    with ledger.write("run-1") as work:
        connection = work.documents._connection
        if connection.dialect.name != "postgresql":
            pytest.skip("SQLite's lock ends with the process")
        query = sqlalchemy.text("SHOW idle_in_transaction_session_timeout")
        assert connection.execute(query).scalar() == "1min"
