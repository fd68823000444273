"""That the ledger was restored from a backup: an event in its history, heeded by posting.

A restored ledger does not know what was posted and decided after its backup (ADR 0022).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import Connection, select

from ipos_pipeline.domain.json_text import read_json, write_json
from ipos_pipeline.ledger.entry import PostingEntry
from ipos_pipeline.ledger.schema import event

LEDGER = "ledger"
"""The subject of what happens to the ledger as a whole; no external ID reads so."""

RESTORED = "restored"
CLOCKS_APART = timedelta(days=1)
"""How far a shop's business day may be ahead of our clock: zones, and a till that is fast."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The newest restore: when it was, and what is not known since.

    `backup_ends_at` is the last moment that the backup knows of, None for an empty one. Until
    `in_use_until` the ledger that was lost may have been used by runs and by people.
    """

    at: datetime
    backup_ends_at: datetime | None
    in_use_until: datetime

    def is_unsure(self, entry: PostingEntry) -> bool:
        """Tell whether an entry may have been posted in the time that the ledger has forgotten.

        Once claimed since, it was looked up; a later business day began after the restore.
        """
        is_claimed_since = entry.claimed_at is not None and entry.claimed_at > self.at
        return not is_claimed_since and entry.business_date <= (self.at + CLOCKS_APART).date()

    def may_be_decided(self, occurred_at: datetime) -> bool:
        """Tell whether a person may have decided on an invoice, and the decision be forgotten."""
        return occurred_at <= self.in_use_until

    def to_event(self, actor: str) -> dict[str, Any]:
        """Write it as a row of the history."""
        detail = {
            "backup_ends_at": self.backup_ends_at and self.backup_ends_at.isoformat(),
            "in_use_until": self.in_use_until.isoformat(),
        }
        return {
            "at": self.at,
            "subject": LEDGER,
            "kind": RESTORED,
            "actor": actor,
            "detail": write_json(detail),
        }

    @classmethod
    def of_event(cls, at: datetime, detail: str) -> Self:
        """Read it back."""
        given = read_json(detail)
        ends_at = given["backup_ends_at"]
        return cls(
            at,
            ends_at and datetime.fromisoformat(ends_at),
            datetime.fromisoformat(given["in_use_until"]),
        )


class Restores:
    """Reads the history of the ledger itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(self) -> Restored | None:
        """Give the newest restore; None for a ledger that was never restored."""
        row = self._connection.execute(
            select(event.c.at, event.c.detail)
            .where(event.c.subject == LEDGER, event.c.kind == RESTORED)
            .order_by(event.c.id.desc())
            .limit(1)
        ).one_or_none()
        return None if row is None else Restored.of_event(row.at, row.detail)
