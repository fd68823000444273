"""A large store-day is compared whole every hour; meanwhile its sums say if its proof stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from ipos_pipeline.defs.partitions import ONLY_NEW_TAG
from ipos_pipeline.domain.store_day_proof import DifferenceKind
from ipos_pipeline.domain.whole_look import WHOLE_EVERY, WHOLE_UP_TO, sums_are_enough
from ipos_pipeline_tests.builders import NOON, raw_invoice, store_day_proof
from ipos_pipeline_tests.pipeline.conftest import Pipeline

ONLY_NEW = {ONLY_NEW_TAG: "true"}


@pytest.mark.parametrize(
    ("landed", "age", "is_enough"),
    [
        (WHOLE_UP_TO + 1, timedelta(minutes=15), True),
        (WHOLE_UP_TO, timedelta(minutes=15), False),
        (WHOLE_UP_TO + 1, WHOLE_EVERY, False),
    ],
)
def test_sums_are_enough_for_a_large_day_with_a_young_proof(
    landed: int, age: timedelta, *, is_enough: bool
) -> None:
    assert (
        sums_are_enough(store_day_proof(reconciled_at=NOON - age), landed=landed, now=NOON)
        is is_enough
    )


@pytest.fixture
def large_day(pipeline: Pipeline) -> Pipeline:
    """A store-day that is just too large to be compared whole each time, posted and proved."""
    numbers = range(1, WHOLE_UP_TO + 2)
    pipeline.world.ipos.add_invoices([raw_invoice(InvNo=number) for number in numbers])
    assert compared(pipeline.run())["is_proved"]
    pipeline.world.clock.now += timedelta(minutes=15)
    return pipeline


def compared(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """Give the metadata of the reconciliation."""
    [made] = result.asset_materializations_for_node("store_day_reconciliation")
    return {name: value.value for name, value in made.metadata.items()}


def test_a_tick_leaves_the_proof_while_the_sums_tie_and_makes_it_anew_when_they_do_not(
    large_day: Pipeline,
) -> None:
    made_at = large_day.world.clock.now - timedelta(minutes=15)
    lists = large_day.requests("GET", "/invoices")

    large_day.world.ipos.add_invoices([raw_invoice(InvNo=90_000)])
    stands = large_day.run(tags=ONLY_NEW)

    assert len(large_day.posted()) == WHOLE_UP_TO + 2
    assert compared(stands)["compared_at"] == made_at.timestamp()
    assert large_day.requests("GET", "/invoices") - lists <= 3, "the day's list is not read again"

    gone = min(large_day.posted().values(), key=lambda one: int(one["id"]))
    large_day.world.netsuite.delete_transaction(gone["id"])
    large_day.world.clock.now += timedelta(minutes=15)
    anew = compared(large_day.run(tags=ONLY_NEW))

    assert anew["compared_at"] == large_day.world.clock.now.timestamp()
    assert not anew["is_proved"]
    kinds = {row.data["kind"] for row in anew["differences"].records}
    assert kinds == {DifferenceKind.ABSENT_IN_NETSUITE}


def test_a_run_that_a_person_starts_compares_everything(large_day: Pipeline) -> None:
    result = large_day.run()

    assert compared(result)["compared_at"] == large_day.world.clock.now.timestamp()
