"""The job `resolve_errors` selects like the commands do: by every head, all of which must fit."""

from __future__ import annotations

from typing import Any

import pytest

from ipos_pipeline_tests.operators.conftest import statuses
from ipos_pipeline_tests.operators.test_resolve_errors import Resolve, instance, resolve, told
from ipos_pipeline_tests.realities.shops import Shops

__all__ = ["instance", "resolve"]

SALE = "IPOS-DXB01-2026-S-10377-CS"


@pytest.mark.parametrize(
    "selection",
    [
        {"external_ids": [SALE]},
        {"external_ids": ["IPOS-DXB01-2026-S-10377"]},
        {"invoices": ["10377", "4711"]},
        {"locations": ["DXB01"]},
        {"days": ["2026-11-20"]},
        {"codes": ["unknown_item"]},
        {"everything": True},
        {"locations": ["DXB01"], "days": ["2026-11-20"], "codes": ["unknown_item", "X"]},
    ],
    ids=str,
)
def test_each_head_finds_the_error(
    shop: Shops, resolve: Resolve, selection: dict[str, Any]
) -> None:
    done = resolve(action="set_aside", reason="till test", **selection)

    assert done.success
    assert told(done)["done"] == 1
    assert statuses(shop)[SALE] == "set_aside"


@pytest.mark.parametrize(
    "selection",
    [
        {"locations": ["SHJ01"], "everything": True},
        {"locations": ["DXB01"], "days": ["2026-11-19"]},
        {"invoices": ["10377"], "codes": ["X"]},
    ],
    ids=str,
)
def test_one_head_that_does_not_fit_is_enough_to_leave_it_alone(
    shop: Shops, resolve: Resolve, selection: dict[str, Any]
) -> None:
    done = resolve(action="set_aside", reason="till test", **selection)

    assert (told(done)["done"], told(done)["refused"]) == (0, 0)
    assert statuses(shop)[SALE] == "rejected"
