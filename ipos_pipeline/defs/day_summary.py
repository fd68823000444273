"""The summary of a day: its page, and one mail to finance.

Belongs here: the job, its configuration and its schedule. Not here: what is told and how often
(steps/reporting_day.py, steps/composing_mails.py).
"""

from datetime import date

import dagster as dg
from pydantic import Field

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.day_page import ZONE, page_of, write_day
from ipos_pipeline.defs.partitions import TIMEZONE
from ipos_pipeline.defs.reporting import Metadata
from ipos_pipeline.defs.resources import Opened, clear_failures, failure_of
from ipos_pipeline.defs.telling import NO_MAIL_SERVER, TOLD_PER_RUN, mail_rules, tell_by_mail
from ipos_pipeline.domain.closing import days_to_tell, last_closed_day
from ipos_pipeline.domain.day_report import DayReport
from ipos_pipeline.domain.day_report_words import verdict
from ipos_pipeline.domain.failed_run import job_system
from ipos_pipeline.errors import ConfigurationError, PipelineError
from ipos_pipeline.steps.composing_mails import compose_day_mail
from ipos_pipeline.steps.reporting_day import day_mail
from ipos_pipeline.steps.watching_outages import note_recovery

DAY_SUMMARY = "day_summary"


class DaySummary(dg.Config):
    """Which business day, and whether it is told although it was told before."""

    day: str = Field(
        default="",
        description="Business day such as 2026-11-20. Empty: the newest closed one, and those"
        " since the last summary.",
    )
    again: bool = Field(default=False, description="Send another mail about a day already told.")


def days_of(connections: Connections, config: DaySummary) -> list[date]:
    """Read which days are meant. Raises ConfigurationError for a day that is none."""
    if config.day:
        try:
            return [date.fromisoformat(config.day)]
        except ValueError:
            message = f"{config.day!r} is not a day such as 2026-11-20."
            raise ConfigurationError(message, recovery="Correct `day` and launch again.") from None
    closed = last_closed_day(connections.clock(), ZONE)
    if config.again:
        return [closed]
    with connections.ledger.read() as work:
        return days_to_tell(closed, told=work.told.last_day())


@dg.op(description="Writes the page of a closed day and mails it to finance, once.")
def summarise_day(context: dg.OpExecutionContext, config: DaySummary, connections: Opened) -> None:
    """Report each day that is to be told; a page is written even where no mail server is set."""
    try:
        days = days_of(connections, config)
    except PipelineError as error:
        raise failure_of(error) from error
    with clear_failures(connections, run=context.run_id):
        records = connections.records
        shown: Metadata = {"days": len(days)}
        for day in days:
            report = write_day(context.instance, connections, records, day, run=context.run_id)
            told = _tell(connections, report, again=config.again, run=context.run_id)
            context.log.info("%s: %s %s", day, verdict(report), told)
            shown = {**shown, f"{day}": verdict(report), f"{day} mail": told}
            shown = {**shown, f"{day} page": dg.MetadataValue.path(page_of(connections, day))}
        context.add_output_metadata(shown)
        at, ours = connections.clock(), [job_system(DAY_SUMMARY)]
        note_recovery(connections.ledger, ours, run=context.run_id, at=at)
        tell_by_mail(
            connections,
            run=context.run_id,
            count_max=TOLD_PER_RUN,
            concerns=lambda _error: False,
        )


def _tell(connections: Connections, report: DayReport, *, again: bool, run: str) -> str:
    """Queue the mail, and say what became of it."""
    mail = connections.settings.mail
    if mail is None:
        return NO_MAIL_SERVER
    queued = compose_day_mail(
        connections.ledger,
        mail_rules(mail, to=mail.finance_to),
        day_mail(connections.ledger, report),
        day=report.business_date,
        again=again,
        run=run,
        at=connections.clock(),
    )
    return "The mail is queued." if queued else "It was told before: no second mail."


@dg.job(
    name=DAY_SUMMARY,
    description="One page and one mail to finance for each closed business day.",
)
def day_summary() -> None:
    """Sum the closed day up."""
    summarise_day()


@dg.schedule(
    job=day_summary,
    cron_schedule="*/10 7-11 * * *",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every morning at 7, after the night has reconciled the closed day; again every 10"
    " minutes until noon, should that have failed.",
)
def day_summary_schedule(
    _context: dg.ScheduleEvaluationContext, connections: Opened
) -> dg.RunRequest | dg.SkipReason:
    """Start the job as long as there is a day of which finance was not told."""
    if connections.settings.mail is None:
        return dg.SkipReason(f"{NO_MAIL_SERVER} Runs of store-days write the pages.")
    with clear_failures(connections, run=DAY_SUMMARY):
        days = days_of(connections, DaySummary())
    if not days:
        return dg.SkipReason("Finance was told of the closed day.")
    return dg.RunRequest()
