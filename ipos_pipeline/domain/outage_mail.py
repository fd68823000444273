"""The mails about an outage: one when it begins, one when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ipos_pipeline.domain.configuration import CONFIGURATION, RECORDS
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
    words = _words(one_line(outage.system, SYSTEM_MAX))
    subject = f"[IPOS to NetSuite] {words.subject} since {_time(outage.opened_at)}"
    if outage.closed_at is None:
        return layout(
            subject,
            words.began,
            {
                "What to do": outage.recovery,
                words.label: words.name,
                words.beginning: _time(outage.opened_at),
                "Details": outage.message,
            },
            closing="You get one more mail about this: when it is over.",
        )
    rows = {
        "What to do": "Nothing.",
        words.label: words.name,
        words.beginning: _time(outage.opened_at),
        "Over": _time(outage.closed_at),
    }
    if words.stops:
        rows["Runs and looks stopped"] = str(outage.failures)
    return layout(f"Re: {subject}", words.over, rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """How people are told of one kind of outage; `stops`: it stops runs, which are counted."""

    subject: str
    label: str
    name: str
    began: str
    over: str
    beginning: str = "Began"
    stops: bool = True


def _words(system: str) -> _Words:
    if system.startswith(FRESHNESS):
        return _words_of_freshness(system.removeprefix(FRESHNESS))
    if system == RECORDS:
        return _words_of_all_records()
    if system.startswith(f"{CONFIGURATION} "):
        return _words_of_record(system)
    return _Words(
        subject=f"Stopped by {system}",
        label="System",
        name=system,
        began=f"Invoices are not posted at the moment: {system} stops the pipeline. No invoice is"
        " lost; all are posted when it is over.",
        over=f"It is over: {system} works again, and invoices are posted as usual.",
    )


def _words_of_freshness(location_code: str) -> _Words:
    """Tell that a trading shop is not looked at: nothing need be stopped for that."""
    return _Words(
        subject=f"{location_code} is not up to date",
        label="Location",
        name=location_code,
        began=f"Today's invoices of {location_code} do not reach NetSuite as they should. No"
        " invoice is lost: IPOS keeps them until they are read.",
        over=f"It is over: {location_code} is up to date again, or no longer an active location.",
        beginning="Noticed",
        stops=False,
    )


def _words_of_all_records() -> _Words:
    return _Words(
        subject=f"Stopped by {RECORDS}",
        label="System",
        name=RECORDS,
        began="Invoices are not posted at the moment: the configuration records cannot be read. No"
        " invoice is lost; all are posted when it is over.",
        over="It is over: the configuration records are read again, and invoices are posted as"
        " usual.",
    )


def _words_of_record(system: str) -> _Words:
    """Tell of one location's record, or of several with one code: other locations go on."""
    return _Words(
        subject=f"Invoices wait for {system}",
        label="Record",
        name=system.removeprefix(f"{CONFIGURATION} "),
        began="Invoices of one location are not posted at the moment: its configuration record"
        " cannot be used. Other locations go on. No invoice is lost; all are posted when the record"
        " is corrected.",
        over="It is over: the configuration record was corrected, made inactive or deleted."
        " If the location is active, its invoices are posted as usual.",
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
