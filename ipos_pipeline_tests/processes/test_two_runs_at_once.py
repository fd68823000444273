"""A backfill and a tick run the same store-day at the same moment, as two processes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ipos_pipeline_tests.databases import Databases
from ipos_pipeline_tests.pipeline.processes import wait_for
from ipos_pipeline_tests.processes.invariants import broken_when_quiet, is_quiet
from ipos_pipeline_tests.processes.runs import ForkedRun, last_look, set_up
from ipos_pipeline_tests.processes.shop import open_shop

DAY = date(2026, 1, 2)


def test_two_runs_of_one_store_day_post_everything_once_between_them(
    tmp_path: Path, databases: Databases
) -> None:
    """Neither fails, neither waits for ever, and NetSuite never has to refuse a duplicate."""
    with open_shop(tmp_path, DAY, databases=databases) as shop:
        shop.environment["IPOS_PIPELINE_CLAIM_SECONDS"] = "60"  # both live: no claim is abandoned
        set_up(shop.environment)
        shop.sell(DAY, seed=1)

        runs = [ForkedRun(shop.environment, DAY) for _ in range(2)]
        codes = [run.end() for run in runs]

        assert codes == [0, 0], last_look(shop.environment)
        assert list(broken_when_quiet(shop, DAY)) == []
        assert is_quiet(shop, DAY)
        assert shop.creates(204) == len(shop.netsuite.transactions())
        assert shop.creates() == shop.creates(204), "one of the two claims a document, not both"
        assert last_look(shop.environment)["runs"] == 2


def test_a_claim_that_expires_under_a_living_run_still_posts_nothing_twice(
    tmp_path: Path, databases: Databases
) -> None:
    """The other run looks up, finds nothing yet and may send too: then NetSuite refuses one."""
    with open_shop(tmp_path, DAY, databases=databases) as shop:
        shop.environment["NETSUITE_CONCURRENCY"] = "1"  # its creates take longer than the lease
        set_up(shop.environment)
        shop.sell(DAY, seed=2, invoices=100)

        with shop.slow():
            first = ForkedRun(shop.environment, DAY)
            wait_for(shop.creates, what="The first document")
            before = shop.lists_read()
            second = ForkedRun(shop.environment, DAY)
            wait_for(lambda: shop.lists_read() > before, what="The other run's look at IPOS")
            assert not first.is_over()
        codes = [run.end() for run in (first, second)]
        if not is_quiet(shop, DAY):
            codes.append(ForkedRun(shop.environment, DAY).end())

        assert set(codes) == {0}, last_look(shop.environment)
        assert list(broken_when_quiet(shop, DAY)) == []
        assert shop.creates(204) == len(shop.netsuite.transactions())
