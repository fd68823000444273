"""Real sales, replayed: each invoice has exactly the documents it should have, and no other.

What is expected is computed here from the invoices on the wire, without the package's own parser,
split or mapping.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ipos_pipeline.defs.partitions import LOCATIONS
from ipos_pipeline_tests.conftest import SigningKey
from ipos_pipeline_tests.pipeline.conftest import Pipeline, checks_of
from ipos_pipeline_tests.simulated_world import SimulatedWorld, simulated_world
from simulators.retail_replay import catalogue_of, read_sales
from simulators.world import Sales

SALES = Path(__file__).parents[3] / "shared" / "data" / "online_retail_2009_2010.parquet"
SHOPS = ["DXB01", "DXB02", "AUH01", "SHJ01"]
BUSIEST_DAY = date(2010, 11, 4)
"""219 invoices; returns are merged with sales of the same customer into exchanges."""

pytestmark = pytest.mark.skipif(not SALES.exists(), reason="the data set is not beside the clone")


@dataclass(frozen=True)
class Expected:
    """Documents by external ID: type, lines as (barcode, quantity, amount); and the rejected."""

    posted: dict[str, tuple[str, list[tuple[str, Decimal, Decimal]]]]
    rejected: set[str]
    acknowledged: set[tuple[str, str, str]]


def expected_of(invoices: list[dict[str, Any]], not_inventory: set[str]) -> Expected:
    """Work out what should be in NetSuite, from the invoices as IPOS sends them."""
    posted: dict[str, tuple[str, list[tuple[str, Decimal, Decimal]]]] = {}
    rejected: set[str] = set()
    acknowledged: set[tuple[str, str, str]] = set()
    for one in invoices:
        kind = "S" if one["DocType"] == "SALE" else "R"
        stem = f"IPOS-{one['LocationCode']}-{one['InvDate'][:4]}-{kind}-{one['InvNo']}"
        is_whole = True
        for sign, suffix, record_type in ((1, "CS", "cashSale"), (-1, "CR", "cashRefund")):
            lines = [line for line in one["Lines"] if line["Qty"] * sign > 0]
            if not lines:
                continue
            if any(line["PrimaryBarcode"] in not_inventory for line in lines):
                rejected.add(f"{stem}-{suffix}")
                is_whole = False
                continue
            posted[f"{stem}-{suffix}"] = (
                record_type,
                [
                    (line["PrimaryBarcode"], abs(Decimal(line["Qty"])), line["NetRate"] * sign)
                    for line in lines
                ],
            )
        if is_whole:
            acknowledged.add((one["LocationCode"], one["DocType"], str(one["InvNo"])))
    return Expected(posted, rejected, acknowledged)


@pytest.fixture
def replayed(ec_key: SigningKey, world_ledger_url: str) -> Iterator[SimulatedWorld]:
    """Four shops that know the whole catalogue of the data set and have sold nothing yet."""
    with simulated_world(
        private_key_pem=ec_key.private_pem,
        public_key_pem=ec_key.public_pem,
        algorithm=ec_key.algorithm,
        ledger_url=world_ledger_url,
        sales=Sales(SHOPS, [], catalogue_of(SALES)),
    ) as world:
        yield world


def post_all(
    world: SimulatedWorld, tmp_path: Path, first: date, last: date
) -> tuple[Pipeline, list[dict[str, Any]], list[dg.ExecuteInProcessResult]]:
    invoices = read_sales(SALES, first=first, last=last, locations=SHOPS)
    world.ipos.add_invoices(invoices)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(LOCATIONS, SHOPS)
        environment = {
            "IPOS_PIPELINE_DATA_DIR": str(tmp_path / "data"),
            "IPOS_PIPELINE_START_DATE": first.isoformat(),
        }
        pipeline = Pipeline(world, instance, environment)
        results = [pipeline.run(day, shop) for day in days for shop in SHOPS]
    return pipeline, invoices, results


def assert_books_are_right(
    pipeline: Pipeline, invoices: list[dict[str, Any]], results: list[dg.ExecuteInProcessResult]
) -> None:
    items = catalogue_of(SALES)
    not_inventory = {item.barcode for item in items if item.itemtype != "InvtPart"}
    expected = expected_of(invoices, not_inventory)
    barcode_of = {str(2001 + i): item.barcode for i, item in enumerate(items)}
    in_netsuite = {
        key: (
            one["type"],
            [(barcode_of[ln["item"]], ln["quantity"], ln["grossAmt"]) for ln in one["lines"]],
        )
        for key, one in pipeline.posted().items()
    }
    assert all(result.success for result in results)
    assert in_netsuite == expected.posted
    totals = {key: one["total"] for key, one in pipeline.posted().items()}
    assert totals == {
        key: sum((amount for _, _, amount in lines), start=Decimal(0))
        for key, (_, lines) in expected.posted.items()
    }
    assert open_error_ids(pipeline, invoices) == expected.rejected
    told = pipeline.world.ipos.acknowledgements()
    assert {(one["LocationCode"], one["DocType"], str(one["InvNo"])) for one in told} == (
        expected.acknowledged
    )
    assert len(told) == len(expected.acknowledged), "each is told once"


def open_error_ids(pipeline: Pipeline, invoices: list[dict[str, Any]]) -> set[str]:
    store_days = {
        (date.fromisoformat(one["InvDate"][:10]), one["LocationCode"]) for one in invoices
    }
    errors = [error for day, shop in store_days for error in pipeline.open_errors(day, shop)]
    assert {error.code for error in errors} <= {"non_inventory_item"}
    assert len(errors) == len({error.external_id for error in errors})
    return {error.external_id for error in errors}


def test_the_busiest_day_is_in_netsuite_document_by_document(
    replayed: SimulatedWorld, tmp_path: Path
) -> None:
    pipeline, invoices, results = post_all(replayed, tmp_path, BUSIEST_DAY, BUSIEST_DAY)

    assert len(invoices) > 190
    assert_books_are_right(pipeline, invoices, results)


def test_a_week_is_in_netsuite_document_by_document(
    replayed: SimulatedWorld, tmp_path: Path
) -> None:
    first = BUSIEST_DAY - timedelta(days=4)

    pipeline, invoices, results = post_all(replayed, tmp_path, first, first + timedelta(days=6))

    assert len(invoices) > 500
    assert_books_are_right(pipeline, invoices, results)
    clean = [result for result in results if all(checks_of(result).values())]
    assert clean, "a store-day without charges on it is green in every check"


def test_replaying_a_day_again_changes_nothing(replayed: SimulatedWorld, tmp_path: Path) -> None:
    pipeline, _, _ = post_all(replayed, tmp_path, BUSIEST_DAY, BUSIEST_DAY)
    before = pipeline.posted()
    creates = pipeline.requests("POST", "/record/v1/")

    post_all(replayed, tmp_path, BUSIEST_DAY, BUSIEST_DAY)

    assert pipeline.requests("POST", "/record/v1/") == creates
    assert pipeline.posted() == before
