"""Listing: the errors people look for, one of them in full, and how each location stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ipos_pipeline.domain.external_id import REFUND_SUFFIX, SALE_SUFFIX
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.ledger.integration_errors import OPEN, ErrorRecord
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.dates import FourDates, four_dates


@dataclass(frozen=True, slots=True)
class ErrorInFull:
    """Errors of one name, and what happened to their document, oldest first."""

    errors: tuple[ErrorRecord, ...]
    history: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class LocationStanding:
    """How one location stands; the oldest unposted invoice by the time of its sale."""

    location_code: str
    dates: FourDates
    open_errors: int
    set_aside: int
    oldest_unposted: str | None
    oldest_unposted_at: datetime | None


def list_errors(ledger: LedgerStore, selection: Selection, status: str) -> list[ErrorRecord]:
    """Read the errors of one status that fit a selection; an empty selection fits all."""
    with ledger.read() as work:
        return work.selecting.errors(selection, [status])


def error_in_full(ledger: LedgerStore, name: str) -> ErrorInFull:
    """Read everything about an external ID, or about the error of that number."""
    with ledger.read() as work:
        errors = work.selecting.errors_of(name)
        names = {name, *(error.external_id for error in errors)}
        keys = {one.removesuffix(SALE_SUFFIX).removesuffix(REFUND_SUFFIX) for one in names}
        sides = {key + end for key in keys for end in (SALE_SUFFIX, REFUND_SUFFIX)}
        history = work.history.of_any(names | keys | sides)
    return ErrorInFull(tuple(errors), tuple(history))


def standing(ledger: LedgerStore, location_codes: Iterable[str]) -> list[LocationStanding]:
    """Tell how locations stand, from the ledger alone."""
    found: list[LocationStanding] = []
    for code in location_codes:
        with ledger.read() as work:
            here = Selection(locations=frozenset({code}))
            errors = work.selecting.errors(here, [OPEN])
            aside = work.selecting.errors(here, ["set_aside"])
            oldest = work.selecting.oldest_unposted(code)
        found.append(
            LocationStanding(
                code,
                four_dates(ledger, code),
                open_errors=len(errors),
                set_aside=len(aside),
                oldest_unposted=oldest[0] if oldest else None,
                oldest_unposted_at=oldest[1] if oldest else None,
            )
        )
    return found
