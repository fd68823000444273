"""Landed documents: the newest version counts until something was sent; then it is frozen."""

from datetime import timedelta

import pytest

from ipos_pipeline.domain.json_text import read_json, write_json
from ipos_pipeline.ledger.documents import KnownVersion, State
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.store import LedgerStore, Transaction
from ipos_pipeline_tests.builders import (
    DAY,
    KEY,
    LOCATION,
    NOON,
    keys,
    posting_entry,
    source_document,
)
from ipos_pipeline_tests.unit.ledger.moves import MOVE_TO, WAY_TO

LATER = NOON + timedelta(hours=1)
OTHER_HASH = "b" * 64


def land(work: Transaction) -> None:
    work.documents.add([source_document()])
    work.entries.plan([posting_entry()], at=NOON)


def version(work: Transaction) -> KnownVersion:
    return work.documents.known([KEY])[KEY]


def test_what_was_landed_is_read_back_as_it_was(ledger: LedgerStore) -> None:
    document = source_document(state=State.FILTERED, filter_rule="void", source_total=None)
    with ledger.write("run-1") as work:
        work.documents.add([document])
    with ledger.read() as work:
        assert work.documents.by_key([KEY]) == {KEY: document}


@pytest.mark.parametrize("text", ["قميص \u200f", "👕", "a\x00b", '"; DROP TABLE event; --'])
def test_a_payload_is_kept_letter_by_letter(ledger: LedgerStore, text: str) -> None:
    payload = write_json({"ItemName": text})
    with ledger.write("run-1") as work:
        work.documents.add([source_document(payload=payload)])
        kept = work.documents.by_key([KEY])[KEY].payload
    assert read_json(kept) == {"ItemName": text}


def test_half_a_surrogate_pair_does_not_stop_the_landing(ledger: LedgerStore) -> None:
    raw = read_json(r'{"ItemName": "\ud83d"}')
    with ledger.write("run-1") as work:
        work.documents.add([source_document(payload=write_json(raw))])
        assert read_json(work.documents.by_key([KEY])[KEY].payload) == raw


@pytest.mark.parametrize("status", Status)
def test_a_document_is_frozen_once_any_of_it_may_have_been_sent(
    ledger: LedgerStore, status: Status
) -> None:
    with ledger.write("run-1") as work:
        land(work)
        for step in WAY_TO[status]:
            MOVE_TO[step](work, f"{KEY}-CS")
        is_frozen = version(work).is_frozen
    assert is_frozen is (status not in {Status.PENDING, Status.REJECTED})


def test_one_posted_side_freezes_the_whole_exchange(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        land(work)
        work.entries.plan([posting_entry(f"{KEY}-CR")], at=NOON)
        work.entries.post({f"{KEY}-CR": "1"}, at=NOON, how="created")
        assert version(work).is_frozen


def test_a_replaced_document_keeps_when_it_was_first_seen(ledger: LedgerStore) -> None:
    newer = source_document(payload='{"v":2}', payload_hash=OTHER_HASH, first_seen_at=LATER)
    with ledger.write("run-1") as work:
        land(work)
        work.documents.replace(newer, at=LATER)
        kept = work.documents.by_key([KEY])[KEY]
    assert (kept.payload, kept.payload_hash, kept.first_seen_at) == ('{"v":2}', OTHER_HASH, NOON)


def test_drift_is_kept_beside_the_frozen_version(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        land(work)
        before = work.documents.by_key([KEY])[KEY]
        work.documents.set_drift(KEY, payload="{}", payload_hash=OTHER_HASH, at=LATER)
        after = work.documents.by_key([KEY])[KEY]
        assert (after.payload, after.latest_hash) == (before.payload, OTHER_HASH)
        assert version(work).latest_hash == OTHER_HASH
        assert [one["kind"] for one in work.history.of(KEY)] == ["landed", "drifted"]


def test_replacing_a_document_forgets_its_drift(ledger: LedgerStore) -> None:
    """It was frozen for a while, and is the newest version now."""
    with ledger.write("run-1") as work:
        land(work)
        work.documents.set_drift(KEY, payload="{}", payload_hash=OTHER_HASH, at=LATER)
        work.documents.replace(source_document(payload_hash=OTHER_HASH), at=LATER)
        assert version(work) == KnownVersion(OTHER_HASH, None, None, is_held=False, is_frozen=False)


def test_a_held_document_says_so(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.documents.add([source_document(state=State.HELD)])
        assert version(work).is_held


def test_the_same_document_cannot_be_landed_twice(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        land(work)
    with pytest.raises(Exception, match=r"UNIQUE|unique"), ledger.write("run-2") as work:
        land(work)


def test_a_store_day_is_read_in_order_of_time(ledger: LedgerStore) -> None:
    first, second, elsewhere = keys(3)
    with ledger.write("run-1") as work:
        work.documents.add(
            [
                source_document(second, occurred_at=LATER),
                source_document(first, occurred_at=NOON),
                source_document(elsewhere, business_date=DAY + timedelta(days=1)),
            ]
        )
        found = [one.document_key for one in work.store_day_rows.documents(LOCATION, DAY)]
    assert found == [first, second]


def test_a_time_span_is_half_open(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.documents.add([source_document(occurred_at=NOON)])
        assert work.documents.count_between(LOCATION, NOON, LATER) == 1
        assert work.documents.count_between(LOCATION, NOON - timedelta(hours=1), NOON) == 0


def test_more_documents_than_a_statement_takes_are_found(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.documents.add([source_document(key) for key in keys(1100)])
        assert len(work.documents.known([*keys(1100), "unknown"])) == 1100
        assert len(work.documents.by_key(keys(1100))) == 1100


def test_a_moment_without_zone_is_refused(ledger: LedgerStore) -> None:
    naive = NOON.replace(tzinfo=None)
    with (
        pytest.raises(Exception, match="has no time zone"),
        ledger.write("run-1") as work,
    ):
        work.documents.add([source_document(occurred_at=naive)])
