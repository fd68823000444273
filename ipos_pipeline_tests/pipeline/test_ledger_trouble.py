"""The ledger's database fails while documents are in flight: one clear failure, nothing lost."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg
import httpx2
import pytest
import sqlalchemy

from ipos_pipeline_tests.builders import DAY, LOCATION, raw_invoice
from ipos_pipeline_tests.failing_ledger import FailingDatabase
from ipos_pipeline_tests.pipeline.conftest import Pipeline, checks_of, failure_of
from ipos_pipeline_tests.simulated_world import SimulatedWorld

INVOICES = 60
LEASE_SECONDS = 10 * 60


@pytest.fixture
def world_ledger_url(ledger_url: str) -> str:
    """On either kind of database."""
    return ledger_url


class WithTrouble(httpx2.AsyncBaseTransport):
    """Lets something happen once, when the first document has been sent."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, happens: Callable[[], None]) -> None:
        self._inner = inner
        self._happens: Callable[[], None] | None = happens

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        if self._happens is not None and "/record/v1/cashSale" in request.url.path:
            act, self._happens = self._happens, None
            act()
        return response


def run_with(pipeline: Pipeline, happens: Callable[[], None]) -> dg.ExecuteInProcessResult:
    """Run the store-day while something happens."""
    world = pipeline.world

    class Troubled(SimulatedWorld):
        def transport(self) -> httpx2.AsyncBaseTransport:
            return trouble

    trouble = WithTrouble(world.transport(), happens)
    return Pipeline(Troubled(**vars(world)), pipeline.instance, pipeline.environment).run()


def test_a_ledger_that_fails_while_settling_is_one_clear_failure_and_nothing_is_posted_twice(
    pipeline: Pipeline, ledger_url: str
) -> None:
    """What NetSuite took meanwhile keeps its claim, and the next run looks it up."""
    database = FailingDatabase(ledger_url)
    sell(pipeline)

    result = run_with(pipeline, database.fail)

    assert not result.success
    assert causes(result) == {"TransientError"}
    sentence, recovery = failure_of(result)
    assert sentence.startswith("The ledger ")
    assert "the next run looks up what was being sent" in recovery
    assert 0 < len(pipeline.posted()) < INVOICES, "it stopped before all had been sent"

    database.work_again()
    the_next_run_completes_the_day(pipeline)


def test_a_defect_that_shows_while_settling_leaves_as_itself_and_nothing_is_posted_twice(
    pipeline: Pipeline, ledger_url: str
) -> None:
    """A broken constraint is no trouble of the database; a group of errors would hide it."""
    sell(pipeline)
    index = "CREATE UNIQUE INDEX broken ON posting_entry (posted_at)"

    result = run_with(pipeline, lambda: execute(ledger_url, index))

    assert not result.success
    assert causes(result) == {"IntegrityError"}
    assert 0 < len(pipeline.posted()) < INVOICES, "it stopped before all had been sent"

    execute(ledger_url, "DROP INDEX broken")
    the_next_run_completes_the_day(pipeline)


def sell(pipeline: Pipeline) -> None:
    """Let the shop sell more than is settled at once."""
    pipeline.world.ipos.add_invoices(raw_invoice(InvNo=number) for number in range(1, INVOICES + 1))


def causes(result: dg.ExecuteInProcessResult) -> set[str]:
    """Give the classes of the errors that failed the run's steps."""
    failures = [one.step_failure_data for one in result.all_events if one.is_step_failure]
    return {one.error.cause.cls_name for one in failures}


def execute(ledger_url: str, statement: str) -> None:
    """Change the ledger behind the pipeline's back."""
    engine = sqlalchemy.create_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(statement))
    engine.dispose()


def the_next_run_completes_the_day(pipeline: Pipeline) -> None:
    """Let the claims of the failed run grow old; what it sent must be found, not sent again."""
    pipeline.world.clock.advance(LEASE_SECONDS + 1)
    again = pipeline.run()

    assert again.success
    assert checks_of(again)["store_day_reconciliation:totals_match_netsuite"]
    assert pipeline.open_errors(DAY, LOCATION) == []
    assert len(pipeline.posted()) == INVOICES
    assert pipeline.requests("POST", "/record/v1/cashSale") == INVOICES, "none is sent twice"
