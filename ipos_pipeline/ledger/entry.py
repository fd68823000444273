"""Statuses of a posting entry and the legal moves between them: one table.

    pending     -> sending, rejected (cannot be mapped), posted (found in NetSuite), set_aside
    sending     -> posted, rejected, in_doubt, pending (nothing was sent after all)
    in_doubt    -> posted (found), pending (not found), rejected (found, but different)
    rejected    -> sending (tried again), rejected, posted (found in NetSuite), set_aside
    posted      -> withdrawing, pending (deleted in NetSuite, and a person wants it there again)
    set_aside   -> rejected (a person has taken it up again), posted (found, or marked by a person)
    withdrawing -> withdrawn, posted (not deleted after all)
    withdrawn   -> pending (a person wants it posted again), posted (marked by a person)

An entry is our intent; a posting is NetSuite's record. `sending` and `withdrawing` are written
before the request goes out, so that a crash leaves a trace to look up. Only a person moves an entry
to or out of `set_aside`, `withdrawing` and `withdrawn`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Self

from ipos_pipeline.domain.netsuite_record import RecordType
from ipos_pipeline.domain.planning import PlannedDocument


class Status(StrEnum):
    """What has become of an entry."""

    PENDING = "pending"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"
    POSTED = "posted"
    REJECTED = "rejected"
    SET_ASIDE = "set_aside"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


LEGAL_MOVES: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.SENDING, Status.REJECTED, Status.POSTED, Status.SET_ASIDE}),
    Status.SENDING: frozenset({Status.POSTED, Status.REJECTED, Status.IN_DOUBT, Status.PENDING}),
    Status.IN_DOUBT: frozenset({Status.POSTED, Status.REJECTED, Status.PENDING}),
    Status.REJECTED: frozenset({Status.SENDING, Status.REJECTED, Status.POSTED, Status.SET_ASIDE}),
    Status.POSTED: frozenset({Status.WITHDRAWING, Status.PENDING}),
    Status.SET_ASIDE: frozenset({Status.REJECTED, Status.POSTED}),
    Status.WITHDRAWING: frozenset({Status.WITHDRAWN, Status.POSTED}),
    Status.WITHDRAWN: frozenset({Status.PENDING, Status.POSTED}),
}

BEGUN = frozenset(Status) - {Status.PENDING, Status.REJECTED}
"""Once an entry has one of these, a newer version of its document is drift, not a new plan."""

OPEN_TO_RUNS = (Status.PENDING, Status.SENDING, Status.IN_DOUBT, Status.REJECTED)
"""What a run may settle; a person's decision is not its to change."""


def sources_of(target: Status) -> tuple[Status, ...]:
    """List the statuses from which a move to `target` is legal."""
    return tuple(status for status, targets in LEGAL_MOVES.items() if target in targets)


@dataclass(frozen=True, slots=True)
class PostingEntry:
    """One document we mean to have in NetSuite. `total` in AED, tax included, positive.

    `tax` is that of its lines, None for entries of older ledgers. `payload_hash` names the version
    of the source document that it was planned from; `netsuite_modified` is NetSuite's own date of
    the last change, as text, as first seen after posting. `tran_date` is the date that it was last
    sent under, or that NetSuite has it under; None: its business date (ADR 0013).
    """

    external_id: str
    document_key: str
    record_type: RecordType
    location_code: str
    business_date: date
    payload_hash: str
    total: Decimal
    status: Status = Status.PENDING
    internal_id: str | None = None
    attempts: int = 0
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    next_attempt_at: datetime | None = None
    posted_at: datetime | None = None
    netsuite_modified: str | None = None
    tran_date: date | None = None
    tax: Decimal | None = None

    @classmethod
    def planned(
        cls,
        document: PlannedDocument,
        *,
        document_key: str,
        location_code: str,
        business_date: date,
        payload_hash: str,
    ) -> Self:
        """Intend to post a document; nothing has been done with it yet."""
        return cls(
            external_id=document.external_id,
            document_key=document_key,
            record_type=document.record_type,
            location_code=location_code,
            business_date=business_date,
            payload_hash=payload_hash,
            total=document.total,
            tax=document.tax,
        )

    def if_other_day(self, tran_date: date) -> date | None:
        """Give a date as `tran_date` keeps it: None for the business date."""
        return None if tran_date == self.business_date else tran_date
