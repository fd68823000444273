"""Replanning: a document is planned anew because a person says so; the next run posts it.

Belongs here: repost (what NetSuite has no more), and the unposted side of a changed invoice from
its newest version. Not here: what an invoice becomes (domain/planning.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.ipos_invoice import parse_invoice
from ipos_pipeline.domain.json_text import read_json
from ipos_pipeline.domain.mapping import MappingRules
from ipos_pipeline.domain.operator_rules import Verdict
from ipos_pipeline.domain.planning import Plan, PlannedDocument, plan_invoice
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.errors import MalformedInvoiceError
from ipos_pipeline.ledger.documents import SourceDocument, State
from ipos_pipeline.ledger.entry import PostingEntry, Status
from ipos_pipeline.ledger.integration_errors import Stage
from ipos_pipeline.ledger.store import LedgerStore, Transaction
from ipos_pipeline.steps.resolving import By

Rules = Mapping[str, MappingRules]
"""The present configuration of each active location, by its code."""

UNPOSTED = frozenset({Status.PENDING, Status.REJECTED, Status.SET_ASIDE})


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an invoice: its payload as received, and the hash by which IPOS's are told."""

    payload: str
    payload_hash: str


@dataclass(frozen=True, slots=True)
class Replanned:
    """The documents that a version of an invoice comes to, or why it comes to none."""

    documents: Mapping[str, PlannedDocument]
    why_not: str | None = None


async def repost(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    rules: Rules,
    selection: Selection,
    by: By,
    *,
    is_preview: bool = False,
) -> list[Verdict]:
    """Plan withdrawn documents again, and posted ones that NetSuite verifiably has no more.

    They are mapped from the landed invoice with the present configuration, under the same external
    ID. Raises TransientError when NetSuite cannot be asked: a failed look-up proves nothing.
    """
    selection.checked()
    with ledger.read() as work:
        entries = work.entries.with_ids(work.selecting.entries(selection))
    posted = [one for one in entries.values() if one.status == Status.POSTED]
    by_internal_id = await netsuite.transactions_by_internal_id(
        one.internal_id for one in posted if one.internal_id
    )
    by_external_id = await netsuite.transactions_by_external_id(one.external_id for one in posted)
    there = {one.external_id for one in posted if one.internal_id in by_internal_id}
    there |= by_external_id.keys()
    verdicts: list[Verdict] = []
    with ledger.read() if is_preview else ledger.write(by.actor) as work:
        documents = work.documents.by_key({one.document_key for one in entries.values()})
        for entry in entries.values():
            plan = _plan_of(documents[entry.document_key], entry, rules)
            why_not = _why_not_repost(entry, plan, is_there=entry.external_id in there)
            verdicts.append(_reposted(work, entry, plan, why_not, by, is_preview=is_preview))
    return verdicts


def _reposted(
    work: Transaction,
    entry: PostingEntry,
    plan: Replanned,
    why_not: str | None,
    by: By,
    *,
    is_preview: bool,
) -> Verdict:
    if why_not is not None:
        is_so = entry.status in {Status.PENDING, Status.SENDING, Status.IN_DOUBT}
        return _verdict(entry, why_not, applies=False, is_so_already=is_so)
    total = plan.documents[entry.external_id].total
    if not is_preview:
        moved = work.decisions.plan_again(
            entry.external_id, total, from_status=entry.status, at=by.at, reason=by.reason
        )
        if not moved:
            return _verdict(entry, "it has changed meanwhile: look again", applies=False)
        work.acknowledgements.withhold([entry.document_key])
    return _verdict(entry, f"the next run posts it again, with {total}", applies=True)


def _why_not_repost(entry: PostingEntry, plan: Replanned, *, is_there: bool) -> str | None:
    if entry.status == Status.POSTED and is_there:
        return f"NetSuite has it, as internal ID {entry.internal_id}: withdraw it first"
    if entry.status not in {Status.POSTED, Status.WITHDRAWN}:
        return f"it is {entry.status.replace('_', ' ')}, not withdrawn"
    if plan.why_not is not None:
        return plan.why_not
    if entry.external_id not in plan.documents:
        return "with the present configuration the invoice has no such document"
    return None


def plan_from_latest(
    ledger: LedgerStore, rules: Rules, selection: Selection, by: By, *, is_preview: bool = False
) -> list[Verdict]:
    """Plan the side of changed invoices that is not posted from the newest version IPOS showed.

    What is posted, being sent or withdrawn stays as it is. So is an invoice planned that was kept
    back as a whole and that IPOS, told of it, lists no longer. An invoice that never changed is
    told of where it was named, or is not wholly posted.
    """
    selection.checked()
    verdicts: list[Verdict] = []
    with ledger.read() if is_preview else ledger.write(by.actor) as work:
        keys = work.selecting.documents(selection)
        documents = work.documents.by_key(keys)
        entries = work.entries.of_documents(keys)
        for key in keys:
            document, its_entries = documents[key], entries.get(key, [])
            version = _newest(work, document)
            if version is not None:
                verdicts.append(
                    _plan_sides(
                        work,
                        document,
                        its_entries,
                        version=version,
                        rules=rules,
                        by=by,
                        is_preview=is_preview,
                    )
                )
            elif selection.names_documents or any(one.status in UNPOSTED for one in its_entries):
                words = "IPOS has shown no newer version of it"
                verdicts.append(_of_document(document, words, applies=False))
    return verdicts


def _newest(work: Transaction, document: SourceDocument) -> Version | None:
    """Give the version to plan from: the newest, or of an invoice that is held the landed one."""
    payload = work.documents.latest_payload(document.document_key)
    if payload is not None and document.latest_hash is not None:
        return Version(payload, document.latest_hash)
    if document.state == State.HELD:
        return Version(document.payload, document.payload_hash)
    return None


def _plan_sides(
    work: Transaction,
    document: SourceDocument,
    entries: list[PostingEntry],
    *,
    version: Version,
    rules: Rules,
    by: By,
    is_preview: bool,
) -> Verdict:
    kept = {one.external_id for one in entries if one.status not in UNPOSTED}
    plan = _replan(document, version.payload, rules)
    new = [one for key, one in plan.documents.items() if key not in kept]
    dropped = [one.external_id for one in entries if one.external_id not in kept]
    if plan.why_not is not None or not (new or dropped):
        words = plan.why_not or "nothing of the newest version is left to post"
        return _of_document(document, words, applies=False)
    if not is_preview:
        work.decisions.drop(dropped)
        work.documents.plan_from(
            document.document_key, payload=version.payload, payload_hash=version.payload_hash
        )
        work.entries.plan(
            [
                PostingEntry.planned(
                    one,
                    document_key=document.document_key,
                    location_code=document.location_code,
                    business_date=document.business_date,
                    payload_hash=version.payload_hash,
                )
                for one in new
            ],
            at=by.at,
        )
        closed = [document.document_key, *dropped]
        how = f"planned from the newest version by {by.actor}: {by.reason}"
        work.errors.close(closed, [Stage.MAP, Stage.POST], at=by.at, how=how)
        work.history.add(
            "planned_from_latest", closed, at=by.at, reason=by.reason, hash=version.payload_hash
        )
        work.acknowledgements.withhold([document.document_key])
    to_post = ", ".join(f"{one.external_id} with {one.total}" for one in new)
    words = f"the next run posts {to_post}" if to_post else "it has nothing else to post"
    return _of_document(document, f"planned from the newest version: {words}")


def _plan_of(document: SourceDocument, entry: PostingEntry, rules: Rules) -> Replanned:
    payload = document.payload_of(entry.payload_hash)
    if payload is None:
        return Replanned({}, "the version it was planned from is no longer kept")
    return _replan(document, payload, rules)


def _replan(document: SourceDocument, payload: str, rules: Rules) -> Replanned:
    """Read and plan a version of an invoice with the present configuration of its location."""
    rule = rules.get(document.location_code)
    if rule is None:
        return Replanned({}, f"{document.location_code} has no active configuration record")
    try:
        invoice = parse_invoice(
            read_json(payload),
            configuration=rule.configuration,
            profile=rule.profile,
            from_returns_feed=document.from_returns_feed,
        )
    except MalformedInvoiceError as error:
        return Replanned({}, f"the invoice cannot be read: {error.message}")
    plan = plan_invoice(invoice, configuration=rule.configuration, profile=rule.profile)
    return Replanned({one.external_id: one for one in plan.documents}, _why_no_documents(plan))


def _why_no_documents(plan: Plan) -> str | None:
    if plan.problem is not None:
        return plan.problem.message
    return f"a filter keeps it out: {plan.filter_rule}" if plan.filter_rule else None


def _verdict(
    entry: PostingEntry, words: str, *, applies: bool, is_so_already: bool = False
) -> Verdict:
    key, code, day = entry.external_id, entry.location_code, entry.business_date
    return Verdict(key, code, day, applies, words, is_so_already)


def _of_document(document: SourceDocument, words: str, *, applies: bool = True) -> Verdict:
    key, code, day = document.document_key, document.location_code, document.business_date
    return Verdict(key, code, day, applies, words)
