"""Runs killed with SIGKILL at random moments; `make kills` does the same as often as asked."""

from pathlib import Path

from ipos_pipeline_tests.databases import Databases
from ipos_pipeline_tests.processes.kills import killer

SEED = 7
KILLS = 3
DAYS_MAX = 20


def test_killed_runs_lose_nothing_double_nothing_and_leave_nothing_behind(
    tmp_path: Path, databases: Databases
) -> None:
    """Although this NetSuite would take an external ID twice: intents are recorded first."""
    with killer(tmp_path, databases) as one:
        seed = SEED
        while (left := KILLS - one.tally.kills.total()) > 0:
            assert seed < SEED + DAYS_MAX, "the runs end before they are killed"
            one.spoil_a_day(seed, kills=left)
            seed += 1

        assert one.tally.violations == [], str(one.tally)
