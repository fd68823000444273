"""Comparing in shadow: what we would post of a store-day beside what the incumbent has posted.

Reads the ledger and NetSuite, and writes nothing anywhere. Not here: what the comparison says
(domain/shadow_comparison.py), finding the incumbent's documents (incumbent.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.mapping import Incumbent, MappingRules
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, NetSuiteRecord
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline.domain.shadow_comparison import (
    OurDocument,
    ShadowComparison,
    compare,
    mapped_only,
)
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.incumbent import (
    BOOKED_AFTER,
    BOOKED_BEFORE,
    documents_dated,
    documents_with_keys,
)
from ipos_pipeline.steps.preparing import Preparer
from ipos_pipeline.steps.shadow_planning import ShadowPlan, plan_shadow_day


async def compare_shadow_day(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    rules: MappingRules,
    *,
    day: date,
    item_field: str,
    at: datetime,
) -> ShadowComparison:
    """Map what is in shadow of a store-day and look for it among the incumbent's documents.

    Without an incumbent in the mapping there is nothing to compare with: it is only mapped. Raises
    PipelineError if NetSuite cannot be read: a failed read compares nothing.
    """
    code, incumbent = rules.configuration.location_code, rules.fields.incumbent
    plan = plan_shadow_day(ledger, rules, day=day)
    ours = await _ours(netsuite, ledger, rules, plan, item_field=item_field)
    ours += _unreadable(ledger, rules, day)
    if incumbent is None:
        return ShadowComparison(code, day, at, is_compared=False, findings=tuple(mapped_only(ours)))
    keys = {one.key for one in ours if one.key is not None}
    theirs = await documents_with_keys(netsuite, rules, incumbent, keys, day=day)
    theirs += [
        one for one in await documents_dated(netsuite, rules, incumbent, day) if one.key not in keys
    ]
    landed = _landed(ledger, incumbent, code, day, besides=plan.documents)
    findings = compare(ours, theirs, landed=landed, at=at)
    return ShadowComparison(code, day, at, is_compared=True, findings=tuple(findings))


async def _ours(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    rules: MappingRules,
    plan: ShadowPlan,
    *,
    item_field: str,
) -> list[OurDocument]:
    """Map what is planned; name what keeps the rest back."""
    preparer = Preparer(netsuite, ledger, rules, item_field=item_field)
    found = [
        OurDocument(key, _key(rules, plan, key), problem=_in_words([problem]))
        for key, problem in plan.held.items()
    ]
    async for one in preparer.prepare(plan.entries):
        is_refund = one.entry.record_type == CASH_REFUND
        problem, total = None, one.entry.total
        if isinstance(one.mapped, NetSuiteRecord):
            total = one.mapped.total
        else:
            problem = _in_words(one.mapped)
        found.append(
            OurDocument(
                one.entry.external_id,
                _key(rules, plan, one.entry.document_key),
                is_refund=is_refund,
                total=-total if is_refund else total,
                sold_at=plan.documents[one.entry.document_key].occurred_at,
                problem=problem,
            )
        )
    return found


def _key(rules: MappingRules, plan: ShadowPlan, document_key: str) -> str | None:
    incumbent = rules.fields.incumbent
    if incumbent is None:
        return None
    return incumbent.key_of(
        document_key,
        number=plan.documents[document_key].number,
        location_code=rules.configuration.location_code,
    )


def _in_words(problems: Iterable[Problem]) -> str:
    return " ".join(f"{one.code}: {one.message}" for one in dict.fromkeys(problems))


def _unreadable(ledger: LedgerStore, rules: MappingRules, day: date) -> list[OurDocument]:
    """Name what cannot be read; the incumbent's document of it is not looked for."""
    with ledger.read() as work:
        errors = work.errors.in_shadow_of_day(rules.configuration.location_code, day)
    return [
        OurDocument(one.external_id, None, problem=f"{one.code}: {one.message}") for one in errors
    ]


def _landed(
    ledger: LedgerStore,
    incumbent: Incumbent,
    code: str,
    day: date,
    *,
    besides: Mapping[str, object],
) -> dict[str, str | None]:
    """Name by their keys the location's other invoices of the days around, and why none is posted.

    The incumbent may date the documents of other days under this one.
    """
    with ledger.read() as work:
        around = work.store_day_rows.numbers(code, day - BOOKED_AFTER, day + BOOKED_BEFORE)
    landed: dict[str, str | None] = {}
    for one in around:
        if one.document_key not in besides:
            key = incumbent.key_of(one.document_key, number=one.number, location_code=code)
            is_ours = one.business_date == day and one.filter_rule is not None
            landed[key] = f"we would not post it: {one.filter_rule}" if is_ours else None
    return landed
