"""What an error code means, in words that a shop manager understands.

Belongs here: one short headline and one sentence for each code. Not here: what to do, which the
error itself says (domain/problem.py).
"""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """A headline of a few words, and one sentence of what happened."""

    headline: str
    sentence: str


ERROR_WORDS = {
    "malformed_invoice": Words(
        "it cannot be read", "IPOS sent this invoice in a form that cannot be read."
    ),
    "currency": Words("other currency", "The invoice is not in the currency of the shops."),
    "nothing_to_post": Words(
        "nothing on it", "Every line of the invoice has the quantity zero: nothing is sold on it."
    ),
    "mixed_test_items": Words(
        "partly a test", "Some lines of the invoice are test items and others are real sales."
    ),
    "round_off": Words("large round-off", "The invoice is rounded by more than a shop may round."),
    "tax_regime": Words(
        "tax does not fit",
        "The totals of the invoice fit only if its prices treat tax otherwise than the shop's do.",
    ),
    "header_totals": Words(
        "totals do not agree", "The total of the invoice is not what its lines add up to."
    ),
    "unknown_item": Words(
        "item unknown", "An item on this invoice is not in NetSuite, so it could not be booked."
    ),
    "inactive_item": Words(
        "item inactive",
        "An item on this invoice is switched off in NetSuite, so it could not be booked.",
    ),
    "non_inventory_item": Words(
        "wrong kind of item",
        "An item on this invoice is not kept as stock in NetSuite, so it could not be booked.",
    ),
    "unknown_customer": Words(
        "customer unknown",
        "The customer of this shop is not in NetSuite, so the invoice could not be booked.",
    ),
    "inactive_customer": Words(
        "customer inactive",
        "The customer of this shop is switched off in NetSuite, so the invoice could not be"
        " booked.",
    ),
    "ambiguous_item": Words(
        "item not unique",
        "Several items in NetSuite have the barcode of an item on this invoice.",
    ),
    "missing_barcode": Words("no barcode", "A line of this invoice has no barcode."),
    "negative_total": Words(
        "negative total", "What was sold on this invoice comes to less than nothing."
    ),
    "total_differs": Words(
        "another total in NetSuite", "NetSuite has this invoice already, with another total."
    ),
    "external_id_taken": Words(
        "identifier taken", "NetSuite uses the identifier of this invoice for something else."
    ),
    "closed_period": Words(
        "books are closed",
        "The books of that day are closed in NetSuite, so the invoice could not be booked.",
    ),
    "acknowledged_not_posted": Words(
        "gone from NetSuite",
        "IPOS was told that this invoice is in NetSuite, but NetSuite does not have it.",
    ),
    "decision_lost": Words(
        "to be decided again",
        "The records were restored from a backup, and whether this invoice was set aside is not"
        " known any more.",
    ),
    "acknowledgement_refused": Words(
        "IPOS does not take the confirmation",
        "The invoice is in NetSuite, but IPOS does not accept that it is told so.",
    ),
    "absent_in_netsuite": Words(
        "gone from NetSuite",
        "The invoice was booked, and is no longer in NetSuite: somebody deleted or moved it.",
    ),
    "changed_in_netsuite": Words(
        "changed in NetSuite", "Somebody changed the invoice in NetSuite after it was booked."
    ),
    "twice_in_netsuite": Words(
        "twice in NetSuite", "NetSuite seems to have the same sale or return twice."
    ),
    "not_in_ledger": Words(
        "of unknown origin",
        "NetSuite has an invoice of this shop that was not booked from IPOS by this system.",
    ),
    "wrong_day": Words(
        "under another day", "IPOS and NetSuite do not have the invoice under the same day."
    ),
    "edited_in_ipos": Words(
        "edited in IPOS", "The invoice was changed in IPOS after it was booked in NetSuite."
    ),
    "ipos_total_differs": Words(
        "another total in IPOS", "IPOS shows another total for the invoice than was booked."
    ),
    "void_in_ipos": Words(
        "voided in IPOS", "The invoice was cancelled in IPOS after it was booked in NetSuite."
    ),
    "not_shown": Words(
        "no longer in IPOS", "IPOS showed the invoice before, and shows it no longer."
    ),
    "summary_differs": Words(
        "IPOS's counts do not agree", "IPOS counts other invoices for the day than it lists."
    ),
    "USER_ERROR": Words("refused", "NetSuite refused the invoice: a rule of the books is not met."),
    "INVALID_CONTENT": Words(
        "refused", "NetSuite refused the invoice: a value on it is unknown there."
    ),
    "INVALID_REQUEST": Words(
        "refused", "NetSuite could not understand the invoice as it was sent."
    ),
    "NONEXISTENT_ID": Words(
        "refused", "NetSuite refused the invoice: it names a record that is not there."
    ),
    "IDEMPOTENCY_ERROR": Words(
        "refused", "NetSuite took the invoice for something that it was sent before."
    ),
}

NETSUITE_REFUSED = Words("refused", "NetSuite did not accept this invoice.")
NOT_COMPLETE = Words("not complete", "This invoice could not be brought into NetSuite.")


def words_for(code: str) -> Words:
    """Give the words for a code; NetSuite's own codes, which are in capitals, are too many."""
    return ERROR_WORDS.get(code) or (NETSUITE_REFUSED if code.isupper() else NOT_COMPLETE)
