"""What a person may do with an error or a document, and what it would mean: pure decisions.

Belongs here: may it be done, and in which words the person is told. Not here: doing it
(steps/resolving.py, steps/withdrawing.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from ipos_pipeline.domain.external_id import NAMESPACE

CREATION_SECONDS_MAX = 120
"""Scripts and workflows of an account change a record when it is made (assumption: within this)."""
NETSUITE_MOMENT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One error or document: whether the action applies to it, and what it does or why not.

    `is_so_already` marks what needs nothing done, which is not a refusal.
    """

    external_id: str
    location_code: str
    business_date: date
    applies: bool
    words: str
    is_so_already: bool = False


@dataclass(frozen=True, slots=True)
class PostedDocument:
    """A document as the ledger has it posted; `total` in AED, positive.

    `netsuite_modified` is NetSuite's date of the last change as first seen, if it was;
    `was_marked` tells that a person booked it, not this pipeline.
    """

    external_id: str
    internal_id: str | None
    netsuite_type: str
    total: Decimal
    netsuite_modified: str | None = None
    was_marked: bool = False


@dataclass(frozen=True, slots=True)
class TransactionInNetSuite:
    """A transaction as NetSuite shows it; `total` in AED, positive.

    `created` and `modified` are text in NetSuite's own time zone, as in `NETSUITE_MOMENT`.
    """

    internal_id: str
    external_id: str
    type: str
    total: Decimal
    created: str
    modified: str
    tran_date: date | None = None


def why_not_withdraw(ours: PostedDocument, there: TransactionInNetSuite | None) -> str | None:
    """Say why a posting must not be deleted, or None: it is ours, and nobody has changed it.

    Compared: internal ID, external ID, type, total, and the date of the last change, with the one
    first seen after posting or else with that of the creation.
    """
    if ours.was_marked:
        return "a person booked it by hand: it is not ours to delete"
    if there is None:
        return f"NetSuite has no internal ID {ours.internal_id}: repost it if it is to be there"
    if there.external_id != ours.external_id:
        return f"in NetSuite it has the external ID {there.external_id or 'none'}"
    if there.type != ours.netsuite_type:
        return f"in NetSuite it is a {there.type}, not a {ours.netsuite_type}"
    return _what_changed(ours, there)


def _what_changed(ours: PostedDocument, there: TransactionInNetSuite) -> str | None:
    if there.total != ours.total:
        return f"its total in NetSuite is {there.total}, posted were {ours.total}"
    if not _is_unchanged(ours, there):
        return f"it was changed in NetSuite at {there.modified}; it was made at {there.created}"
    return None


def _is_unchanged(ours: PostedDocument, there: TransactionInNetSuite) -> bool:
    if ours.netsuite_modified is not None:
        return there.modified == ours.netsuite_modified
    try:
        created, modified = (
            datetime.strptime(text, NETSUITE_MOMENT)  # noqa: DTZ007 - both are of one zone
            for text in (there.created, there.modified)
        )
    except ValueError:
        return False
    return modified - created <= timedelta(seconds=CREATION_SECONDS_MAX)


def why_not_mark(
    ours: PostedDocument,
    there: TransactionInNetSuite | None,
    *,
    internal_id: str,
    owner: str | None,
    own_posting: str | None,
) -> str | None:
    """Say why a document cannot be settled as that transaction, or None. Totals come after this.

    `owner` is the other document that is settled as it already; `own_posting` the internal ID that
    NetSuite has under the document's own external ID.
    """
    if there is None:
        return f"NetSuite shows no transaction with internal ID {internal_id}"
    if there.type != ours.netsuite_type:
        return f"internal ID {internal_id} is a {there.type}, not a {ours.netsuite_type}"
    if owner is not None:
        return f"internal ID {internal_id} is what {owner} was posted as"
    if own_posting not in (None, internal_id):
        return f"NetSuite has {ours.external_id} itself, as internal ID {own_posting}"
    if there.external_id.startswith(NAMESPACE) and there.external_id != ours.external_id:
        return f"internal ID {internal_id} is the document {there.external_id}"
    return None


def totals_in_words(ours: PostedDocument, there: TransactionInNetSuite) -> str:
    """Compare a document with what a person booked for it."""
    if there.total == ours.total:
        return f"both come to {ours.total}"
    return f"it comes to {ours.total}, internal ID {there.internal_id} to {there.total}"
