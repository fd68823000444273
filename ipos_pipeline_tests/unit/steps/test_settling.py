"""Settling: what the ledger cannot be told now is not forgotten."""

import pytest

from ipos_pipeline.errors import TransientError
from ipos_pipeline.ledger.entry import PostingEntry, Status
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.settling import FLUSH_AT, Posted, Settler
from ipos_pipeline_tests.builders import (
    DAY,
    LOCATION,
    NOON,
    keys,
    posting_entry,
    sales_of,
    source_document,
)
from ipos_pipeline_tests.failing_ledger import FailingDatabase
from ipos_pipeline_tests.simulated_world import Clock

RUN = "run-1"


def claimed(ledger: LedgerStore, count: int) -> list[PostingEntry]:
    """Land, plan and claim cash sales."""
    entries = [posting_entry(one) for one in sales_of(keys(count))]
    with ledger.write(RUN) as work:
        work.documents.add([source_document(key) for key in keys(count)])
        work.entries.plan(entries, at=NOON)
        work.entries.claim(entries, run=RUN, at=NOON)
    return entries


def test_a_failed_write_is_tried_again_only_when_asked_and_then_nothing_is_missing(
    ledger: LedgerStore, ledger_url: str, clock: Clock
) -> None:
    """A database may let each attempt wait a minute: one for each document would take hours."""
    entries = claimed(ledger, FLUSH_AT + 5)
    database = FailingDatabase(ledger_url)
    settler = Settler(ledger, run=RUN, clock=clock, result=Posted())
    for entry in entries[: FLUSH_AT - 1]:
        settler.created(entry, entry.external_id[-20:])

    database.fail()
    with pytest.raises(TransientError, match=r"^The ledger .* cannot be written to"):
        settler.created(entries[FLUSH_AT - 1], "1")
    for number, entry in enumerate(entries[FLUSH_AT:], start=2):
        settler.created(entry, str(number))  # it would raise, did it ask
    database.work_again()
    settler.flush()

    with ledger.read() as work:
        kept = work.entries.of_day(LOCATION, DAY)
    assert {one.status for one in kept} == {Status.POSTED}
    assert len(kept) == FLUSH_AT + 5
