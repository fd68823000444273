"""`ipos-pipeline check-connections`: is everything there that a run needs?"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence

import click
from rich import box
from rich.table import Table
from rich.text import Text

from ipos_pipeline.cli.acting import DONE, FAILED, json_option, locations_option
from ipos_pipeline.cli.connection_probes import check_all
from ipos_pipeline.cli.output import console, progress, results
from ipos_pipeline.clients.http import Pacing
from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.finding import Finding, Verdict
from ipos_pipeline.domain.plain_text import one_line

SHOWN_MAX = 1000
"""Characters of one text that the table shows; `--json` has all of them."""
COLOURS = {
    Verdict.OK: "green",
    Verdict.WARNING: "yellow",
    Verdict.FAILED: "bold red",
    Verdict.NOT_TRIED: "dim",
}


@click.command("check-connections")
@locations_option
@json_option
def check_connections(*, locations: tuple[str, ...], as_json: bool) -> int:
    """Look at everything a run depends on, and say what is wrong and how to mend it.

    Settings, ledger, data folder, Dagster, mail server, NetSuite's sign-in, certificate and
    permissions, each location's configuration record and its IPOS. Nothing is written to IPOS or
    NetSuite, and no mail is sent. What each line can say is in docs/runbook.md.

    \b
    Examples:
      ipos-pipeline check-connections
      ipos-pipeline check-connections --location DXB01 --json

    Exit code 0: nothing failed (there may be warnings); 1: something failed; 2: wrong use.
    """
    with Connections(os.environ, pacing=Pacing().impatient) as connections, progress() as bar:
        task = bar.add_task("Looking", total=None)

        def show(finding: Finding) -> None:
            bar.update(task, description=finding.dependency, advance=1)

        findings = check_all(
            connections, os.environ, locations=dict.fromkeys(locations), on_done=show
        )
    if as_json:
        click.echo(json.dumps({"findings": [one.to_payload() for one in findings]}, indent=2))
    else:
        results.print(findings_table("What a run depends on", findings))
        console.print(in_sum(findings), highlight=False)
    return FAILED if any(one.seen.verdict == Verdict.FAILED for one in findings) else DONE


def findings_table(title: str, findings: Sequence[Finding]) -> Table:
    """Lay out one row for each dependency; other systems' words are shown as plain text."""
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Result", no_wrap=True)
    table.add_column("Dependency, and what was tried", overflow="fold")
    table.add_column("What was seen, and what to do", overflow="fold")
    for one in findings:
        seen = Text(one_line(one.seen.message, SHOWN_MAX))
        if one.seen.advice:
            seen.append(f"\nWhat to do: {one_line(one.seen.advice, SHOWN_MAX)}", style="italic")
        dependency = Text(one_line(one.dependency, SHOWN_MAX))
        dependency.append(f"\n{one.tried}", style="dim")
        verdict = one.seen.verdict
        table.add_row(Text(verdict, style=COLOURS[verdict]), dependency, seen)
    return table


def in_sum(findings: Sequence[Finding]) -> str:
    """Count the findings of each verdict."""
    counts = Counter(one.seen.verdict for one in findings)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]) + "."
