"""A month of real sales, backfilled store-day by store-day through Dagster, and proved.

Run it with `python -m benchmarks.november_2010` in the top folder of a clone, with the data set
(UCI Online Retail II, https://doi.org/10.24432/C5CG6D) as a Parquet file. The sales are replayed
in four shops; simulators run as a process of their own. A charge such as postage is no inventory
item: the documents that hold one stay open, as they should, and nothing else may. A limit is missed
where a check is not green for any other reason, or where the totals do not tie to the cent.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import dagster as dg
from rich.console import Console
from rich.progress import track

from benchmarks.report import run_alone
from benchmarks.rows import Row
from benchmarks.runs import installed
from benchmarks.simulated import Replay
from benchmarks.stopwatch import Cost, Stopwatch
from ipos_pipeline.cli.store_day_runs import QUIET, dagster_instance
from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.jobs import SYNC_INVOICES
from ipos_pipeline.defs.partitions import StoreDay
from ipos_pipeline.domain.money import total_of
from ipos_pipeline.domain.store_day_proof import DifferenceKind, StoreDayProof

BENCHMARK = "november_2010"
SALES = Path(__file__).parents[2] / "shared" / "data" / "online_retail_2009_2010.parquet"
FIRST, LAST = date(2010, 11, 1), date(2010, 11, 30)
SHOPS = ("DXB01", "DXB02", "AUH01", "SHJ01")
CHARGES = "non_inventory_item"
KIB = 1024
NOTHING = Cost(0.0, 0.0)


@dataclass
class Backfilled:
    """What the runs did: their checks that are not green, by store-day, and what it took."""

    store_days: int = 0
    failed: list[str] = field(default_factory=list)
    not_green: dict[tuple[str, date], set[str]] = field(default_factory=dict)
    cost: Cost = NOTHING
    peak_mib: float = 0.0


@dataclass(frozen=True)
class Books:
    """What the ledger proves of the month; totals in AED, sales less refunds, tax included."""

    proofs: list[StoreDayProof]
    open_codes: Counter[str]

    @property
    def unexplained(self) -> list[StoreDayProof]:
        """Store-days that differ by something else than documents with charges."""
        return [
            one
            for one in self.proofs
            if {difference.kind for difference in one.breaking} - {DifferenceKind.OPEN_ERROR}
        ]

    @property
    def ipos(self) -> Decimal:
        """What the shops sold."""
        return total_of(one.ipos.gross for one in self.proofs)

    @property
    def ledger(self) -> Decimal:
        """What is planned."""
        return total_of(one.ledger.gross for one in self.proofs)

    @property
    def netsuite(self) -> Decimal:
        """What the books hold."""
        return total_of(one.netsuite.gross for one in self.proofs)


def backfill(console: Console, days: Iterable[date]) -> Backfilled:
    """Run each store-day of some days in this process, on the instance of DAGSTER_HOME."""
    from ipos_pipeline.definitions import build_definitions  # noqa: PLC0415 - reads the first day

    done = Backfilled()
    job = build_definitions(os.environ).resolve_job_def(SYNC_INVOICES)
    store_days = [StoreDay(code, day) for day in days for code in SHOPS]
    watch = Stopwatch()
    with dagster_instance(os.environ) as instance:
        for one in track(store_days, description="Store-days", console=console):
            key = dg.MultiPartitionKey({"day": one.day.isoformat(), "location": one.location_code})
            result = job.execute_in_process(
                instance=instance, partition_key=key, run_config=QUIET, raise_on_error=False
            )
            _note(done, one, result)
    done.cost = watch.cost()
    done.peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB
    return done


def _note(done: Backfilled, store_day: StoreDay, result: dg.ExecuteInProcessResult) -> None:
    done.store_days += 1
    if not result.success:
        done.failed.append(store_day.partition_key)
    red = {
        evaluation.check_name
        for evaluation in result.get_asset_check_evaluations()
        if not evaluation.passed
    }
    if red:
        done.not_green[store_day.location_code, store_day.day] = red


def read_books(days: Iterable[date]) -> Books:
    """Read the proofs and the open errors of some days from the ledger."""
    proofs: list[StoreDayProof] = []
    codes: Counter[str] = Counter()
    with Connections(os.environ) as connections, connections.ledger.read() as work:
        for day in days:
            proofs += work.proofs.of_day(day).values()
            for code in SHOPS:
                codes.update(error.code for error in work.errors.open_of_day(code, day))
    return Books(proofs, codes)


def rows_of(done: Backfilled, books: Books) -> list[Row]:
    """Lay out what was found; what must be nothing has nothing as its limit."""
    with_charges = _with_charges(books)
    not_explained = [key for key in done.not_green if key not in with_charges]
    other_errors = sum(books.open_codes.values()) - books.open_codes[CHARGES]
    row, aed = partial(Row, BENCHMARK), "AED"
    return [
        row("store-days", done.store_days, ""),
        row("invoices", sum(one.shown for one in books.proofs), ""),
        row("documents in NetSuite", sum(one.netsuite.documents for one in books.proofs), ""),
        row("IPOS", float(books.ipos), aed),
        row("NetSuite", float(books.netsuite), aed),
        row("kept back", float(books.ledger - books.netsuite), aed),
        row("IPOS less ledger, either way", float(abs(books.ipos - books.ledger)), aed, most=0),
        row("open errors for charges", books.open_codes[CHARGES], ""),
        row("open errors for anything else", other_errors, "", most=0),
        row("store-days with charges", len(with_charges), ""),
        row("store-days not green without a charge", len(not_explained), "", most=0),
        row("store-days that differ for no charge", len(books.unexplained), "", most=0),
        row("runs that failed", len(done.failed), "", most=0),
        row("wall", done.cost.wall_seconds, "s"),
        row("CPU of the product", done.cost.cpu_seconds, "s"),
        row("peak memory", done.peak_mib, "MiB"),
    ]


def name_exceptions(console: Console, done: Backfilled, books: Books) -> None:
    """Name what the table only counts: checks, runs and store-days to look at."""
    by_check = Counter(name for checks in done.not_green.values() for name in checks)
    console.print("not green, by check:", dict(by_check))
    if done.failed:
        console.print("failed runs:", done.failed)
    with_charges = _with_charges(books)
    for key, checks in done.not_green.items():
        if key not in with_charges:
            console.print(key, sorted(checks))


def _with_charges(books: Books) -> set[tuple[str, date]]:
    return {(one.location_code, one.business_date) for one in books.proofs if one.open_errors}


def measure(
    console: Console, *, sales: Path = SALES, first: date = FIRST, last: date = LAST
) -> list[Row]:
    """Replay the sales of some days, backfill them and read the books."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    console.print("Starting simulators with the sales ...")
    with (
        tempfile.TemporaryDirectory() as folder,
        installed(Replay(sales, first, last), Path(folder)),
    ):
        done = backfill(console, days)
        books = read_books(days)
    name_exceptions(console, done, books)
    return rows_of(done, books)


def main() -> int:
    """Replay, backfill, print the table; the exit code says whether everything ties."""
    parser = argparse.ArgumentParser(description="A month of real sales, backfilled and proved.")
    parser.add_argument("--sales", type=Path, default=SALES, metavar="PARQUET")
    parser.add_argument("--first", type=date.fromisoformat, default=FIRST, metavar="DAY")
    parser.add_argument("--last", type=date.fromisoformat, default=LAST, metavar="DAY")
    options = parser.parse_args()
    return run_alone(partial(measure, sales=options.sales, first=options.first, last=options.last))


if __name__ == "__main__":
    sys.exit(main())
