"""The job `resolve_errors`: the same actions from the Launchpad, with who launched it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
import pytest

from ipos_pipeline.definitions import build_definitions
from ipos_pipeline.defs.resolving import RESOLVE_ERRORS, ResolveErrors
from ipos_pipeline_tests.builders import raw_invoice, raw_line
from ipos_pipeline_tests.operators.conftest import history, statuses
from ipos_pipeline_tests.realities.shops import Shops

SALE, OTHER = "IPOS-DXB01-2026-S-10377-CS", "IPOS-DXB01-2026-S-2-CS"

Resolve = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance in memory."""
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def resolve(shop: Shops, instance: dg.DagsterInstance) -> Resolve:
    """Run the job with some run config on a shop with one failed and one posted sale."""
    shop.world.ipos.add_invoices(
        [raw_invoice(raw_line(PrimaryBarcode="999")), raw_invoice(InvNo=2)]
    )
    shop.run()
    shop.world.clock.advance(24 * 60 * 60)
    definitions = build_definitions(shop.world.environment, connect=shop.world.connections)

    def execute(**config: Any) -> dg.ExecuteInProcessResult:
        return definitions.resolve_job_def(RESOLVE_ERRORS).execute_in_process(
            instance=instance,
            run_config={"ops": {"resolve": {"config": config}}},
            tags={"ipos/launched_by": "amna@example.com"},
            raise_on_error=False,
        )

    return execute


def told(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """Give the metadata of what the job did."""
    (output,) = [one for one in result.all_events if one.is_successful_output]
    return {key: one.value for key, one in output.step_output_data.metadata.items()}


def test_an_error_is_set_aside_and_taken_up_again_by_whoever_launched_the_run(
    shop: Shops, resolve: Resolve
) -> None:
    done = resolve(action="set_aside", invoices=["10377"], reason="test sale")

    assert done.success
    assert told(done)["done"] == 1
    assert statuses(shop)[SALE] == "set_aside"
    kind, actor, detail = history(shop, SALE)[-1]
    assert kind == "error_set_aside"
    assert actor == f"amna@example.com by Dagster run {done.run_id}"
    assert "test sale" in detail

    assert resolve(action="retry", external_ids=[SALE]).success
    assert statuses(shop)[SALE] == "rejected"
    assert shop.due()


def test_only_looking_does_nothing(shop: Shops, resolve: Resolve) -> None:
    looked = resolve(action="withdraw", everything=True, reason="x", only_look=True)

    assert told(looked)["done"] == 1
    assert told(looked)["refused"] == 1
    assert statuses(shop) == {SALE: "rejected", OTHER: "posted"}
    assert list(shop.posted()) == [OTHER]


def test_a_posting_is_withdrawn_and_posted_again(shop: Shops, resolve: Resolve) -> None:
    assert resolve(action="withdraw", external_ids=[OTHER], reason="wrong").success
    assert shop.posted() == {}
    assert resolve(action="repost", external_ids=[OTHER], reason="right now").success
    shop.world.clock.advance(60)
    shop.run()
    assert list(shop.posted()) == [OTHER]


def test_a_document_is_marked_as_what_was_booked_for_it(shop: Shops, resolve: Resolve) -> None:
    taken = shop.transactions()[OTHER]["id"]

    done = resolve(action="mark_posted", external_ids=[SALE], netsuite_id=taken, reason="x")

    assert done.success
    assert told(done)["refused"] == 1
    assert statuses(shop)[SALE] == "rejected"


@pytest.mark.parametrize(
    "config",
    [
        {"action": "retry"},
        {"action": "withdraw", "everything": True},
        {"action": "set_aside", "everything": True, "reason": " "},
        {"action": "retry", "days": ["yesterday"]},
        {"action": "mark_posted", "external_ids": [SALE], "reason": "x"},
    ],
    ids=["no selection", "no reason", "blank reason", "no day", "no NetSuite ID"],
)
def test_wrong_use_fails_the_run_with_one_sentence_and_changes_nothing(
    shop: Shops, resolve: Resolve, config: dict[str, Any]
) -> None:
    result = resolve(**config)

    assert not result.success
    (failure,) = [one.step_failure_data for one in result.all_events if one.is_step_failure]
    assert failure.user_failure_data.metadata["error"].value == "ConfigurationError"
    with shop.connections.ledger.read() as work:
        assert work.outages.all() == [], "nobody is mailed about a slip of the pen"
    assert statuses(shop) == {SALE: "rejected", OTHER: "posted"}


def test_the_launchpad_describes_every_field() -> None:
    undescribed = [n for n, one in ResolveErrors.model_fields.items() if not one.description]
    assert undescribed == []
