"""What NetSuite's Integration Log has of our open errors, so that nothing is sent for nothing.

A row is written before its record is sent: whatever may be in NetSuite is known here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.domain.retry_policy import telling_delay
from ipos_pipeline.ledger.integration_errors import LOOK_UP_MAX, OPEN
from ipos_pipeline.ledger.schema import integration_error, log_record

ATTEMPT_LEASE = timedelta(minutes=10)
"""After this long whoever was sending a change is taken for dead."""

_SHOWN = (
    "external_id",
    "location_code",
    "number",
    "record_type",
    "stage",
    "code",
    "message",
    "payload",
    "attempts",
    "first_failed_at",
    "last_failed_at",
)
_CHANGES = ("id", "code", "message", "attempts")
"""A log record is written again when one of these changes."""


@dataclass(frozen=True, slots=True)
class LoggedError:
    """What a record of the Integration Log shows of an open error; `version` names its state."""

    external_id: str
    location_code: str
    number: str | None
    record_type: str | None
    stage: str
    code: str
    message: str
    payload: str | None
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime
    version: str


@dataclass(frozen=True, slots=True)
class LogChanges:
    """What NetSuite lacks: records to write, and external IDs of records to delete."""

    to_write: list[str]
    to_delete: list[str]

    def __len__(self) -> int:
        return len(self.to_write) + len(self.to_delete)


class LogRecords:
    """Reads and writes `log_record`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def changes(self, *, at: datetime | None = None) -> LogChanges:
        """Compare the open errors with what NetSuite has; with `at` only what is due then."""
        wanted = self._wanted()
        known = {row.external_id: row for row in self._connection.execute(select(log_record))}

        def is_due(external_id: str) -> bool:
            row = known.get(external_id)
            waits_until = None if row is None else row.next_attempt_at
            return at is None or waits_until is None or waits_until <= at

        outdated = (
            key
            for key, version in wanted.items()
            if key not in known or known[key].version != version
        )
        return LogChanges(
            to_write=[key for key in outdated if is_due(key)],
            to_delete=[key for key in known if key not in wanted and is_due(key)],
        )

    def take_due(self, *, at: datetime, count_max: int) -> LogChanges:
        """Take changes for one attempt; until they are settled nobody else gets them."""
        due = self.changes(at=at)
        to_delete = due.to_delete[:count_max]
        to_write = due.to_write[: count_max - len(to_delete)]
        rows = [{"external_id": key, "updated_at": at} for key in to_write]
        known = self._known(to_write)
        unknown = [row for row in rows if row["external_id"] not in known]
        if unknown:
            self._connection.execute(insert(log_record), unknown)
        for chunk in chunked([*to_write, *to_delete], LOOK_UP_MAX):
            self._connection.execute(
                update(log_record)
                .where(log_record.c.external_id.in_(chunk))
                .values(next_attempt_at=at + ATTEMPT_LEASE, updated_at=at)
            )
        return LogChanges(to_write, to_delete)

    def read(self, external_ids: Iterable[str]) -> list[LoggedError]:
        """Read what the records of some documents are to show, where an error is open."""
        shown: dict[str, LoggedError] = {}
        for chunk in chunked(external_ids, LOOK_UP_MAX):
            query = _open_errors(*_SHOWN, *_CHANGES).where(
                integration_error.c.external_id.in_(chunk)
            )
            for row in self._connection.execute(query).mappings():
                fields = {name: row[name] for name in _SHOWN}
                shown.setdefault(row["external_id"], LoggedError(**fields, version=_version(row)))
        return list(shown.values())

    def written(self, external_id: str, version: str, *, at: datetime) -> None:
        """Note what NetSuite has now."""
        self._connection.execute(
            update(log_record)
            .where(log_record.c.external_id == external_id)
            .values(version=version, failures=0, next_attempt_at=None, problem=None, updated_at=at)
        )

    def deleted(self, external_id: str) -> None:
        """Note that NetSuite has no record of it."""
        self._connection.execute(delete(log_record).where(log_record.c.external_id == external_id))

    def failed(self, external_id: str, *, problem: str, at: datetime) -> None:
        """Note why NetSuite did not take a change; it is tried again later and later."""
        failures = self._connection.execute(
            update(log_record)
            .where(log_record.c.external_id == external_id)
            .values(failures=log_record.c.failures + 1, problem=problem, updated_at=at)
            .returning(log_record.c.failures)
        ).scalar_one()
        self._connection.execute(
            update(log_record)
            .where(log_record.c.external_id == external_id)
            .values(next_attempt_at=at + telling_delay(failures))
        )

    def _known(self, external_ids: Iterable[str]) -> set[str]:
        known: set[str] = set()
        for chunk in chunked(external_ids, LOOK_UP_MAX):
            query = select(log_record.c.external_id).where(log_record.c.external_id.in_(chunk))
            known.update(self._connection.execute(query).scalars())
        return known

    def _wanted(self) -> dict[str, str]:
        """Give the version that NetSuite should have: external ID -> version.

        A document with errors at several stages has one record; the oldest error fills it.
        """
        versions: dict[str, str] = {}
        for row in self._connection.execute(_open_errors("external_id", *_CHANGES)).mappings():
            versions.setdefault(row["external_id"], _version(row))
        return versions


def _open_errors(*names: str) -> Any:  # noqa: ANN401
    columns = [integration_error.c[name] for name in dict.fromkeys(names)]
    return (
        select(*columns).where(integration_error.c.status == OPEN).order_by(integration_error.c.id)
    )


def _version(row: Any) -> str:  # noqa: ANN401
    text = "\n".join(str(row[name]) for name in _CHANGES)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
