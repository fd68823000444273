"""Planning in shadow: what would be posted of a store-day if it were live; nothing is kept of it.

Belongs here: landed invoices -> entries that are in no table. Not here: their mapping
(preparing.py), their comparison (comparing_shadow.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.domain.filtering import SHADOW
from ipos_pipeline.domain.ipos_invoice import parse_invoice
from ipos_pipeline.domain.json_text import read_json
from ipos_pipeline.domain.mapping import MappingRules
from ipos_pipeline.domain.planning import Plan, plan_invoice
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline.domain.shadow import as_live
from ipos_pipeline.ledger.documents import SourceDocument
from ipos_pipeline.ledger.entry import PostingEntry
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.ledger.store_day_rows import LandedVersion

PLAN_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ShadowPlan:
    """What a store-day in shadow would come to: documents by key, entries, and what holds some."""

    documents: Mapping[str, LandedVersion]
    entries: tuple[PostingEntry, ...]
    held: Mapping[str, Problem]


def plan_shadow_day(ledger: LedgerStore, rules: MappingRules, *, day: date) -> ShadowPlan:
    """Plan the store-day's invoices that are in shadow, as they would be planned live."""
    code = rules.configuration.location_code
    with ledger.read() as work:
        versions = work.store_day_rows.documents(code, day)
    in_shadow = {one.document_key: one for one in versions if one.filter_rule == SHADOW}
    live = replace(rules, configuration=as_live(rules.configuration))
    entries: list[PostingEntry] = []
    held: dict[str, Problem] = {}
    for keys in chunked(in_shadow, PLAN_AT_ONCE):
        with ledger.read() as work:
            documents = work.documents.by_key(keys)
        for key, document in documents.items():
            plan = _plan(document, live)
            entries += _entries(document, plan)
            if plan.problem is not None:
                held[key] = plan.problem
    return ShadowPlan(in_shadow, tuple(entries), held)


def _plan(document: SourceDocument, live: MappingRules) -> Plan:
    invoice = parse_invoice(
        read_json(document.payload),
        configuration=live.configuration,
        profile=live.profile,
        from_returns_feed=document.from_returns_feed,
    )
    return plan_invoice(invoice, configuration=live.configuration, profile=live.profile)


def _entries(document: SourceDocument, plan: Plan) -> list[PostingEntry]:
    return [
        PostingEntry.planned(
            planned,
            document_key=document.document_key,
            location_code=document.location_code,
            business_date=document.business_date,
            payload_hash=document.payload_hash,
        )
        for planned in plan.documents
    ]
