"""The job `resolve_errors`: what operators do, from the Launchpad; the commands do the same."""

import re
from datetime import date
from enum import Enum

import dagster as dg
from pydantic import Field

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.resources import Opened, failure_of
from ipos_pipeline.domain.operator_rules import Verdict
from ipos_pipeline.domain.plain_text import is_storable
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.errors import ConfigurationError, PipelineError
from ipos_pipeline.steps.marking import mark_posted
from ipos_pipeline.steps.replanning import plan_from_latest, repost
from ipos_pipeline.steps.resolving import NO_REASON, By, log_decisions, retry, set_aside
from ipos_pipeline.steps.withdrawing import withdraw

RESOLVE_ERRORS = "resolve_errors"
LAUNCHER_TAGS = ("ipos/launched_by", "user", "dagster/user")
"""Run tags that name a person; open-source Dagster sets none of them by itself."""

VERDICT_COLUMNS = ("external_id", "location_code", "business_date", "applies", "words")


class Action(Enum):
    """What to do with the selection; the Launchpad shows the names of the members."""

    retry = "retry"
    set_aside = "set_aside"
    mark_posted = "mark_posted"
    withdraw = "withdraw"
    repost = "repost"


class ResolveErrors(dg.Config):
    """Which errors or documents, what to do with them, and why.

    What stands under several heads of the selection must fit all of them.
    """

    action: Action = Field(
        description="retry makes errors due now and undoes set_aside; set_aside takes them off the"
        " list, and accepts a difference as it is; mark_posted settles one document as what a"
        " person booked by hand; withdraw deletes postings in NetSuite that nobody has changed;"
        " repost posts withdrawn ones again."
    )
    external_ids: list[str] = Field(
        default=[], description="External IDs, such as IPOS-DXB01-2026-S-10377-CS."
    )
    invoices: list[str] = Field(default=[], description="Numbers of invoices in IPOS.")
    locations: list[str] = Field(default=[], description="IPOS locations, such as DXB01.")
    days: list[str] = Field(default=[], description="Business days, such as 2026-11-20.")
    codes: list[str] = Field(default=[], description="Codes of errors, such as USER_ERROR.")
    everything: bool = Field(
        default=False, description="Mean all; without this an empty selection is refused."
    )
    reason: str = Field(
        default="", description="Why; it stays in the history. Only retry goes without."
    )
    only_look: bool = Field(
        default=False, description="Only say what would be done, and do nothing."
    )
    netsuite_id: str = Field(
        default="", description="mark_posted: internal ID of what was booked for the document."
    )
    despite_difference: bool = Field(
        default=False, description="mark_posted: accept that the totals differ."
    )
    latest_version: bool = Field(
        default=False,
        description="retry: plan the side of changed invoices that is not posted from IPOS's"
        " newest version.",
    )
    acknowledge: bool = Field(
        default=False, description="set_aside: tell IPOS, so that it lists the invoices no longer."
    )


def selection_of(config: ResolveErrors) -> Selection:
    """Read the selection. Raises ConfigurationError for a day that is none, or for no selection."""
    try:
        days = frozenset(date.fromisoformat(day) for day in config.days)
    except ValueError as error:
        message = f"A day is written such as 2026-11-20: {error}"
        raise ConfigurationError(message) from None
    return Selection(
        frozenset(config.external_ids),
        frozenset(config.invoices),
        frozenset(config.locations),
        days,
        frozenset(config.codes),
        config.everything,
    ).checked()


def actor_of(run: dg.DagsterRun) -> str:
    """Say who acts: the run, and who launched it if its tags tell."""
    who = next((run.tags[tag] for tag in LAUNCHER_TAGS if run.tags.get(tag)), "an unnamed person")
    return f"{who} by Dagster run {run.run_id}"


def reason_of(config: ResolveErrors) -> str:
    """Give the reason. Raises ConfigurationError where one is required and missing."""
    reason = config.reason.strip()
    if not is_storable(reason):
        message = "The reason holds characters that no text can hold."
        raise ConfigurationError(message, recovery="Type it anew and launch the job again.")
    if reason or config.action == Action.retry:
        return reason or NO_REASON
    message = f"{config.action.value} needs a reason; it is what the history tells others."
    raise ConfigurationError(message, recovery="Fill in `reason` and launch the job again.")


def perform(connections: Connections, config: ResolveErrors, *, actor: str) -> list[Verdict]:
    """Do what the configuration says, or only look; raises ConfigurationError for wrong use."""
    selection = selection_of(config)
    by = By(actor, reason_of(config), connections.clock())
    netsuite, ledger, is_preview = connections.netsuite, connections.ledger, config.only_look
    match config.action:
        case Action.retry if config.latest_version:
            rules = connections.rules_by_location()
            return plan_from_latest(ledger, rules, selection, by, is_preview=is_preview)
        case Action.retry:
            return retry(ledger, selection, by, is_preview=is_preview)
        case Action.set_aside:
            told = config.acknowledge
            return set_aside(ledger, selection, by, acknowledge=told, is_preview=is_preview)
        case Action.mark_posted:
            return [_mark(connections, config, by)]
        case Action.withdraw:
            work = withdraw(netsuite, ledger, selection, by, is_preview=is_preview)
            return connections.wait_for(work)
        case Action.repost:
            rules = connections.rules_by_location()
            work = repost(netsuite, ledger, rules, selection, by, is_preview=is_preview)
            return connections.wait_for(work)


def _mark(connections: Connections, config: ResolveErrors, by: By) -> Verdict:
    if len(config.external_ids) != 1 or not re.fullmatch(r"[0-9]+", config.netsuite_id):
        message = "mark_posted needs exactly one external ID, and `netsuite_id` as a number."
        raise ConfigurationError(message)
    return connections.wait_for(
        mark_posted(
            connections.netsuite,
            connections.ledger,
            config.external_ids[0],
            config.netsuite_id,
            by,
            despite_difference=config.despite_difference,
            is_preview=config.only_look,
        )
    )


@dg.op(description="Does what its configuration says; shows what it did, one row each.")
def resolve(context: dg.OpExecutionContext, config: ResolveErrors, connections: Opened) -> None:
    """Carry out what an operator has decided.

    A mistake in the configuration is told to whoever made it; it is no outage to mail about.
    """
    actor = actor_of(context.run)
    try:
        verdicts = perform(connections, config, actor=actor)
    except PipelineError as error:
        raise failure_of(error) from error
    if not config.only_look:
        log_decisions(config.action.value, verdicts, actor=actor)
    only = "only looked: " if config.only_look else ""
    for one in verdicts:
        context.log.info("%s: %s%s", one.external_id, only, one.words)
    context.add_output_metadata(
        {
            "only_looked": config.only_look,
            "done": sum(one.applies for one in verdicts),
            "refused": sum(not one.applies and not one.is_so_already for one in verdicts),
            "documents": dg.MetadataValue.table(
                [
                    dg.TableRecord({name: _cell(getattr(one, name)) for name in VERDICT_COLUMNS})
                    for one in verdicts
                ],
                schema=dg.TableSchema([dg.TableColumn(name) for name in VERDICT_COLUMNS]),
            ),
        }
    )


def _cell(value: object) -> str | bool:
    return value if isinstance(value, bool) else str(value)


@dg.job(
    name=RESOLVE_ERRORS,
    description="Retry, set aside, mark as posted, withdraw or repost a chosen set of documents.",
)
def resolve_errors() -> None:
    """Do what operators decide, as the commands `errors`, `withdraw` and `repost` do."""
    resolve()
