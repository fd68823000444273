"""What people were told: each error and each reason once, nothing that is already over."""

from datetime import timedelta
from decimal import Decimal

from ipos_pipeline.domain.error_mail import ErrorToTell
from ipos_pipeline.ledger.integration_errors import Stage
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline_tests.builders import KEY, NOON, failure
from ipos_pipeline_tests.unit.ledger.conftest import Plan

LATER = NOON + timedelta(hours=1)
SALE = f"{KEY}-CS"


def fail(ledger: LedgerStore, external_id: str = SALE, code: str = "A") -> None:
    with ledger.write("run-1") as work:
        work.errors.fail(failure(external_id, code=code), at=NOON)


def to_tell(ledger: LedgerStore) -> list[ErrorToTell]:
    with ledger.read() as work:
        listed = work.told.errors_to_tell()
        assert work.told.count_errors_to_tell() == len(listed)
        return listed


def tell(ledger: LedgerStore, message_id: str) -> None:
    with ledger.write("run-1") as work:
        work.told.note_errors(work.told.errors_to_tell(), message_id=message_id, at=NOON)


def test_an_error_is_to_be_told_until_it_was(ledger: LedgerStore) -> None:
    fail(ledger)
    assert [(one.external_id, one.told_code) for one in to_tell(ledger)] == [(SALE, None)]
    tell(ledger, "<first@x>")
    fail(ledger)
    assert to_tell(ledger) == []


def test_another_reason_is_told_again_in_the_same_thread_and_the_way_back_too(
    ledger: LedgerStore,
) -> None:
    fail(ledger)
    tell(ledger, "<first@x>")
    for code, told in (("B", "A"), ("A", "B")):
        fail(ledger, code=code)
        (again,) = to_tell(ledger)
        assert (again.code, again.told_code, again.thread_id) == (code, told, "<first@x>")
        tell(ledger, f"<{code}@x>")
    assert to_tell(ledger) == []


def test_an_error_that_closed_before_it_was_told_is_not_told(ledger: LedgerStore) -> None:
    fail(ledger)
    with ledger.write("run-1") as work:
        work.errors.close([SALE], [Stage.POST], at=LATER, how="posted")
    assert to_tell(ledger) == []


def test_an_error_that_opens_anew_is_told_anew(ledger: LedgerStore) -> None:
    fail(ledger)
    tell(ledger, "<first@x>")
    with ledger.write("run-1") as work:
        work.errors.close([SALE], [Stage.POST], at=LATER, how="posted")
    fail(ledger)
    assert [one.thread_id for one in to_tell(ledger)] == [None]


def test_the_amount_is_the_documents_or_else_the_whole_invoices(
    ledger: LedgerStore, plan: Plan
) -> None:
    plan([SALE])
    for external_id in (SALE, KEY, "IPOS-DXB01-RAW-0123456789abcdef"):
        fail(ledger, external_id)
    assert [one.amount for one in to_tell(ledger)] == [Decimal("3.99"), Decimal("3.99"), None]


def test_an_outage_is_told_when_it_begins_and_when_it_is_over(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.outages.fail("NetSuite", message="down", recovery="wait", at=NOON)
        (began,) = work.told.outages_to_tell()
        work.told.note_outage(began, message_id="<first@x>", at=NOON)
        work.outages.fail("NetSuite", message="down", recovery="wait", at=LATER)
        assert work.told.outages_to_tell() == []
        work.outages.end(["NetSuite"], at=LATER)
        (over,) = work.told.outages_to_tell()
        assert (over.closed_at, over.thread_id) == (LATER, "<first@x>")
        work.told.note_outage(over, message_id="<second@x>", at=LATER)
        assert work.told.outages_to_tell() == []


def test_an_outage_that_was_over_before_it_was_told_is_not_told(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.outages.fail("NetSuite", message="down", recovery="wait", at=NOON)
        work.outages.end(["NetSuite"], at=LATER)
        assert work.told.outages_to_tell() == []
