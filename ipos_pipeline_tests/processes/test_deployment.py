"""The processes of production on PostgreSQL: what they do together, and what a kill of each does.

NetSuite takes an external ID twice here: what keeps the documents single is the pipeline.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ipos_pipeline.defs.partitions import StoreDay
from ipos_pipeline.defs.starting import PARTITION_TAG
from ipos_pipeline_tests.builders import LOCATION
from ipos_pipeline_tests.pipeline.processes import COMMAND_SECONDS_MAX, wait_for
from ipos_pipeline_tests.postgres import PostgresServer
from ipos_pipeline_tests.processes.deployment import (
    CODE_SERVER,
    DAEMON,
    Deployment,
    WebserverError,
    deployed,
)
from ipos_pipeline_tests.processes.invariants import broken_when_quiet, is_quiet
from ipos_pipeline_tests.processes.postgres_kill import kill_postgres, start_postgres
from ipos_pipeline_tests.processes.runs import set_up
from ipos_pipeline_tests.processes.shop import Databases, Shop, open_shop

INVOICES = 120
YESTERDAY = datetime.now(ZoneInfo("Asia/Dubai")).date() - timedelta(days=1)
"""A day that is over at the shop, and that the sensor still looks at."""
DOWN_SECONDS = 5
LEASE_SECONDS = 60
"""As in production, a dead run is noticed before its claims expire."""


@dataclass
class Production:
    """A shop, the processes that post for it, and the folder of their PostgreSQL."""

    shop: Shop
    processes: Deployment
    postgres: Path

    @contextmanager
    def run_at_work(self, day: date) -> Iterator[None]:
        """Sell on a day and start its run: inside it is in the middle of its documents."""
        before = self.shop.creates(204)
        self.shop.sell(day, seed=day.toordinal(), invoices=INVOICES)
        with self.shop.slow():
            self.processes.launch(partition_key(day))
            wait_for(
                lambda: self.shop.creates(204) >= before + INVOICES // 4, what="The first documents"
            )
            yield
            assert self.shop.creates(204) < before + INVOICES // 2, "the run was at work"

    def runs_once_quiet(self, day: date) -> list[dict[str, Any]]:
        """Wait until the day has nothing left to do; give its runs, the first one first.

        What has ended by itself is started again, as a supervisor does; what is still to be done
        when no run is under way is the next tick's.
        """

        def runs_if_quiet() -> list[dict[str, Any]]:
            self.processes.supervise()
            try:
                found = [
                    one
                    for one in self.processes.runs()
                    if tags_of(one).get(PARTITION_TAG) == partition_key(day)
                ]
            except WebserverError:  # a connection of before the kill of the database
                return []
            if not found or not all(map(is_over, found)):
                return []
            if is_quiet(self.shop, day):
                return found
            self.processes.let_sensors_tick()
            return []

        runs = wait_for(runs_if_quiet, what="The day's end")
        return list(runs[::-1])


def is_over(run: dict[str, Any]) -> bool:
    """Say whether a run has ended, and Dagster is not about to make it anew."""
    tags = tags_of(run)
    is_awaited = (
        tags.get("dagster/will_retry") == "true" and "dagster/auto_retry_run_id" not in tags
    )
    return run["status"] in {"SUCCESS", "FAILURE"} and not is_awaited


def tags_of(run: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run["tags"]}


def partition_key(day: date) -> str:
    return StoreDay(LOCATION, day).partition_key


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """Yesterday's sales wait in IPOS when the daemon starts."""
    folder, postgres = tmp_path_factory.mktemp("production"), tmp_path_factory.mktemp("postgres")
    with PostgresServer.running(postgres) as server:
        plain = server.new_database().replace("+psycopg2", "")
        databases = Databases(server.new_database(), plain)
        first_day = YESTERDAY - timedelta(days=10)
        with open_shop(folder, first_day, databases=databases, external_ids_unique=False) as shop:
            shop.environment["IPOS_PIPELINE_CLAIM_SECONDS"] = str(LEASE_SECONDS)
            set_up(shop.environment)
            shop.sell(YESTERDAY, seed=1, invoices=INVOICES)
            with deployed(folder, shop) as processes:
                yield Production(shop, processes, postgres)


def test_the_daemon_ticks_the_code_server_posts_and_the_webserver_shows_it(
    production: Production,
) -> None:
    (run,) = production.runs_once_quiet(YESTERDAY)

    assert (run["jobName"], run["status"]) == ("sync_invoices", "SUCCESS")
    assert list(broken_when_quiet(production.shop, YESTERDAY)) == []
    ticks = production.processes.ticks("store_days_sensor")
    assert [(one["status"], one["runIds"]) for one in ticks if one["runIds"]] == [
        ("SUCCESS", [run["runId"]])
    ]


def test_a_run_goes_on_while_the_daemon_is_dead(production: Production) -> None:
    day = YESTERDAY - timedelta(days=1)
    with production.run_at_work(day):
        production.processes.kill(DAEMON)

    production.processes.start(DAEMON)
    runs = production.runs_once_quiet(day)

    assert [one["status"] for one in runs] == ["SUCCESS"]
    assert list(broken_when_quiet(production.shop, day)) == []


def test_a_code_server_that_is_told_to_stop_lets_its_runs_end(production: Production) -> None:
    """So a new version is installed without a run being cut."""
    day = YESTERDAY - timedelta(days=4)
    with production.run_at_work(day):
        production.processes.processes[CODE_SERVER].send_signal(signal.SIGTERM)

    code = production.processes.processes[CODE_SERVER].wait(COMMAND_SECONDS_MAX)
    runs = production.runs_once_quiet(day)

    assert code == 0
    assert [one["status"] for one in runs] == ["SUCCESS"]


def test_runs_that_die_with_the_code_server_are_noticed_and_made_anew(
    production: Production,
) -> None:
    """Dagster's own launcher would show them as started until their time is over, for two hours.

    Their host is gone with the daemon, which comes back last: it starts a dead run again just once.
    """
    day = YESTERDAY - timedelta(days=2)
    disk = production.shop.environment["IPOS_PIPELINE_DATA_DIR"]
    with production.run_at_work(day):
        production.processes.kill(DAEMON)
        production.processes.kill(CODE_SERVER)

    shutil.rmtree(disk, ignore_errors=True)  # what dies with the code server may still write
    production.processes.start(CODE_SERVER)
    wait_for(production.processes.is_code_server_up, what="The code server")
    production.processes.start(DAEMON)
    dead, again, *_by_ticks = production.runs_once_quiet(day)

    assert (dead["status"], again["status"]) == ("FAILURE", "SUCCESS")
    assert list(broken_when_quiet(production.shop, day)) == []
    assert tags_of(again)["dagster/parent_run_id"] == dead["runId"]


def test_runs_that_lose_their_database_are_made_anew_when_it_is_back(
    production: Production,
) -> None:
    """They cannot even tell that they have failed: Dagster's storage is gone with the ledger."""
    day = YESTERDAY - timedelta(days=3)
    with production.run_at_work(day):
        kill_postgres(production.postgres)

    time.sleep(DOWN_SECONDS)
    start_postgres(production.postgres)
    runs = production.runs_once_quiet(day)

    assert runs[-1]["status"] == "SUCCESS"
    assert list(broken_when_quiet(production.shop, day)) == []
