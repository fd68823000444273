"""Each difference that needs a person is an integration error of its own, and no other is."""

from __future__ import annotations

import pytest

from ipos_pipeline.domain.store_day_proof import FOR_A_PERSON, TOLD_ONLY, DifferenceKind
from ipos_pipeline.ledger.integration_errors import ErrorRecord, Stage
from ipos_pipeline.steps.resolving import retry, set_aside
from ipos_pipeline_tests.builders import DAY, LOCATION, raw_line
from ipos_pipeline_tests.reconciliation.in_ipos import (
    the_list_of_ipos_lacks_an_invoice_that_its_summary_counts,
)
from ipos_pipeline_tests.reconciliation.sold_day import (
    ALL_DAY,
    MORNING,
    NEXT_KEY,
    NEXT_NUMBER,
    NEXT_SALE,
    Named,
    Scenario,
    SoldDay,
    named,
)
from ipos_pipeline_tests.reconciliation.test_each_kind import SCENARIOS
from simulators.faults import Faults

FOR_A_PERSON_ALONE = [one for one in SCENARIOS if one.kind in FOR_A_PERSON]


def open_differences(day: SoldDay) -> list[ErrorRecord]:
    errors = day.shop.open_errors()
    return [error for error in errors if error.stage == Stage.RECONCILE]


def for_a_person(found: Named) -> set[tuple[str, str]]:
    """Tell which errors there should be: code and external ID."""
    return {
        (kind, subject if subject.startswith("IPOS-") else f"IPOS-{LOCATION}-{DAY}-{subject}")
        for kind, subject in found
        if kind in FOR_A_PERSON
    }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_what_needs_a_person_is_an_open_error_and_nothing_else_is(
    scenario: Scenario, sold_day: SoldDay
) -> None:
    expected = for_a_person(scenario.happens(sold_day))
    if not scenario.is_reconciled_alone:
        sold_day.look()
    sold_day.all_works_again()
    sold_day.hours_pass()
    sold_day.shop.run()

    found = open_differences(sold_day)

    assert {(one.code, one.external_id) for one in found} == expected
    assert len(found) == len(expected)
    for error in found:
        assert error.next_attempt_at is None
        assert error.message.endswith(".")
        assert "set this error aside" in error.next_step
    assert (LOCATION, DAY) not in sold_day.shop.due() or not expected


@pytest.mark.parametrize("scenario", FOR_A_PERSON_ALONE, ids=str)
def test_a_day_whose_differences_a_person_has_accepted_is_proved_to_the_cent(
    scenario: Scenario, sold_day: SoldDay
) -> None:
    """Whatever the kind, what one side has more or less by it is accounted for."""
    expected = scenario.happens(sold_day)
    for _ in range(2):
        sold_day.shop.run()
    before = open_differences(sold_day)
    ledger = sold_day.shop.connections.ledger

    set_aside(ledger, ALL_DAY, sold_day.by("agreed with finance"))
    look = sold_day.look()

    others = {(kind, key) for kind, key in expected if kind not in FOR_A_PERSON | TOLD_ONLY}
    assert {(kind, key) for kind, key in look.named if kind not in TOLD_ONLY} == others
    assert look.proof.is_proved == (not others)
    assert look.red == set() or others
    assert open_differences(sold_day) == []

    retry(ledger, ALL_DAY, sold_day.by("not so"), statuses=["set_aside"])
    assert named(sold_day.shop.run().proof) == expected
    assert len(open_differences(sold_day)) == len(before)


def test_a_record_that_netsuite_does_not_show_yet_is_no_error(sold_day: SoldDay) -> None:
    """Its search lags behind; whoever were told of each such record would soon not look."""
    sold_day.sell()
    sold_day.world.netsuite.faults = Faults(index_lag_seconds=20 * 60)

    assert named(sold_day.shop.run().proof) == {(DifferenceKind.ABSENT_IN_NETSUITE, NEXT_SALE)}

    assert open_differences(sold_day) == []
    sold_day.hours_pass()
    assert sold_day.shop.run().proof.is_proved


def test_counts_of_ipos_that_do_not_agree_are_an_error_once_two_reconciliations_say_so(
    sold_day: SoldDay,
) -> None:
    """An invoice may come between the reads of the list and of the counts."""
    the_list_of_ipos_lacks_an_invoice_that_its_summary_counts.happens(sold_day)
    sold_day.shop.run()
    assert open_differences(sold_day) == []

    sold_day.shop.run()

    (error,) = open_differences(sold_day)
    assert (error.code, error.external_id) == ("summary_differs", "IPOS-DXB01-2026-11-20-SALE")
    assert error.number is None


def test_an_edit_of_what_is_not_posted_yet_is_left_to_the_next_run(sold_day: SoldDay) -> None:
    unknown = raw_line(PrimaryBarcode="999")
    sold_day.sell(unknown)
    sold_day.shop.run()
    edited = {"Lines": [{**unknown, "Qty": 2}]}
    sold_day.world.ipos.edit_invoice(LOCATION, "SALE", NEXT_NUMBER, MORNING, **edited)

    look = sold_day.look(is_reconciled_alone=True)

    assert (DifferenceKind.EDITED_IN_IPOS, NEXT_KEY) in look.named
    assert open_differences(sold_day) == []
    assert DifferenceKind.EDITED_IN_IPOS not in {
        kind for kind, _ in named(sold_day.shop.run().proof)
    }


def test_an_invoice_that_ipos_only_writes_otherwise_is_not_edited(sold_day: SoldDay) -> None:
    """A newer server adds fields and writes numbers as texts: nobody is to be told of that."""
    sold_day.edit(Remarks="gift", NetAmount="3.990", Lines=[{**raw_line(), "Qty": "1.0"}])

    proof = sold_day.shop.run().proof

    assert proof.is_proved
    assert proof.differences == ()
