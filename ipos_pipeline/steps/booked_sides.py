"""The ledger's and NetSuite's side of a store-day, ready to be compared with IPOS's.

Belongs here: fetching, and what a side's words mean in the comparison's. Not here: IPOS
(ipos_side.py), the comparison (domain/reconciliation.py), its result (reconciling.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.clients.netsuite_rows import NetSuiteTransaction
from ipos_pipeline.domain.external_id import NAMESPACE, location_prefix
from ipos_pipeline.domain.mapping import MappingRules
from ipos_pipeline.domain.money import total_of
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, SUITEQL_TYPES
from ipos_pipeline.domain.reconciliation import (
    ExpectedDocument,
    FoundDocument,
    LandedInvoice,
)
from ipos_pipeline.domain.store_day_proof import Difference
from ipos_pipeline.ledger.documents import State
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.integration_errors import ErrorRecord, Stage
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.ledger.store_day_rows import EntryState, LandedVersion
from ipos_pipeline.steps.raising_differences import accepted_of

COPY_BEFORE, COPY_AFTER = timedelta(days=1), timedelta(days=7)
"""How far from the business day another script's copy is looked for; it may book by its own date
(the script this pipeline replaces runs two days behind)."""

DECIDED = (Status.POSTED, Status.SET_ASIDE, Status.WITHDRAWING, Status.WITHDRAWN)
DOUBTED = (Status.SENDING, Status.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class LedgerSide:
    """What the ledger holds of the day.

    `aside` names what a person has set aside; `accepted` are differences that a person has accepted
    as they are.
    """

    documents: Sequence[LandedVersion]
    entries: Sequence[EntryState]
    acknowledged: frozenset[str]
    errors: tuple[ErrorRecord, ...]
    aside: frozenset[str]
    landed: Mapping[str, LandedInvoice]
    expected: tuple[ExpectedDocument, ...]
    accepted: frozenset[Difference]

    @property
    def filtered_by_rule(self) -> Counter[str]:
        """Count the invoices that each filter keeps out."""
        return Counter(one.filter_rule for one in self.documents if one.filter_rule)


@dataclass(frozen=True, slots=True)
class NetSuiteSide:
    """What NetSuite has: our documents of the day, the location's others, and the tax of ours."""

    ours: tuple[FoundDocument, ...]
    others: tuple[FoundDocument, ...]
    tax: Decimal


def read_ledger_side(ledger: LedgerStore, *, location_code: str, day: date) -> LedgerSide:
    """Read what the ledger holds of a store-day, as it stood at one moment."""
    with ledger.read() as work:
        documents = work.store_day_rows.documents(location_code, day)
        entries = work.store_day_rows.entries(location_code, day)
        acknowledged = frozenset(work.acknowledgements.acknowledged_of_day(location_code, day))
        errors = tuple(work.errors.open_of_day(location_code, day))
        aside = frozenset(work.selecting.set_aside_of_day(location_code, day))
        accepted = accepted_of(work.errors.differences_of_day(location_code, day))
    reasons = {
        one.external_id: f"{one.code}: {one.message}"
        for one in errors
        if one.stage != Stage.RECONCILE
    }
    by_document: dict[str, list[EntryState]] = {}
    for entry in entries:
        by_document.setdefault(entry.document_key, []).append(entry)
    landed = {
        one.document_key: _landed(
            one,
            by_document.get(one.document_key, []),
            reason=reasons.get(one.document_key),
            is_acknowledged=one.document_key in acknowledged,
            is_set_aside=one.document_key in aside,
        )
        for one in documents
    }
    expected = tuple(_expected(entry, day, reasons.get(entry.external_id)) for entry in entries)
    return LedgerSide(documents, entries, acknowledged, errors, aside, landed, expected, accepted)


def _landed(
    document: LandedVersion,
    entries: list[EntryState],
    *,
    reason: str | None,
    is_acknowledged: bool,
    is_set_aside: bool,
) -> LandedInvoice:
    is_held = document.state == State.HELD
    return LandedInvoice(
        document_key=document.document_key,
        total=total_of(map(_signed, entries)) if entries else None,
        hashes=frozenset(filter(None, (document.payload_hash, document.replanned_hash))),
        is_filtered=document.state == State.FILTERED,
        held_because=(reason or "an open error keeps all of it back") if is_held else None,
        is_set_aside=is_set_aside,
        is_acknowledged=is_acknowledged,
        is_settled=all(entry.status in DECIDED for entry in entries)
        and (not is_held or is_set_aside),
    )


def _expected(entry: EntryState, day: date, error: str | None) -> ExpectedDocument:
    return ExpectedDocument(
        entry.external_id,
        entry.document_key,
        _signed(entry),
        tran_date=entry.tran_date or day,
        internal_id=entry.internal_id,
        modified=entry.netsuite_modified,
        error=error,
        is_in_doubt=entry.status in DOUBTED,
        is_set_aside=entry.status == Status.SET_ASIDE,
        is_withdrawn=entry.status in {Status.WITHDRAWING, Status.WITHDRAWN},
    )


def _signed(entry: EntryState) -> Decimal:
    return -entry.total if entry.record_type == CASH_REFUND else entry.total


async def read_netsuite_side(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    rules: MappingRules,
    *,
    day: date,
    expected: Iterable[ExpectedDocument],
) -> NetSuiteSide:
    """Read what NetSuite has of a store-day: a page of 1,000 documents costs one request.

    What the ledger has posted and the day does not show is looked up by its IDs: it may stand
    under another date, or be a record that a person has booked and marked. Raises TransientError.
    """
    configuration = rules.configuration
    prefix = location_prefix(configuration.location_code)
    of_day = await netsuite.transactions_of_day(prefix, day)
    others = await netsuite.other_transactions(
        prefix, location_id=configuration.location, first=day - COPY_BEFORE, last=day + COPY_AFTER
    )
    known = {one.external_id: one for one in expected}
    shown = {one.external_id for one in of_day}
    absent = [
        one
        for one in known.values()
        if one.external_id not in shown and (one.is_posted or one.is_in_doubt)
    ]
    elsewhere = await netsuite.transactions_by_external_id(one.external_id for one in absent)
    by_hand = await _booked_by_hand(
        netsuite, [one for one in absent if one.external_id not in elsewhere]
    )
    with ledger.read() as work:
        of_other_days = work.entries.with_ids(shown - known.keys())
    mine = [one for one in of_day if one.external_id not in of_other_days]
    ours = (*map(_found, mine), *map(_found, elsewhere.values()), *by_hand)
    ids = {one.internal_id for one in ours}
    return NetSuiteSide(
        ours=ours,
        others=tuple(
            _found(one)
            for one in others
            # Shops may share a NetSuite location, and each its own numbers.
            if one.internal_id not in ids and not one.external_id.startswith(NAMESPACE)
        ),
        tax=await netsuite.tax_of_day(prefix, day),
    )


async def _booked_by_hand(
    netsuite: NetSuiteClient, absent: list[ExpectedDocument]
) -> list[FoundDocument]:
    """Find what a person booked and marked: it has another external ID than ours, or none."""
    by_id = {one.internal_id: one for one in absent if one.internal_id is not None}
    there = await netsuite.transactions_by_internal_id(by_id)
    return [
        FoundDocument(
            ours.external_id, key, _negative_if_refund(one.type, one.total), ours.tran_date
        )
        for key, one in there.items()
        if one.external_id != (ours := by_id[key]).external_id
    ]


def _found(one: NetSuiteTransaction) -> FoundDocument:
    total = _negative_if_refund(one.type, one.total)
    return FoundDocument(
        one.external_id, one.internal_id, total, one.tran_date, one.modified, one.memo
    )


def _negative_if_refund(type_: str, total: Decimal) -> Decimal:
    return -total if type_ == SUITEQL_TYPES[CASH_REFUND] else total
