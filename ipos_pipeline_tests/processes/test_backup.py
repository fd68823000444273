"""The commands of a restore with real processes: a run is at work, and an older backup comes back.

NetSuite takes an external ID twice here, which it does not in truth.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ipos_pipeline.ledger.backup import back_up
from ipos_pipeline_tests.pipeline.processes import COMMAND_SECONDS_MAX, wait_for
from ipos_pipeline_tests.processes.invariants import broken_at_any_time, broken_when_quiet
from ipos_pipeline_tests.processes.runs import ForkedRun, inherited, last_look, set_up
from ipos_pipeline_tests.processes.shop import Databases, Shop, open_shop

DAY = date(2026, 1, 2)
REBUILD = ("rebuild-ledger", "--from", DAY.isoformat(), "--to", DAY.isoformat())


def command(shop: Shop, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [Path(sys.executable).with_name("ipos-pipeline"), *arguments],
        env={**inherited(), **shop.environment},
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


def document(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.usefixtures("postgres_programs")
def test_a_backup_of_a_run_at_work_brings_a_ledger_back_that_posts_nothing_twice(
    tmp_path: Path, databases: Databases
) -> None:
    """Backed up in the middle of posting, restored when all of it was posted and told."""
    file = tmp_path / "ledger.backup"
    with open_shop(tmp_path, DAY, databases=databases, external_ids_unique=False) as shop:
        shop.environment["PATH"] = os.environ["PATH"]
        shop.environment["NETSUITE_CONCURRENCY"] = "1"
        set_up(shop.environment)
        shop.sell(DAY, seed=5, invoices=40)
        with shop.slow():
            run = ForkedRun(shop.environment, DAY)
            wait_for(lambda: shop.creates() >= 5, what="The fifth document")

            made = back_up(shop.ledger_url, file, on_progress=lambda _done, _total: None)

            at_backup = shop.creates()
        assert run.end() == 0
        documents = len(shop.netsuite.transactions())
        assert at_backup < documents, "the run was at work"

        shop.sell(DAY, seed=6, invoices=5)  # while nothing runs
        refused = command(shop, "db", "restore", str(file))
        assert refused.returncode == 2
        put = document(command(shop, "db", "restore", str(file), "--replace", "--yes", "--json"))
        assert put["contents"]["entries"] == made.contents.entries
        assert command(shop, *REBUILD).returncode == 0
        assert command(shop, "db", "check").returncode == 0
        code = ForkedRun(shop.environment, DAY).end()

        assert code == 0, last_look(shop.environment)
        assert list(broken_at_any_time(shop, DAY)) == []
        asked = document(command(shop, "errors", "list", "--json"))["errors"]
        assert {one["code"] for one in asked} <= {"decision_lost"}
        if asked:
            reason = ("--reason", "nobody had set any of them aside", "--yes")
            retried = command(shop, "errors", "retry", "--code", "decision_lost", *reason)
            assert retried.returncode == 0, retried.stderr
            assert ForkedRun(shop.environment, DAY).end() == 0
        assert list(broken_when_quiet(shop, DAY)) == []
        assert len(shop.netsuite.transactions()) > documents, "what was sold meanwhile is posted"
