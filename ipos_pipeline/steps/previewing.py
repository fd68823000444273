"""Previewing: what a run would do to NetSuite, found out without doing it.

Belongs here: reading ledger and NetSuite, mapping, comparing. Nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.clients.netsuite_rows import NetSuiteTransaction
from ipos_pipeline.domain.mapping import MappingRules
from ipos_pipeline.domain.netsuite_record import SUITEQL_TYPES, NetSuiteRecord, RecordType
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.ledger.entry import OPEN_TO_RUNS, PostingEntry
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.posting import Prepared
from ipos_pipeline.steps.preparing import Preparer
from ipos_pipeline.steps.shadow_planning import plan_shadow_day

CREATE = "create"
TAKE_OVER = "take over"


@dataclass(frozen=True, slots=True)
class PreviewedDocument:
    """One document as it would be; `total` in AED, tax included, positive.

    `action`: create it, or take over the record that NetSuite has under its external ID.
    """

    external_id: str
    action: str
    record_type: RecordType
    customer: str
    tran_date: date
    lines: int
    total: Decimal


@dataclass(frozen=True, slots=True)
class PreviewedProblem:
    """One reason why a document would not be posted, and what to do."""

    external_id: str
    code: str
    message: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What posting one store-day's documents of a kind would do."""

    documents: tuple[PreviewedDocument, ...]
    problems: tuple[PreviewedProblem, ...]

    def doing(self, action: str) -> list[PreviewedDocument]:
        """List the documents with which this would be done."""
        return [one for one in self.documents if one.action == action]


async def preview_store_day(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    rules: MappingRules,
    *,
    scope: PartitionScope,
    item_field: str,
) -> Preview:
    """Map every unposted document of a store-day, refused and doubtful ones too.

    Refusals are shown as if their time had come: the question is what stands in the way now.
    NetSuite's own refusals cannot be foreseen. Raises PipelineError if NetSuite cannot be read.
    """
    with ledger.read() as work:
        entries = [
            entry
            for entry in work.entries.of_day(scope.location_code, scope.business_date)
            if entry.record_type == scope.record_type and entry.status in OPEN_TO_RUNS
        ]
    there = await netsuite.transactions_by_external_id(one.external_id for one in entries)
    preparer = Preparer(netsuite, ledger, rules, item_field=item_field)
    return await _preview(preparer.prepare(entries), there)


async def preview_shadow_day(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    rules: MappingRules,
    *,
    scope: PartitionScope,
    item_field: str,
) -> Preview:
    """Map what is in shadow of a store-day as if it were live.

    Raises PipelineError if NetSuite cannot be read.
    """
    plan = plan_shadow_day(ledger, rules, day=scope.business_date)
    entries = [one for one in plan.entries if one.record_type == scope.record_type]
    preparer = Preparer(netsuite, ledger, rules, item_field=item_field)
    return await _preview(preparer.prepare(entries), {})


async def _preview(
    prepared: AsyncIterator[Prepared], there: Mapping[str, NetSuiteTransaction]
) -> Preview:
    documents: list[PreviewedDocument] = []
    problems: list[PreviewedProblem] = []
    async for one in prepared:
        if not isinstance(one.mapped, NetSuiteRecord):
            problems += _problems(one.entry, one.mapped)
            continue
        found = there.get(one.entry.external_id)
        if found is not None and not _is_same(found, one.mapped):
            problems.append(_taken(one.mapped, found))
        else:
            documents.append(_document(one.mapped, CREATE if found is None else TAKE_OVER))
    return Preview(tuple(documents), tuple(problems))


def _document(record: NetSuiteRecord, action: str) -> PreviewedDocument:
    return PreviewedDocument(
        external_id=record.external_id,
        action=action,
        record_type=record.record_type,
        customer=record.entity_id,
        tran_date=record.tran_date,
        lines=len(record.lines),
        total=record.total,
    )


def _problems(entry: PostingEntry, problems: Sequence[Problem]) -> list[PreviewedProblem]:
    return [
        PreviewedProblem(entry.external_id, one.code, one.message, one.next_step)
        for one in dict.fromkeys(problems)
    ]


def _is_same(found: NetSuiteTransaction, record: NetSuiteRecord) -> bool:
    return found.type == SUITEQL_TYPES[record.record_type] and found.total == record.total


def _taken(record: NetSuiteRecord, found: NetSuiteTransaction) -> PreviewedProblem:
    is_same_type = found.type == SUITEQL_TYPES[record.record_type]
    return PreviewedProblem(
        record.external_id,
        "total_differs" if is_same_type else "external_id_taken",
        f"NetSuite already has {record.external_id}: {found.type} {found.internal_id} with a total"
        f" of {found.total}; this document comes to {record.total}.",
        "Compare the two before you post; the runbook has an entry for this code.",
    )
