"""`ipos-pipeline db`: the ledger as a database. It needs no setting but where the ledger is."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from ipos_pipeline.cli.acting import (
    DONE,
    FAILED,
    confirm,
    json_option,
    print_json,
    text_table,
    yes_option,
)
from ipos_pipeline.cli.check_connections import findings_table, in_sum
from ipos_pipeline.cli.output import console, progress, results, say
from ipos_pipeline.connections import utc_now
from ipos_pipeline.domain.finding import Finding, Verdict
from ipos_pipeline.ledger import versions
from ipos_pipeline.ledger.backup import Contents, OnProgress, back_up
from ipos_pipeline.ledger.database import shown_url
from ipos_pipeline.ledger.restoring import Order, Restoration, restore
from ipos_pipeline.settings.environment import LocalSettings
from ipos_pipeline.steps.checking_ledger import check_ledger


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
        before = versions.upgrade(_ledger_url())
    now = versions.SCHEMA_VERSION
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
        results.print(findings_table(f"The ledger {shown_url(url)}", findings))
        console.print(in_sum(findings), highlight=False)
    return FAILED if any(one.seen.verdict == Verdict.FAILED for one in findings) else DONE


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def backup(*, file: Path, as_json: bool) -> int:
    """Copy the ledger as it is at one moment into FILE, which must not exist, also during runs.

    The copy is checked before it gets its name, and only its owner may read it: it holds invoices.
    On PostgreSQL it is a dump in custom format; pg_dump must be on PATH, as new as the server.

    \b
    Example:
      ipos-pipeline db backup /backups/ledger-2026-11-21.backup

    Exit code 0: the backup is complete; 1: the database failed; 2: it cannot be made like this.
    """
    with _bar("Backing up") as on_progress:
        done = back_up(_ledger_url(), file.resolve(), on_progress=on_progress)
    held = done.contents
    if as_json:
        print_json({"file": str(done.file), "size": done.size, **asdict(held)})
    else:
        say(f"{done.file}: {done.size / 1e6:,.1f} MB, {_in_words(held)}.")
    return DONE


@db.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Although there is a ledger; it is kept beside.")
@click.option(
    "--in-use-until",
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]),
    metavar="MOMENT",
    help="When the lost ledger was last used, in UTC, such as 2026-11-21T09:30. Default: the last"
    " entry of the one that is replaced; without one, now.",
)
@yes_option
@json_option
def restore_command(
    *, file: Path, replace: bool, in_use_until: datetime | None, yes: bool, as_json: bool
) -> int:
    """Put the backup FILE in the ledger's place. Stop everything that uses the ledger before.

    The restored ledger does not know what was posted and decided after its backup. So no document
    of those days is sent before NetSuite was asked for it, and one that NetSuite does not have, of
    the time before --in-use-until, waits as the open error decision_lost until a person says so.

    \b
    Then, before workers start:
      ipos-pipeline rebuild-ledger --from DAY --to DAY     what was posted since the backup

    \b
    Examples:
      ipos-pipeline db restore /backups/ledger-2026-11-21.backup
      ipos-pipeline db restore ledger.backup --replace --in-use-until 2026-11-21T09:30

    Exit code 0: it is in place; 1: the database failed, and nothing was changed; 2: it cannot be
    done like this.
    """
    url = _ledger_url()
    if replace and not yes:
        confirm(f"Replace the ledger {shown_url(url)}?")
    order = Order(
        url,
        file.resolve(),
        actor=f"{getpass.getuser()} by ipos-pipeline",
        at=utc_now(),
        replace=replace,
        in_use_until=in_use_until and in_use_until.replace(tzinfo=UTC),
    )
    with _bar("Restoring") as on_progress:
        done = restore(order, on_progress=on_progress)
    if as_json:
        print_json(asdict(done))
    else:
        _tell(done)
    return DONE


def _tell(done: Restoration) -> None:
    """Say what is in place, what is lost with the one that was there, and what comes next."""
    say(f"In place: {_in_words(done.contents)}.")
    if done.kept is not None:
        say(f"The ledger that was there is kept as {done.kept}.")
    if done.lost:
        rows = ((one.at, one.subject, one.kind, one.actor) for one in done.lost)
        columns = ("When", "What", "Decision", "By")
        results.print(text_table("Decided after the backup: decide again", columns, rows))
    since = (done.contents.newest_at or done.restored.at).date()
    say(f"Next: ipos-pipeline rebuild-ledger --from {since} --to {done.restored.at.date()}")


def _in_words(held: Contents) -> str:
    newest = "no entry yet"
    if held.newest_at is not None:
        newest = f"the newest entry of {held.newest_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"version {held.version}, {held.entries:,} documents, {newest}"


@contextmanager
def _bar(what: str) -> Iterator[OnProgress]:
    """Show how far it is, in units of the database or in bytes."""
    with progress() as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _ledger_url() -> str:
    return LocalSettings.from_environment(os.environ).ledger_url
