"""Runs of many store-days in one process: then each costs its own work, and no process (ADR 0016).

Belongs here: doing the work of the assets for each store-day, and telling Dagster of it. Not here:
that work (line_assets.py, posting_assets.py, closing_assets.py), who shares a run
(domain/grouping.py).
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any

import dagster as dg
import pandas as pd
from pydantic import Field

from ipos_pipeline.clients.netsuite_requests import NETSUITE
from ipos_pipeline.connections import Connections
from ipos_pipeline.defs import closing_assets, line_assets, posting_assets
from ipos_pipeline.defs.checks import BLOCKING, stopped_by
from ipos_pipeline.defs.day_page import write_day
from ipos_pipeline.defs.group_checks import combined
from ipos_pipeline.defs.jobs import FROM_THE_START
from ipos_pipeline.defs.partitions import StoreDay
from ipos_pipeline.defs.reporting import Metadata, table
from ipos_pipeline.defs.resources import Opened, clear_failures, failure_of
from ipos_pipeline.defs.starting import GROUP_OP, SYNC_GROUP
from ipos_pipeline.defs.store_day_run import StoreDayRun
from ipos_pipeline.domain.configuration import RECORDS
from ipos_pipeline.domain.failed_run import job_system, pipeline_system
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.logs import seconds_between
from ipos_pipeline.steps.watching_outages import note_outage, note_recovery

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Store-days of one run that are worked on at once: while one waits, others compute. Each has one
request in flight at least, and several runs share the account."""

SHARED = frozenset({NETSUITE, RECORDS, PipelineError.system})
"""Systems whose trouble is that of all locations."""
SHARED_FAILURES_MAX = 3
"""Store-days that fail by a shared system before the run leaves the rest to the next tick."""

FAILED_TAG = "ipos/failed"
TAG_MAX = 200
FAILURE_COLUMNS = ["store_day", "what_happened", "what_to_do"]

WORK = (
    line_assets.raw_invoices,
    line_assets.split_invoice_lines,
    posting_assets.cash_sales,
    posting_assets.cash_refunds,
    closing_assets.acknowledgements,
    closing_assets.integration_errors,
    closing_assets.store_day_reconciliation,
)
"""The assets of a store-day, in the order of their lineage."""

RECOVERY = (
    "Give the log of this run to the data team. The next tick runs the store-day by itself and"
    " goes on where this one stopped; nothing is posted twice."
)


class StoreDays(dg.Config):
    """Run configuration of `sync_invoices_of_many`."""

    store_days: list[str] = Field(description="Partition keys such as 2026-11-20|DXB01.")
    only_new: bool = Field(
        default=False, description="Build on what the last run of each store-day has read."
    )


@dataclass(frozen=True, slots=True)
class Made:
    """What Dagster is told of one asset of a store-day; the frame itself is stored by now."""

    asset: str
    metadata: Metadata
    checks: tuple[dg.AssetCheckResult, ...]


@dataclass(slots=True)
class Outcome:
    """What became of a store-day: what was made, and what stopped it, if anything did."""

    store_day: StoreDay
    made: list[Made] = field(default_factory=list)
    error: PipelineError | None = None


Events = Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation | dg.Output[None]]


@dg.op(
    name=GROUP_OP,
    out=dg.Out(dg.Nothing),
    description="Brings many store-days from IPOS to NetSuite.",
)
def sync_store_days(
    context: dg.OpExecutionContext, config: StoreDays, connections: Opened
) -> Events:
    """Do for each store-day what its own run would do; one that fails holds up no other.

    Raises dagster.Failure where something fails that all locations share, such as NetSuite: then
    what has not begun is left to the next tick.
    """
    store_days = [StoreDay.of(key) for key in config.store_days]
    stop = Event()
    outcomes: list[Outcome] = []
    for outcome in _outcomes(context, connections, store_days, only_new=config.only_new, stop=stop):
        outcomes.append(outcome)
        yield from _materializations(outcome)
        became = "done" if outcome.error is None else outcome.error.message
        progress = f"{len(outcomes)} of {len(store_days)}"
        context.log.info("%s: %s: %s", progress, outcome.store_day.partition_key, became)
        if len(_shared_failures(outcomes)) >= SHARED_FAILURES_MAX:
            stop.set()
    yield from combined(
        (one.store_day, made.asset, result)
        for one in outcomes
        for made in one.made
        for result in made.checks
    )
    _come_to_an_end(context, connections, outcomes)
    yield dg.Output(None, metadata=_shown(context, outcomes, left=len(store_days) - len(outcomes)))
    for error in _shared_failures(outcomes)[-1:]:
        raise failure_of(error)


@dg.job(
    name=SYNC_GROUP,
    description="Many locations' store-days in one process: what `sync_invoices` does for each.",
    tags=FROM_THE_START,
)
def sync_invoices_of_many() -> None:
    """Run many store-days."""
    sync_store_days()


def _outcomes(
    context: dg.OpExecutionContext,
    connections: Connections,
    store_days: list[StoreDay],
    *,
    only_new: bool,
    stop: Event,
) -> Iterator[Outcome]:
    """Work on some store-days at once, each worker with connections of its own; as they end."""
    to_do: SimpleQueue[StoreDay] = SimpleQueue()
    done: SimpleQueue[Outcome | None] = SimpleQueue()
    for store_day in store_days:
        to_do.put(store_day)
    workers = max(1, min(AT_ONCE, connections.settings.concurrency, len(store_days)))

    def work() -> None:
        try:
            with connections.another(connections.settings.concurrency // workers) as own:
                while not stop.is_set():
                    at = StoreDayRun(
                        to_do.get_nowait(),
                        own,
                        context.instance,
                        context.log,
                        context.run_id,
                        is_only_new=only_new,
                        is_one_of_many=True,
                    )
                    done.put(_logged(at))
        except Empty:
            pass
        finally:
            done.put(None)

    with ThreadPoolExecutor(workers, thread_name_prefix="store-day") as pool:
        working = [pool.submit(work) for _ in range(workers)]
        try:
            for _ in working:
                yield from iter(done.get, None)
        finally:
            stop.set()
    for one in working:
        one.result()


def _logged(at: StoreDayRun) -> Outcome:
    """Run a store-day between two log lines, as a run of its own would be."""
    what = {"run": at.run_id, **at.named}
    began = at.connections.clock()
    log.info("store_day_started", extra=what)
    outcome = _run(at)
    at.connections.count_requests(run=at.run_id)
    what["error"] = type(outcome.error).__name__ if outcome.error else ""
    seconds = seconds_between(began, at.connections.clock())
    log.info("store_day_ended", extra={**what, "seconds": seconds})
    return outcome


def _run(at: StoreDayRun) -> Outcome:
    """Do the work of all assets of a store-day, up to what stops it."""
    outcome = Outcome(at.store_day)
    try:
        for work in WORK:
            for name, result in _results(work, at):
                stored = at.store_frame(name, result.value)
                metadata = {**(result.metadata or {}), **stored}
                outcome.made.append(Made(name, metadata, tuple(result.check_results or ())))
            _refuse_blocked(outcome)
    except dg.Failure as failure:
        outcome.error = failure.__cause__ if isinstance(failure.__cause__, PipelineError) else None
        if outcome.error is None:
            outcome.error = _noted(at, PipelineError(failure.description or "", recovery=RECOVERY))
    except PipelineError as error:
        outcome.error = _noted(at, error)
    except Exception as error:
        at.log.exception("The store-day %s has failed.", at.store_day.partition_key)
        what = f"ended with an unexpected {type(error).__name__} in the run {at.run_id}"
        message = f"The store-day {at.store_day.partition_key} {what}."
        outcome.error = _noted(at, PipelineError(message, recovery=RECOVERY))
    return outcome


def _results(
    work: Callable[[StoreDayRun], Any], at: StoreDayRun
) -> Iterator[tuple[str, dg.MaterializeResult]]:
    """Do the work of one function; give the asset and what it came to, for each of its assets."""
    made = at.do(work)
    for result in (made,) if isinstance(made, dg.MaterializeResult) else made:
        yield result.asset_key.to_user_string() if result.asset_key else work.__name__, result


def _refuse_blocked(outcome: Outcome) -> None:
    """Stop where a check says that going on would be wrong. Raises PipelineError."""
    for made in outcome.made:
        for result in made.checks:
            if result.check_name in BLOCKING and not result.passed:
                what = f"store-day {outcome.store_day.partition_key}"
                raise stopped_by(str(result.check_name), result.metadata, what)


def _noted(at: StoreDayRun, error: PipelineError) -> PipelineError:
    """Note what stopped a store-day as an outage of its location; people are told of it once."""
    error.system = pipeline_system(at.store_day.location_code)
    with suppress(PipelineError):  # the ledger itself may be what failed
        connections = at.connections
        note_outage(connections.ledger, error, run=at.run_id, at=connections.clock())
    return error


def _materializations(outcome: Outcome) -> Iterator[dg.AssetMaterialization]:
    """Tell of each asset of a store-day that was made; of one that was not there is none."""
    day, code = outcome.store_day.day.isoformat(), outcome.store_day.location_code
    for made in outcome.made:
        yield dg.AssetMaterialization(
            made.asset,
            partition=outcome.store_day.partition_key,
            metadata=made.metadata,
            tags={"dagster/partition/day": day, "dagster/partition/location": code},
        )


def _shared_failures(outcomes: Iterable[Outcome]) -> list[PipelineError]:
    return [one.error for one in outcomes if one.error is not None and one.error.system in SHARED]


def _come_to_an_end(
    context: dg.OpExecutionContext, connections: Connections, outcomes: Iterable[Outcome]
) -> None:
    """Write the pages of the days, once for all; that such a run was killed is over by now."""
    days = sorted({one.store_day.day for one in outcomes if one.error is None})
    with clear_failures(connections, run=context.run_id):
        for day in days:
            write_day(context.instance, connections, connections.records, day, run=context.run_id)
        at, ours = connections.clock(), [job_system(SYNC_GROUP)]
        note_recovery(connections.ledger, ours, run=context.run_id, at=at)


def _shown(context: dg.OpExecutionContext, outcomes: list[Outcome], *, left: int) -> Metadata:
    """Show what failed, beside the run and, in short, in the list of runs."""
    failed = {one.store_day.partition_key: one.error for one in outcomes if one.error is not None}
    if failed:
        context.instance.add_run_tags(context.run_id, {FAILED_TAG: ", ".join(failed)[:TAG_MAX]})
    failures = [
        {"store_day": key, "what_happened": error.message, "what_to_do": error.recovery}
        for key, error in failed.items()
    ]
    return {
        "store_days": len(outcomes),
        "failed": len(failed),
        "not_begun": left,
        "failures": table(pd.DataFrame(failures, columns=FAILURE_COLUMNS), rows=None),
    }
