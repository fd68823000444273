"""Whatever comes to differ is named, by kind and by invoice, and nothing is done about it alone."""

from __future__ import annotations

from types import ModuleType

import pytest

from ipos_pipeline.domain.store_day_proof import TOLD_ONLY, DifferenceKind
from ipos_pipeline_tests.reconciliation import in_ipos, in_netsuite, in_the_ledger
from ipos_pipeline_tests.reconciliation.sold_day import (
    DOCUMENTS,
    Named,
    Scenario,
    SoldDay,
    named,
)


def scenarios_of(*modules: ModuleType) -> list[Scenario]:
    """Collect the scenarios of some modules, each once."""
    found = (one for module in modules for one in vars(module).values() if type(one) is Scenario)
    return list(dict.fromkeys(found))


SCENARIOS = scenarios_of(in_ipos, in_netsuite, in_the_ledger)


def test_each_kind_of_difference_has_a_scenario() -> None:
    """A kind that is added later must be made in the simulators too."""
    assert {one.kind for one in SCENARIOS} == set(DifferenceKind)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_what_differs_is_named_and_not_changed_by_itself(
    scenario: Scenario, sold_day: SoldDay
) -> None:
    expected = scenario.happens(sold_day)
    assert scenario.kind in {kind for kind, _ in expected}

    look = sold_day.look(is_reconciled_alone=scenario.is_reconciled_alone)

    assert look.named == expected
    assert len(look.proof.differences) == len(expected), "each is told once"
    assert (look.red, look.yellow) == (scenario.red, scenario.yellow)
    assert look.proof.is_proved == ({kind for kind, _ in expected} <= TOLD_ONLY)
    run_twice_again(sold_day, scenario, expected)


def run_twice_again(sold_day: SoldDay, scenario: Scenario, expected: Named) -> None:
    """Run the store-day twice more: only what was never in NetSuite may be added to it."""
    sold_day.all_works_again()
    before = sold_day.world.netsuite.transactions()
    for _ in range(2):
        sold_day.hours_pass()
        proof = sold_day.shop.run().proof
    after = sold_day.world.netsuite.transactions()
    assert [one for one in after if one in before] == before
    if scenario.is_settled_by_runs:
        assert proof.is_proved
        assert proof.differences == ()
        assert len(after) == DOCUMENTS + 1
    else:
        assert after == before
        assert named(proof) == expected
