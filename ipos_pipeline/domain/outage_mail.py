"""The mails about an outage: one when it begins, one when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ipos_pipeline.domain.freshness import FRESHNESS
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
    if system.startswith(FRESHNESS):
        return _mail_of_freshness(outage, system.removeprefix(FRESHNESS))
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


def _mail_of_freshness(outage: OutageToTell, location_code: str) -> MailContent:
    """Tell that a trading shop is not looked at: nothing need be stopped for that."""
    subject = f"[IPOS to NetSuite] {location_code} is not up to date since"
    subject = f"{subject} {outage.opened_at:%Y-%m-%d %H:%M} UTC"
    if outage.closed_at is None:
        return layout(
            subject,
            f"Today's invoices of {location_code} do not reach NetSuite as they should. No invoice"
            " is lost: IPOS keeps them until they are read.",
            {
                "What to do": outage.recovery,
                "Location": location_code,
                "Noticed": _time(outage.opened_at),
                "Details": outage.message,
            },
            closing="You get one more mail about this: when it is over.",
        )
    return layout(
        f"Re: {subject}",
        f"It is over: {location_code} is up to date again, or no longer an active location.",
        {
            "What to do": "Nothing.",
            "Location": location_code,
            "Noticed": _time(outage.opened_at),
            "Over": _time(outage.closed_at),
        },
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
