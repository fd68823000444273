"""What a difference means in words that a person in finance understands, and what to do about it.

Belongs here: a headline and the next step for each kind. Not here: the two sides of one
difference, which it says itself (store_day_proof.py).
"""

from __future__ import annotations

from typing import NamedTuple

from ipos_pipeline.domain.store_day_proof import DifferenceKind


class DifferenceWords(NamedTuple):
    """A headline of a few words, and what to do."""

    headline: str
    next_step: str


DIFFERENCE_WORDS = {
    DifferenceKind.NUMBER_GAP: DifferenceWords(
        "Numbers that IPOS does not list",
        "A till may skip numbers. Ask the shop if a receipt with such a number exists.",
    ),
    DifferenceKind.ROUNDED: DifferenceWords(
        "Header and lines differ by cents",
        "Nothing: it is within the rounding that the profile allows; the lines are in the books.",
    ),
    DifferenceKind.SUMMARY_DIFFERS: DifferenceWords(
        "IPOS's own summary does not agree with its list",
        "Run the store-day again; if it stays, ask the IPOS vendor which of the two is right.",
    ),
    DifferenceKind.NOT_LANDED: DifferenceWords(
        "In IPOS, not yet fetched",
        "The next run fetches it. If it stays, run the store-day.",
    ),
    DifferenceKind.QUARANTINED: DifferenceWords(
        "In IPOS, but cannot be read",
        "Have the invoice corrected in IPOS; the open error says what is wrong with it.",
    ),
    DifferenceKind.OPEN_ERROR: DifferenceWords(
        "Kept back by an open error",
        "Do what the open error says; it is posted afterwards.",
    ),
    DifferenceKind.IN_DOUBT: DifferenceWords(
        "Sent to NetSuite, outcome not known yet",
        "Nothing by hand: the next run looks it up in NetSuite before it sends anything again.",
    ),
    DifferenceKind.NOT_POSTED: DifferenceWords(
        "Planned, not in NetSuite yet",
        "The next run posts it. If it stays, run the store-day.",
    ),
    DifferenceKind.SET_ASIDE: DifferenceWords(
        "Set aside by a person",
        "Nothing: it was decided that it does not go to NetSuite.",
    ),
    DifferenceKind.ACCEPTED: DifferenceWords(
        "Accepted by a person",
        "Nothing: it was decided that this difference stays.",
    ),
    DifferenceKind.WITHDRAWN: DifferenceWords(
        "Taken back from NetSuite by a person",
        "Repost it once its cause is corrected, or set it aside with a reason.",
    ),
    DifferenceKind.ABSENT_IN_NETSUITE: DifferenceWords(
        "Posted, and no longer in NetSuite",
        "Find out who deleted or moved it there; repost it if it belongs there.",
    ),
    DifferenceKind.CHANGED_IN_NETSUITE: DifferenceWords(
        "Changed in NetSuite after it was posted",
        "Look at its system notes in NetSuite, and ask who changed it and why.",
    ),
    DifferenceKind.TWICE_IN_NETSUITE: DifferenceWords(
        "Twice in NetSuite",
        "Compare both records in NetSuite; the one that does not belong has to go.",
    ),
    DifferenceKind.NOT_IN_LEDGER: DifferenceWords(
        "In NetSuite, unknown to this pipeline",
        "Find out who entered it, before anything is changed.",
    ),
    DifferenceKind.NOT_SETTLED: DifferenceWords(
        "In NetSuite, not noted here yet",
        "Nothing by hand: the next run looks it up and notes it.",
    ),
    DifferenceKind.TOTAL_DIFFERS: DifferenceWords(
        "In NetSuite with another total",
        "Find out who changed the record in NetSuite, and which total is right.",
    ),
    DifferenceKind.WRONG_DAY: DifferenceWords(
        "Booked under another day",
        "Compare the dates in IPOS and in NetSuite; correct the one that is wrong.",
    ),
    DifferenceKind.ACKNOWLEDGED_NOT_POSTED: DifferenceWords(
        "IPOS was told it is posted, and it is not",
        "Post it: see its open error, or repost it. IPOS will not offer it again by itself.",
    ),
    DifferenceKind.EDITED_IN_IPOS: DifferenceWords(
        "Edited in IPOS after it was posted",
        "Ask the shop what was changed; correct it in NetSuite by hand if the books need it.",
    ),
    DifferenceKind.IPOS_TOTAL_DIFFERS: DifferenceWords(
        "IPOS shows another total than was planned",
        "Compare the landed invoice with what IPOS shows today, and ask the shop.",
    ),
    DifferenceKind.VOID_IN_IPOS: DifferenceWords(
        "Voided in IPOS after it was posted",
        "Withdraw it, or correct it in NetSuite by hand.",
    ),
    DifferenceKind.NOT_SHOWN: DifferenceWords(
        "Fetched, and no longer shown by IPOS",
        "Ask the shop: it was deleted or moved there.",
    ),
}

TOTALS_DO_NOT_AGREE = DifferenceWords(
    "The totals do not agree, though no document differs",
    "Compare the three totals of this shop, and run the reconciliation again.",
)
