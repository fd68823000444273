"""What is known of each store-day: when IPOS was last asked, and what it showed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, and_, case, func, or_, select, union
from sqlalchemy.dialects import postgresql, sqlite

from ipos_pipeline.ledger.acknowledgements import ACKNOWLEDGED, is_due
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.integration_errors import CLOSED, OPEN, Stage
from ipos_pipeline.ledger.schema import (
    acknowledgement,
    integration_error,
    posting_entry,
    source_document,
    store_day,
)

StoreDay = tuple[str, date]


class StoreDays:
    """Reads and writes `store_day`, and sums up what the other tables hold of a store-day."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note_look(
        self, counts: Mapping[StoreDay, int], *, known: Mapping[StoreDay, int], at: datetime
    ) -> None:
        """Keep that IPOS was asked, so that "nothing was sold" differs from "nobody looked".

        `known` counts what of it the ledger knows (`known_unacknowledged`): where IPOS shows more,
        the day's list waits to be read since the first look that showed it.
        """
        looks = [
            {
                "location_code": location_code,
                "business_date": business_date,
                "looked_at": at,
                "unacknowledged": count,
                "unread_since": at
                if count > known.get((location_code, business_date), 0)
                else None,
            }
            for (location_code, business_date), count in counts.items()
        ]
        if not looks:
            return
        statement = self._dialect.insert(store_day)
        now = statement.excluded
        since_the_first = case(
            (now.unread_since.is_not(None), func.coalesce(store_day.c.unread_since, at))
        )
        changes = {
            "looked_at": now.looked_at,
            "unacknowledged": now.unacknowledged,
            "unread_since": since_the_first,
        }
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["location_code", "business_date"], set_=changes
            ),
            looks,
        )

    def note_list(
        self, location_code: str, business_date: date, *, shown_documents: int, at: datetime
    ) -> None:
        """Keep how many invoices IPOS showed for the day when its list was read to the end."""
        values = {
            "looked_at": at,
            "shown_at": at,
            "shown_documents": shown_documents,
            "unread_since": None,
        }
        statement = self._dialect.insert(store_day).values(
            location_code=location_code, business_date=business_date, **values
        )
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["location_code", "business_date"], set_=values
            )
        )

    def unread(self, location_codes: Iterable[str], *, first_day: date) -> dict[StoreDay, int]:
        """Give what IPOS showed of store-days whose list no run has read since, however old."""
        rows = self._connection.execute(
            select(store_day.c.location_code, store_day.c.business_date, store_day.c.unacknowledged)
            .where(
                store_day.c.location_code.in_(list(location_codes)),
                store_day.c.business_date >= first_day,
                store_day.c.unread_since.is_not(None),
            )
            .order_by(store_day.c.location_code, store_day.c.business_date)
        )
        return {(row[0], row[1]): row[2] for row in rows}

    def last_looks(
        self, location_codes: Iterable[str], *, first_day: date
    ) -> dict[StoreDay, datetime]:
        """Tell when IPOS was last asked about store-days, from a first day on."""
        rows = self._connection.execute(
            select(
                store_day.c.location_code, store_day.c.business_date, store_day.c.looked_at
            ).where(
                store_day.c.location_code.in_(list(location_codes)),
                store_day.c.business_date >= first_day,
                store_day.c.looked_at.is_not(None),
            )
        )
        return {(row[0], row[1]): row[2] for row in rows}

    def with_due_work(
        self, location_codes: Iterable[str], *, claimed_before: datetime, now: datetime
    ) -> set[StoreDay]:
        """List store-days of some locations for which the ledger has something to do."""
        entry_is_due = or_(
            posting_entry.c.status == Status.PENDING,
            _outcome_is_open(claimed_before),
            and_(
                posting_entry.c.status == Status.REJECTED,
                posting_entry.c.next_attempt_at <= now,
            ),
        )
        locations = list(location_codes)
        entries = select(posting_entry.c.location_code, posting_entry.c.business_date).where(
            posting_entry.c.location_code.in_(locations), entry_is_due
        )
        acknowledgements = select(
            acknowledgement.c.location_code, acknowledgement.c.business_date
        ).where(acknowledgement.c.location_code.in_(locations), is_due(now))
        # What was never planned, unreadable or held, is tried again by reading IPOS's list again:
        # that of the day under which it was listed.
        listed_under = func.coalesce(
            source_document.c.listed_day, integration_error.c.business_date, type_=Date
        )
        unplanned = (
            select(integration_error.c.location_code, listed_under)
            .outerjoin(
                source_document, source_document.c.document_key == integration_error.c.external_id
            )
            .where(
                integration_error.c.location_code.in_(locations),
                integration_error.c.status == OPEN,
                integration_error.c.record_type.is_(None),
                integration_error.c.stage.in_([Stage.PARSE, Stage.MAP]),
                integration_error.c.next_attempt_at <= now,
            )
        )
        rows = self._connection.execute(union(entries, acknowledgements, unplanned))
        return {(row[0], row[1]) for row in rows}

    def with_begun_work(
        self, location_codes: Iterable[str], *, claimed_before: datetime, now: datetime
    ) -> set[StoreDay]:
        """List store-days of which something was sent: its outcome is open, or the source is due.

        Unlike `with_due_work` not what waits to be sent.
        """
        locations = list(location_codes)
        entries = select(posting_entry.c.location_code, posting_entry.c.business_date).where(
            posting_entry.c.location_code.in_(locations), _outcome_is_open(claimed_before)
        )
        acknowledgements = select(
            acknowledgement.c.location_code, acknowledgement.c.business_date
        ).where(acknowledgement.c.location_code.in_(locations), is_due(now))
        rows = self._connection.execute(union(entries, acknowledgements))
        return {(row[0], row[1]) for row in rows}

    def still_listed(
        self, location_codes: Iterable[str], filter_rule: str, *, first_day: date
    ) -> dict[StoreDay, set[date]]:
        """Give the business days of documents under a filter, by the day of the list they are on.

        Only of lists as they were last read.
        """
        rows = self._connection.execute(
            select(
                source_document.c.location_code,
                source_document.c.listed_day,
                source_document.c.business_date,
            )
            .distinct()
            .join(store_day, _is_on_the_list())
            .where(
                source_document.c.location_code.in_(list(location_codes)),
                source_document.c.listed_day >= first_day,
                source_document.c.filter_rule == filter_rule,
            )
        )
        listed: dict[StoreDay, set[date]] = {}
        for code, listed_day, business_date in rows:
            listed.setdefault((code, listed_day), set()).add(business_date)
        return listed

    def known_unacknowledged(
        self, location_codes: Iterable[str], *, first_day: date
    ) -> dict[StoreDay, int]:
        """Count, by the day of its list, what IPOS may go on showing although it is known.

        Those are documents of the list as it was last read that are not confirmed since, and
        invoices that could not be read. What has vanished from the list is not among them: it must
        not hide what comes later.
        """
        locations = list(location_codes)
        landed = (
            select(
                source_document.c.location_code,
                source_document.c.listed_day.label("day"),
                source_document.c.document_key.label("subject"),
            )
            .join(store_day, _is_on_the_list())
            .outerjoin(
                acknowledgement,
                and_(
                    acknowledgement.c.document_key == source_document.c.document_key,
                    acknowledgement.c.status == ACKNOWLEDGED,
                ),
            )
            .where(
                source_document.c.location_code.in_(locations),
                source_document.c.listed_day >= first_day,
                acknowledgement.c.document_key.is_(None),
            )
        )
        unreadable = select(
            integration_error.c.location_code,
            integration_error.c.business_date,
            integration_error.c.external_id,
        ).where(
            integration_error.c.location_code.in_(locations),
            integration_error.c.business_date >= first_day,
            integration_error.c.stage == Stage.PARSE,
            integration_error.c.status != CLOSED,
        )
        known = union(landed, unreadable).subquery()
        rows = self._connection.execute(
            select(known.c.location_code, known.c.day, func.count()).group_by(
                known.c.location_code, known.c.day
            )
        )
        return {(row[0], row[1]): row[2] for row in rows}

    def get(self, location_code: str, business_date: date) -> dict[str, Any] | None:
        """Read what is known of one store-day, or None."""
        row = (
            self._connection.execute(
                select(store_day).where(
                    store_day.c.location_code == location_code,
                    store_day.c.business_date == business_date,
                )
            )
            .mappings()
            .one_or_none()
        )
        return None if row is None else dict(row)

    @property
    def _dialect(self) -> Any:  # noqa: ANN401 - the two have their upsert in common, and no type
        return postgresql if self._connection.dialect.name == "postgresql" else sqlite


def _outcome_is_open(claimed_before: datetime) -> ColumnElement[bool]:
    """Select entries that were sent, or claimed by a run that is dead, and not settled."""
    return or_(
        posting_entry.c.status == Status.IN_DOUBT,
        and_(posting_entry.c.status == Status.SENDING, posting_entry.c.claimed_at < claimed_before),
    )


def _is_on_the_list() -> ColumnElement[bool]:
    """Join documents to the store-day under which they were listed when its list was last read."""
    return and_(
        store_day.c.location_code == source_document.c.location_code,
        store_day.c.business_date == source_document.c.listed_day,
        store_day.c.shown_at <= source_document.c.listed_at,
    )
