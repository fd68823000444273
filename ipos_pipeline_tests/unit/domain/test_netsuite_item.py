"""Finding the one item for a barcode, or saying what the catalogue lacks."""

import pytest

from ipos_pipeline.domain.netsuite_item import NetSuiteItem, resolve_item
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline_tests.builders import BARCODE, catalogue, item


def resolved(*items: NetSuiteItem) -> NetSuiteItem | Problem:
    return resolve_item(BARCODE, "Shirt", catalogue(*items) if items else {})


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([], "unknown_item"),
        ([item(isinactive=True)], "inactive_item"),
        ([item(itemtype="Service")], "non_inventory_item"),
        ([item("1"), item("2")], "ambiguous_item"),
    ],
)
def test_what_cannot_be_posted_is_named_with_its_barcode(
    items: list[NetSuiteItem], code: str
) -> None:
    problem = resolved(*items)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.reference) == (code, BARCODE)
    assert BARCODE in problem.message
    assert "Shirt" in problem.message


@pytest.mark.parametrize(
    "other", [item("9", isinactive=True), item("9", itemtype="Service"), item("9", "600130")]
)
def test_an_item_that_cannot_be_sold_does_not_stand_in_the_way(other: NetSuiteItem) -> None:
    assert resolved(other, item("1")) == item("1")


@pytest.mark.parametrize(
    ("items", "waits_for_the_catalogue"),
    [
        ([], True),
        ([item(isinactive=True)], True),
        ([item(itemtype="Service")], True),
        ([item("1"), item("2")], False),
    ],
)
def test_master_data_is_told_from_what_a_person_must_decide(
    items: list[NetSuiteItem],
    waits_for_the_catalogue: bool,  # noqa: FBT001
) -> None:
    problem = resolved(*items)
    assert isinstance(problem, Problem)
    assert problem.is_master_data is waits_for_the_catalogue
