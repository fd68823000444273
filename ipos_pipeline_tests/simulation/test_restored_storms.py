"""The promise when the ledger is lost in a storm and an older backup takes its place.

NetSuite takes an external ID twice here: what keeps documents single is the pipeline.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from ipos_pipeline_tests.postgres import PostgresServer
from ipos_pipeline_tests.simulation import sabotage
from ipos_pipeline_tests.simulation.seeds import run_seed, run_storm, sqlite_ledger

BATCHES = 8
SEEDS_EACH = 8
POSTGRES_SEEDS = 6
SABOTAGED_SEEDS_MAX = 60


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_storm_breaks_the_promise_of_a_restored_ledger(batch: int) -> None:
    """Replay a seed with `make storms SEEDS=1 START=<seed> RESTORE=1`."""
    broken = {
        seed: violations
        for seed in range(batch * SEEDS_EACH, (batch + 1) * SEEDS_EACH)
        if (violations := run_seed(seed, with_restore=True)[1])
    }
    assert broken == {}


@pytest.mark.usefixtures("postgres_programs")
def test_no_storm_breaks_the_promise_of_a_restored_ledger_on_postgresql(
    postgres_server: PostgresServer,
) -> None:
    broken = {}
    for seed in range(POSTGRES_SEEDS):
        url = postgres_server.new_database()
        storm = run_storm(seed, url, external_ids_unique=False, with_restore=True)
        if storm.violations:
            broken[seed] = storm.violations
    assert broken == {}


def is_twice(violation: str) -> bool:
    return "times in NetSuite" in violation


def is_against_a_decision(violation: str) -> bool:
    return "was set aside, and is in NetSuite" in violation


@pytest.mark.parametrize("expected", [is_twice, is_against_a_decision])
def test_such_a_storm_notices_a_ledger_that_does_not_heed_that_it_was_restored(
    expected: Callable[[str], bool],
) -> None:
    for seed in range(SABOTAGED_SEEDS_MAX):
        with sqlite_ledger() as url:
            storm = run_storm(
                seed,
                url,
                connect=sabotage.HeedingNoRestore,
                external_ids_unique=False,
                with_restore=True,
            )
        if any(expected(violation) for violation in storm.violations):
            return
    pytest.fail("no storm has noticed it")


def test_such_storms_really_restore_and_ask() -> None:
    totals: Counter[str] = sum((run_seed(n, with_restore=True)[2] for n in range(20)), Counter())
    for name in ("backups", "restores", "set aside", "asked again", "crashes", "edits"):
        assert totals[name] > 0, name
