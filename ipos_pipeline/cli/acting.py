"""What the commands of operators share: whom they mean, who acts, what is shown and asked first."""

from __future__ import annotations

import functools
import getpass
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, ParamSpec, TypeVar

import click
import simplejson
from rich import box
from rich.table import Table
from rich.text import Text

from ipos_pipeline.cli.output import console, results, shown
from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.operator_rules import Verdict
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.steps.resolving import By, log_decisions

DONE, FAILED = 0, 1
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

EXTERNAL_ID = "External ID"
"""A column that people copy from: never broken into lines."""

DAY = click.DateTime(["%Y-%m-%d"])
_HEADS = (
    click.option(
        "--external-id",
        "external_ids",
        multiple=True,
        metavar="ID",
        help="External ID, such as IPOS-DXB01-2026-S-10377-CS; without its ending both sides of"
        " the invoice. May be given several times, as all of these.",
    ),
    click.option("--invoice", "invoices", multiple=True, metavar="NUMBER", help="IPOS's number."),
    click.option("--location", "locations", multiple=True, metavar="CODE", help="IPOS location."),
    click.option("--day", "days", multiple=True, type=DAY, metavar="DAY", help="Business day."),
    click.option("--code", "codes", multiple=True, metavar="CODE", help="Code of an error."),
)
all_option = click.option("--all", "everything", is_flag=True, help="Mean all; say so explicitly.")
locations_option = click.option(
    "--location",
    "locations",
    multiple=True,
    metavar="CODE",
    help="IPOS location, such as DXB01; may be given several times. Default: all active ones.",
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask before acting.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document as output.")
reason_option = click.option(
    "--reason", required=True, metavar="TEXT", help="Why; it stays in the history."
)


def selection_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Give a command the options that select, as one argument `selection`."""

    @functools.wraps(command)
    def with_selection(
        *,
        external_ids: tuple[str, ...],
        invoices: tuple[str, ...],
        locations: tuple[str, ...],
        days: tuple[datetime, ...],
        codes: tuple[str, ...],
        everything: bool = False,
        **others: Any,  # noqa: ANN401
    ) -> Result:
        selection = Selection(
            frozenset(external_ids),
            frozenset(invoices),
            frozenset(locations),
            frozenset(day.date() for day in days),
            frozenset(codes),
            everything,
        )
        return command(selection=selection, **others)

    for option in reversed(_HEADS):
        with_selection = option(with_selection)
    return with_selection


def opened() -> Connections:
    """Open what the command reaches; whoever calls the command in a process may give another."""
    connect: Callable[[], Connections] | None = click.get_current_context().obj
    return Connections(os.environ) if connect is None else connect()


def by_person(connections: Connections, reason: str) -> By:
    """Say who acts: the user of this machine. Raises click.UsageError for a blank reason."""
    if not reason.strip():
        message = "The reason is empty; it is what the history tells others."
        raise click.UsageError(message)
    return By(_actor(), reason.strip(), connections.clock())


def _actor() -> str:
    return f"{getpass.getuser()} by ipos-pipeline"


def carry_out(
    action: str, act: Callable[[bool], list[Verdict]], *, yes: bool, as_json: bool
) -> tuple[int, list[Verdict]]:
    """Show what would be done, ask, do it, and tell what was done.

    `act` takes whether it only looks. Gives the exit code: 1 if anything was refused, failed or
    matched nothing. Raises click.UsageError where nobody can be asked.
    """
    planned = act(True)
    if any(one.applies for one in planned):
        if not yes:
            console.print(verdict_table(f"{action}: what it would do", planned))
            confirm("Do this?")
        planned = act(False)
        log_decisions(action.replace(" ", "_"), planned, actor=_actor())
    if as_json:
        print_json({"action": action, "documents": [_verdict_json(one) for one in planned]})
    elif planned:
        results.print(verdict_table(action, planned))
    else:
        console.print("Nothing matches the selection.")
    refused = [one for one in planned if not one.applies and not one.is_so_already]
    return (FAILED if refused or not planned else DONE), planned


def confirm(question: str) -> None:
    """Ask a person. Raises click.Abort for no, click.UsageError where nobody can be asked."""
    if not sys.stdin.isatty():
        message = "There is no terminal to ask at, so nothing was done; --yes does not ask."
        raise click.UsageError(message)
    click.confirm(question, abort=True, err=True)


def verdict_table(title: str, verdicts: Iterable[Verdict]) -> Table:
    """Lay out one row for each error or document."""
    rows = [
        (one.external_id, one.location_code, one.business_date, _mark(one), one.words)
        for one in verdicts
    ]
    return text_table(title, (EXTERNAL_ID, "Shop", "Day", "OK?", "What"), rows)


def _mark(verdict: Verdict) -> str:
    return "yes" if verdict.applies else "-" if verdict.is_so_already else "NO"


def _verdict_json(one: Verdict) -> dict[str, Any]:
    return {
        "external_id": one.external_id,
        "location": one.location_code,
        "day": one.business_date,
        "done": one.applies,
        "is_so_already": one.is_so_already,
        "what": one.words,
    }


def text_table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    """Lay out values as plain text: nothing in them can move the cursor or be taken for markup."""
    heading = Text(shown(title))
    table = Table(title=heading, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == EXTERNAL_ID)
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    return table


def print_json(document: Mapping[str, Any]) -> None:
    """Print one document on standard output; all ASCII, so that a terminal takes no harm."""
    text = simplejson.dumps(
        document, use_decimal=True, indent=2, default=_json_value, ensure_ascii=True
    )
    click.echo(text.replace("\x7f", "\\u007f"))


def _json_value(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    message = f"{value!r} has no JSON form"
    raise TypeError(message)
