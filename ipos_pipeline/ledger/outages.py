"""Outages: a system that answers nobody, told once when it begins and once when it is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from ipos_pipeline.ledger.history import History
from ipos_pipeline.ledger.schema import outage


@dataclass(frozen=True, slots=True)
class Outage:
    """One outage; `failures` counts the runs that it has stopped so far."""

    system: str
    message: str
    recovery: str
    failures: int
    opened_at: datetime
    last_failed_at: datetime
    closed_at: datetime | None


class Outages:
    """Reads and writes `outage`."""

    def __init__(self, connection: Connection, history: History) -> None:
        self._connection = connection
        self._history = history

    def fail(self, system: str, *, message: str, recovery: str, at: datetime) -> bool:
        """Note that a run was stopped by a system; tell whether that is a new outage."""
        values = {"message": message, "recovery": recovery, "last_failed_at": at}
        counted = self._connection.execute(
            update(outage)
            .where(outage.c.system == system, outage.c.closed_at.is_(None))
            .values(**values, failures=outage.c.failures + 1)
        )
        if counted.rowcount:
            return False
        self._connection.execute(
            insert(outage).values(**values, system=system, failures=1, opened_at=at)
        )
        self._history.add("outage_began", [system], at=at, message=message)
        return True

    def end(self, systems: Iterable[str], *, at: datetime) -> list[str]:
        """Note that systems have answered again; give those whose outage that ends."""
        ended = list(
            self._connection.execute(
                update(outage)
                .where(outage.c.system.in_(list(systems)), outage.c.closed_at.is_(None))
                .values(closed_at=at)
                .returning(outage.c.system)
            ).scalars()
        )
        self._history.add("outage_ended", ended, at=at)
        return ended

    def open_systems(self) -> set[str]:
        """Give the systems whose outage is not over."""
        return set(
            self._connection.execute(
                select(outage.c.system).where(outage.c.closed_at.is_(None))
            ).scalars()
        )

    def all(self) -> list[Outage]:
        """List every outage there has been, oldest first."""
        query = select(*(outage.c[name] for name in Outage.__slots__)).order_by(outage.c.id)
        return [Outage(**row) for row in self._connection.execute(query).mappings()]
