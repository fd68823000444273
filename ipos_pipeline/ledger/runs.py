"""Runs: which are posting now, and what each finished one left unposted, by kind of document."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, insert, literal_column, or_, select

from ipos_pipeline.domain.netsuite_record import RecordType
from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.ledger.entry import OPEN_TO_RUNS, Status
from ipos_pipeline.ledger.integration_errors import OPEN, Stage
from ipos_pipeline.ledger.schema import finished_run, integration_error, posting_entry

BEFORE_POSTED = (Stage.PARSE, Stage.MAP, Stage.POST)
"""Stages whose errors are about a document that is not posted; IPOS's refusals are not."""


class Runs:
    """Reads and writes `finished_run`, of which nothing is ever changed; reads claims."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def posting(self, *, claimed_after: datetime) -> list[str]:
        """Name the runs that hold claims of late, whatever they post.

        The status stands in the statement as it does in the partial index: SQLite would not see
        from a parameter that it may use it.
        """
        query = (
            select(posting_entry.c.claimed_by)
            .distinct()
            .where(
                posting_entry.c.status == literal_column(f"'{Status.SENDING}'"),
                posting_entry.c.claimed_at > claimed_after,
            )
        )
        return list(self._connection.execute(query).scalars())

    def note(self, scope: PartitionScope, *, run: str, at: datetime) -> int:
        """Note that a run has finished one kind of document of a store-day; give what it left.

        Invoices that are kept back as a whole, or cannot be read, count for every kind: nobody
        knows yet what they will become.
        """
        unposted = self._unposted_entries(scope) + self._unplanned(scope)
        self._connection.execute(
            insert(finished_run).values(
                run=run,
                location_code=scope.location_code,
                business_date=scope.business_date,
                record_type=scope.record_type,
                unposted=unposted,
                finished_at=at,
            )
        )
        return unposted

    def last_complete_at(self, location_code: str, record_type: RecordType) -> datetime | None:
        """Tell when a run last left nothing of a kind unposted for the store-day it looked at."""
        moment: datetime | None = self._connection.execute(
            select(func.max(finished_run.c.finished_at)).where(
                finished_run.c.location_code == location_code,
                finished_run.c.record_type == record_type,
                finished_run.c.unposted == 0,
            )
        ).scalar_one()
        return moment

    def last_failed_at(self, location_code: str, record_type: RecordType) -> datetime | None:
        """Tell when a document of a kind last failed, solved or not."""
        moment: datetime | None = self._connection.execute(
            select(func.max(integration_error.c.last_failed_at)).where(
                integration_error.c.location_code == location_code,
                integration_error.c.stage.in_(BEFORE_POSTED),
                or_(
                    integration_error.c.record_type == record_type,
                    integration_error.c.record_type.is_(None),
                ),
            )
        ).scalar_one()
        return moment

    def _unposted_entries(self, scope: PartitionScope) -> int:
        """Count entries to be posted; those that a person has set aside are not among them."""
        return self._connection.execute(
            select(func.count())
            .select_from(posting_entry)
            .where(
                posting_entry.c.location_code == scope.location_code,
                posting_entry.c.business_date == scope.business_date,
                posting_entry.c.record_type == scope.record_type,
                posting_entry.c.status.in_(OPEN_TO_RUNS),
            )
        ).scalar_one()

    def _unplanned(self, scope: PartitionScope) -> int:
        return self._connection.execute(
            select(func.count())
            .select_from(integration_error)
            .where(
                integration_error.c.location_code == scope.location_code,
                integration_error.c.business_date == scope.business_date,
                integration_error.c.record_type.is_(None),
                integration_error.c.stage.in_([Stage.PARSE, Stage.MAP]),
                integration_error.c.status == OPEN,
            )
        ).scalar_one()
