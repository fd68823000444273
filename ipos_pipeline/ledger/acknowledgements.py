"""The outbox to the source: documents whose entries are all posted, until it has heard of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, or_, select, update

from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.history import History
from ipos_pipeline.ledger.schema import acknowledgement, posting_entry, source_document

LOOK_UP_MAX = 500
DUE = "due"
ACKNOWLEDGED = "acknowledged"
WITHHELD = "withheld"
_DECIDED = (Status.POSTED, Status.SET_ASIDE)


class Acknowledgements:
    """Reads and writes `acknowledgement`."""

    def __init__(self, connection: Connection, history: History) -> None:
        self._connection = connection
        self._history = history

    def enqueue_completed(self, document_keys: Iterable[str], *, at: datetime) -> None:
        """Put those documents into the outbox whose every entry is posted by now."""
        entries_of_it = posting_entry.c.document_key == source_document.c.document_key
        for chunk in chunked(document_keys, LOOK_UP_MAX):
            query = select(
                source_document.c.document_key,
                source_document.c.location_code,
                source_document.c.business_date,
            ).where(
                source_document.c.document_key.in_(chunk),
                exists().where(entries_of_it),
                ~exists().where(and_(entries_of_it, posting_entry.c.status != Status.POSTED)),
                ~exists().where(acknowledgement.c.document_key == source_document.c.document_key),
            )
            rows = [
                {**row, "status": DUE, "due_at": at}
                for row in self._connection.execute(query).mappings()
            ]
            if rows:
                self._connection.execute(insert(acknowledgement), rows)
            self._tell_of_what_came_later(chunk, at=at)

    def _tell_of_what_came_later(self, document_keys: Iterable[str], *, at: datetime) -> None:
        """Tell the source of a posting that it was not told of, when all of the document is there.

        It was told before, of another posting or of none, because a person decided so.
        """
        its_entries = posting_entry.c.document_key == acknowledgement.c.document_key
        posted_later = and_(its_entries, posting_entry.c.posted_at > acknowledgement.c.due_at)
        self._connection.execute(
            update(acknowledgement)
            .where(
                acknowledgement.c.document_key.in_(document_keys),
                acknowledgement.c.status.in_([ACKNOWLEDGED, WITHHELD]),
                or_(acknowledgement.c.status == WITHHELD, exists().where(posted_later)),
                _nothing_undecided(),
            )
            .values(status=DUE, due_at=at, acknowledged_at=None, next_attempt_at=None)
        )

    def enqueue(self, document_keys: Iterable[str], *, at: datetime) -> None:
        """Put documents into the outbox although not all of them is posted: a person's decision."""
        for keys in chunked(document_keys, LOOK_UP_MAX):
            query = select(
                source_document.c.document_key,
                source_document.c.location_code,
                source_document.c.business_date,
            ).where(
                source_document.c.document_key.in_(keys),
                ~exists().where(acknowledgement.c.document_key == source_document.c.document_key),
            )
            rows = [
                {**row, "status": DUE, "due_at": at}
                for row in self._connection.execute(query).mappings()
            ]
            if rows:
                self._connection.execute(insert(acknowledgement), rows)
            self._connection.execute(
                update(acknowledgement)
                .where(
                    acknowledgement.c.document_key.in_(keys), acknowledgement.c.status == WITHHELD
                )
                .values(status=DUE, due_at=at, next_attempt_at=None)
            )

    def withhold(self, document_keys: Iterable[str]) -> None:
        """Tell the source nothing for now of what it was to hear of; when all is posted it is."""
        for keys in chunked(document_keys, LOOK_UP_MAX):
            self._connection.execute(
                update(acknowledgement)
                .where(acknowledgement.c.document_key.in_(keys), acknowledgement.c.status == DUE)
                .values(status=WITHHELD, next_attempt_at=None)
            )

    def forget(self, document_keys: Iterable[str], *, at: datetime) -> None:
        """Take documents out of the outbox that are to be posted after all, told of or not."""
        for keys in chunked(document_keys, LOOK_UP_MAX):
            forgotten = self._connection.execute(
                delete(acknowledgement)
                .where(acknowledgement.c.document_key.in_(keys))
                .returning(acknowledgement.c.document_key)
            ).scalars()
            self._history.add("acknowledgement_forgotten", list(forgotten), at=at)

    def make_due(self, document_keys: Iterable[str]) -> None:
        """Have the source told at the next run of what it refused."""
        for keys in chunked(document_keys, LOOK_UP_MAX):
            self._connection.execute(
                update(acknowledgement)
                .where(acknowledgement.c.document_key.in_(keys), acknowledgement.c.status == DUE)
                .values(next_attempt_at=None)
            )

    def told(self, document_keys: Iterable[str]) -> set[str]:
        """Give those of some documents that the source has confirmed."""
        return {
            key
            for keys in chunked(document_keys, LOOK_UP_MAX)
            for key in self._connection.execute(
                select(acknowledgement.c.document_key).where(
                    acknowledgement.c.document_key.in_(keys),
                    acknowledgement.c.status == ACKNOWLEDGED,
                )
            ).scalars()
        }

    def due_again(self, document_keys: Iterable[str], *, at: datetime) -> None:
        """Tell the source once more: it still shows documents that it was told of.

        Not of one that was withdrawn from NetSuite since.
        """
        for keys in chunked(document_keys, LOOK_UP_MAX):
            moved = self._connection.execute(
                update(acknowledgement)
                .where(
                    acknowledgement.c.document_key.in_(keys),
                    acknowledgement.c.status == ACKNOWLEDGED,
                    _nothing_undecided(),
                )
                .values(status=DUE, due_at=at, acknowledged_at=None, next_attempt_at=None)
                .returning(acknowledgement.c.document_key)
            ).scalars()
            self._history.add("shown_again", list(moved), at=at)

    def due(self, location_code: str, business_date: date, *, now: datetime) -> list[str]:
        """List the documents of a store-day that the source is to hear of now, oldest first."""
        query = (
            select(acknowledgement.c.document_key)
            .where(
                acknowledgement.c.location_code == location_code,
                acknowledgement.c.business_date == business_date,
                is_due(now),
            )
            .order_by(acknowledgement.c.due_at, acknowledgement.c.document_key)
        )
        return list(self._connection.execute(query).scalars())

    def settle(self, document_keys: Iterable[str], *, at: datetime) -> None:
        """Note that the source has confirmed these documents."""
        for keys in chunked(document_keys, LOOK_UP_MAX):
            self._connection.execute(
                update(acknowledgement)
                .where(acknowledgement.c.document_key.in_(keys))
                .values(
                    status=ACKNOWLEDGED,
                    acknowledged_at=at,
                    attempts=acknowledgement.c.attempts + 1,
                )
            )
            self._history.add(ACKNOWLEDGED, keys, at=at)

    def postpone(self, document_key: str, *, until: datetime) -> None:
        """Count an attempt that the source refused; the document stays in the outbox."""
        self._connection.execute(
            update(acknowledgement)
            .where(acknowledgement.c.document_key == document_key)
            .values(attempts=acknowledgement.c.attempts + 1, next_attempt_at=until)
        )

    def acknowledged_of_day(self, location_code: str, business_date: date) -> dict[str, datetime]:
        """Give the documents of a store-day that the source has confirmed, and when."""
        query = select(acknowledgement.c.document_key, acknowledgement.c.acknowledged_at).where(
            acknowledgement.c.location_code == location_code,
            acknowledgement.c.business_date == business_date,
            acknowledgement.c.status == ACKNOWLEDGED,
        )
        return {row.document_key: row.acknowledged_at for row in self._connection.execute(query)}


def _nothing_undecided() -> ColumnElement[bool]:
    """Select documents each of whose entries is posted or set aside; one without entries too."""
    return ~exists().where(
        posting_entry.c.document_key == acknowledgement.c.document_key,
        posting_entry.c.status.not_in(_DECIDED),
    )


def is_due(now: datetime) -> ColumnElement[bool]:
    """Select what the source is to hear of now."""
    return and_(
        acknowledgement.c.status == DUE,
        or_(
            acknowledgement.c.next_attempt_at.is_(None),
            acknowledgement.c.next_attempt_at <= now,
        ),
    )
