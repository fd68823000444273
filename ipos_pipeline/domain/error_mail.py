"""The mail about an error of a document, or about many with one cause: what it says.

Belongs here: choosing and wording. Not here: when it is told (steps/composing_mails.py).
"""

from __future__ import annotations

import csv
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from zoneinfo import ZoneInfo

from ipos_pipeline.domain.due import StoreDayKey
from ipos_pipeline.domain.error_words import words_for
from ipos_pipeline.domain.mail import Attachment, MailContent, layout
from ipos_pipeline.domain.plain_text import one_line
from ipos_pipeline.domain.problem import MASTER_DATA_CODES, awaited

SHORT_MAX = 100
LISTED_IN_BODY_MAX = 50
LISTED_IN_FILE_MAX = 5000
FORMULA_STARTS = ("=", "+", "-", "@")
RECONCILE = "reconcile"
"""The stage of a difference between the three sides."""
OTHER_CURRENCY = "currency"
"""The code of an invoice whose amounts are not in AED."""

DOCUMENT_NAMES = {"cashSale": "cash sale", "cashRefund": "cash refund"}
CLOSING = "You get one mail when an error begins and one when its reason changes."


@dataclass(frozen=True, slots=True)
class ErrorToTell:
    """An open error of which people do not know, or know with another reason (`told_code`).

    `amount` is in AED, what the document comes to; `thread_id` is the first mail about it.
    """

    id: int
    external_id: str
    stage: str
    location_code: str
    business_date: date
    number: str | None
    record_type: str | None
    code: str
    message: str
    next_step: str
    attempts: int
    first_failed_at: datetime
    next_attempt_at: datetime | None
    amount: Decimal | None
    told_code: str | None
    thread_id: str | None

    @property
    def store_day(self) -> StoreDayKey:
        """The store-day it belongs to."""
        return self.location_code, self.business_date


@dataclass(frozen=True, slots=True)
class Shop:
    """Who is told of a location's errors, in whose time; no addresses: the default ones."""

    location_code: str
    name: str = ""
    addresses: tuple[str, ...] = ()
    zone: ZoneInfo | None = None

    def time(self, moment: datetime) -> str:
        """Write an instant on the shop's clock."""
        return f"{moment.astimezone(self.zone or UTC):%Y-%m-%d %H:%M %Z}"


def mail_of_error(error: ErrorToTell, shop: Shop) -> MailContent:
    """Tell one error: what it is about, what happened, what to do, when it is tried again."""
    reply = "" if error.told_code is None else "Re: "
    subject = f"{reply}[{error.location_code}] {_invoice(error)} of {error.business_date}"
    changed = "" if error.told_code is None else "The reason has changed. "
    return layout(
        f"{subject}: {_state(error)}",
        changed + words_for(error.code).sentence,
        {
            "What to do": error.next_step,
            "Location": error.location_code,
            "Shop": one_line(shop.name, SHORT_MAX) or "-",
            "Invoice": one_line(error.number or "unknown", SHORT_MAX),
            "Date": error.business_date.isoformat(),
            "Document": _document(error),
            "External ID": one_line(error.external_id, SHORT_MAX),
            "Amount": _amount(error),
            "Code": one_line(error.code, SHORT_MAX),
            "Details": error.message,
            "First failed": shop.time(error.first_failed_at),
            "Attempts": str(error.attempts),
            "Tried again": _next_attempt(error, shop),
            "To act on it": _to_act(f"errors show {one_line(error.external_id, SHORT_MAX)}", error),
        },
        closing=CLOSING,
    )


def mail_of_group(errors: Sequence[ErrorToTell], shop: Shop) -> MailContent:
    """Tell many errors with one code at one location; a long list is also attached whole."""
    first = errors[0]
    words = words_for(first.code)
    what = "differ" if first.stage == RECONCILE else "have failed"
    is_long = len(errors) > LISTED_IN_BODY_MAX
    closing = CLOSING
    if is_long:
        closing = (
            f"{LISTED_IN_BODY_MAX} of {len(errors)} are listed here; see the attached file, and"
            f" the asset integration_errors in Dagster. {CLOSING}"
        )
    return layout(
        f"[{first.location_code}] {len(errors)} invoices: {words.headline} ({first.code})",
        f"{len(errors)} documents {what} for one cause. {words.sentence}",
        {
            "What to do": first.next_step,
            "Location": first.location_code,
            "Shop": one_line(shop.name, SHORT_MAX) or "-",
            "Code": one_line(first.code, SHORT_MAX),
            "For example": first.message,
            "Tried again": _next_attempt(first, shop),
            "To act on it": _to_act(
                f"errors list --location {_quoted(first.location_code)}"
                f" --code {_quoted(first.code)}",
                first,
            ),
        },
        table=[_HEAD, *(_listed(error) for error in errors[:LISTED_IN_BODY_MAX])],
        closing=closing,
        attachment=Attachment("errors.csv", _csv(errors)) if is_long else None,
    )


_HEAD = ("Invoice", "Date", "Document", "External ID", "Amount", "Details")


def _listed(error: ErrorToTell) -> tuple[str, ...]:
    return (
        one_line(error.number or "unknown", SHORT_MAX),
        error.business_date.isoformat(),
        _document(error),
        one_line(error.external_id, SHORT_MAX),
        _amount(error),
        one_line(error.message, SHORT_MAX),
    )


def _csv(errors: Iterable[ErrorToTell]) -> str:
    """Write the list with each cell in quotes: a spreadsheet may part cells at semicolons."""
    file = StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(_HEAD)
    for error, _ in zip(errors, range(LISTED_IN_FILE_MAX), strict=False):
        writer.writerow(map(_cell, _listed(error)))
    return file.getvalue()


def _cell(text: str) -> str:
    """Keep a spreadsheet from taking text as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _invoice(error: ErrorToTell) -> str:
    if error.number:
        return f"Invoice {one_line(error.number, 40)}"
    return "A difference" if error.stage == RECONCILE else "An invoice"


def _state(error: ErrorToTell) -> str:
    if error.stage == "acknowledge":
        return "in NetSuite, but IPOS does not know"
    return words_for(error.code).headline if error.stage == RECONCILE else "not in NetSuite"


def _document(error: ErrorToTell) -> str:
    return DOCUMENT_NAMES.get(error.record_type or "", error.record_type or "whole invoice")


def _amount(error: ErrorToTell) -> str:
    if error.amount is None:
        return "unknown"
    in_which = "in the invoice's currency" if error.code == OTHER_CURRENCY else "AED"
    return f"{error.amount:,.2f} {in_which}"


def _to_act(look: str, error: ErrorToTell) -> str:
    is_difference = error.stage == RECONCILE
    moves = "set aside, withdraw, repost" if is_difference else "retry, set aside, mark as posted"
    return f"ipos-pipeline {look}; or in Dagster the job resolve_errors: {moves}"


def _quoted(text: str) -> str:
    return shlex.quote(one_line(text, SHORT_MAX))


def _next_attempt(error: ErrorToTell, shop: Shop) -> str:
    if error.stage == RECONCILE:
        return "no: nothing is corrected by itself; each reconciliation of the day looks again"
    if error.next_attempt_at is not None:
        return f"by itself, from {shop.time(error.next_attempt_at)}"
    if error.code in MASTER_DATA_CODES:
        return f"by itself, as soon as NetSuite has the {awaited(error.code)}"
    return "not by itself: only when a person asks for it"
