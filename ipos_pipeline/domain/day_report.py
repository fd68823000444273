"""The day report: what a business day came to in all shops, as values and figures.

Belongs here: adding up and counting. Not here: what is said of them (day_report_words.py), the page
(day_report_html.py), the chart (day_report_chart.py), how a day is proved (reconciliation.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from ipos_pipeline.domain.money import total_of
from ipos_pipeline.domain.store_day_proof import Side, StoreDayProof


class DayState(StrEnum):
    """How a store-day stands, or a day of all shops: the worst of them."""

    PROVED = "proved"
    NOT_RECONCILED = "not_reconciled"
    DIFFERS = "differs"
    SHADOW = "shadow"


WORST_FIRST = (DayState.DIFFERS, DayState.NOT_RECONCILED, DayState.PROVED, DayState.SHADOW)


@dataclass(frozen=True, slots=True)
class ReportedError:
    """An open error of a document, in words for the person who has to act."""

    external_id: str
    number: str | None
    code: str
    message: str
    next_step: str
    attempts: int
    first_failed_at: datetime


@dataclass(frozen=True, slots=True)
class InvoiceMoment:
    """When an invoice that is to be posted was sold, and when all of it was in NetSuite.

    Both are aware; `posted_at` is None as long as something of it is not there.
    """

    number: str
    sold_at: datetime
    posted_at: datetime | None

    @property
    def reached_at(self) -> datetime | None:
        """The instant it was in NetSuite; never before its sale, where a till's clock is ahead."""
        return None if self.posted_at is None else max(self.sold_at, self.posted_at)

    @property
    def delay(self) -> timedelta | None:
        """The time from the sale to NetSuite."""
        return None if self.reached_at is None else self.reached_at - self.sold_at


@dataclass(frozen=True, slots=True)
class LocationDay:
    """A business day of one shop; `proof` is None where it was not reconciled.

    `is_shadow`: its record says that another script posts the day.
    """

    code: str
    name: str
    zone: ZoneInfo
    proof: StoreDayProof | None = None
    open_errors: tuple[ReportedError, ...] = ()
    invoices: tuple[InvoiceMoment, ...] = ()
    is_shadow: bool = False

    @property
    def state(self) -> DayState:
        """How it stands."""
        if self.is_shadow if self.proof is None else self.proof.is_shadow:
            return DayState.SHADOW
        if self.proof is None:
            return DayState.NOT_RECONCILED
        return DayState.PROVED if self.proof.is_proved else DayState.DIFFERS

    @property
    def differing(self) -> int:
        """Count what differs; totals that do not agree, with no document to name, are one thing."""
        if self.proof is None or self.state != DayState.DIFFERS:
            return 0
        return len(self.proof.breaking) or 1


@dataclass(frozen=True, slots=True)
class DayReport:
    """A business day of all shops; `zone` is the one that the report itself is written in."""

    business_date: date
    made_at: datetime
    zone: ZoneInfo
    locations: tuple[LocationDay, ...]

    @property
    def state(self) -> DayState:
        """How the day stands: proved only if each shop is, and there is one that is ours."""
        states = {location.state for location in self.locations} or {DayState.NOT_RECONCILED}
        return next(state for state in WORST_FIRST if state in states)

    @property
    def ours(self) -> list[LocationDay]:
        """The shops whose day is not in shadow."""
        return [location for location in self.locations if location.state != DayState.SHADOW]

    @property
    def proofs(self) -> list[StoreDayProof]:
        """The proofs of our shops that were reconciled."""
        return [location.proof for location in self.ours if location.proof is not None]

    @property
    def invoices(self) -> list[InvoiceMoment]:
        """The invoices of all shops."""
        return [invoice for location in self.locations for invoice in location.invoices]

    def of_state(self, state: DayState) -> list[LocationDay]:
        """Pick the shops that stand so."""
        return [location for location in self.locations if location.state == state]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one store-day came to, or many added up.

    `planned`, `posted` and `found` (in NetSuite) count documents, the rest invoices.
    """

    shown: int
    landed: int
    filtered_by_rule: Counter[str]
    quarantined: int
    planned: int
    posted: int
    found: int
    acknowledged: int
    open_errors: int
    set_aside: int
    ipos: Side
    ledger: Side
    netsuite: Side
    set_aside_total: Decimal
    accepted_total: Decimal
    rounding: Decimal

    @property
    def unexplained(self) -> Decimal:
        """What NetSuite lacks of IPOS, less rounding and what a person has decided (AED)."""
        decided = self.set_aside_total + self.accepted_total
        return self.ipos.gross - self.rounding - decided - self.netsuite.gross


def figures_of(proofs: Sequence[StoreDayProof]) -> Figures:
    """Add proofs up; those of none are all zero."""
    filtered: Counter[str] = Counter()
    for proof in proofs:
        filtered.update(proof.filtered_by_rule)
    return Figures(
        shown=sum(one.shown for one in proofs),
        landed=sum(one.landed for one in proofs),
        filtered_by_rule=filtered,
        quarantined=sum(one.quarantined for one in proofs),
        planned=sum(one.ledger.documents for one in proofs),
        posted=sum(one.posted_documents for one in proofs),
        found=sum(one.netsuite.documents for one in proofs),
        acknowledged=sum(one.acknowledged for one in proofs),
        open_errors=sum(one.open_errors for one in proofs),
        set_aside=sum(one.set_aside for one in proofs),
        ipos=_added_up(one.ipos for one in proofs),
        ledger=_added_up(one.ledger for one in proofs),
        netsuite=_added_up(one.netsuite for one in proofs),
        set_aside_total=total_of(
            one.set_aside_invoices_total + one.set_aside_documents_total for one in proofs
        ),
        accepted_total=total_of(one.accepted_total for one in proofs),
        rounding=total_of(one.rounding for one in proofs),
    )


def _added_up(sides: Iterable[Side]) -> Side:
    """Add sides up; their tax is known only if it is known of each."""
    every = list(sides)
    taxes = [side.tax for side in every if side.tax is not None]
    return Side(
        documents=sum(side.documents for side in every),
        gross=total_of(side.gross for side in every),
        tax=total_of(taxes) if len(taxes) == len(every) else None,
    )


@dataclass(frozen=True, slots=True)
class Delays:
    """The times from sale to NetSuite of the invoices that are there; `waiting` counts the others.

    Percentiles are nearest-rank: the shortest time that at least so many percent did not exceed.
    Each is a time that an invoice really took; None if none is in NetSuite.
    """

    reached: int
    waiting: int
    p50: timedelta | None = None
    p95: timedelta | None = None
    longest: timedelta | None = None


def delays_of(invoices: Sequence[InvoiceMoment]) -> Delays:
    """Measure how long invoices took from the sale to NetSuite."""
    ordered = sorted(invoice.delay for invoice in invoices if invoice.delay is not None)
    waiting = len(invoices) - len(ordered)
    if not ordered:
        return Delays(0, waiting)
    return Delays(
        reached=len(ordered),
        waiting=waiting,
        p50=_nearest_rank(ordered, 50),
        p95=_nearest_rank(ordered, 95),
        longest=ordered[-1],
    )


def _nearest_rank(ordered: Sequence[timedelta], percent: int) -> timedelta:
    rank = -(-len(ordered) * percent // 100)  # rounded up, without a float
    return ordered[rank - 1]
