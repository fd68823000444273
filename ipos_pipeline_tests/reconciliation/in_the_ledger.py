"""What happens here: open errors, what people decide, and a ledger that is lost or spoiled."""

from __future__ import annotations

from decimal import Decimal

from ipos_pipeline.defs import checks
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.domain.store_day_proof import DifferenceKind as Kind
from ipos_pipeline.steps.resolving import set_aside
from ipos_pipeline.steps.withdrawing import withdraw
from ipos_pipeline_tests.builders import raw_line
from ipos_pipeline_tests.reconciliation.in_ipos import an_invoice_cannot_be_read
from ipos_pipeline_tests.reconciliation.in_netsuite import somebody_deletes_a_posted_record
from ipos_pipeline_tests.reconciliation.sold_day import (
    ALL_DAY,
    NEXT_KEY,
    NEXT_NUMBER,
    NEXT_SALE,
    SALE,
    SALE_KEY,
    Named,
    SoldDay,
    scenario,
)


@scenario(
    Kind.OPEN_ERROR,
    red=[checks.NO_FAILED_POSTINGS, checks.ALL_ITEMS_KNOWN, checks.TOTALS_MATCH_NETSUITE],
    yellow=[checks.ALL_ACKNOWLEDGED],
)
def a_document_waits_for_an_item(day: SoldDay) -> Named:
    day.sell(raw_line(PrimaryBarcode="999"))
    return {(Kind.OPEN_ERROR, NEXT_SALE)}


@scenario(
    Kind.OPEN_ERROR,
    red=[checks.HEADER_TOTALS_MATCH_LINES, checks.TOTALS_MATCH_NETSUITE],
    yellow=[checks.ALL_ACKNOWLEDGED],
)
def an_error_keeps_a_whole_invoice_back(day: SoldDay) -> Named:
    day.sell(RoundOff=Decimal("0.75"))
    return {(Kind.OPEN_ERROR, NEXT_KEY)}


@scenario(Kind.SET_ASIDE)
def a_person_sets_a_document_aside(day: SoldDay) -> Named:
    a_document_waits_for_an_item.happens(day)
    day.shop.run()
    set_aside(day.shop.connections.ledger, ALL_DAY, day.by("booked elsewhere"))
    return {(Kind.SET_ASIDE, NEXT_SALE)}


@scenario(Kind.SET_ASIDE)
def a_person_books_a_document_by_hand_and_sets_it_aside(day: SoldDay) -> Named:
    """What was booked carries the memo that ours would have; it is there once all the same."""
    day.book(f"IPOS SALE {NEXT_NUMBER}")
    return a_person_sets_a_document_aside.happens(day)


@scenario(Kind.SET_ASIDE)
def a_person_sets_aside_what_cannot_be_read(day: SoldDay) -> Named:
    """IPOS counts it in its summary still."""
    ((_, subject),) = an_invoice_cannot_be_read.happens(day)
    day.shop.run()
    set_aside(day.shop.connections.ledger, ALL_DAY, day.by("a mistake of the till"))
    return {(Kind.SET_ASIDE, subject)}


@scenario(Kind.SET_ASIDE)
def a_person_sets_a_whole_invoice_aside(day: SoldDay) -> Named:
    an_error_keeps_a_whole_invoice_back.happens(day)
    day.shop.run()
    set_aside(day.shop.connections.ledger, ALL_DAY, day.by("a mistake of the till"))
    return {(Kind.SET_ASIDE, NEXT_KEY)}


@scenario(Kind.ACCEPTED)
def a_person_accepts_that_a_record_is_gone_from_netsuite(day: SoldDay) -> Named:
    """Its total is missing from that side, and is accounted for."""
    somebody_deletes_a_posted_record.happens(day)
    day.shop.run()
    set_aside(day.shop.connections.ledger, ALL_DAY, day.by("a customer who does not exist"))
    return {(Kind.ACCEPTED, SALE)}


@scenario(Kind.WITHDRAWN, red=[checks.NO_FAILED_POSTINGS, checks.TOTALS_MATCH_NETSUITE])
def a_person_withdraws_a_document(day: SoldDay) -> Named:
    opened = day.shop.connections
    chosen = Selection(external_ids=frozenset({SALE}))
    by = day.by("wrong customer")
    opened.wait_for(withdraw(opened.netsuite, opened.ledger, chosen, by))
    return {(Kind.WITHDRAWN, SALE)}


@scenario(
    Kind.NOT_IN_LEDGER,
    red=[
        checks.NO_MISSING_INVOICES,
        checks.TOTALS_MATCH_NETSUITE,
        checks.NO_DUPLICATES_IN_NETSUITE,
    ],
)
def the_ledger_is_an_older_copy(day: SoldDay) -> Named:
    """Real SQL: a backup from before the sale was landed is in its place."""
    for table in ("acknowledgement", "posting_entry", "source_document"):
        day.spoil_ledger(f"DELETE FROM {table} WHERE document_key = :key", key=SALE_KEY)
    return {(Kind.NOT_IN_LEDGER, SALE), (Kind.NOT_LANDED, SALE_KEY)}


@scenario(
    Kind.IPOS_TOTAL_DIFFERS, red=[checks.TOTALS_MATCH_NETSUITE, checks.NO_DRIFT_AFTER_POSTING]
)
def the_ledger_holds_a_wrong_total(day: SoldDay) -> Named:
    """Real SQL: only a defect of this pipeline could write it. Both other sides contradict it."""
    statement = "UPDATE posting_entry SET total_cents = 500 WHERE external_id = :key"
    day.spoil_ledger(statement, key=SALE)
    return {(Kind.IPOS_TOTAL_DIFFERS, SALE_KEY), (Kind.TOTAL_DIFFERS, SALE)}


@scenario(
    Kind.TWICE_IN_NETSUITE, red=[checks.TOTALS_MATCH_NETSUITE, checks.NO_DUPLICATES_IN_NETSUITE]
)
def one_record_stands_for_two_documents_in_the_ledger(day: SoldDay) -> Named:
    """Real SQL: only a defect of this pipeline could write it."""
    day.spoil_ledger(
        "UPDATE posting_entry SET internal_id = :id WHERE external_id = :key",
        id=day.transaction(SALE)["id"],
        key="IPOS-DXB01-2026-S-10376-CS",
    )
    return {(Kind.TWICE_IN_NETSUITE, SALE)}
