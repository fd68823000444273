"""What a person has selected: errors, entries and documents, read together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.domain.problem import CUSTOMER_CODES
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.ledger.entry import OPEN_TO_RUNS
from ipos_pipeline.ledger.integration_errors import (
    LOOK_UP_MAX,
    OPEN,
    ErrorRecord,
    Stage,
    keeps_aside,
    read_errors,
)
from ipos_pipeline.ledger.schema import integration_error, posting_entry, source_document


class Selecting:
    """Reads what a selection means; nothing is written here."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def errors(self, selection: Selection, statuses: Collection[str]) -> list[ErrorRecord]:
        """Read errors that have one of these statuses, oldest first."""
        conditions = _heads(selection, integration_error.c, number=integration_error.c.number)
        if selection.external_ids:
            conditions.append(integration_error.c.external_id.in_(selection.all_external_ids))
        if selection.codes:
            conditions.append(integration_error.c.code.in_(selection.codes))
        return read_errors(self._connection, *conditions, integration_error.c.status.in_(statuses))

    def errors_with_ids(self, external_ids: Iterable[str]) -> list[ErrorRecord]:
        """Read every error of these external IDs, solved ones too, oldest first."""
        return [
            error
            for chunk in chunked(external_ids, LOOK_UP_MAX)
            for error in read_errors(self._connection, integration_error.c.external_id.in_(chunk))
        ]

    def errors_of(self, name: str) -> list[ErrorRecord]:
        """Read the errors of an external ID, or the one of that number."""
        named = integration_error.c.external_id == name
        if name.isascii() and name.isdecimal():
            named = or_(named, integration_error.c.id == int(name))
        return read_errors(self._connection, named)

    def set_aside_of_day(self, location_code: str, business_date: date) -> set[str]:
        """Give what a person has set aside of a store-day: invoices by key, documents by ID."""
        query = select(integration_error.c.external_id).where(
            integration_error.c.location_code == location_code,
            integration_error.c.business_date == business_date,
            integration_error.c.stage != Stage.ACKNOWLEDGE,
            keeps_aside(),
        )
        return set(self._connection.execute(query).scalars())

    def waiting_for_customers(self, location_codes: Iterable[str]) -> list[tuple[str, str, str]]:
        """List what waits for a customer: external ID, location code, the customer's ID.

        What could not even be mapped when it was last tried waits for something else.
        """
        mapping = integration_error.alias()
        query = select(
            integration_error.c.external_id,
            integration_error.c.location_code,
            integration_error.c.reference,
        ).where(
            integration_error.c.status == OPEN,
            integration_error.c.code.in_(CUSTOMER_CODES),
            integration_error.c.location_code.in_(list(location_codes)),
            integration_error.c.reference.is_not(None),
            ~exists().where(
                mapping.c.external_id == integration_error.c.external_id,
                mapping.c.stage == Stage.MAP,
                mapping.c.status == OPEN,
            ),
        )
        return [(row[0], row[1], row[2]) for row in self._connection.execute(query)]

    def oldest_unposted(self, location_code: str) -> tuple[str, datetime] | None:
        """Give number and time of the oldest invoice that has something to be posted."""
        unposted = exists().where(
            posting_entry.c.document_key == source_document.c.document_key,
            posting_entry.c.status.in_(OPEN_TO_RUNS),
        )
        is_held = and_(
            source_document.c.state == "held",
            ~exists().where(
                integration_error.c.external_id == source_document.c.document_key, keeps_aside()
            ),
        )
        row = self._connection.execute(
            select(source_document.c.number, source_document.c.occurred_at)
            .where(source_document.c.location_code == location_code, or_(unposted, is_held))
            .order_by(source_document.c.occurred_at, source_document.c.document_key)
            .limit(1)
        ).one_or_none()
        return None if row is None else (row.number, row.occurred_at)

    def entries(self, selection: Selection) -> list[str]:
        """List the external IDs of selected entries."""
        return self._keys(posting_entry.c.external_id, selection)

    def documents(self, selection: Selection) -> list[str]:
        """List the keys of the documents of selected entries, and of those held as a whole."""
        planned = self._keys(posting_entry.c.document_key, selection)
        conditions = _heads(selection, source_document.c, number=source_document.c.number)
        if selection.external_ids:
            conditions.append(source_document.c.document_key.in_(selection.external_ids))
        if selection.codes:
            conditions.append(_has_error(source_document.c.document_key, selection.codes))
        query = select(source_document.c.document_key).where(
            *conditions, source_document.c.state == "held"
        )
        return sorted({*planned, *self._connection.execute(query).scalars()})

    def _keys(self, column: ColumnElement[str], selection: Selection) -> list[str]:
        conditions = _heads(selection, posting_entry.c, number=source_document.c.number)
        if selection.external_ids:
            conditions.append(
                or_(
                    posting_entry.c.external_id.in_(selection.external_ids),
                    posting_entry.c.document_key.in_(selection.external_ids),
                )
            )
        if selection.codes:
            conditions.append(_has_error(posting_entry.c.external_id, selection.codes))
        query = (
            select(column)
            .select_from(posting_entry)
            .join(source_document, source_document.c.document_key == posting_entry.c.document_key)
            .where(*conditions)
            .order_by(posting_entry.c.business_date, posting_entry.c.external_id)
        )
        return list(self._connection.execute(query).scalars())


def _heads(
    selection: Selection,
    columns: ReadOnlyColumnCollection[str, Any],
    *,
    number: ColumnElement[Any],
) -> list[ColumnElement[bool]]:
    """Build the conditions that read alike in every table."""
    heads: Iterable[tuple[ColumnElement[Any], Collection[Any]]] = (
        (columns["location_code"], selection.locations),
        (columns["business_date"], selection.days),
        (number, selection.invoices),
    )
    return [column.in_(values) for column, values in heads if values]


def _has_error(external_id: ColumnElement[str], codes: Collection[str]) -> ColumnElement[bool]:
    return exists().where(
        integration_error.c.external_id == external_id, integration_error.c.code.in_(codes)
    )
