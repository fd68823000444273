"""A mail as a value: what it says, and the message that goes to the mail server.

Belongs here: layout, escaping, headers. Not here: what is told (error_mail.py, outage_mail.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape

from ipos_pipeline.domain.plain_text import one_line

SUBJECT_MAX = 180
VALUE_MAX = 1000
MESSAGE_ID_MAX = 70
"""Longer ones would be folded inside; mail programs then no longer recognise them."""

_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_ASCII_SMTP = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of text; `kind` is the second half of its media type, such as `csv` or `html`."""

    name: str
    text: str
    kind: str = "csv"


@dataclass(frozen=True, slots=True)
class MailContent:
    """What a mail says, without saying to whom."""

    subject: str
    text: str
    html: str
    attachment: Attachment | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who writes to whom and when; `thread_id` is the mail that this one follows, if any."""

    sender: str
    recipients: tuple[str, ...]
    message_id: str
    thread_id: str | None
    at: datetime


def layout(
    subject: str,
    opening: str,
    rows: Mapping[str, str],
    *,
    table: Sequence[Sequence[str]] = (),
    closing: str = "",
    attachment: Attachment | None = None,
) -> MailContent:
    """Lay a mail out as plain text and as HTML: a sentence, named values, a table, a sentence.

    The first row of the table is its head. Every text is made one bounded line and, in HTML,
    escaped.
    """
    named = {name: one_line(value, VALUE_MAX) for name, value in rows.items()}
    listed = [[one_line(cell, VALUE_MAX) for cell in row] for row in table]
    around = one_line(opening, VALUE_MAX), one_line(closing, VALUE_MAX)
    return MailContent(
        subject=one_line(subject, SUBJECT_MAX),
        text=_as_text(named, listed, *around),
        html=_as_html(named, listed, *around),
        attachment=attachment,
    )


def message_id_of(*about: str, at: datetime, sender: str) -> str:
    """Make the Message-ID of a mail from what it is about; the same again gives the same."""
    digest = hashlib.sha256("\n".join([*about, at.isoformat()]).encode()).hexdigest()[:32]
    domain = parseaddr(sender)[1].rpartition("@")[2]
    made = f"<{digest}@{domain}>"
    return made if len(made) <= MESSAGE_ID_MAX else f"<{digest}@ipos-pipeline.invalid>"


def addresses_in(text: str | None) -> tuple[str, ...]:
    """Read mail addresses with commas or semicolons between; none if any part is no address."""
    words = [word.strip() for word in re.split(r"[,;]", text or "") if word.strip()]
    return tuple(dict.fromkeys(words)) if all(map(_ADDRESS.fullmatch, words)) else ()


def build_message(content: MailContent, envelope: Envelope) -> EmailMessage:
    """Build the message: all ASCII, plain text and HTML, marked as sent by a machine (RFC 3834)."""
    message = EmailMessage(policy=_ASCII_SMTP)
    message["From"] = envelope.sender
    message["To"] = ", ".join(envelope.recipients)
    message["Subject"] = one_line(content.subject, SUBJECT_MAX)
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = envelope.message_id
    if envelope.thread_id is not None:
        message["In-Reply-To"] = envelope.thread_id
        message["References"] = envelope.thread_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(content.text)
    message.add_alternative(content.html, subtype="html")
    if content.attachment is not None:
        file = content.attachment
        whole_characters = file.text.encode("utf-8", "replace").decode()
        message.add_attachment(whole_characters, subtype=file.kind, filename=file.name)
    return message


def _as_text(
    rows: Mapping[str, str], table: Sequence[Sequence[str]], opening: str, closing: str
) -> str:
    width = max((len(name) for name in rows), default=0) + 2
    named = "\n".join(f"{name + ':':<{width}}{value}" for name, value in rows.items())
    listed = "\n".join(" | ".join(row) for row in table)
    return "\n\n".join(part for part in (opening, named, listed, closing) if part) + "\n"


def _as_html(
    rows: Mapping[str, str], table: Sequence[Sequence[str]], opening: str, closing: str
) -> str:
    named = "".join(_row([name, value], "th", "td") for name, value in rows.items())
    listed = "".join(_row(row, *(["td" if i else "th"] * len(row))) for i, row in enumerate(table))
    parts = [
        f"<p>{escape(opening)}</p>",
        _table(named),
        _table(listed),
        f"<p>{escape(closing)}</p>" if closing else "",
    ]
    body = "\n".join(part for part in parts if part)
    head = '<head><meta charset="utf-8"></head>'
    return f"<!DOCTYPE html>\n<html>{head}<body>\n{body}\n</body></html>\n"


def _table(rows: str) -> str:
    style = "border-collapse:collapse;text-align:left;vertical-align:top"
    return f'<table border="1" cellpadding="4" style="{style}">{rows}</table>' if rows else ""


def _row(cells: Iterable[str], *tags: str) -> str:
    shown = (f"<{tag}>{escape(cell)}</{tag}>" for cell, tag in zip(cells, tags, strict=True))
    return f"<tr>{''.join(shown)}</tr>\n"
