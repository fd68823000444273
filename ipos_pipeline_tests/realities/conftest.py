"""Four shops that have sold nothing yet, and the steps that a tick runs over them."""

from collections.abc import Iterator

import pytest

from ipos_pipeline_tests.conftest import SigningKey
from ipos_pipeline_tests.realities.shops import FOUR, Shops
from ipos_pipeline_tests.simulated_world import ITEMS, SimulatedWorld, simulated_world
from simulators.world import Sales


@pytest.fixture
def world(ec_key: SigningKey, world_ledger_url: str) -> Iterator[SimulatedWorld]:
    """Both simulators with four shops, two items and no invoice."""
    with simulated_world(
        private_key_pem=ec_key.private_pem,
        public_key_pem=ec_key.public_pem,
        algorithm=ec_key.algorithm,
        ledger_url=world_ledger_url,
        sales=Sales(FOUR, [], ITEMS),
    ) as built:
        yield built


@pytest.fixture
def shops(world: SimulatedWorld) -> Iterator[Shops]:
    """The product, ready to run store-days of those shops."""
    with world.connections() as opened:
        yield Shops(world, opened)
