"""A day on which nothing went wrong: four shops, sales, exchanges, returns and voids."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ipos_pipeline.defs.partitions import LOCATIONS
from ipos_pipeline.domain.store_day_proof import DifferenceKind
from ipos_pipeline_tests.builders import DAY, LOCATION
from ipos_pipeline_tests.conftest import SigningKey
from ipos_pipeline_tests.pipeline.conftest import Pipeline, checks_of
from ipos_pipeline_tests.realities.shops import FOUR
from ipos_pipeline_tests.simulated_world import SimulatedWorld, simulated_world
from simulators.sales_day import make_sales_day
from simulators.world import made_sales

LATE_EVENING = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)
"""Half past eleven in Dubai: the shops have closed."""


@pytest.fixture
def world(ec_key: SigningKey, world_ledger_url: str) -> Iterator[SimulatedWorld]:
    """Four shops after a whole day of trading."""
    with simulated_world(
        private_key_pem=ec_key.private_pem,
        public_key_pem=ec_key.public_pem,
        algorithm=ec_key.algorithm,
        ledger_url=world_ledger_url,
        sales=made_sales(DAY, locations=FOUR, invoices_per_location=40),
    ) as built:
        built.clock.now = LATE_EVENING
        yield built


def test_a_clean_day_of_four_shops_is_proved_and_every_check_of_it_is_green(
    pipeline: Pipeline,
) -> None:
    pipeline.instance.add_dynamic_partitions(LOCATIONS, list(FOUR))

    not_green = {
        (location, check)
        for location in FOUR
        for check, passed in checks_of(pipeline.run(location=location)).items()
        if not passed
    }

    assert not_green == set()
    with pipeline.world.connections(**pipeline.environment) as opened, opened.ledger.read() as work:
        proofs = work.proofs.of_day(DAY)
    assert proofs.keys() == set(FOUR)
    for proof in proofs.values():
        assert proof.is_proved
        assert proof.differences == ()
        assert proof.ipos.gross == proof.ledger.gross == proof.netsuite.gross
        assert proof.netsuite.documents == proof.posted_documents
        assert proof.shown == proof.landed == 40
        assert proof.filtered_by_rule == {"void": 1}


def test_a_day_of_prices_without_tax_is_proved_though_ipos_rounds_the_tax_of_a_whole_invoice(
    pipeline: Pipeline,
) -> None:
    """NetSuite rounds it for each line: cents of rounding are told, and explain the totals."""
    pipeline.instance.add_dynamic_partitions(LOCATIONS, [LOCATION])
    next_day = DAY + timedelta(days=1)
    pipeline.world.clock.now = LATE_EVENING + timedelta(days=1)
    pipeline.world.change_record(prices_include_tax=False)
    pipeline.world.ipos.add_invoices(
        make_sales_day(
            next_day, [LOCATION], seed=1, invoices_per_location=60, prices_include_tax=False
        )
    )

    result = pipeline.run(day=next_day)

    assert result.success
    with pipeline.world.connections(**pipeline.environment) as opened, opened.ledger.read() as work:
        proof = work.proofs.of_day(next_day)[LOCATION]
    assert {one.kind for one in proof.differences} == {DifferenceKind.ROUNDED}
    assert proof.ipos.gross - proof.rounding == proof.ledger.gross == proof.netsuite.gross
    assert proof.rounding != 0
    assert proof.is_proved
