"""The incumbent: what the script that this pipeline replaces has posted, found by its own key.

Belongs here: asking NetSuite for its documents, and keeping ours back where one is found. Not here:
what a comparison says (domain/shadow_comparison.py), how its key is written (domain/mapping.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.clients.netsuite_rows import NetSuiteTransaction
from ipos_pipeline.domain.external_id import NAMESPACE
from ipos_pipeline.domain.mapping import Incumbent, MappingRules
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, SUITEQL_TYPES, NetSuiteRecord
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline.domain.shadow_comparison import TheirDocument
from ipos_pipeline.steps.posting import Prepared

BOOKED_BEFORE, BOOKED_AFTER = timedelta(days=1), timedelta(days=31)
"""How far from the business day its documents are looked for by their key: it may book by its own
date, and late; a till's numbers begin again one day."""

SCREENED_AT_ONCE = 200


async def documents_with_keys(
    netsuite: NetSuiteClient,
    rules: MappingRules,
    incumbent: Incumbent,
    keys: Iterable[str],
    *,
    day: date,
) -> list[TheirDocument]:
    """Find the location's documents that carry one of these keys, whatever their date."""
    found = await netsuite.other_transactions(
        NAMESPACE,
        location_id=rules.configuration.location,
        first=day - BOOKED_BEFORE,
        last=day + BOOKED_AFTER,
        field=incumbent.field,
        values=sorted(set(keys)),
    )
    return [_theirs(one) for one in found]


async def documents_dated(
    netsuite: NetSuiteClient, rules: MappingRules, incumbent: Incumbent, day: date
) -> list[TheirDocument]:
    """Find the location's documents of a date that are not ours, with whatever key or none."""
    location_id = rules.configuration.location
    found = await netsuite.other_transactions(
        NAMESPACE, location_id=location_id, first=day, last=day, field=incumbent.field
    )
    return [_theirs(one) for one in found]


async def unless_posted_by_incumbent(
    netsuite: NetSuiteClient,
    rules: MappingRules,
    prepared: AsyncIterator[Prepared],
    *,
    day: date,
) -> AsyncIterator[Prepared]:
    """Pass documents on, and those that the incumbent has posted as a problem for a person.

    Without an incumbent in the mapping all are passed on as they are.
    """
    batch: list[Prepared] = []
    async for one in prepared:
        batch.append(one)
        if len(batch) == SCREENED_AT_ONCE:
            for screened in await _screened(netsuite, rules, batch, day=day):
                yield screened
            batch = []
    for screened in await _screened(netsuite, rules, batch, day=day):
        yield screened


async def _screened(
    netsuite: NetSuiteClient, rules: MappingRules, batch: Sequence[Prepared], *, day: date
) -> list[Prepared]:
    incumbent = rules.fields.incumbent
    if incumbent is None or not batch:
        return list(batch)
    keys = [_key(one, rules, incumbent) for one in batch]
    found = await documents_with_keys(netsuite, rules, incumbent, keys, day=day)
    there = {(one.key, one.is_refund): one for one in found}
    screened: list[Prepared] = []
    for one, key in zip(batch, keys, strict=True):
        theirs = there.get((key, one.entry.record_type == CASH_REFUND))
        if theirs is None or not isinstance(one.mapped, NetSuiteRecord):
            screened.append(one)
        else:
            screened.append(replace(one, mapped=[_posted_already(theirs, incumbent)]))
    return screened


def _key(one: Prepared, rules: MappingRules, incumbent: Incumbent) -> str:
    return incumbent.key_of(
        one.entry.document_key,
        number=one.source.number,
        location_code=rules.configuration.location_code,
    )


def _posted_already(theirs: TheirDocument, incumbent: Incumbent) -> Problem:
    return Problem(
        "posted_by_incumbent",
        f"NetSuite has it from the script that this pipeline replaces: internal ID"
        f" {theirs.internal_id} of {theirs.tran_date} with {theirs.total}, {incumbent.field}"
        f" {theirs.key!r}. It was not posted again.",
        f"Have the script stopped for this location. If it is the same sale, take it over:"
        f" `ipos-pipeline errors mark-posted --netsuite-id {theirs.internal_id}`; if not, delete"
        " that record, and it is posted at the next attempt.",
    )


def _theirs(one: NetSuiteTransaction) -> TheirDocument:
    is_refund = one.type == SUITEQL_TYPES[CASH_REFUND]
    total = -one.total if is_refund else one.total
    return TheirDocument(one.internal_id, one.memo.strip(), is_refund, total, one.tran_date)
