"""What a person may do: each reason against it is one rule."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from ipos_pipeline.domain.operator_rules import (
    PostedDocument,
    TransactionInNetSuite,
    why_not_mark,
    why_not_withdraw,
)
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.errors import ConfigurationError

KEY = "IPOS-DXB01-2026-S-10377-CS"
MADE = "2026-11-20 08:00:00"
OURS = PostedDocument(KEY, "987", "CashSale", Decimal("3.99"))
THERE = TransactionInNetSuite("987", KEY, "CashSale", Decimal("3.99"), MADE, MADE)


def test_what_is_ours_and_untouched_may_be_withdrawn() -> None:
    assert why_not_withdraw(OURS, THERE) is None
    by_a_script = replace(THERE, modified="2026-11-20 08:01:59")
    assert why_not_withdraw(OURS, by_a_script) is None


@pytest.mark.parametrize(
    "there",
    [
        None,
        replace(THERE, external_id=""),
        replace(THERE, external_id="other"),
        replace(THERE, type="CashRfnd"),
        replace(THERE, total=Decimal("4.00")),
        replace(THERE, modified="2026-11-20 08:02:01"),
        replace(THERE, modified="20/11/2026"),
        replace(THERE, created=""),
    ],
)
def test_anything_else_is_refused(there: TransactionInNetSuite | None) -> None:
    assert why_not_withdraw(OURS, there) is not None


def test_the_date_seen_after_posting_counts_more_than_that_of_the_creation() -> None:
    """A slow script may touch the record long after; what we saw first is what it left."""
    seen = replace(OURS, netsuite_modified="2026-11-20 08:30:00")
    assert why_not_withdraw(seen, replace(THERE, modified="2026-11-20 08:30:00")) is None
    assert why_not_withdraw(seen, THERE) is not None


def test_what_a_person_booked_is_not_ours_to_delete() -> None:
    assert why_not_withdraw(replace(OURS, was_marked=True), THERE) is not None


@pytest.mark.parametrize(
    ("there", "owner", "own_posting"),
    [
        (None, None, None),
        (replace(THERE, type="Invoice"), None, None),
        (THERE, "IPOS-DXB01-2026-S-1-CS", None),
        (THERE, None, "111"),
        (replace(THERE, external_id="IPOS-DXB01-2026-S-1-CS"), None, None),
    ],
)
def test_a_transaction_that_is_not_the_documents_cannot_be_marked(
    there: TransactionInNetSuite | None, owner: str | None, own_posting: str | None
) -> None:
    found = why_not_mark(OURS, there, internal_id="987", owner=owner, own_posting=own_posting)
    assert found is not None


def test_a_transaction_without_or_with_a_foreign_external_id_can_be_marked() -> None:
    for external_id in ("", "SO-77", KEY):
        there = replace(THERE, external_id=external_id)
        why = why_not_mark(OURS, there, internal_id="987", owner=None, own_posting=None)
        assert why is None


def test_a_forgotten_selection_is_not_everything() -> None:
    with pytest.raises(ConfigurationError, match="Nothing is selected"):
        Selection().checked()
    assert Selection(everything=True).checked().everything
