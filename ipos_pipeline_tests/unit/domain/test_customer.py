"""Which refusals are about the customer, what is wrong with it, and when a wait for it is over."""

from __future__ import annotations

import pytest

from ipos_pipeline.domain.customer import customer_problem, may_be_posted, points_at_customer
from ipos_pipeline_tests.builders import configuration

SAID = "NetSuite answered 400."


@pytest.mark.parametrize(
    ("path", "points"),
    [
        ("entity", True),
        ("entity.id", True),
        ("item.items[0].item", False),
        ("custbody_entity", False),
        ("entityStatus", False),
        (None, False),
    ],
)
def test_a_refusal_points_at_the_customer_by_the_name_of_its_field(
    path: str | None, *, points: bool
) -> None:
    assert points_at_customer(path) is points


def test_a_customer_that_is_there_and_active_is_no_problem() -> None:
    assert customer_problem(configuration(), {"501": False}, SAID) is None


@pytest.mark.parametrize(
    ("inactive", "code", "to_do"),
    [
        ({}, "unknown_customer", "internal ID of the right customer"),
        ({"501": True}, "inactive_customer", "Activate the customer"),
    ],
)
def test_a_problem_names_the_customer_the_location_and_what_netsuite_said(
    inactive: dict[str, bool], code: str, to_do: str
) -> None:
    problem = customer_problem(configuration(), inactive, SAID)

    assert problem is not None
    assert (problem.code, problem.path, problem.reference) == (code, "entity", "501")
    assert problem.is_master_data
    assert "customer 501, which the configuration record of DXB01 names" in problem.message
    assert problem.message.endswith(SAID)
    assert to_do in problem.next_step


@pytest.mark.parametrize(
    ("configured", "inactive", "may_be"),
    [
        ("501", {}, False),
        ("501", {"501": True}, False),
        ("501", {"501": False}, True),
        ("777", {}, True),
    ],
)
def test_a_wait_is_over_when_the_customer_is_active_or_another_one_is_configured(
    configured: str, inactive: dict[str, bool], *, may_be: bool
) -> None:
    assert may_be_posted("501", configured, inactive) is may_be
