"""How measured rows are shown: one table, and an exit code that says whether all limits hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest

from rich.console import Console
from rich.table import Table

from benchmarks.rows import Row


def table_of(rows: Sequence[Row]) -> Table:
    """Lay rows out; a line is drawn between benchmarks, and what misses its limit is red."""
    table = Table(title="What it costs")
    table.add_column("Benchmark", no_wrap=True)
    table.add_column("What")
    for name in ("Figure", "Unit", "Limit"):
        table.add_column(name, justify="left" if name == "Unit" else "right", no_wrap=True)
    for row, after in zip_longest(rows, rows[1:]):
        table.add_row(
            row.benchmark,
            row.what,
            figure_in_words(row.figure),
            row.unit,
            row.limit,
            style=None if row.is_kept else "red",
            end_section=after is not None and after.benchmark != row.benchmark,
        )
    return table


def figure_in_words(figure: float) -> str:
    """Write a figure with as many digits as say something: 12,345 but 1.23 and 0.0123."""
    if abs(figure) >= 100 or figure == int(figure):  # noqa: PLR2004 - three digits say enough
        return f"{figure:,.0f}"
    return f"{figure:.3g}"


def shown(console: Console, rows: Sequence[Row]) -> bool:
    """Print the table and name what misses its limit; tell whether all limits hold."""
    console.print(table_of(rows))
    missed = [row for row in rows if not row.is_kept]
    for row in missed:
        console.print(
            f"[red]missed:[/] {row.benchmark}, {row.what}: {figure_in_words(row.figure)}"
            f" {row.unit}, limit {row.limit}"
        )
    return not missed


def run_alone(measure: Callable[[Console], list[Row]]) -> int:
    """Measure and print the table; the exit code is 1 if a limit is missed."""
    console = Console()
    return 0 if shown(console, measure(console)) else 1
