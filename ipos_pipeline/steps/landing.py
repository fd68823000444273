"""Landing: IPOS -> ledger. Every invoice that IPOS shows is kept before anything else happens.

Belongs here: insert, never overwrite what posting has begun on; quarantine what cannot be read. A
list is landed while it is read, so that a day's size costs no memory (ADR 0017). Not here: paging
(clients/ipos.py), the meaning of fields (domain/ipos_invoice.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from ipos_pipeline.clients.ipos import IposClient, RawInvoice, Which
from ipos_pipeline.domain.business_day import business_day_bounds
from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.external_id import raw_key
from ipos_pipeline.domain.ipos_invoice import IposInvoice, parse_invoice
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.domain.json_text import write_json
from ipos_pipeline.domain.money import round_money
from ipos_pipeline.domain.planning import Plan, plan_invoice
from ipos_pipeline.errors import MalformedInvoiceError, trouble_of
from ipos_pipeline.ledger.documents import KnownVersion, SourceDocument, State
from ipos_pipeline.ledger.entry import PostingEntry
from ipos_pipeline.ledger.integration_errors import Failure, Stage
from ipos_pipeline.ledger.store import LedgerStore, Transaction

SOURCE = "ipos"
LAND_AT_ONCE = 500
"""Documents in one transaction: large enough to be quick, small enough not to hold up others."""


@dataclass(frozen=True, slots=True)
class ReadInvoice:
    """One invoice that could be read, with what it arrived as."""

    document_key: str
    invoice: IposInvoice
    arrived: RawInvoice


@dataclass(slots=True)
class Landed:
    """What one look at IPOS brought: counts of documents, and the other days it reopened.

    `shown_in_all` counts what IPOS shows for the day, confirmed or not; `accounted_for` what the
    ledger holds of the same hours, unreadable ones included. `document_keys` are those that could
    be read, `quarantined` names the errors of the others.
    """

    shown: int = 0
    shown_in_all: int = 0
    accounted_for: int = 0
    new: int = 0
    replaced: int = 0
    drifted: int = 0
    shown_again: int = 0
    other_days: set[date] = field(default_factory=set)
    document_keys: set[str] = field(default_factory=set)
    quarantined: set[str] = field(default_factory=set)

    @property
    def unreadable(self) -> int:
        """How many invoices could not be read."""
        return len(self.quarantined)


async def land_store_day(
    ipos: IposClient,
    ledger: LedgerStore,
    *,
    configuration: IposConfiguration,
    profile: IposProfile,
    day: date,
    run: str,
    clock: Callable[[], datetime],
    which: Which = "unacknowledged",
) -> Landed:
    """Land what IPOS shows for a store-day, usually as unacknowledged, while its list is read.

    Of two versions of an invoice in one list the one that was read last counts. Everything is
    landed before anything is acknowledged, so that acknowledging cannot shift pages under the
    reader. A list that cannot be read to its end is not noted as read; what was landed stays, and
    IPOS shows it again. So it is with LocationMismatchError, raised when an invoice belongs to
    another location: nothing of its page is landed, and earlier pages held this location's own.
    """
    landed = Landed()
    async for page in ipos.invoices(day, which):
        with trouble_of(ipos.system):
            readable, failures = _read_page(
                page, configuration=configuration, profile=profile, day=day
            )
        for chunk in chunked(readable, LAND_AT_ONCE):
            with ledger.write(run) as work:
                _land(work, chunk, landed, configuration=configuration, profile=profile, at=clock())
                if which == "unacknowledged":
                    shown = [one.document_key for one in chunk]
                    work.acknowledgements.due_again(shown, at=clock())
        for some in chunked(failures, LAND_AT_ONCE):
            with ledger.write(run) as work:
                _quarantine(work, some, landed, at=clock())
        landed.shown += len(page)
        landed.other_days |= {one.invoice.business_date for one in readable} - {day}
    landed.shown_in_all = await ipos.count(day, "all")
    listed = landed.document_keys if which == "unacknowledged" else ()
    _close_list(ledger, landed, listed, configuration=configuration, day=day, run=run, at=clock())
    return landed


def _close_list(
    ledger: LedgerStore,
    landed: Landed,
    listed: Iterable[str],
    *,
    configuration: IposConfiguration,
    day: date,
    run: str,
    at: datetime,
) -> None:
    """Note that the list of a day was read to its end, and what it showed no more.

    `listed` are the keys of what IPOS listed as not told of.
    """
    code = configuration.location_code
    for keys in chunked(sorted(listed), LAND_AT_ONCE):
        with ledger.write(run) as work:
            work.documents.note_listed(keys, day, at=at)
    with ledger.write(run) as work:
        work.errors.close_unreadable(code, day, but=landed.quarantined, at=at)
        work.errors.wait_longer(work.documents.held_and_gone(code, day, before=at), at=at)
        work.store_days.note_list(code, day, shown_documents=landed.shown_in_all, at=at)
        landed.accounted_for = _accounted_for(work, configuration, day)


def _accounted_for(work: Transaction, configuration: IposConfiguration, day: date) -> int:
    """Count by the hours that IPOS was asked for: its filter looks at times, not at our days."""
    code = configuration.location_code
    start, end = hours_of(configuration, day)
    landed = work.documents.count_between(code, start, end)
    return landed + work.errors.count_unreadable(code, day)


def hours_of(configuration: IposConfiguration, day: date) -> tuple[datetime, datetime]:
    """Give the hours of a business day: the first moment, and the first one after."""
    start, end = business_day_bounds(day, cutoff_hour=configuration.day_cutoff_hour)
    return start.replace(tzinfo=configuration.zone), end.replace(tzinfo=configuration.zone)


def _read_page(
    page: Iterable[RawInvoice],
    *,
    configuration: IposConfiguration,
    profile: IposProfile,
    day: date,
) -> tuple[list[ReadInvoice], list[Failure]]:
    """Parse a page; of two versions of one invoice the one that was read last counts."""
    readable: dict[str, ReadInvoice] = {}
    failures: list[Failure] = []
    for one in page:
        try:
            invoice = parse_invoice(
                one.raw,
                configuration=configuration,
                profile=profile,
                from_returns_feed=one.from_returns_feed,
            )
        except MalformedInvoiceError as error:
            failures.append(_unreadable(one, error, configuration=configuration, day=day))
        else:
            key = invoice.document_key
            readable[key] = ReadInvoice(key, invoice, one)
    return list(readable.values()), failures


def _land(
    work: Transaction,
    chunk: Sequence[ReadInvoice],
    landed: Landed,
    *,
    configuration: IposConfiguration,
    profile: IposProfile,
    at: datetime,
) -> None:
    """Land one chunk: insert what is new, replace what nothing was sent of, note drift."""
    landed.document_keys.update(one.document_key for one in chunk)
    known = work.documents.known(one.document_key for one in chunk)
    new = [one for one in chunk if one.document_key not in known]
    plans = _plans(chunk, known, configuration=configuration, profile=profile)
    work.documents.add([_document(one, plans[one.document_key], at) for one in new])
    landed.new += len(new)
    for one in chunk:
        version = known.get(one.document_key)
        if version is not None:
            _land_again(work, one, version, plans, landed, at=at)
    _write_plans(work, chunk, plans, at=at)
    if configuration.acknowledge_filtered:
        rules = {key: version.filter_rule for key, version in known.items()}
        rules |= {key: plan.filter_rule for key, plan in plans.items()}
        work.acknowledgements.enqueue([key for key, rule in rules.items() if rule], at=at)


def _plans(
    chunk: Iterable[ReadInvoice],
    known: dict[str, KnownVersion],
    *,
    configuration: IposConfiguration,
    profile: IposProfile,
) -> dict[str, Plan]:
    """Plan what is new or changed, held by a problem, or under another filter than before.

    Held and filtered ones depend on the settings too, which a person may have changed since.
    """
    plans: dict[str, Plan] = {}
    for one in chunk:
        version = known.get(one.document_key)
        if version is not None and version.is_frozen:
            continue
        plan = plan_invoice(one.invoice, configuration=configuration, profile=profile)
        if version is None or _is_news(version, plan, one.arrived.content_hash):
            plans[one.document_key] = plan
    return plans


def _is_news(version: KnownVersion, plan: Plan, content_hash: str) -> bool:
    is_same = version.payload_hash == content_hash and version.filter_rule == plan.filter_rule
    return version.is_held or not is_same


def _land_again(
    work: Transaction,
    one: ReadInvoice,
    version: KnownVersion,
    plans: dict[str, Plan],
    landed: Landed,
    *,
    at: datetime,
) -> None:
    key, content_hash = one.document_key, one.arrived.content_hash
    landed.shown_again += 1
    is_same = content_hash == version.payload_hash
    if key in plans and not (is_same and version.is_held and plans[key].problem):
        dropped = work.entries.drop_unsent(key)
        work.errors.close(dropped, [Stage.MAP, Stage.POST], at=at, how="it was planned anew")
        if version.filter_rule is not None:
            work.acknowledgements.forget([key], at=at)
            work.errors.close([key], [Stage.ACKNOWLEDGE], at=at, how="it was planned anew")
        work.documents.replace(_document(one, plans[key], at), at=at)
        landed.replaced += 1
    elif version.is_frozen and content_hash not in (version.payload_hash, version.latest_hash):
        work.documents.set_drift(
            key, payload=write_json(one.arrived.raw), payload_hash=content_hash, at=at
        )
        landed.drifted += 1


def _write_plans(
    work: Transaction, chunk: Iterable[ReadInvoice], plans: dict[str, Plan], *, at: datetime
) -> None:
    entries: list[PostingEntry] = []
    in_order: list[str] = []
    for one in chunk:
        plan = plans.get(one.document_key)
        if plan is None:
            continue
        entries += _entries(one, plan)
        if plan.problem is None:
            in_order.append(one.document_key)
        else:
            work.errors.fail(_held(one, plan), at=at)
    work.errors.close(in_order, [Stage.MAP], at=at, how="the invoice was corrected")
    work.entries.plan(entries, at=at)


def _quarantine(
    work: Transaction, failures: Iterable[Failure], landed: Landed, *, at: datetime
) -> None:
    for failure in failures:
        work.errors.fail(failure, at=at)
        landed.quarantined.add(failure.external_id)


def _document(one: ReadInvoice, plan: Plan, at: datetime) -> SourceDocument:
    invoice = one.invoice
    state = State.PLANNED
    if plan.filter_rule is not None:
        state = State.FILTERED
    elif plan.problem is not None:
        state = State.HELD
    total = invoice.net_amount
    return SourceDocument(
        document_key=one.document_key,
        source=SOURCE,
        location_code=invoice.location_code,
        business_date=invoice.business_date,
        number=invoice.inv_no,
        occurred_at=invoice.inv_at,
        state=state,
        filter_rule=plan.filter_rule,
        payload=write_json(one.arrived.raw),
        payload_hash=one.arrived.content_hash,
        source_total=None if total is None else round_money(total),
        first_seen_at=at,
        from_returns_feed=one.arrived.from_returns_feed,
    )


def _entries(one: ReadInvoice, plan: Plan) -> list[PostingEntry]:
    return [
        PostingEntry.planned(
            document,
            document_key=one.document_key,
            location_code=one.invoice.location_code,
            business_date=one.invoice.business_date,
            payload_hash=one.arrived.content_hash,
        )
        for document in plan.documents
    ]


def _held(one: ReadInvoice, plan: Plan) -> Failure:
    """Describe why no part of an invoice may be posted."""
    problem, invoice = plan.problem, one.invoice
    assert problem is not None  # noqa: S101 - the caller looked
    return Failure(
        external_id=one.document_key,
        stage=Stage.MAP,
        location_code=invoice.location_code,
        business_date=invoice.business_date,
        number=invoice.inv_no,
        record_type=None,
        code=problem.code,
        message=problem.message,
        next_step=problem.next_step,
        path=problem.path,
        payload=write_json(one.arrived.raw),
    )


def _unreadable(
    one: RawInvoice, error: MalformedInvoiceError, *, configuration: IposConfiguration, day: date
) -> Failure:
    """Describe an invoice that could not be read; its payload is kept in the error."""
    return Failure(
        external_id=raw_key(location=configuration.location_code, raw=one.raw),
        stage=Stage.PARSE,
        location_code=configuration.location_code,
        business_date=day,
        number=error.inv_no,
        record_type=None,
        code="malformed_invoice",
        message=f"The invoice {error.inv_no or 'without a number'} cannot be read:"
        f" {error.message}.",
        next_step=error.recovery,
        path=error.field,
        payload=write_json(one.raw),
    )
