"""Composing mails: what people do not know yet is queued and noted as told, all at once.

A crash loses no mail and repeats none, because both happen in one transaction of the ledger. Not
here: wording (domain/error_mail.py), sending (sending_mails.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.error_mail import ErrorToTell, Shop, mail_of_error, mail_of_group
from ipos_pipeline.domain.mail import (
    Envelope,
    MailContent,
    addresses_in,
    build_message,
    message_id_of,
)
from ipos_pipeline.domain.outage_mail import OutageToTell, mail_of_outage
from ipos_pipeline.ledger.store import LedgerStore, Transaction


@dataclass(frozen=True, slots=True)
class MailRules:
    """From whom mails come, to whom they go by default, and how many at once become one."""

    sender: str
    recipients: tuple[str, ...]
    group_above: int


def shops_of(configurations: Mapping[str, IposConfiguration]) -> dict[str, Shop]:
    """Say who is told of each location's errors; an address that is none counts as not given."""
    return {
        code: Shop(code, one.name or "", addresses_in(one.error_email), one.zone)
        for code, one in configurations.items()
    }


def compose_error_mails(
    ledger: LedgerStore,
    rules: MailRules,
    read_shops: Callable[[], Mapping[str, Shop]],
    *,
    concerns: Callable[[ErrorToTell], bool],
    run: str,
    at: datetime,
) -> int:
    """Queue a mail for each error that is new or has another reason; give how many mails.

    Many of one location with one code become one mail. `concerns` picks the errors whose run is
    over: one that goes on may still find more of the same. Raises what `read_shops` raises, which
    is asked only where there is something to tell.
    """
    with ledger.read() as work:
        if not any(map(concerns, work.told.errors_to_tell())):
            return 0
    shops = read_shops()
    with ledger.write(run) as work:
        groups = _groups(filter(concerns, work.told.errors_to_tell()), rules.group_above)
        for errors in groups:
            shop = shops.get(errors[0].location_code) or Shop(errors[0].location_code)
            _queue_errors(work, errors, shop, rules, at=at)
    return len(groups)


def compose_outage_mails(ledger: LedgerStore, rules: MailRules, *, run: str, at: datetime) -> int:
    """Queue a mail for each outage that has begun or is over; give how many."""
    with ledger.read() as work:
        if not work.told.outages_to_tell():
            return 0
    with ledger.write(run) as work:
        outages = work.told.outages_to_tell()
        for outage in outages:
            _queue_outage(work, outage, rules, at=at)
    return len(outages)


def compose_day_mail(
    ledger: LedgerStore,
    rules: MailRules,
    content: MailContent,
    *,
    day: date,
    again: bool,
    run: str,
    at: datetime,
) -> bool:
    """Queue the summary of a business day; tell whether it was, for each day has one.

    `again`: a person wants another one.
    """
    about = f"summary of {day} by {run}"
    envelope = Envelope(
        sender=rules.sender,
        recipients=rules.recipients,
        message_id=message_id_of(about, at=at, sender=rules.sender),
        thread_id=None,
        at=at,
    )
    with ledger.write(run) as work:
        if work.told.day_is_told(day) and not again:
            return False
        _queue(work, content, envelope)
        work.told.note_day(day, message_id=envelope.message_id, at=at)
    return True


def _groups(errors: Iterable[ErrorToTell], group_above: int) -> list[list[ErrorToTell]]:
    """Decide which errors share a mail: all of a cause at a location, or each has its own."""

    def cause(error: ErrorToTell) -> tuple[str, str, bool]:
        return error.location_code, error.code, error.told_code is None

    groups: list[list[ErrorToTell]] = []
    for _, same in groupby(sorted(errors, key=cause), key=cause):
        alike = list(same)
        groups += [alike] if len(alike) > group_above else [[one] for one in alike]
    return groups


def _queue_errors(
    work: Transaction, errors: list[ErrorToTell], shop: Shop, rules: MailRules, *, at: datetime
) -> None:
    first = errors[0]
    is_single = len(errors) == 1
    envelope = Envelope(
        sender=rules.sender,
        recipients=shop.addresses or rules.recipients,
        message_id=message_id_of(
            *(f"{one.external_id} {one.stage} {one.id}" for one in errors),
            at=at,
            sender=rules.sender,
        ),
        thread_id=first.thread_id if is_single else None,
        at=at,
    )
    content = mail_of_error(first, shop) if is_single else mail_of_group(errors, shop)
    _queue(work, content, envelope)
    work.told.note_errors(errors, message_id=envelope.message_id, at=at)


def _queue_outage(
    work: Transaction, outage: OutageToTell, rules: MailRules, *, at: datetime
) -> None:
    state = "began" if outage.closed_at is None else "over"
    about = f"outage {outage.id} {outage.system} {state}"
    envelope = Envelope(
        sender=rules.sender,
        recipients=rules.recipients,
        message_id=message_id_of(about, at=at, sender=rules.sender),
        thread_id=outage.thread_id,
        at=at,
    )
    _queue(work, mail_of_outage(outage), envelope)
    work.told.note_outage(outage, message_id=envelope.message_id, at=at)


def _queue(work: Transaction, content: MailContent, envelope: Envelope) -> None:
    work.mails.add(
        message_id=envelope.message_id,
        sender=envelope.sender,
        recipients=envelope.recipients,
        subject=content.subject,
        content=build_message(content, envelope).as_bytes().decode("ascii"),
        at=envelope.at,
    )
