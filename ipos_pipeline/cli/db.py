"""`ipos-pipeline db`: the ledger as a database. It needs no setting but where the ledger is."""

from __future__ import annotations

import os

import click

from ipos_pipeline.cli.acting import json_option, print_json
from ipos_pipeline.cli.check_connections import findings_table, in_sum
from ipos_pipeline.cli.output import console, progress, results, say
from ipos_pipeline.domain.finding import Finding, Verdict
from ipos_pipeline.ledger import store
from ipos_pipeline.settings.environment import LocalSettings
from ipos_pipeline.steps.checking_ledger import check_ledger

DONE, FAILED = 0, 1


@click.group()
def db() -> None:
    """Upgrade, check, back up and restore the ledger.

    These commands read IPOS_PIPELINE_LEDGER_URL or IPOS_PIPELINE_DATA_DIR and need nothing of IPOS
    or NetSuite. docs/operations.md says in which order they are used.
    """


@db.command()
@json_option
def upgrade(*, as_json: bool) -> int:
    """Make the ledger's tables, or bring them to this program's version: all of it or nothing.

    Before workers start. No older program can use the ledger afterwards, and one that still runs
    stops at its next write, so: back up, stop what runs, install, upgrade, start.

    \b
    Example:
      ipos-pipeline db upgrade

    Exit code 0: the ledger has this program's version; 1: it cannot be reached; 2: wrong settings,
    or the ledger is newer than the program.
    """
    with progress() as bar:
        bar.add_task("Upgrading the ledger", total=None)
        before = store.upgrade(_ledger_url())
    now = store.SCHEMA_VERSION
    if as_json:
        print_json({"before": before, "version": now})
    elif before is None:
        say(f"The ledger is new: version {now}.")
    elif before == now:
        say(f"The ledger has version {now}: nothing to do.")
    else:
        say(f"The ledger had version {before} and has {now} now.")
    return DONE


@db.command()
@json_option
def check(*, as_json: bool) -> int:
    """Look whether the ledger is fit for work, and say what to do about each red line.

    Its version against the program's, that it can be written to, damage, tables and indexes, rules
    that no row may break, room on the disk. Nothing is changed.

    \b
    Examples:
      ipos-pipeline db check
      ipos-pipeline db check --json

    Exit code 0: nothing failed (there may be warnings); 1: something failed; 2: wrong settings.
    """
    url = _ledger_url()
    with progress() as bar:
        task = bar.add_task("Looking", total=None)

        def show(finding: Finding) -> None:
            bar.update(task, description=finding.dependency, advance=1)

        findings = check_ledger(url, on_done=show)
    if as_json:
        print_json({"findings": [one.to_payload() for one in findings]})
    else:
        results.print(findings_table(f"The ledger {store.shown_url(url)}", findings))
        console.print(in_sum(findings), highlight=False)
    return FAILED if any(one.seen.verdict == Verdict.FAILED for one in findings) else DONE


def _ledger_url() -> str:
    return LocalSettings.from_environment(os.environ).ledger_url
