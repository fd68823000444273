"""The append-only history: what happened to each document, when, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from ipos_pipeline.domain.json_text import write_json
from ipos_pipeline.ledger.schema import event


class History:
    """Writes events; nothing here is ever changed or deleted."""

    def __init__(self, connection: Connection, actor: str) -> None:
        self._connection = connection
        self._actor = actor

    def add(self, kind: str, subjects: Iterable[str], *, at: datetime, **detail: object) -> None:
        """Record one event for each subject (external ID or document key), with shared details."""
        self.add_each(kind, dict.fromkeys(subjects, detail), at=at)

    def add_each(
        self, kind: str, details: Mapping[str, Mapping[str, object]], *, at: datetime
    ) -> None:
        """Record one event for each subject, each with its own details."""
        rows = [
            {
                "at": at,
                "subject": subject,
                "kind": kind,
                "actor": self._actor,
                "detail": write_json(detail) if detail else None,
            }
            for subject, detail in details.items()
        ]
        if rows:
            self._connection.execute(insert(event), rows)

    def of_any(self, subjects: Iterable[str]) -> list[dict[str, Any]]:
        """List the events of some subjects as plain values, oldest first."""
        query = select(event).where(event.c.subject.in_(list(subjects))).order_by(event.c.id)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def of(self, subject: str) -> list[Mapping[str, Any]]:
        """List the events of one subject, oldest first."""
        query = select(event).where(event.c.subject == subject).order_by(event.c.id)
        return list(self._connection.execute(query).mappings().all())  # type: ignore[arg-type]
