"""What commands show on a terminal: one console, progress, tables.

Standard output carries results; progress and messages go to standard error, so that output can be
piped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ipos_pipeline.steps.summarising import StoreDaySummary

console = Console(stderr=True)
results = Console()


@contextmanager
def progress() -> Iterator[Progress]:
    """Show a progress bar on a terminal; elsewhere nothing, so that logs stay readable."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as bar:
        yield bar


def money(amount: Decimal) -> str:
    """Write an amount for people."""
    return f"{amount:,.2f}"


def summary_table(summaries: Iterable[StoreDaySummary]) -> Table:
    """Lay out one row for each store-day."""
    table = Table(title="What the ledger holds")
    table.add_column("Day")
    table.add_column("Location")
    for name in ("Invoices", "Cash sales", "Cash refunds", "Acknowledged", "Open errors"):
        table.add_column(name, justify="right")
    table.add_column("Posted, AED", justify="right")
    for one in summaries:
        table.add_row(
            one.day.isoformat(),
            one.location_code,
            str(one.invoices),
            str(one.cash_sales),
            str(one.cash_refunds),
            str(one.acknowledged),
            str(one.open_errors),
            money(one.posted_total),
        )
    return table
