"""`ipos-pipeline rebuild-ledger`: make a lost ledger again from IPOS and NetSuite."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import click
from rich.table import Table
from rich.text import Text

from ipos_pipeline.cli.acting import DAY, FAILED, locations_option
from ipos_pipeline.cli.output import in_words, progress, results, say, shown
from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.errors import AuthenticationError, TransientError
from ipos_pipeline.steps.rebuilding import Rebuilt, rebuild_store_day

ACTOR = "rebuild-ledger"
SHOWN_MAX = 10
"""External IDs that a line of the terminal names; the others are counted."""


@click.command("rebuild-ledger")
@click.option("--from", "first", required=True, type=DAY, metavar="DAY", help="First business day.")
@click.option(
    "--to", "last", required=True, type=DAY, metavar="DAY", help="Last business day, included."
)
@locations_option
def rebuild_ledger(first: datetime, last: datetime, locations: tuple[str, ...]) -> int:
    """Make the ledger again after it was lost, from what IPOS shows and what NetSuite has.

    Every invoice of these days is landed as usual, acknowledged ones too. What NetSuite has under
    our external ID, of the same type and total, becomes posted; what IPOS no longer asks for
    becomes acknowledged. Nothing is sent to IPOS or NetSuite. Safe to repeat.

    \b
    Examples:
      ipos-pipeline rebuild-ledger --from 2026-11-01 --to 2026-11-20
      ipos-pipeline rebuild-ledger --from 2026-11-20 --to 2026-11-20 --location DXB01

    \b
    Afterwards:
      To post             done by the next run, or now by: ipos-pipeline sync
      For a person        NetSuite has another total, or lacks what IPOS was told of: open errors
      Only in NetSuite    IPOS no longer shows the invoice; it cannot be made again

    Exit code 0: the next run can do the rest; 1: something is left to a person, or could not be
    read; 2: wrong use or settings.
    """
    if last < first:
        message = "the last day lies before the first"
        raise click.BadParameter(message, param_hint="--to")
    days = [first.date() + timedelta(days=n) for n in range((last - first).days + 1)]
    with Connections(os.environ) as connections:
        configurations = _chosen(connections, locations)
        rebuilt, failures = _rebuild_all(connections, configurations, days)
    results.print(_table(rebuilt))
    _tell(rebuilt, failures)
    return FAILED if failures or not all(one.is_complete for one in rebuilt) else 0


def _chosen(connections: Connections, locations: Iterable[str]) -> list[IposConfiguration]:
    """Give the active records of the named locations, or of all; ConfigurationError for others."""
    active = connections.configurations()
    codes = list(dict.fromkeys(locations)) or sorted(active)
    return [active.get(code) or connections.configuration(code) for code in codes]


def _rebuild_all(
    connections: Connections, configurations: list[IposConfiguration], days: list[date]
) -> tuple[list[Rebuilt], list[str]]:
    """Rebuild each store-day; one that cannot be read does not hold up the others."""
    rebuilt: list[Rebuilt] = []
    failures: list[str] = []
    with progress() as bar:
        task = bar.add_task("Store-days", total=len(days) * len(configurations))
        for day in days:
            for configuration in configurations:
                name = f"{day} {configuration.location_code}"
                bar.update(task, description=name)
                try:
                    rebuilt.append(connections.wait_for(rebuild(connections, configuration, day)))
                except (TransientError, AuthenticationError) as error:
                    failures.append(f"{name}: {in_words(error)}")
                bar.advance(task)
    return rebuilt, failures


async def rebuild(connections: Connections, configuration: IposConfiguration, day: date) -> Rebuilt:
    """Rebuild one store-day. Raises as `rebuild_store_day` does."""
    return await rebuild_store_day(
        connections.ipos(configuration),
        connections.netsuite,
        connections.ledger,
        configuration=configuration,
        profile=connections.profile(configuration),
        day=day,
        actor=ACTOR,
        clock=connections.clock,
    )


def _table(rebuilt: Iterable[Rebuilt]) -> Table:
    """Lay out one row for each store-day; fits into 80 columns."""
    table = Table(title="The ledger, rebuilt", padding=(0, 0))
    table.add_column("Day")
    table.add_column("Shop")
    names = ("Invoices", "Acknow-\nledged", "Docu-\nments", "Posted", "Found\nnow", "To\npost")
    for name in (*names, "For a\nperson", "Only in\nNetSuite"):
        table.add_column(name, justify="right")
    for one in rebuilt:
        counts = (
            one.invoices + one.unreadable,
            one.acknowledged,
            one.planned,
            one.posted,
            one.found,
            one.to_post,
            one.for_a_person + one.unreadable,
            len(one.only_in_netsuite),
        )
        table.add_row(one.day.isoformat(), Text(shown(one.location_code)), *map(str, counts))
    return table


def _tell(rebuilt: Iterable[Rebuilt], failures: Iterable[str]) -> None:
    for failure in failures:
        say(failure)
    for one in rebuilt:
        if one.only_in_netsuite:
            shown = ", ".join(one.only_in_netsuite[:SHOWN_MAX])
            others = len(one.only_in_netsuite) - SHOWN_MAX
            more = f" and {others} more" if others > 0 else ""
            say(f"{one.day} {one.location_code}: only in NetSuite: {shown}{more}")
