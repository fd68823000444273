"""What commands show on a terminal: one console, progress, tables.

Standard output carries results; progress and messages go to standard error, so that output can be
piped.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ipos_pipeline.errors import PipelineError
from ipos_pipeline.steps.summarising import StoreDaySummary

console = Console(stderr=True)
results = Console()
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


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


def say(text: str) -> None:
    """Tell lines that may quote IPOS, NetSuite or an invoice: as they are, never as markup."""
    for line in text.splitlines():
        console.print(shown(line), markup=False, highlight=False)


def in_words(error: PipelineError) -> str:
    """Write an error of ours for people, with what to do next."""
    return f"{error.message} What to do: {error.recovery}"


def shown(value: object) -> str:
    """Write a value for a terminal: control and direction characters show as their escapes."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M UTC")
    return "".join(
        character if unicodedata.category(character) not in _HIDDEN else _escape(character)
        for character in str(value)
    )


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def money(amount: Decimal) -> str:
    """Write an amount for people."""
    return f"{amount:,.2f}"


def summary_table(summaries: Iterable[StoreDaySummary]) -> Table:
    """Lay out one row for each store-day; fits into 80 columns."""
    table = Table(title="What the ledger holds", padding=(0, 0))
    table.add_column("Day")
    table.add_column("Location")
    names = ("Invoices", "Cash\nsales", "Cash\nrefunds", "Acknow-\nledged", "Open\nerrors")
    for name in (*names, "Posted,\nAED"):
        table.add_column(name, justify="right")
    for one in summaries:
        table.add_row(
            one.day.isoformat(),
            Text(shown(one.location_code)),
            str(one.invoices),
            str(one.cash_sales),
            str(one.cash_refunds),
            str(one.acknowledged),
            str(one.open_errors),
            money(one.posted_total),
        )
    return table
