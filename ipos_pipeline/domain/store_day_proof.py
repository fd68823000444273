"""The proof of one store-day: IPOS, ledger and NetSuite side by side, and what differs.

Belongs here: what a reconciliation found, as one value that can be kept, shown and mailed. Not
here: how the sides are compared (reconciliation.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from ipos_pipeline.domain.money import ZERO, total_of


class DifferenceKind(StrEnum):
    """What a difference is, in the words that people read.

    In a clean store-day there is none. `SET_ASIDE`, `ACCEPTED`, `NUMBER_GAP` and `ROUNDED` are
    told, and leave the proof whole: a person has decided the first two, a till may skip numbers,
    and a header may differ from its lines by what the profile allows.
    """

    NUMBER_GAP = "number_gap"
    ROUNDED = "rounded"
    SUMMARY_DIFFERS = "summary_differs"
    NOT_LANDED = "not_landed"
    QUARANTINED = "quarantined"
    OPEN_ERROR = "open_error"
    IN_DOUBT = "in_doubt"
    NOT_POSTED = "not_posted"
    SET_ASIDE = "set_aside"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    ABSENT_IN_NETSUITE = "absent_in_netsuite"
    CHANGED_IN_NETSUITE = "changed_in_netsuite"
    TWICE_IN_NETSUITE = "twice_in_netsuite"
    NOT_IN_LEDGER = "not_in_ledger"
    NOT_SETTLED = "not_settled"
    TOTAL_DIFFERS = "total_differs"
    WRONG_DAY = "wrong_day"
    ACKNOWLEDGED_NOT_POSTED = "acknowledged_not_posted"
    EDITED_IN_IPOS = "edited_in_ipos"
    IPOS_TOTAL_DIFFERS = "ipos_total_differs"
    VOID_IN_IPOS = "void_in_ipos"
    NOT_SHOWN = "not_shown"


TOLD_ONLY = frozenset(
    {
        DifferenceKind.SET_ASIDE,
        DifferenceKind.ACCEPTED,
        DifferenceKind.NUMBER_GAP,
        DifferenceKind.ROUNDED,
    }
)
"""Kinds that leave the proof whole."""

DUPLICATES = frozenset({DifferenceKind.TWICE_IN_NETSUITE, DifferenceKind.NOT_IN_LEDGER})
"""Kinds by which NetSuite holds more than it should."""

DRIFT = frozenset(
    {
        DifferenceKind.EDITED_IN_IPOS,
        DifferenceKind.VOID_IN_IPOS,
        DifferenceKind.NOT_SHOWN,
        DifferenceKind.WRONG_DAY,
        DifferenceKind.ABSENT_IN_NETSUITE,
        DifferenceKind.CHANGED_IN_NETSUITE,
        DifferenceKind.TOTAL_DIFFERS,
    }
)
"""Kinds by which one side was changed after posting."""

FOR_A_PERSON = (
    DRIFT | DUPLICATES | {DifferenceKind.IPOS_TOTAL_DIFFERS, DifferenceKind.SUMMARY_DIFFERS}
)
"""Kinds that no run mends and no other error tells: each becomes an integration error of its own.

The others do not. The next run settles `NOT_LANDED`, `NOT_POSTED`, `IN_DOUBT` and `NOT_SETTLED`.
`OPEN_ERROR` and `QUARANTINED` are open errors already; what `ACKNOWLEDGED_NOT_POSTED` lacks in
NetSuite is one too, or the next run posts it. `SET_ASIDE`, `ACCEPTED` and `WITHDRAWN` are what a
person has decided. `NUMBER_GAP` and `ROUNDED` need be no fault, and leave the proof whole.
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not agree: its kind, its key, and the two sides in words.

    `subject` is an external ID, a document key, or a span of numbers. `version` names the content
    that differs where the detail does not. `ipos_lacks` and `netsuite_lacks` are what the total of
    that side is below the ledger's because of it (AED; negative: above).
    """

    kind: DifferenceKind
    subject: str
    detail: str
    version: str = ""
    ipos_lacks: Decimal = ZERO
    netsuite_lacks: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Side:
    """One of the three sides: how many, and how much (AED; sales less refunds, tax included)."""

    documents: int = 0
    gross: Decimal = ZERO
    tax: Decimal | None = ZERO
    """None where it is not known: IPOS or an older ledger does not say it of every document."""

    @property
    def net(self) -> Decimal | None:
        """The amount without tax (AED)."""
        return None if self.tax is None else self.gross - self.tax


@dataclass(frozen=True, slots=True)
class StoreDayProof:
    """What a reconciliation found. Counts are of invoices, or of documents where they say so.

    `ipos` counts invoices that are to be posted (not void, not filtered); `ledger` the planned
    documents; `netsuite` the documents found there.
    """

    location_code: str
    business_date: date
    reconciled_at: datetime
    shown: int
    landed: int
    filtered_by_rule: Mapping[str, int]
    quarantined: int
    acknowledged: int
    posted_documents: int
    open_errors: int
    set_aside: int
    ipos: Side
    ledger: Side
    netsuite: Side
    differences: tuple[Difference, ...] = ()
    set_aside_invoices_total: Decimal = field(default=ZERO)
    set_aside_documents_total: Decimal = field(default=ZERO)
    rounding: Decimal = field(default=ZERO)
    """What the headers of `ROUNDED` invoices come to above their lines."""
    is_shadow: bool = False
    """Whether another script posts the store-day: then nothing of it is ours to prove."""

    @property
    def filtered(self) -> int:
        """Count the invoices that a filter keeps out."""
        return sum(self.filtered_by_rule.values())

    @property
    def breaking(self) -> tuple[Difference, ...]:
        """The differences that break the proof."""
        return tuple(one for one in self.differences if one.kind not in TOLD_ONLY)

    @property
    def is_proved(self) -> bool:
        """Whether nothing differs, to the cent, but what a person has set aside or accepted.

        A store-day in shadow is not. IPOS's headers may differ from their lines by the rounding
        that the profile allows. Set aside are whole invoices, of which nothing is planned, and
        planned documents.
        """
        ipos = self.ipos.gross + total_of(one.ipos_lacks for one in self.accepted)
        netsuite = self.netsuite.gross + total_of(one.netsuite_lacks for one in self.accepted)
        to_plan = ipos - self.set_aside_invoices_total - self.rounding
        accounted_for = netsuite + self.set_aside_documents_total
        is_whole = not self.breaking and to_plan == self.ledger.gross == accounted_for
        return is_whole and not self.is_shadow

    @property
    def is_in_order(self) -> bool:
        """Whether it is proved, or in shadow, where nothing is ours to prove."""
        return self.is_proved or self.is_shadow

    @property
    def accepted(self) -> tuple[Difference, ...]:
        """The differences that a person has accepted."""
        return self.of_kinds(DifferenceKind.ACCEPTED)

    @property
    def accepted_total(self) -> Decimal:
        """What NetSuite lacks of IPOS by accepted differences (AED; negative: has more)."""
        return total_of(one.netsuite_lacks - one.ipos_lacks for one in self.accepted)

    def of_kinds(self, *kinds: DifferenceKind) -> tuple[Difference, ...]:
        """Pick the differences of some kinds."""
        return tuple(one for one in self.differences if one.kind in kinds)
