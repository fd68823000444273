"""The promise under every failure at once, and storms that notice when a safeguard is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipos_pipeline_tests.databases import ASKED, POSTGRESQL, SQLITE, ledger_on
from ipos_pipeline_tests.simulation import sabotage
from ipos_pipeline_tests.simulation.seeds import run_storm, sqlite_ledger
from ipos_pipeline_tests.simulation.storm import Connect, Storm

ON_SQLITE = ASKED == SQLITE
BATCHES = 30
SEEDS_EACH = 12 if ON_SQLITE else 2
"""A storm commits thousands of times, which takes six times as long on a server."""
POSTGRES_SEEDS = 20
SABOTAGED_SEEDS_MAX = 120


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_storm_breaks_the_promise(batch: int) -> None:
    """Replay a seed with `make storms SEEDS=1 START=<seed>`."""
    broken = {
        seed: violations
        for seed in range(batch * SEEDS_EACH, (batch + 1) * SEEDS_EACH)
        if (violations := storm_of(seed).violations)
    }
    assert broken == {}


@pytest.mark.parametrize("batch", range(4))
def test_no_storm_breaks_the_promise_on_postgresql(batch: int, tmp_path: Path) -> None:
    broken = {}
    for seed in range(batch * POSTGRES_SEEDS // 4, (batch + 1) * POSTGRES_SEEDS // 4):
        with ledger_on(POSTGRESQL, tmp_path) as url:
            violations = run_storm(seed, url).violations
        if violations:
            broken[seed] = violations
    assert broken == {}


def storm_of(seed: int, **conditions: Any) -> Storm:
    """Run the storm of a seed on the kind of database asked for."""
    if ON_SQLITE:
        with sqlite_ledger() as url:
            return run_storm(seed, url, **conditions)
    with ledger_on(ASKED, Path()) as url:
        return run_storm(seed, url, **conditions)


def first_violation(connect: Connect, *, external_ids_unique: bool) -> tuple[int, list[str]] | None:
    """Run storms until one shows a violation; gives its seed and what it saw."""
    for seed in range(SABOTAGED_SEEDS_MAX):
        storm = storm_of(seed, connect=connect, external_ids_unique=external_ids_unique)
        if storm.violations:
            return seed, storm.violations
    return None


def is_twice(violation: str) -> bool:
    return "times in NetSuite" in violation


def is_too_early(violation: str) -> bool:
    return "acknowledged with only" in violation or "not in NetSuite as a whole" in violation


@pytest.mark.parametrize(
    ("connect", "expected"),
    [
        (sabotage.WithoutLookUp, is_twice),
        (sabotage.WithoutRecordBeforeSend, is_twice),
        (sabotage.AcknowledgingAtOnce, is_too_early),
    ],
)
def test_a_storm_notices_a_safeguard_that_is_missing(
    connect: Connect, expected: Callable[[str], bool]
) -> None:
    """On an account that takes an external ID twice, so that nothing else makes up for it."""
    found = first_violation(connect, external_ids_unique=False)
    assert found is not None
    assert any(expected(violation) for violation in found[1]), found


def test_our_own_safeguards_hold_even_where_netsuite_takes_an_external_id_twice() -> None:
    """NetSuite's unique external IDs are the last line, not the only one."""
    broken = {}
    for seed in range(BATCHES):
        violations = storm_of(seed, external_ids_unique=False).violations
        if violations:
            broken[seed] = violations
    assert broken == {}


def test_storms_really_are_storms() -> None:
    """A suite of fair-weather days would pass without proving anything."""
    totals = sum((storm_of(seed).counts for seed in range(40)), start=storm_of(1).counts)
    for name in (
        "IPOS faults",
        "NetSuite faults",
        "crashes",
        "edits",
        "differences",
        "failed runs",
    ):
        assert totals[name] > 0, name
