"""Telling people: what a run, a tick and a failed run share.

Belongs here: the mail server and NetSuite's Integration Log as optional parts that fail nothing.
Not here: what is told and when (steps/composing_mails.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.reporting import Metadata
from ipos_pipeline.domain.error_mail import ErrorToTell
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.settings.environment import MailSettings
from ipos_pipeline.steps.composing_mails import (
    MailRules,
    compose_error_mails,
    compose_outage_mails,
    shops_of,
)
from ipos_pipeline.steps.mirroring_errors import Mirrored, mirror_errors
from ipos_pipeline.steps.sending_mails import MailsSent, send_mails

TOLD_PER_RUN = 500
TOLD_PER_TICK = 50
"""Mails and log records at once: Dagster gives a tick a minute."""

NO_MAIL_SERVER = "No mail server is set (SMTP_HOST): nobody is told."


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the mails and of the Integration Log."""

    mails: MailsSent
    log: Mirrored

    def metadata(self) -> Metadata:
        """Show it beside an asset."""
        return {
            "mails_sent": self.mails.sent,
            "mails_queued": self.mails.queued,
            "mail_problem": self.mails.problem or "none",
            "log_records_written": self.log.written,
            "log_records_deleted": self.log.deleted,
            "log_records_pending": self.log.pending,
            "log_problem": self.log.problem or "none",
        }


def tell_people(
    connections: Connections,
    *,
    run: str,
    count_max: int,
    concerns: Callable[[ErrorToTell], bool],
) -> Told:
    """Send mails about the errors that `concerns` picks, and bring the Integration Log up to date.

    Neither the mail server nor NetSuite being down raises anything.
    """
    return Told(
        mails=tell_by_mail(connections, run=run, count_max=count_max, concerns=concerns),
        log=connections.wait_for(
            mirror_errors(
                connections.netsuite,
                connections.ledger,
                run=run,
                clock=connections.clock,
                count_max=count_max,
            )
        ),
    )


def queue_outage_mails(connections: Connections, *, run: str) -> None:
    """Queue mails about outages that have begun or are over.

    Runs leave this to ticks: one that gets as far as its mails has seen the outage end.
    """
    mail = connections.settings.mail
    if mail is not None:
        rules, at = mail_rules(mail), connections.clock()
        compose_outage_mails(connections.ledger, rules, run=run, at=at)


def tell_nobody(connections: Connections, why: str = "Dry run: nobody is told.") -> Told:
    """Count what such a run leaves untold; the next other run or tick tells it."""
    with connections.ledger.read() as work:
        untold = work.told.count_errors_to_tell()
    problem = why if untold else None
    return Told(mails=MailsSent(queued=untold, problem=problem), log=Mirrored())


def tell_by_mail(
    connections: Connections,
    *,
    run: str,
    count_max: int,
    concerns: Callable[[ErrorToTell], bool],
) -> MailsSent:
    """Queue mails and send what is due; without a mail server count what nobody was told."""
    mail, ledger = connections.settings.mail, connections.ledger
    if mail is None or connections.mail is None:
        with ledger.read() as work:
            untold = work.told.count_errors_to_tell()
        return MailsSent(queued=untold, problem=NO_MAIL_SERVER if untold else None)
    problem = None
    try:
        compose_error_mails(
            ledger,
            mail_rules(mail),
            lambda: shops_of(connections.configurations()),
            concerns=concerns,
            run=run,
            at=connections.clock(),
        )
    except PipelineError as error:  # who is to be told stands in NetSuite: later
        problem = error.message
    sent = send_mails(
        ledger, connections.mail, run=run, clock=connections.clock, count_max=count_max
    )
    if problem is not None:
        with ledger.read() as work:
            sent.queued += work.told.count_errors_to_tell()
    sent.problem = sent.problem or problem
    return sent


def mail_rules(mail: MailSettings, *, to: str | None = None) -> MailRules:
    """Say from whom mails come and to whom they go: those about errors, if nobody is named."""
    return MailRules(mail.error_from, (to or mail.error_to,), mail.group_above)
