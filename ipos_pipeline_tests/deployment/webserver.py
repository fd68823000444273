"""What a running webserver says of the runs."""

from __future__ import annotations

from typing import Any

import httpx2

from simulators.world import SHOPS

RUNS = "{ runsOrError { ... on Runs { results { status jobName } } } }"


def runs_of_store_days(url: str) -> list[dict[str, Any]]:
    """Give all runs once each shop has had a store-day's and none is under way, else nothing."""
    try:
        answer = httpx2.post(f"{url}/graphql", json={"query": RUNS}, timeout=300).json()
        runs: list[dict[str, Any]] = answer["data"]["runsOrError"]["results"]
    except (httpx2.TransportError, ValueError, LookupError, TypeError):  # not all is up yet
        return []
    ended = [run for run in runs if run["status"] in {"SUCCESS", "FAILURE", "CANCELED"}]
    store_days = [run for run in ended if run["jobName"] == "sync_invoices"]
    return ended if len(ended) == len(runs) and len(store_days) >= len(SHOPS) else []
