"""What the month of real sales may and may not show; the month itself needs its data set."""

from __future__ import annotations

from collections import Counter
from datetime import date

from benchmarks.november_2010 import Backfilled, Books, rows_of

DAY = date(2010, 11, 1)


def missed(done: Backfilled, books: Books) -> set[str]:
    """Name the rows that miss their limit."""
    return {row.what for row in rows_of(done, books) if not row.is_kept}


def test_charges_are_the_only_reason_for_an_open_error() -> None:
    charges, others = Counter(non_inventory_item=3), Counter(non_inventory_item=3, unknown_item=1)

    assert missed(Backfilled(), Books([], charges)) == set()
    assert missed(Backfilled(), Books([], others)) == {"open errors for anything else"}


def test_a_failed_run_and_a_check_that_nothing_explains_miss_their_limits() -> None:
    done = Backfilled(failed=["2010-11-01|DXB01"], not_green={("DXB01", DAY): {"nothing_open"}})

    assert missed(done, Books([], Counter())) == {
        "runs that failed",
        "store-days not green without a charge",
    }
