"""The benchmark of the UI at a tiny size: a real server knows the history, a real page is asked."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import httpx2
import pytest
from rich.console import Console

from benchmarks.ui_queries import (
    Answer,
    Chain,
    Page,
    Question,
    chains,
    measure,
    remember_older_days,
    rows_of,
    web_server,
)
from ipos_pipeline_tests.browser import pages
from ipos_pipeline_tests.browser.chromium import MISSING, is_installed

SHOPS, DAYS = 6, 20
STATISTICS = """{ assetNodes(assetKeys: [{path: ["cash_sales"]}]) {
  partitionStats { numMaterialized numPartitions }
} }"""


@pytest.fixture
def console() -> Console:
    """A console that nobody reads."""
    return Console(file=io.StringIO())


@pytest.fixture(autouse=True)
def _in_the_top_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])


def answer(page: str, name: str, *, again: float, megabytes: float) -> Answer:
    question = Question(page, f'{{"operationName": "{name}"}}')
    return Answer(question, first_seconds=2 * again, again_seconds=again, megabytes=megabytes)


def test_shops_are_closed_on_different_days() -> None:
    """A day that all shops miss would make the answers of the UI smaller than they are."""
    chain = Chain([f"S{n}" for n in range(40)], date(2026, 11, 21), 40)
    keys = chain.partition_keys()
    by_day = [sum(key.startswith(f"2026-11-{day}") for key in keys) for day in range(10, 22)]
    assert len(keys) == 40 * 40 * 19 / 20
    assert set(by_day) == {38}


def test_a_page_is_the_sum_of_its_queries_and_the_slow_ones_are_named() -> None:
    rows = rows_of(
        "2 x 3",
        [
            answer("runs", "Slow", again=0.5, megabytes=0.01),
            answer("runs", "Slow", again=0.25, megabytes=0.01),
            answer("runs", "Quick", again=0.05, megabytes=0.01),
            answer("graph", "Large", again=0.1, megabytes=2.0),
        ],
    )
    figures = {(row.what, row.unit): row.figure for row in rows}
    assert figures["2 x 3: runs, 3 queries, first", "s"] == pytest.approx(1.6)
    assert figures["2 x 3: runs, 3 queries, again", "s"] == pytest.approx(0.8)
    assert figures["2 x 3: runs, 2 x Slow, again", "s"] == pytest.approx(0.75)
    assert figures["2 x 3: graph, 1 queries, size", "MB"] == pytest.approx(2.0)
    assert not any("Quick" in row.what for row in rows)


def test_the_server_knows_the_whole_history(tmp_path: Path, console: Console) -> None:
    """Only the last days have events; what is older must count all the same, in both sizes."""
    seen = []
    with chains(tmp_path, console, shops=SHOPS, days=(DAYS, DAYS // 2)) as known:
        for chain in known:
            remember_older_days(chain)
            with web_server(tmp_path) as site:
                told = httpx2.post(f"{site}/graphql", json={"query": STATISTICS}, timeout=60).json()
            seen.append(told["data"]["assetNodes"][0]["partitionStats"])
    for chain, shown in zip(known, seen, strict=True):
        assert shown["numMaterialized"] == len(chain.partition_keys())
        # A day may begin at the shops in between.
        assert shown["numPartitions"] in {SHOPS * chain.days, SHOPS * (chain.days + 1)}
    assert seen[0]["numMaterialized"] < seen[0]["numPartitions"]


def test_a_page_is_opened_and_its_queries_are_timed(console: Console) -> None:
    if not is_installed():
        pytest.skip(MISSING)
    rows = measure(console, shops=SHOPS, days=(DAYS,), to_open=lambda: [Page("runs", pages.RUNS)])
    assert [row.unit for row in rows[:3]] == ["s", "s", "MB"]
    assert all(row.what.startswith(f"{SHOPS} x {DAYS}: runs") for row in rows)
    assert all(row.figure > 0 and row.is_kept for row in rows)
