"""The customer that a location's documents name, and that NetSuite lacks or has switched off.

Belongs here: which refusals point at the customer, the words, and when a wait for it is over. Not
here: asking NetSuite (steps/customers.py, steps/releasing.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.problem import Problem

CUSTOMER_FIELD = "entity"
"""NetSuite's name of the customer on a cash sale or refund."""


def points_at_customer(path: str | None) -> bool:
    """Tell whether a refusal is about the customer; `path` is NetSuite's, such as `entity`."""
    return path is not None and path.partition(".")[0] == CUSTOMER_FIELD


def customer_problem(
    configuration: IposConfiguration, inactive: Mapping[str, bool], said: str
) -> Problem | None:
    """Tell what keeps a location's customer from being posted to, or None: nothing that we see.

    `inactive` tells of the customers that NetSuite shows us whether each is; `said` is its refusal.
    """
    customer = configuration.customer
    named = f"customer {customer}, which the configuration record of {configuration.location_code}"
    if customer not in inactive:
        return Problem(
            "unknown_customer",
            f"NetSuite does not show the {named} names. {said}",
            "Write the internal ID of the right customer into the location's configuration record;"
            " if the customer is there, let the integration's role see it. What waits is then"
            " posted by itself.",
            path=CUSTOMER_FIELD,
            reference=customer,
        )
    if inactive[customer]:
        return Problem(
            "inactive_customer",
            f"The {named} names, is inactive in NetSuite. {said}",
            "Activate the customer in NetSuite, or write the internal ID of another one into the"
            " location's configuration record. What waits is then posted by itself.",
            path=CUSTOMER_FIELD,
            reference=customer,
        )
    return None


def may_be_posted(awaited: str, configured: str, inactive: Mapping[str, bool]) -> bool:
    """Tell whether a document that waits for a customer is to be tried again.

    It is as soon as NetSuite shows that customer as active, or its location's configuration record
    names another one.
    """
    return awaited != configured or inactive.get(awaited) is False
