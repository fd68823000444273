"""`ipos-pipeline errors`: what is open, and what people decide about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby

import click

from ipos_pipeline.cli.acting import (
    DONE,
    EXTERNAL_ID,
    FAILED,
    all_option,
    by_person,
    carry_out,
    json_option,
    opened,
    print_json,
    reason_option,
    selection_options,
    text_table,
    yes_option,
)
from ipos_pipeline.cli.output import results, say, shown
from ipos_pipeline.domain.error_words import words_for
from ipos_pipeline.domain.operator_rules import Verdict
from ipos_pipeline.domain.problem import MASTER_DATA_CODES, awaited
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.ledger.integration_errors import OPEN, ErrorRecord
from ipos_pipeline.steps.listing_errors import ErrorInFull, error_in_full, list_errors
from ipos_pipeline.steps.marking import mark_posted
from ipos_pipeline.steps.replanning import plan_from_latest
from ipos_pipeline.steps.resolving import NO_REASON, retry, set_aside

LARGE = ("payload", "request", "response")
STATUSES = {"open": "open", "set-aside": "set_aside", "closed": "closed"}

status_option = click.option(
    "--status", type=click.Choice(list(STATUSES)), default="open", show_default=True
)


@click.group()
def errors() -> None:
    """Show what could not be posted, and decide about it.

    \b
    Examples:
      ipos-pipeline errors list --location DXB01
      ipos-pipeline errors show IPOS-DXB01-2026-S-10377-CS
      ipos-pipeline errors retry --code USER_ERROR --reason "period is open again"
      ipos-pipeline errors set-aside --invoice 10377 --reason "booked by hand"
    """


@errors.command("list")
@selection_options
@status_option
@json_option
def list_command(*, selection: Selection, status: str, as_json: bool) -> int:
    """List errors, oldest first.

    \b
    Examples:
      ipos-pipeline errors list
      ipos-pipeline errors list --status set-aside --day 2026-11-20 --json
    """
    with opened() as connections:
        found = list_errors(connections.ledger, selection, STATUSES[status])
    if as_json:
        print_json({"errors": [_brief(one) for one in found]})
        return DONE
    rows = ((one.id, one.external_id, one.code, _tried_again(one), one.message) for one in found)
    columns = ("No.", EXTERNAL_ID, "Code", "Tried again", "What happened")
    results.print(text_table(f"Errors that are {status}: {len(found)}", columns, rows))
    return DONE


@errors.command()
@click.argument("name", metavar="ID")
@json_option
def show(*, name: str, as_json: bool) -> int:
    """Show everything of one error: ID is an external ID, or the number that `list` gives.

    \b
    Examples:
      ipos-pipeline errors show IPOS-DXB01-2026-S-10377-CS
      ipos-pipeline errors show 17 --json
    """
    with opened() as connections:
        found = error_in_full(connections.ledger, name)
    if not found.errors and not found.history:
        say(f"The ledger knows no error {name}.")
        return FAILED
    if as_json:
        print_json({"errors": [_in_full(one) for one in found.errors], "history": found.history})
    else:
        _print_in_full(found)
    return DONE


@errors.command("retry")
@selection_options
@all_option
@click.option(
    "--status", type=click.Choice(list(STATUSES)), default="open", help="Which ones; default open."
)
@click.option(
    "--latest-version",
    is_flag=True,
    help="Plan the side of a changed invoice that is not posted from IPOS's newest version.",
)
@click.option("--now", is_flag=True, help="Run their store-days at once, as `sync` does.")
@click.option("--reason", default=NO_REASON, metavar="TEXT", help="Why; it stays in the history.")
@yes_option
@json_option
def retry_command(
    *,
    selection: Selection,
    status: str,
    latest_version: bool,
    now: bool,
    reason: str,
    yes: bool,
    as_json: bool,
) -> int:
    """Make errors due: the next run sends their documents again, or reads their day again.

    Errors that are named by external ID or invoice are taken whatever their status; so this also
    undoes set-aside. What is posted is never sent again.

    \b
    Examples:
      ipos-pipeline errors retry --external-id IPOS-DXB01-2026-S-10377-CS
      ipos-pipeline errors retry --location DXB01 --day 2026-11-20 --now
      ipos-pipeline errors retry --invoice 10377 --latest-version --reason "agreed with finance"
    """
    selection.checked()
    with opened() as connections:
        by, ledger = by_person(connections, reason), connections.ledger
        rules = connections.rules_by_location() if latest_version else {}

        def act(is_preview: bool) -> list[Verdict]:  # noqa: FBT001
            if latest_version:
                return plan_from_latest(ledger, rules, selection, by, is_preview=is_preview)
            wanted = [STATUSES[status]]
            return retry(ledger, selection, by, statuses=wanted, is_preview=is_preview)

        code, verdicts = carry_out("retry", act, yes=yes, as_json=as_json)
    return max(code, _run_now(verdicts)) if now else code


@errors.command("set-aside")
@selection_options
@all_option
@click.option("--acknowledge", is_flag=True, help="Tell IPOS, so that it lists them no longer.")
@reason_option
@yes_option
@json_option
def set_aside_command(
    *, selection: Selection, acknowledge: bool, reason: str, yes: bool, as_json: bool
) -> int:
    """Take errors off the list: not retried, not mailed; the history stays.

    A difference that a reconciliation found is accepted by it as it is: from the next one on it
    leaves its day proved, until it differs otherwise.

    Undo it with `errors retry --external-id ...`.

    \b
    Examples:
      ipos-pipeline errors set-aside --invoice 10377 --reason "test sale"
      ipos-pipeline errors set-aside --code nothing_to_post --acknowledge --reason "till test"
      ipos-pipeline errors set-aside --code edited_in_ipos --invoice 10377 --reason "agreed"
    """
    selection.checked()
    with opened() as connections:
        by, ledger = by_person(connections, reason), connections.ledger
        return carry_out(
            "set aside",
            lambda is_preview: set_aside(
                ledger, selection, by, acknowledge=acknowledge, is_preview=is_preview
            ),
            yes=yes,
            as_json=as_json,
        )[0]


@errors.command("mark-posted")
@click.option("--external-id", required=True, metavar="ID", help="The document, with -CS or -CR.")
@click.option(
    "--netsuite-id", required=True, metavar="N", help="Internal ID of what was booked for it."
)
@click.option(
    "--despite-difference", is_flag=True, help="Accept that the totals differ; the day shows it."
)
@reason_option
@yes_option
@json_option
def mark_posted_command(
    *,
    external_id: str,
    netsuite_id: str,
    despite_difference: bool,
    reason: str,
    yes: bool,
    as_json: bool,
) -> int:
    """Tell the pipeline that a person booked a document by hand.

    The transaction is read from NetSuite: it must be of the right type, belong to no other
    document, and come to the same total.

    \b
    Example:
      ipos-pipeline errors mark-posted --external-id IPOS-DXB01-2026-S-10377-CS \\
        --netsuite-id 9876 --reason "booked by hand on the 21st"
    """
    if not (netsuite_id.isascii() and netsuite_id.isdecimal()):
        message = "--netsuite-id is a number, as NetSuite shows it as internal ID."
        raise click.UsageError(message)
    with opened() as connections:
        by = by_person(connections, reason)

        def act(is_preview: bool) -> list[Verdict]:  # noqa: FBT001
            marking = mark_posted(
                connections.netsuite,
                connections.ledger,
                external_id,
                netsuite_id,
                by,
                despite_difference=despite_difference,
                is_preview=is_preview,
            )
            return [connections.wait_for(marking)]

        return carry_out("mark posted", act, yes=yes, as_json=as_json)[0]


def _run_now(verdicts: Iterable[Verdict]) -> int:
    """Run the store-days of what was marked, and tell what is open all the same."""
    from ipos_pipeline.cli.store_day_runs import run_chosen  # noqa: PLC0415

    due = [one for one in verdicts if one.applies]
    store_days = sorted({(one.business_date, one.location_code) for one in due})
    by_day = {
        day: [code for _, code in them] for day, them in groupby(store_days, lambda one: one[0])
    }
    is_done = run_chosen(by_day)
    _tell_what_is_still_open(one.external_id for one in due)
    return DONE if is_done else FAILED


def _tell_what_is_still_open(external_ids: Iterable[str]) -> None:
    chosen = Selection(frozenset(external_ids))
    with opened() as connections:
        still_open = list_errors(connections.ledger, chosen, OPEN) if chosen.external_ids else []
    for one in still_open:
        say(f"{one.external_id} is still open: {one.message} What to do: {one.next_step}")


def _tried_again(one: ErrorRecord) -> object:
    """Say when an error is tried again, if it is."""
    if one.status != OPEN:
        return "no"
    if one.next_attempt_at is not None:
        return one.next_attempt_at
    return f"with the {awaited(one.code)}" if one.code in MASTER_DATA_CODES else "by a person"


def _brief(one: ErrorRecord) -> dict[str, object]:
    return {name: value for name, value in _in_full(one).items() if name not in LARGE}


def _in_full(one: ErrorRecord) -> dict[str, object]:
    """Give all that is kept, and first what tells the error from others."""
    return {"id": one.id, "status": one.status} | asdict(one)


def _in_reading_order(one: ErrorRecord) -> dict[str, object]:
    """Put first what a person reads, and last the long texts."""
    fields = _in_full(one)
    told = {
        "what happened": words_for(one.code).sentence,
        "details": fields.pop("message"),
        "what to do": fields.pop("next_step"),
        "tried again": _tried_again(one),
    }
    large = {name: fields.pop(name) for name in LARGE}
    del fields["next_attempt_at"]
    return told | fields | large


def _print_in_full(found: ErrorInFull) -> None:
    for error in found.errors:
        for name, value in _in_reading_order(error).items():
            if value is not None:
                console_line = f"{name.replace('_', ' ')}: {shown(value)}"
                results.print(console_line, markup=False, highlight=False, soft_wrap=True)
        results.print()
    rows = (
        (event["at"], event["subject"], event["kind"], event["actor"], event["detail"])
        for event in found.history
    )
    results.print(text_table("History", ("When", "Of", "What", "Who", "Details"), rows))
