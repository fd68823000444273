"""`ipos-pipeline shadow report`: what would be posted, beside what the other script has posted."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from ipos_pipeline.cli.acting import (
    DAY,
    DONE,
    FAILED,
    json_option,
    locations_option,
    opened,
    print_json,
    text_table,
)
from ipos_pipeline.cli.output import in_words, money, progress, results, say
from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.shadow import is_shadow
from ipos_pipeline.domain.shadow_comparison import Finding, ShadowComparison, ShadowKind
from ipos_pipeline.errors import ConfigurationError, PipelineError
from ipos_pipeline.steps.comparing_shadow import compare_shadow_day

_COLUMNS = (
    *("Day", "Shop", "Same", "Other\ntotal", "Only\nours", "Only\nthere"),
    *("Would\nfail", "Twice\nthere", "Ours,\nAED", "There,\nAED"),
)
_CSV = (
    *("day", "location", "kind", "subject", "key", "ours", "in_netsuite"),
    *("internal_ids", "detail"),
)
_ONE_DAY = timedelta(days=1)

NOT_COMPARED = (
    "Nothing could be compared: the file of NETSUITE_MAPPING_FILE has no section `incumbent`, which"
    " says by what field the other script's documents are found. It was mapped only."
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One store-day's comparison, or why there is none."""

    location_code: str
    day: date
    comparison: ShadowComparison | None = None
    problem: str | None = None

    @property
    def is_same(self) -> bool:
        """Whether it was compared and nothing differs."""
        return self.comparison is not None and self.comparison.is_same


@click.group()
def shadow() -> None:
    """Compare with the script that this pipeline replaces, before a location goes live."""


@shadow.command()
@click.option("--from", "first", required=True, type=DAY, metavar="DAY", help="First business day.")
@click.option("--to", "last", required=True, type=DAY, metavar="DAY", help="Last business day.")
@locations_option
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Also write every document, those that are the same too, into this file.",
)
@json_option
def report(
    *,
    first: datetime,
    last: datetime,
    locations: tuple[str, ...],
    csv_file: Path | None,
    as_json: bool,
) -> int:
    """Compare store-days in shadow, document by document, and list what differs.

    Compares afresh what the ledger has landed with what NetSuite holds; changes nothing. Days on
    which a location is live are left out: `ipos-pipeline reconcile` proves those.

    \b
    same               the other script has posted what would be posted
    total_differs      both have it, with other totals
    only_ours          the other script has not posted it (yet)
    only_in_netsuite   the other script has posted what would not be posted, or is not known here
    would_fail         it could not be posted: the detail says why
    twice_in_netsuite  the other script has posted it more than once
    mapped             it could be posted; there is nothing to compare with

    \b
    Examples:
      ipos-pipeline shadow report --from 2026-11-18 --to 2026-11-20
      ipos-pipeline shadow report --from 2026-11-20 --to 2026-11-20 --location DXB01 --csv day.csv

    Exit code 0: all was compared and nothing differs; 1: something differs, or could not be
    compared; 2: wrong use or settings, or no such store-day is in shadow.
    """
    if last < first:
        message = "--to is before --from."
        raise click.UsageError(message)
    with opened() as connections:
        days = _days(first.date(), last.date())
        compared = _compare(connections, _in_shadow(connections, days, locations))
    if csv_file is not None:
        _write_csv(csv_file, compared)
    if as_json:
        print_json({"store_days": [_as_json(one) for one in compared]})
    else:
        _show(compared)
    return DONE if all(one.is_same for one in compared) else FAILED


def _days(first: date, last: date) -> list[date]:
    return [first + _ONE_DAY * number for number in range((last - first).days + 1)]


def _in_shadow(
    connections: Connections, days: Iterable[date], locations: Sequence[str]
) -> list[tuple[IposConfiguration, date]]:
    """Pick the store-days in shadow. Raises ConfigurationError if there is none."""
    active = connections.configurations()
    codes = list(dict.fromkeys(locations)) or sorted(active)
    records = [connections.configuration(code) for code in codes]
    found = [(record, day) for day in days for record in records if is_shadow(record, day)]
    if not found:
        message = f"None of these days is in shadow at {', '.join(codes) or 'any location'}."
        raise ConfigurationError(
            message,
            recovery="Name days before live_from of the location's IPOS Configuration record, or a"
            " location whose mode is shadow; `ipos-pipeline status` shows both.",
        )
    return found


def _compare(
    connections: Connections, store_days: Sequence[tuple[IposConfiguration, date]]
) -> list[Compared]:
    """Compare one store-day after the other; one that cannot be read keeps no other back."""
    compared: list[Compared] = []
    with progress() as bar:
        task = bar.add_task("Store-days", total=len(store_days))
        for configuration, day in store_days:
            bar.update(task, description=f"{day} {configuration.location_code}")
            compared.append(_compared(connections, configuration, day))
            bar.advance(task)
    return compared


def _compared(connections: Connections, configuration: IposConfiguration, day: date) -> Compared:
    code = configuration.location_code
    try:
        comparison = connections.wait_for(
            compare_shadow_day(
                connections.netsuite,
                connections.ledger,
                connections.mapping_rules(configuration),
                day=day,
                item_field=connections.settings.item_field,
                at=connections.clock(),
            )
        )
    except PipelineError as error:
        return Compared(code, day, problem=in_words(error))
    return Compared(code, day, comparison)


def _show(compared: Sequence[Compared]) -> None:
    """Print a row for each store-day, then what differs at each of them."""
    rows = (_row(one, one.comparison) for one in compared)
    results.print(text_table("What would be posted (ours) beside NetSuite (there)", _COLUMNS, rows))
    for one in compared:
        if one.problem is not None:
            say(f"{one.day} {one.location_code}: {one.problem}")
        elif one.comparison is not None and one.comparison.differing:
            cells = ((two.kind, two.subject, two.detail) for two in one.comparison.differing)
            title = f"{one.day} {one.location_code}"
            results.print(text_table(title, ("Kind", "Document", "Detail"), cells))
    if any(one.comparison is not None and not one.comparison.is_compared for one in compared):
        say(NOT_COMPARED)


def _row(one: Compared, comparison: ShadowComparison | None) -> Iterable[object]:
    if comparison is None:
        return (one.day, one.location_code, *("",) * 7, "not read")
    kinds = (
        ShadowKind.SAME,
        ShadowKind.TOTAL_DIFFERS,
        ShadowKind.ONLY_OURS,
        ShadowKind.ONLY_IN_NETSUITE,
        ShadowKind.WOULD_FAIL,
        ShadowKind.TWICE_IN_NETSUITE,
    )
    counts = [comparison.counts[kind] for kind in kinds]
    theirs = money(comparison.theirs_total) if comparison.is_compared else "?"
    return (one.day, one.location_code, *counts, money(comparison.ours_total), theirs)


def _as_json(one: Compared) -> dict[str, Any]:
    document: dict[str, Any] = {
        "day": one.day,
        "location": one.location_code,
        "is_same": one.is_same,
        "problem": one.problem,
    }
    comparison = one.comparison
    if comparison is None:
        return document
    return document | {
        "compared": comparison.is_compared,
        "compared_at": comparison.compared_at,
        "counts": dict(comparison.counts),
        "ours": comparison.ours_total,
        "in_netsuite": comparison.theirs_total,
        "differing": [asdict(two) for two in comparison.differing],
    }


def _write_csv(path: Path, compared: Iterable[Compared]) -> None:
    """Write a row for each document of each store-day that was compared."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_CSV)
        for one in compared:
            if one.comparison is not None:
                rows = (_csv_row(two) for two in one.comparison.findings)
                writer.writerows((one.day, one.location_code, *row) for row in rows)


def _csv_row(one: Finding) -> tuple[object, ...]:
    ids = " ".join(one.internal_ids)
    return (
        one.kind,
        _cell(one.subject),
        _cell(one.key),
        one.ours,
        one.theirs,
        ids,
        _cell(one.detail),
    )


def _cell(text: str) -> str:
    """Keep a spreadsheet from taking text of an invoice for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
