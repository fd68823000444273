"""What happens in IPOS: at the till, at its main server, and by others who talk to it."""

from __future__ import annotations

import hashlib
from decimal import Decimal

import simplejson

from ipos_pipeline.defs import checks
from ipos_pipeline.domain.store_day_proof import DifferenceKind as Kind
from ipos_pipeline_tests.builders import LOCATION, raw_line
from ipos_pipeline_tests.reconciliation.sold_day import (
    MORNING,
    NEXT_KEY,
    NEXT_NUMBER,
    NEXT_SALE,
    SALE_KEY,
    Named,
    SoldDay,
    scenario,
    sold,
)

DRIFTED = (checks.TOTALS_MATCH_NETSUITE, checks.NO_DRIFT_AFTER_POSTING)


@scenario(Kind.NUMBER_GAP, yellow=[checks.NO_GAPS_IN_NUMBERS])
def the_till_skips_two_numbers(day: SoldDay) -> Named:
    day.world.ipos.add_invoices([sold(NEXT_NUMBER + 2)])
    return {(Kind.NUMBER_GAP, f"SALE {NEXT_NUMBER} to {NEXT_NUMBER + 1}")}


@scenario(
    Kind.SUMMARY_DIFFERS,
    red=[checks.TOTALS_MATCH_NETSUITE],
    yellow=[checks.NO_GAPS_IN_NUMBERS],
)
def the_list_of_ipos_lacks_an_invoice_that_its_summary_counts(day: SoldDay) -> Named:
    """Its time is that of another day, and it says itself that it belongs to this one."""
    day.sell(InvDate="2026-11-19T23:59:00")
    return {(Kind.SUMMARY_DIFFERS, "SALE"), (Kind.NUMBER_GAP, f"SALE {NEXT_NUMBER}")}


@scenario(
    Kind.NOT_LANDED,
    red=[checks.TOTALS_MATCH_NETSUITE],
    is_settled_by_runs=True,
    is_reconciled_alone=True,
)
def an_invoice_arrives_after_the_run(day: SoldDay) -> Named:
    day.sell()
    return {(Kind.NOT_LANDED, NEXT_KEY)}


@scenario(Kind.NOT_LANDED, red=[checks.NO_MISSING_INVOICES, checks.TOTALS_MATCH_NETSUITE])
def somebody_else_acknowledges_an_invoice_before_it_is_fetched(day: SoldDay) -> Named:
    """IPOS lists it no longer as open, so no run fetches it: only the whole list shows it."""
    day.sell()
    day.acknowledge_as_somebody_else(NEXT_NUMBER)
    return {(Kind.NOT_LANDED, NEXT_KEY)}


@scenario(
    Kind.ACKNOWLEDGED_NOT_POSTED,
    red=[checks.NO_FAILED_POSTINGS, checks.ALL_ITEMS_KNOWN, checks.TOTALS_MATCH_NETSUITE],
    yellow=[checks.ALL_ACKNOWLEDGED],
)
def somebody_else_acknowledges_an_invoice_that_waits_for_an_item(day: SoldDay) -> Named:
    day.sell(raw_line(PrimaryBarcode="999"))
    day.shop.run()
    day.acknowledge_as_somebody_else(NEXT_NUMBER)
    return {(Kind.ACKNOWLEDGED_NOT_POSTED, NEXT_KEY), (Kind.OPEN_ERROR, NEXT_SALE)}


@scenario(Kind.QUARANTINED, red=[checks.NO_MALFORMED_INVOICES, checks.TOTALS_MATCH_NETSUITE])
def an_invoice_cannot_be_read(day: SoldDay) -> Named:
    """Its name is a hash of what IPOS sends: it may not even have a number."""
    broken = sold(NEXT_NUMBER, raw_line(Qty="two"))
    day.world.ipos.add_invoices([broken])
    text = simplejson.dumps(
        broken, use_decimal=True, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {(Kind.QUARANTINED, f"IPOS-{LOCATION}-RAW-{digest[:16]}")}


@scenario(Kind.EDITED_IN_IPOS, red=DRIFTED)
def an_invoice_is_edited_after_it_was_posted(day: SoldDay) -> Named:
    line = raw_line(Rate=Decimal("5.00"), NetRate=Decimal("5.00"))
    day.edit(Lines=[line], SubTotal=Decimal("5.00"), NetAmount=Decimal("5.00"))
    return {(Kind.EDITED_IN_IPOS, SALE_KEY)}


@scenario(Kind.EDITED_IN_IPOS, red=DRIFTED)
def an_edited_invoice_is_offered_again(day: SoldDay) -> Named:
    """Its total is what it was; a changed quantity or item is drift too."""
    day.edit(Lines=[raw_line(PrimaryBarcode="600130")], Posted=0)
    return {(Kind.EDITED_IN_IPOS, SALE_KEY)}


@scenario(Kind.VOID_IN_IPOS, red=DRIFTED)
def an_invoice_is_voided_after_it_was_posted(day: SoldDay) -> Named:
    day.world.ipos.void_invoice(LOCATION, "SALE", 10377, MORNING)
    return {(Kind.VOID_IN_IPOS, SALE_KEY)}


@scenario(Kind.NOT_SHOWN, red=DRIFTED)
def an_invoice_is_deleted_after_it_was_posted(day: SoldDay) -> Named:
    day.world.ipos.delete_invoice(LOCATION, "SALE", 10377, MORNING)
    return {(Kind.NOT_SHOWN, SALE_KEY)}


@scenario(Kind.WRONG_DAY, red=DRIFTED)
def an_invoice_is_moved_to_another_day_after_it_was_posted(day: SoldDay) -> Named:
    day.edit(BusinessDate="2026-11-21")
    return {(Kind.WRONG_DAY, SALE_KEY)}


@scenario(Kind.ROUNDED)
def the_header_of_an_invoice_is_two_fils_off(day: SoldDay) -> Named:
    """Within the rounding tolerance: it is posted with what its lines come to."""
    day.sell(NetAmount=Decimal("4.01"))
    return {(Kind.ROUNDED, NEXT_KEY)}
