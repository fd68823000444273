"""Which check of the reconciliation names which kind of difference."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from ipos_pipeline.defs.proof_checks import checks_of_proof, totals_match_netsuite
from ipos_pipeline.domain.store_day_proof import (
    DRIFT,
    DUPLICATES,
    TOLD_ONLY,
    Difference,
    DifferenceKind,
    Side,
)
from ipos_pipeline_tests.unit.defs.test_checks import PROVED, proof_with


@pytest.mark.parametrize("kind", DifferenceKind)
def test_each_kind_turns_exactly_the_checks_that_are_about_it(kind: DifferenceKind) -> None:
    failing = {one.check_name for one in checks_of_proof(proof_with(kind)) if not one.passed}

    assert failing == {
        name
        for name, is_about_it in (
            ("totals_match_netsuite", kind not in TOLD_ONLY),
            ("no_duplicates_in_netsuite", kind in DUPLICATES),
            ("no_drift_after_posting", kind in DRIFT),
            ("no_gaps_in_numbers", kind == DifferenceKind.NUMBER_GAP),
        )
        if is_about_it
    }


def test_the_checks_show_the_differences_they_are_about() -> None:
    for result in checks_of_proof(proof_with(DifferenceKind.TOTAL_DIFFERS)):
        assert ("sample" in result.metadata) == (not result.passed)


@pytest.mark.parametrize("side", ["ipos", "ledger", "netsuite"])
def test_totals_that_disagree_are_red_though_no_document_differs(side: str) -> None:
    """A difference that has no name is still one: to the cent."""
    off_by_a_fils = replace(PROVED, **{side: Side(1, Decimal("4.00"))})

    result = totals_match_netsuite(off_by_a_fils)

    assert not result.passed
    assert result.metadata["offending"].value == 0


def test_what_a_person_has_set_aside_is_added_to_either_side_it_is_missing_from() -> None:
    aside = Decimal("3.99")
    invoice_aside = replace(
        PROVED, ledger=Side(), netsuite=Side(), set_aside=1, set_aside_invoices_total=aside
    )
    document_aside = replace(PROVED, netsuite=Side(), set_aside=1, set_aside_documents_total=aside)
    assert totals_match_netsuite(invoice_aside).passed
    assert totals_match_netsuite(document_aside).passed
    assert not totals_match_netsuite(replace(invoice_aside, ledger=PROVED.ledger)).passed


def test_what_a_person_has_accepted_is_accounted_for_on_the_side_it_is_missing_from() -> None:
    lacks = Decimal("3.99")
    gone = Difference(DifferenceKind.ACCEPTED, "IPOS-DXB01-2026-S-1-CS", "", netsuite_lacks=lacks)
    result = totals_match_netsuite(replace(PROVED, netsuite=Side(), differences=(gone,)))
    assert result.passed
    assert result.metadata["accepted"].value == "3.99 AED"
    assert not totals_match_netsuite(replace(PROVED, ipos=Side(), differences=(gone,))).passed
