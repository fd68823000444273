"""Every benchmark in one table: `python -m benchmarks`, or `make bench`.

Belongs here: which benchmarks there are, and the JSON file. Each module measures by itself and can
be run alone; one that fails does not keep the others from being shown.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.machine import machine
from benchmarks.report import shown
from benchmarks.rows import Row

ALL = ("posting", "stages", "ticks", "locations", "side_by_side", "ui_queries", "reconcile_10k")
ON_REQUEST = ("november_2010",)
"""Needs a data set that is not in the repository."""

JSON_FILE = Path("benchmark.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print one table, write JSON; 1 if a limit is missed or a benchmark failed."""
    options = _parser().parse_args(arguments)
    console = Console()
    started_at = datetime.now(UTC)
    rows: list[Row] = []
    failed: dict[str, str] = {}
    for name in options.only or ALL:
        console.rule(name)
        try:
            rows += importlib.import_module(f"benchmarks.{name}").measure(console)
        except Exception as error:  # noqa: BLE001 - told below, after what the others have measured
            console.print_exception()
            failed[name] = f"{type(error).__name__}: {error}"
    document = _document(rows, failed, started_at=started_at)
    options.json.write_text(json.dumps(document, indent=2) + "\n")
    is_good = shown(console, rows) and not failed
    for name, reason in failed.items():
        console.print(f"[red]failed:[/] {name}: {reason}", highlight=False)
    console.print(f"Written to {options.json}")
    return 0 if is_good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What it costs.")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=[*ALL, *ON_REQUEST],
        metavar="NAME",
        help=f"some of: {', '.join((*ALL, *ON_REQUEST))} (default: all but the last)",
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=JSON_FILE,
        metavar="FILE",
        help="where the figures are written (default: %(default)s)",
    )
    return parser


def _document(
    rows: Sequence[Row], failed: Mapping[str, str], *, started_at: datetime
) -> dict[str, Any]:
    return {
        "started_at": started_at.isoformat(timespec="seconds"),
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "rows": [{**asdict(row), "is_kept": row.is_kept} for row in rows],
        "failed": dict(failed),
    }


if __name__ == "__main__":
    sys.exit(main())
