"""What a reconciliation asks of NetSuite does not grow with what was sold.

NetSuite's concurrency is shared by everything that uses the account (netsuite_facts 6), so
requests are counted, not seconds; the seconds of a large day are benchmarks/reconcile_10k.py.
"""

from __future__ import annotations

import pytest

from ipos_pipeline.connections import Connections
from ipos_pipeline_tests.builders import amount_line
from ipos_pipeline_tests.realities.shops import Shops
from ipos_pipeline_tests.reconciliation.sold_day import reconciled, sold
from ipos_pipeline_tests.simulated_world import SimulatedWorld
from simulators.world import CONFIGURATION

ONE_PAGE_OF_EACH = 3
"""Our documents of the day, the location's other ones, and the tax of ours."""
BY_EXTERNAL_AND_INTERNAL_ID = 2
"""What the day does not show is looked up, up to 250 documents at a time."""


@pytest.fixture
def shop(world: SimulatedWorld, connections: Connections) -> Shops:
    """A shop that has sold nothing yet."""
    return Shops(world, connections)


def posted_day(shop: Shops, invoices: int) -> None:
    """Sell and post exchanges: two documents each."""
    lines = amount_line(1, 2, "20.00"), amount_line(2, -1, "-7.50")
    shop.world.ipos.add_invoices(sold(number, *lines) for number in range(1, invoices + 1))
    shop.run()
    assert len(shop.world.netsuite.transactions()) == 2 * invoices


def netsuite_requests_of_a_reconciliation(shop: Shops) -> int:
    """Count the requests of one reconciliation alone; reading the record is not part of it."""
    before = len(shop.world.netsuite.requests)
    reconciled(shop)
    made = shop.world.netsuite.requests[before:]
    assert {one.path for one in made} == {"/services/rest/query/v1/suiteql"}, "all are reads"
    return sum(CONFIGURATION not in one.body for one in made)


@pytest.mark.parametrize("invoices", [1, 25, 150])
def test_a_day_that_agrees_costs_the_same_few_requests_however_large_it_is(
    shop: Shops, invoices: int
) -> None:
    posted_day(shop, invoices)

    assert netsuite_requests_of_a_reconciliation(shop) == ONE_PAGE_OF_EACH


def test_many_documents_that_somebody_deleted_are_looked_up_together(shop: Shops) -> None:
    posted_day(shop, 50)
    for one in shop.world.netsuite.transactions():
        shop.world.netsuite.delete_transaction(one["id"])

    requests = netsuite_requests_of_a_reconciliation(shop)

    assert requests == ONE_PAGE_OF_EACH + BY_EXTERNAL_AND_INTERNAL_ID
    assert {str(one.kind) for one in reconciled(shop).differences} == {"absent_in_netsuite"}
