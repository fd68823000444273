"""The mails about an outage: one when it begins, one when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ipos_pipeline.domain.mail import MailContent, layout
from ipos_pipeline.domain.plain_text import one_line

SYSTEM_MAX = 100


@dataclass(frozen=True, slots=True)
class OutageToTell:
    """An outage whose beginning or end people do not know; `thread_id`: they know of the first."""

    id: int
    system: str
    message: str
    recovery: str
    failures: int
    opened_at: datetime
    closed_at: datetime | None
    thread_id: str | None


def mail_of_outage(outage: OutageToTell) -> MailContent:
    """Tell that an outage has begun, or that it is over."""
    system = one_line(outage.system, SYSTEM_MAX)
    subject = f"[IPOS to NetSuite] Stopped by {system} since {outage.opened_at:%Y-%m-%d %H:%M} UTC"
    if outage.closed_at is None:
        return layout(
            subject,
            f"Invoices are not posted at the moment: {system} stops the pipeline. No invoice is"
            " lost; all are posted when it is over.",
            {
                "What to do": outage.recovery,
                "System": system,
                "Began": _time(outage.opened_at),
                "Details": outage.message,
            },
            closing="You get one more mail about this: when it is over.",
        )
    return layout(
        f"Re: {subject}",
        f"It is over: {system} works again, and invoices are posted as usual.",
        {
            "What to do": "Nothing.",
            "System": system,
            "Began": _time(outage.opened_at),
            "Over": _time(outage.closed_at),
            "Runs and looks stopped": str(outage.failures),
        },
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
