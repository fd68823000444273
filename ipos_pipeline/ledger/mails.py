"""The queue of mails: written with what they tell, sent afterwards, kept for ever.

A mail is handed to one sender at a time. One that dies between the mail server's yes and `sent`
leaves a mail that goes out a second time, with the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from ipos_pipeline.ledger.schema import mail

SENDING_LEASE = timedelta(minutes=10)
"""After this long whoever was sending a mail is taken for dead."""


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """A mail to be sent; `content` is the whole message, all ASCII. `attempts` counts this one."""

    id: int
    sender: str
    recipients: tuple[str, ...]
    content: str
    attempts: int


class Mails:
    """Reads and writes `mail`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        *,
        message_id: str,
        sender: str,
        recipients: Sequence[str],
        subject: str,
        content: str,
        at: datetime,
    ) -> None:
        """Queue a mail; it is due at once."""
        self._connection.execute(
            insert(mail).values(
                message_id=message_id,
                sender=sender,
                recipients=",".join(recipients),
                subject=subject,
                content=content,
                composed_at=at,
                next_attempt_at=at,
            )
        )

    def take_due(self, *, at: datetime) -> QueuedMail | None:
        """Take the oldest mail that is due, for one attempt; nobody else gets it meanwhile."""
        due = select(func.min(mail.c.id)).where(
            mail.c.sent_at.is_(None), mail.c.next_attempt_at <= at
        )
        row = self._connection.execute(
            update(mail)
            .where(mail.c.id == due.scalar_subquery())
            .values(attempts=mail.c.attempts + 1, next_attempt_at=at + SENDING_LEASE)
            .returning(mail.c.id, mail.c.sender, mail.c.recipients, mail.c.content, mail.c.attempts)
        ).one_or_none()
        if row is None:
            return None
        return QueuedMail(
            row.id, row.sender, tuple(row.recipients.split(",")), row.content, row.attempts
        )

    def sent(self, id_: int, *, at: datetime) -> None:
        """Note that the mail server has taken a mail."""
        self._connection.execute(
            update(mail).where(mail.c.id == id_).values(sent_at=at, problem=None)
        )

    def wait(self, id_: int, *, problem: str, until: datetime) -> None:
        """Note why a mail was not taken, and when to try again."""
        self._connection.execute(
            update(mail)
            .where(mail.c.id == id_, mail.c.sent_at.is_(None))
            .values(problem=problem, next_attempt_at=until)
        )

    def all_wait(self, *, problem: str, at: datetime, until: datetime) -> None:
        """Let every mail that is due wait: it is the mail server that does not work."""
        self._connection.execute(
            update(mail)
            .where(mail.c.sent_at.is_(None), mail.c.next_attempt_at <= at)
            .values(problem=problem, next_attempt_at=until)
        )

    def is_due(self, *, at: datetime) -> bool:
        """Tell whether any mail is to be sent now."""
        query = select(mail.c.id).where(mail.c.sent_at.is_(None), mail.c.next_attempt_at <= at)
        return self._connection.execute(query.limit(1)).first() is not None

    def queued(self) -> tuple[int, str | None]:
        """Count the mails that are not sent, and give the reason for one of them, if known."""
        query = select(func.count(), func.max(mail.c.problem)).where(mail.c.sent_at.is_(None))
        count, problem = self._connection.execute(query).one()
        return int(count), problem
