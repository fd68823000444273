"""Which store-days have something to do, and why: a decision over counts and sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, timedelta

StoreDayKey = tuple[str, date]
"""Location code and business day."""


def days_to_look_at(today: date, *, look_back_days: int, first_day: date) -> list[date]:
    """List a location's business days whose list may still grow, today first."""
    days = (today - timedelta(days=back) for back in range(look_back_days + 1))
    return [day for day in days if day >= first_day]


def due_store_days(
    *,
    shown: Mapping[StoreDayKey, int],
    known: Mapping[StoreDayKey, int],
    closed: AbstractSet[StoreDayKey],
    with_due_work: Iterable[StoreDayKey],
    unanswered: Mapping[StoreDayKey, str],
    running: AbstractSet[StoreDayKey],
    first_day: date,
) -> dict[StoreDayKey, str]:
    """Decide which store-days need a run: store-day -> why.

    `shown` counts what IPOS shows as unacknowledged, `known` what of that the ledger knows already.
    Where IPOS shows less, the list is read again, lest what vanished hides what comes later.
    `closed` are store-days that were looked at after they were over: what is new there is late.
    A location whose IPOS does not answer gets a run too, so that its failure is to be seen.
    """
    due: dict[StoreDayKey, str] = {}
    for store_day, count in shown.items():
        new = count - known.get(store_day, 0)
        if new > 0:
            due[store_day] = _why_new(new, store_day, is_late=store_day in closed)
        elif new < 0:
            due[store_day] = f"IPOS no longer shows {-new} invoices of its list"
    for store_day in sorted(with_due_work):
        due.setdefault(store_day, "the ledger has work that is due")
    for store_day, why in unanswered.items():
        due.setdefault(store_day, why)
    return {key: why for key, why in due.items() if key not in running and key[1] >= first_day}


def _why_new(new: int, store_day: StoreDayKey, *, is_late: bool) -> str:
    if is_late:
        invoices = "1 invoice" if new == 1 else f"{new} invoices"
        return f"{invoices} arrived late: {store_day[1]} is reopened"
    return f"IPOS shows {new} invoices that are not landed"


def locations_to_change(
    registered: AbstractSet[str], active: AbstractSet[str]
) -> tuple[list[str], list[str]]:
    """Decide which location partitions to add and which to remove."""
    return sorted(active - registered), sorted(registered - active)
