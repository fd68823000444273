"""Sending mails: the ledger's queue -> mail server. A mail server that is down stops nothing.

Each mail is noted as sent after the server has taken it; a crash between the two repeats that one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ipos_pipeline.clients.mail import MAIL, MailClient, MailSession
from ipos_pipeline.domain.plain_text import one_line
from ipos_pipeline.domain.retry_policy import telling_delay
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.ledger.mails import QueuedMail
from ipos_pipeline.ledger.store import LedgerStore

log = logging.getLogger(__name__)

PROBLEM_MAX = 300


@dataclass(slots=True)
class MailsSent:
    """How many mails went out, how many wait, and why one of those does."""

    sent: int = 0
    queued: int = 0
    problem: str | None = None


def send_mails(
    ledger: LedgerStore,
    mail_client: MailClient,
    *,
    run: str,
    clock: Callable[[], datetime],
    count_max: int,
) -> MailsSent:
    """Send what is due, oldest first. Raises nothing that the mail server or a mail causes."""
    result = MailsSent()
    with ledger.read() as work:
        is_due = work.mails.is_due(at=clock())
    if is_due:
        _send_due(ledger, mail_client, result, run=run, clock=clock, count_max=count_max)
    with ledger.read() as work:
        result.queued, result.problem = work.mails.queued()
    return result


def _send_due(
    ledger: LedgerStore,
    mail_client: MailClient,
    result: MailsSent,
    *,
    run: str,
    clock: Callable[[], datetime],
    count_max: int,
) -> None:
    taken: QueuedMail | None = None
    try:
        with mail_client.session() as session:
            for _ in range(count_max):
                taken = _take(ledger, run=run, at=clock())
                if taken is None:
                    return
                problem = _hand_over(session, taken)
                _settle(ledger, taken, problem, run=run, at=clock())
                result.sent += problem is None
                taken = None
    except PipelineError as error:
        if error.system != MAIL:  # the ledger's trouble, say: nothing against the mail server
            raise
        _let_all_wait(ledger, error, taken, run=run, at=clock())


def _take(ledger: LedgerStore, *, run: str, at: datetime) -> QueuedMail | None:
    with ledger.write(run) as work:
        return work.mails.take_due(at=at)


def _hand_over(session: MailSession, mail: QueuedMail) -> str | None:
    """Give a mail to the server; tell why it refuses it, if it does."""
    refusal = session.send(mail.sender, mail.recipients, mail.content.encode("ascii"))
    if refusal is None:
        return None
    return one_line(f"The mail server refuses this mail: {refusal}", PROBLEM_MAX)


def _settle(
    ledger: LedgerStore, mail: QueuedMail, problem: str | None, *, run: str, at: datetime
) -> None:
    what = {"run": run, "mail": mail.id, "attempts": mail.attempts}
    if problem is None:
        log.info("mail_sent", extra=what)
    else:
        log.warning("mail_refused", extra=what)
    with ledger.write(run) as work:
        if problem is None:
            work.mails.sent(mail.id, at=at)
        else:
            until = at + telling_delay(mail.attempts)
            work.mails.wait(mail.id, problem=problem, until=until)


def _let_all_wait(
    ledger: LedgerStore, error: PipelineError, taken: QueuedMail | None, *, run: str, at: datetime
) -> None:
    """Note why the server takes nothing; every mail waits, also the one it was given."""
    log.warning("mail_server_failed", extra={"run": run, "error": type(error).__name__})
    until = at + telling_delay(1 if taken is None else taken.attempts)
    problem = one_line(f"{error.message} {error.recovery}", PROBLEM_MAX)
    with ledger.write(run) as work:
        if taken is not None:
            work.mails.wait(taken.id, problem=problem, until=until)
        work.mails.all_wait(problem=problem, at=at, until=until)
