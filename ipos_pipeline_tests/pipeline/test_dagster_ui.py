"""`dagster dev` as the data team starts it: it loads cleanly, and a backfill from the UI works."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ipos_pipeline_tests.pipeline.processes import BIN, ROOT, simulated, wait_for

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
  ... on Runs { results { status } } } }"""
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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
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
            process.wait(30)


def _answers(url: str) -> bool:
    try:
        return bool(ask(url, "{ version }"))
    except (httpx2.TransportError, ValueError):
        return False


def ask(url: str, query: str, **variables: object) -> Any:
    answer = httpx2.post(url, json={"query": query, "variables": variables}, timeout=30).json()
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
    partitions = [f"{day}|DXB01" for day in DAYS[:2]]

    launched = ask(
        url,
        BACKFILL,
        params={"assetSelection": PARTITIONED, "partitionNames": partitions, "title": "two days"},
    )["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    wait_for(
        lambda: _succeeded(url, launched["backfillId"]) == len(partitions),
        what="the end of the backfill's runs",
        seconds=240,
    )

    posted = httpx2.get(environment["SIMULATED_NETSUITE"] + "/_simulator/transactions").json()
    backfilled = {(one["tranDate"], one["externalId"].split("-")[1]) for one in posted}
    assert {(str(day), "DXB01") for day in DAYS[:2]} <= backfilled


def _succeeded(url: str, backfill_id: str) -> int:
    tags = [{"key": "dagster/backfill", "value": backfill_id}]
    runs = ask(url, RUNS, filter={"tags": tags})["runsOrError"]["results"]
    assert "FAILURE" not in [run["status"] for run in runs]
    return sum(run["status"] == "SUCCESS" for run in runs)


def _registered(url: str) -> list[str]:
    query = """{ assetNodes(assetKeys: [{path: ["raw_invoices"]}]) {
      partitionKeysByDimension { name partitionKeys } } }"""
    (node,) = ask(url, query)["assetNodes"]
    by_name = {one["name"]: one["partitionKeys"] for one in node["partitionKeysByDimension"]}
    return list(by_name["location"])
