"""Posting entries: planned, claimed before they are sent, settled afterwards.

Every change of status goes through `move`, which lets only legal moves pass (entry.py) and writes
the history; so two runs of one store-day can never both hold the same entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.domain.netsuite_record import RecordType
from ipos_pipeline.ledger.counters import Counters
from ipos_pipeline.ledger.entry import OPEN_TO_RUNS, PostingEntry, Status, sources_of
from ipos_pipeline.ledger.history import History
from ipos_pipeline.ledger.schema import posting_entry

LOOK_UP_MAX = 500
UNSENT = (Status.PENDING, Status.REJECTED)


@dataclass(frozen=True, slots=True)
class PartitionScope:
    """The entries that one run of one asset deals with."""

    location_code: str
    business_date: date
    record_type: RecordType


class Entries:
    """Reads and writes `posting_entry`."""

    def __init__(self, connection: Connection, history: History) -> None:
        self._connection = connection
        self._history = history

    def plan(self, entries: Sequence[PostingEntry], *, at: datetime) -> None:
        """Add entries for documents that were just landed."""
        if not entries:
            return
        self._connection.execute(
            insert(posting_entry), [_row(entry) | {"updated_at": at} for entry in entries]
        )

    def drop_unsent(self, document_key: str) -> list[str]:
        """Forget the plan of a document that is planned anew; never one that may have been sent.

        Returns the external IDs that were forgotten.
        """
        dropped = self._connection.execute(
            delete(posting_entry)
            .where(
                posting_entry.c.document_key == document_key,
                posting_entry.c.status.in_(UNSENT),
            )
            .returning(posting_entry.c.external_id)
        ).scalars()
        return list(dropped)

    def of_day(self, location_code: str, business_date: date) -> list[PostingEntry]:
        """Read all entries of a store-day."""
        return self._read(
            posting_entry.c.location_code == location_code,
            posting_entry.c.business_date == business_date,
        )

    def of_documents(self, document_keys: Iterable[str]) -> dict[str, list[PostingEntry]]:
        """Read the entries of some documents, by document key."""
        found: dict[str, list[PostingEntry]] = {}
        for keys in chunked(document_keys, LOOK_UP_MAX):
            for entry in self._read(posting_entry.c.document_key.in_(keys)):
                found.setdefault(entry.document_key, []).append(entry)
        return found

    def with_ids(self, external_ids: Iterable[str]) -> dict[str, PostingEntry]:
        """Read entries by their external IDs; unknown ones are absent from the answer."""
        found: dict[str, PostingEntry] = {}
        for chunk in chunked(external_ids, LOOK_UP_MAX):
            for entry in self._read(posting_entry.c.external_id.in_(chunk)):
                found[entry.external_id] = entry
        return found

    def with_internal_id(self, internal_id: str) -> list[PostingEntry]:
        """Read the entries that are settled as one NetSuite transaction: one at most."""
        return self._read(posting_entry.c.internal_id == internal_id)

    def to_send(self, scope: PartitionScope, *, now: datetime) -> list[PostingEntry]:
        """Read what may be sent now: pending entries, and rejected ones whose time has come."""
        return self._read(
            _in_scope(scope),
            or_(
                posting_entry.c.status == Status.PENDING,
                and_(
                    posting_entry.c.status == Status.REJECTED,
                    posting_entry.c.next_attempt_at <= now,
                ),
            ),
        )

    def in_doubt(self, scope: PartitionScope) -> list[PostingEntry]:
        """Read entries whose outcome is unknown."""
        return self._read(_in_scope(scope), posting_entry.c.status == Status.IN_DOUBT)

    def doubt_abandoned(
        self, scope: PartitionScope, *, claimed_before: datetime, at: datetime
    ) -> list[str]:
        """Put entries in doubt that a run claimed and, being dead by now, never settled."""
        abandoned = self._read(
            _in_scope(scope),
            posting_entry.c.status == Status.SENDING,
            posting_entry.c.claimed_at < claimed_before,
        )
        return self.move(
            [entry.external_id for entry in abandoned],
            Status.IN_DOUBT,
            at=at,
            only_if=posting_entry.c.claimed_at < claimed_before,
            reason="the run that claimed it did not settle it",
        )

    def claim(self, entries: Iterable[PostingEntry], *, run: str, at: datetime) -> set[str]:
        """Record the intent to send before anything is sent; return those that are ours now.

        An entry that another run has claimed or settled meanwhile is not among them, nor one that
        was planned anew from a newer version than the caller has read. Each is first sent under its
        business date.
        """
        claimed: set[str] = set()
        for chunk in chunked(entries, LOOK_UP_MAX):
            versions = [(entry.external_id, entry.payload_hash) for entry in chunk]
            as_read = tuple_(posting_entry.c.external_id, posting_entry.c.payload_hash)
            claimed.update(
                self.move(
                    [entry.external_id for entry in chunk],
                    Status.SENDING,
                    at=at,
                    only_if=as_read.in_(versions),
                    values={
                        "claimed_by": run,
                        "claimed_at": at,
                        "next_attempt_at": None,
                        "attempts": posting_entry.c.attempts + 1,
                        "tran_date": None,
                    },
                )
            )
        return claimed

    def send_under(self, external_id: str, tran_date: date, *, run: str, at: datetime) -> list[str]:
        """Record that this run sends an entry once more, under another date, before it does so."""
        return self.move(
            [external_id],
            Status.SENDING,
            at=at,
            only_from=(Status.SENDING,),
            only_if=posting_entry.c.claimed_by == run,
            values={"tran_date": tran_date},
            reason=f"once more, under {tran_date}: the period of its own day is closed",
        )

    def note_tran_dates(self, tran_dates: Mapping[str, date | None]) -> None:
        """Keep what posted entries are under: external ID -> date, None for the business date."""
        if tran_dates:
            self._connection.execute(
                update(posting_entry)
                .where(
                    posting_entry.c.external_id == bindparam("dated"),
                    posting_entry.c.status == Status.POSTED,
                )
                .values(tran_date=bindparam("day")),
                [{"dated": key, "day": day} for key, day in tran_dates.items()],
            )

    def release(self, external_ids: Iterable[str], *, at: datetime, reason: str) -> list[str]:
        """Make entries pending that were in doubt and that NetSuite does not have."""
        return self.move(
            external_ids,
            Status.PENDING,
            at=at,
            only_from=(Status.IN_DOUBT,),
            values={"claimed_by": None, "claimed_at": None},
            reason=reason,
        )

    def give_back(self, external_id: str, *, run: str, at: datetime, reason: str) -> list[str]:
        """Make an entry of this run pending again: nothing was sent after all."""
        return self.move(
            [external_id],
            Status.PENDING,
            at=at,
            only_from=(Status.SENDING,),
            only_if=posting_entry.c.claimed_by == run,
            values={"claimed_by": None, "claimed_at": None},
            reason=reason,
        )

    def doubt(self, external_id: str, *, run: str, at: datetime, reason: str) -> list[str]:
        """Note that this run sent a request whose outcome is unknown."""
        return self.move(
            [external_id],
            Status.IN_DOUBT,
            at=at,
            only_from=(Status.SENDING,),
            only_if=posting_entry.c.claimed_by == run,
            reason=reason,
        )

    def post(self, internal_ids: Mapping[str, str], *, at: datetime, how: str) -> list[str]:
        """Settle entries as posted: external ID -> NetSuite internal ID.

        One that a person has set aside may be found in NetSuite too; a withdrawn one is not
        posted again by what a run finds.
        """
        return self.settle_as_posted(
            internal_ids, at=at, how=how, only_from=(*OPEN_TO_RUNS, Status.SET_ASIDE)
        )

    def note_modified(self, moments: Mapping[str, str]) -> None:
        """Keep NetSuite's date of the last change where none is kept: external ID -> text."""
        if moments:
            self._connection.execute(
                update(posting_entry)
                .where(
                    posting_entry.c.external_id == bindparam("seen"),
                    posting_entry.c.status == Status.POSTED,
                    posting_entry.c.netsuite_modified.is_(None),
                )
                .values(netsuite_modified=bindparam("moment")),
                [{"seen": key, "moment": moment} for key, moment in moments.items()],
            )

    def settle_as_posted(
        self,
        internal_ids: Mapping[str, str],
        *,
        at: datetime,
        how: str,
        only_from: tuple[Status, ...],
    ) -> list[str]:
        """Write what NetSuite has as posted, of those entries that have one of these statuses."""
        moved = self.move(
            internal_ids, Status.POSTED, at=at, only_from=only_from, write_event=False
        )
        if moved:
            self._connection.execute(
                update(posting_entry)
                .where(posting_entry.c.external_id == bindparam("moved"))
                .values(internal_id=bindparam("netsuite"), posted_at=at, next_attempt_at=None),
                [{"moved": key, "netsuite": internal_ids[key]} for key in moved],
            )
            for chunk in chunked(moved, LOOK_UP_MAX):
                Counters(self._connection).add_posted(chunk)
        self._history.add_each(
            Status.POSTED,
            {key: {"internal_id": internal_ids[key], "how": how} for key in moved},
            at=at,
        )
        return moved

    def reject(
        self,
        external_id: str,
        *,
        at: datetime,
        code: str,
        run: str,
        is_repeated: bool,
    ) -> list[str]:
        """Settle an entry as refused, unless another run is busy with it or has settled it.

        A refusal that only repeats itself adds nothing to the history.
        """
        return self.move(
            [external_id],
            Status.REJECTED,
            at=at,
            only_from=OPEN_TO_RUNS,
            only_if=or_(
                posting_entry.c.status != Status.SENDING, posting_entry.c.claimed_by == run
            ),
            values={"next_attempt_at": None},
            reason=code,
            write_event=not is_repeated,
        )

    def try_again_at(self, external_id: str, moment: datetime | None) -> None:
        """Set when a refused entry is due again; none: time alone does not help."""
        self._connection.execute(
            update(posting_entry)
            .where(
                posting_entry.c.external_id == external_id,
                posting_entry.c.status == Status.REJECTED,
            )
            .values(next_attempt_at=moment)
        )

    def make_due(self, external_ids: Iterable[str], *, at: datetime, reason: str) -> None:
        """Have refused entries tried again at the next opportunity."""
        for chunk in chunked(external_ids, LOOK_UP_MAX):
            due = self._connection.execute(
                update(posting_entry)
                .where(
                    posting_entry.c.external_id.in_(chunk),
                    posting_entry.c.status == Status.REJECTED,
                )
                .values(next_attempt_at=at, updated_at=at)
                .returning(posting_entry.c.external_id)
            ).scalars()
            self._history.add("due_again", list(due), at=at, reason=reason)

    def set_total(self, totals: Mapping[str, Decimal], *, at: datetime) -> None:
        """Write the totals of documents as they were mapped for sending."""
        if totals:
            self._connection.execute(
                update(posting_entry)
                .where(posting_entry.c.external_id == bindparam("mapped"))
                .values(total_cents=bindparam("total"), updated_at=at),
                [{"mapped": key, "total": total} for key, total in totals.items()],
            )

    def move(
        self,
        external_ids: Iterable[str],
        target: Status,
        *,
        at: datetime,
        only_from: tuple[Status, ...] | None = None,
        only_if: ColumnElement[bool] | None = None,
        values: Mapping[str, Any] | None = None,
        reason: str | None = None,
        write_event: bool = True,
    ) -> list[str]:
        """Move those entries that may legally move; return them."""
        moved: list[str] = []
        for chunk in chunked(external_ids, LOOK_UP_MAX):
            statement = (
                update(posting_entry)
                .where(
                    posting_entry.c.external_id.in_(chunk),
                    posting_entry.c.status.in_(only_from or sources_of(target)),
                )
                .values(status=target, updated_at=at, **(values or {}))
                .returning(posting_entry.c.external_id)
            )
            if only_if is not None:
                statement = statement.where(only_if)
            moved.extend(self._connection.execute(statement).scalars())
        if write_event:
            detail = {} if reason is None else {"reason": reason}
            self._history.add(target, moved, at=at, **detail)
        return moved

    def _read(self, *conditions: ColumnElement[bool]) -> list[PostingEntry]:
        query = select(*_COLUMNS).where(*conditions).order_by(posting_entry.c.external_id)
        return [_entry(row) for row in self._connection.execute(query).mappings()]


_COLUMNS = [column for column in posting_entry.c if column.name != "updated_at"]


def _in_scope(scope: PartitionScope) -> ColumnElement[bool]:
    return and_(
        posting_entry.c.location_code == scope.location_code,
        posting_entry.c.business_date == scope.business_date,
        posting_entry.c.record_type == scope.record_type,
    )


def _row(entry: PostingEntry) -> dict[str, Any]:
    row = {name: getattr(entry, name) for name in entry.__slots__}
    row["total_cents"] = row.pop("total")
    row["tax_cents"] = row.pop("tax")
    return row


def _entry(row: Any) -> PostingEntry:  # noqa: ANN401
    values = dict(row)
    values["total"] = values.pop("total_cents")
    values["tax"] = values.pop("tax_cents")
    values["status"] = Status(values["status"])
    return PostingEntry(**values)
