"""`dagster dev` as the data team starts it: it loads cleanly, and a backfill from the UI works.

What its pages show is tested with a browser (browser/test_what_people_see.py).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ipos_pipeline.defs.assets import store_day_assets
from ipos_pipeline.defs.partitions import store_days
from ipos_pipeline_tests.builders import amount_line, raw_invoice, raw_line
from ipos_pipeline_tests.pipeline.conftest import Pipeline
from ipos_pipeline_tests.pipeline.processes import (
    BIN,
    COMMAND_SECONDS_MAX,
    ROOT,
    simulated,
    wait_for,
)
from ipos_pipeline_tests.ports import reserved_port

DAYS = [date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)]
SHOPS = ["DXB01", "DXB02", "AUH01", "SHJ01"]

ASSETS = """{ assetNodes { assetKey { path } groupName description kinds
  owners { ... on TeamAssetOwner { team } } isPartitioned
  assetChecksOrError { ... on AssetChecks { checks { name } } } } }"""
SENSORS = """{ sensorsOrError(repositorySelector: {repositoryName: "__repository__",
  repositoryLocationName: "ipos_pipeline"}) { ... on Sensors { results { name
  sensorState { status } } } } }"""
BACKFILL = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(
  backfillParams: $params) { __typename ... on LaunchBackfillSuccess { backfillId }
  ... on PythonError { message } } }"""
RUNS = """query($filter: RunsFilter!) { runsOrError(filter: $filter) {
  ... on Runs { results { status tags { key value } } } } }"""
BACKFILL_RUNS_MAX = 2
"""How many runs of backfills `dagster.yaml` lets run at once."""
RUNNING = {"STARTING", "STARTED"}
PARTITIONED = [
    {"path": [name]}
    for name in (
        *("raw_invoices", "sale_lines", "refund_lines", "cash_sales", "cash_refunds"),
        *("acknowledgements", "integration_errors", "store_day_reconciliation"),
    )
]


@contextmanager
def dagster_dev(environment: dict[str, str], folder: Path) -> Iterator[tuple[str, Path]]:
    """Start `dagster dev` on a free port; gives its address and the file of its output."""
    port = reserved_port()
    output = folder / "dagster-dev.log"
    with output.open("w") as log:
        process = subprocess.Popen(
            [BIN / "dagster", "dev", "-w", ROOT / "workspace.yaml", "-p", str(port)],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}/graphql"
            wait_for(lambda: _answers(url), what=f"Dagster's UI ({output.read_text()[-500:]})")
            yield url, output
        finally:
            process.terminate()
            process.wait(COMMAND_SECONDS_MAX)


def _answers(url: str) -> bool:
    try:
        return bool(ask(url, "{ version }"))
    except (httpx2.TransportError, ValueError):
        return False


def ask(url: str, query: str, **variables: object) -> Any:
    answer = httpx2.post(url, json={"query": query, "variables": variables}, timeout=300).json()
    assert "errors" not in answer, answer
    return answer["data"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("ui")
    with simulated(folder, DAYS, invoices_per_location=2) as environment:
        quiet = {**environment, "IPOS_PIPELINE_LOOK_BACK_DAYS": "0"}
        with dagster_dev(quiet, folder) as (url, output):
            yield url, output, quiet


def test_the_ui_shows_assets_checks_and_sensors(
    running: tuple[str, Path, dict[str, str]],
) -> None:
    url, output, _ = running

    nodes = {node["assetKey"]["path"][0]: node for node in ask(url, ASSETS)["assetNodes"]}

    assert set(nodes) == {
        *("ipos_configuration", "netsuite_items", "raw_invoices", "sale_lines", "refund_lines"),
        *("cash_sales", "cash_refunds", "acknowledgements", "integration_errors"),
        "store_day_reconciliation",
    }
    for name, node in nodes.items():
        assert node["description"], name
        assert node["kinds"], name
        assert node["owners"], name
        assert node["isPartitioned"] == (name not in {"ipos_configuration", "netsuite_items"})
    checks = {
        check["name"] for node in nodes.values() for check in node["assetChecksOrError"]["checks"]
    }
    assert {
        *("no_missing_invoices", "every_line_split_once"),
        *("no_failed_postings", "all_acknowledged"),
    } <= checks
    sensors = ask(url, SENSORS)["sensorsOrError"]["results"]
    assert {one["name"]: one["sensorState"]["status"] for one in sensors} == {
        "store_days_sensor": "RUNNING",
        "freshness_sensor": "RUNNING",
        "location_partitions_sensor": "RUNNING",
        "run_failures_sensor": "RUNNING",
    }
    ours = [
        line
        for line in output.read_text().splitlines()
        if "Warning" in line and "ipos_pipeline" in line
    ]
    assert ours == []


def test_a_backfill_of_several_days_posts_them_all(
    running: tuple[str, Path, dict[str, str]],
) -> None:
    url, _, environment = running
    registered = wait_for(lambda: _registered(url), what="the sensor that registers the locations")
    assert sorted(registered) == sorted(SHOPS)
    partitions = [*(f"{day}|DXB01" for day in DAYS[:2]), f"{DAYS[0]}|SHJ01"]
    assert len(partitions) > BACKFILL_RUNS_MAX

    launched = ask(
        url,
        BACKFILL,
        params={"assetSelection": PARTITIONED, "partitionNames": partitions, "title": "two days"},
    )["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    running: list[int] = []
    runs = wait_for(
        lambda: _all_succeeded(url, launched["backfillId"], len(partitions), running),
        what="the end of the backfill's runs",
    )

    assert max(running) <= BACKFILL_RUNS_MAX
    tags = [{tag["key"]: tag["value"] for tag in run["tags"]} for run in runs]
    assert {(one["dagster/partition"], one["ipos/location"]) for one in tags} == {
        (partition, partition.partition("|")[2]) for partition in partitions
    }
    posted = httpx2.get(environment["SIMULATED_NETSUITE"] + "/_simulator/transactions").json()
    backfilled = {(one["tranDate"], one["externalId"].split("-")[1]) for one in posted}
    assert {tuple(partition.split("|")) for partition in partitions} <= backfilled


def _all_succeeded(
    url: str, backfill_id: str, count: int, running: list[int]
) -> list[dict[str, Any]] | None:
    """Give the backfill's runs when all are done; notes how many are running meanwhile."""
    tags = [{"key": "dagster/backfill", "value": backfill_id}]
    runs: list[dict[str, Any]] = ask(url, RUNS, filter={"tags": tags})["runsOrError"]["results"]
    statuses = [run["status"] for run in runs]
    assert "FAILURE" not in statuses
    running.append(sum(status in RUNNING for status in statuses))
    return runs if statuses.count("SUCCESS") == count else None


def _registered(url: str) -> list[str]:
    query = """{ assetNodes(assetKeys: [{path: ["raw_invoices"]}]) {
      partitionKeysByDimension { name partitionKeys } } }"""
    (node,) = ask(url, query)["assetNodes"]
    by_name = {one["name"]: one["partitionKeys"] for one in node["partitionKeysByDimension"]}
    return list(by_name["location"])


def test_each_posting_is_shown_with_its_page_in_netsuite(pipeline: Pipeline) -> None:
    """From a posting in the UI to the books in one step, and to nothing where nothing is booked."""
    unknown = raw_line(Barcode="0", PrimaryBarcode="0")
    exchange = raw_invoice(amount_line(1, 2, "20.00"), amount_line(2, -1, "-7.50"), InvNo=10378)
    pipeline.world.ipos.add_invoices([raw_invoice(), exchange, raw_invoice(unknown, InvNo=10379)])

    result = pipeline.run()

    metadata = {
        event.asset_key.to_user_string(): event.materialization.metadata
        for event in result.get_asset_materialization_events()
    }
    pages = "https://1234567-sb1.app.netsuite.com/app/accounting/transactions"
    posted = pipeline.posted()
    sold, also_sold, returned = (
        posted[f"IPOS-DXB01-2026-S-{document}"]["id"]
        for document in ("10377-CS", "10378-CS", "10378-CR")
    )
    (refund,) = metadata["cash_refunds"]["postings"].value.records
    assert refund.data["netsuite_page"] == f"{pages}/cashrfnd.nl?id={returned}"
    sales = {
        one.data["external_id"]: one.data["netsuite_page"]
        for one in metadata["cash_sales"]["postings"].value.records
    }
    assert sales == {
        "IPOS-DXB01-2026-S-10377-CS": f"{pages}/cashsale.nl?id={sold}",
        "IPOS-DXB01-2026-S-10378-CS": f"{pages}/cashsale.nl?id={also_sold}",
        "IPOS-DXB01-2026-S-10379-CS": None,
    }
    links = metadata["cash_sales"]["newest_in_netsuite"].value.splitlines()
    assert sorted(links) == [
        f"- [{external_id}]({page})" for external_id, page in sorted(sales.items()) if page
    ]


def test_a_run_without_tags_is_tagged_with_its_location(pipeline: Pipeline) -> None:
    """The Launchpad and `dagster job execute` start runs too; one filter finds all of a shop."""
    result = pipeline.run()

    tagged = pipeline.instance.get_run_by_id(result.run_id)
    assert tagged is not None
    assert tagged.tags["ipos/location"] == "DXB01"


def test_each_asset_of_a_store_day_tells_the_file_it_is_defined_in() -> None:
    """A path of this repository, which is the same wherever it runs."""
    for asset in store_day_assets(store_days(DAYS[0])):
        for metadata in asset.metadata_by_key.values():
            path, function = metadata["defined_in"].value.split(":")
            assert f"\ndef {function}(" in (ROOT / path).read_text(encoding="utf-8")
