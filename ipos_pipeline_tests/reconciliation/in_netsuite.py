"""What happens in NetSuite: by hand, by other scripts, and while it does not answer."""

from __future__ import annotations

from decimal import Decimal

from ipos_pipeline.defs import checks
from ipos_pipeline.domain.store_day_proof import DifferenceKind as Kind
from ipos_pipeline_tests.reconciliation.sold_day import (
    EXCHANGE_REFUND,
    NEXT_SALE,
    SALE,
    Named,
    SoldDay,
    scenario,
)

DRIFTED = (checks.TOTALS_MATCH_NETSUITE, checks.NO_DRIFT_AFTER_POSTING)
DUPLICATED = (checks.TOTALS_MATCH_NETSUITE, checks.NO_DUPLICATES_IN_NETSUITE)


@scenario(Kind.ABSENT_IN_NETSUITE, red=DRIFTED)
def somebody_deletes_a_posted_record(day: SoldDay) -> Named:
    day.world.netsuite.delete_transaction(day.transaction(SALE)["id"])
    return {(Kind.ABSENT_IN_NETSUITE, SALE)}


@scenario(Kind.CHANGED_IN_NETSUITE, red=DRIFTED)
def somebody_changes_the_memo_of_a_posted_record(day: SoldDay) -> Named:
    day.change_in_netsuite(SALE, memo="seen by the auditor")
    return {(Kind.CHANGED_IN_NETSUITE, SALE)}


@scenario(Kind.TOTAL_DIFFERS, red=DRIFTED)
def somebody_changes_the_amount_of_a_posted_record(day: SoldDay) -> Named:
    line = {"line": 1, "grossAmt": Decimal("7.00")}
    day.change_in_netsuite(EXCHANGE_REFUND, item={"items": [line]})
    return {(Kind.TOTAL_DIFFERS, EXCHANGE_REFUND)}


@scenario(Kind.WRONG_DAY, red=DRIFTED)
def somebody_changes_the_date_of_a_posted_record(day: SoldDay) -> Named:
    day.change_in_netsuite(SALE, tranDate="2026-11-19")
    return {(Kind.WRONG_DAY, SALE)}


@scenario(Kind.TWICE_IN_NETSUITE, red=DUPLICATED)
def the_script_in_use_before_posts_a_sale_too_without_an_external_id(day: SoldDay) -> Named:
    day.book(day.transaction(SALE)["memo"])
    return {(Kind.TWICE_IN_NETSUITE, SALE)}


@scenario(Kind.TWICE_IN_NETSUITE, red=DUPLICATED)
def the_script_in_use_before_posts_a_sale_too_under_its_own_external_id(day: SoldDay) -> Named:
    day.book(day.transaction(SALE)["memo"], externalId="POS_10377")
    return {(Kind.TWICE_IN_NETSUITE, SALE)}


@scenario(Kind.TWICE_IN_NETSUITE, red=DUPLICATED)
def the_script_in_use_before_posts_a_sale_too_two_days_later(day: SoldDay) -> Named:
    day.book(day.transaction(SALE)["memo"], tranDate="2026-11-22")
    return {(Kind.TWICE_IN_NETSUITE, SALE)}


@scenario(Kind.NOT_IN_LEDGER, red=DUPLICATED)
def somebody_books_a_record_that_looks_like_one_of_ours(day: SoldDay) -> Named:
    day.book("by hand", externalId="IPOS-DXB01-2026-S-99999-CS")
    return {(Kind.NOT_IN_LEDGER, "IPOS-DXB01-2026-S-99999-CS")}


@scenario(
    Kind.IN_DOUBT,
    red=[
        checks.NO_FAILED_POSTINGS,
        checks.NO_POSTINGS_IN_DOUBT,
        checks.TOTALS_MATCH_NETSUITE,
    ],
    yellow=[checks.ALL_ACKNOWLEDGED],
    is_settled_by_runs=True,
)
def netsuite_times_out_and_has_done_nothing(day: SoldDay) -> Named:
    day.sell()
    day.netsuite_fails(stalled=1.0)
    return {(Kind.IN_DOUBT, NEXT_SALE)}


@scenario(
    Kind.NOT_SETTLED,
    red=[
        checks.NO_FAILED_POSTINGS,
        checks.NO_POSTINGS_IN_DOUBT,
        checks.TOTALS_MATCH_NETSUITE,
    ],
    yellow=[checks.ALL_ACKNOWLEDGED],
    is_settled_by_runs=True,
)
def netsuite_times_out_and_has_created_the_record(day: SoldDay) -> Named:
    day.sell()
    day.netsuite_fails(reply_lost=1.0)
    return {(Kind.NOT_SETTLED, NEXT_SALE)}


@scenario(
    Kind.NOT_POSTED,
    red=[checks.NO_FAILED_POSTINGS, checks.TOTALS_MATCH_NETSUITE],
    yellow=[checks.ALL_ACKNOWLEDGED],
    is_settled_by_runs=True,
)
def netsuite_has_no_free_slot(day: SoldDay) -> Named:
    day.sell()
    day.netsuite_fails(throttled=1.0)
    return {(Kind.NOT_POSTED, NEXT_SALE)}
