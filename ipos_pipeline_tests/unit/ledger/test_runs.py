"""What finished runs left unposted, on both kinds of database."""

from datetime import timedelta

import pytest

from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE
from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.ledger.entry import OPEN_TO_RUNS, Status
from ipos_pipeline.ledger.integration_errors import Stage
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline_tests.builders import (
    DAY,
    KEY,
    LOCATION,
    NOON,
    failure,
    posting_entry,
    source_document,
)

SALES = PartitionScope(LOCATION, DAY, CASH_SALE)
REFUNDS = PartitionScope(LOCATION, DAY, CASH_REFUND)
LATER = NOON + timedelta(hours=1)


def left(ledger: LedgerStore, scope: PartitionScope) -> int:
    with ledger.write("run-1") as work:
        return work.runs.note(scope, run="run-1", at=NOON)


@pytest.mark.parametrize("status", list(Status))
def test_what_a_run_may_still_settle_counts_for_its_own_kind(
    ledger: LedgerStore, status: Status
) -> None:
    with ledger.write("test") as work:
        work.documents.add([source_document()])
        work.entries.plan([posting_entry(status=status)], at=NOON)

    assert left(ledger, SALES) == (status in OPEN_TO_RUNS)
    assert left(ledger, REFUNDS) == 0
    assert left(ledger, PartitionScope("SHJ01", DAY, CASH_SALE)) == 0
    assert left(ledger, PartitionScope(LOCATION, DAY - timedelta(days=1), CASH_SALE)) == 0


@pytest.mark.parametrize("stage", [Stage.PARSE, Stage.MAP])
def test_an_invoice_without_a_plan_counts_for_both_kinds(ledger: LedgerStore, stage: Stage) -> None:
    with ledger.write("test") as work:
        work.errors.fail(failure(KEY, stage=stage, record_type=None), at=NOON)

    assert (left(ledger, SALES), left(ledger, REFUNDS)) == (1, 1)


def test_the_last_run_that_left_nothing_counts(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        assert work.runs.last_complete_at(LOCATION, CASH_SALE) is None
        work.runs.note(SALES, run="run-1", at=NOON)
        work.errors.fail(failure(KEY, stage=Stage.PARSE, record_type=None), at=LATER)
        work.runs.note(SALES, run="run-2", at=LATER)

    with ledger.read() as work:
        assert work.runs.last_complete_at(LOCATION, CASH_SALE) == NOON
        assert work.runs.last_complete_at(LOCATION, CASH_REFUND) is None
        assert work.runs.last_complete_at("SHJ01", CASH_SALE) is None


def test_the_last_failure_counts_whether_solved_or_not(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.errors.fail(failure(), at=NOON)
        work.errors.close([f"{KEY}-CS"], [Stage.POST], at=LATER, how="posted")

    with ledger.read() as work:
        assert work.runs.last_failed_at(LOCATION, CASH_SALE) == NOON
        assert work.runs.last_failed_at(LOCATION, CASH_REFUND) is None


def test_an_acknowledgement_that_ipos_refuses_is_no_failed_document(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.errors.fail(failure(KEY, stage=Stage.ACKNOWLEDGE, record_type=None), at=NOON)

    with ledger.read() as work:
        assert work.runs.last_failed_at(LOCATION, CASH_SALE) is None
    assert left(ledger, SALES) == 0
