"""Invoices of any content: landed and read back the same on both databases, or quarantined.

What is landed can be shown as frames and mapped, or is held with a reason; and no invoice keeps an
ordinary one beside it from being landed and posted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import simplejson
from hypothesis import given
from hypothesis import strategies as st

from ipos_pipeline.domain.ipos_invoice import IposInvoice, parse_invoice
from ipos_pipeline.domain.ipos_profile import FLAT, NESTED, IposProfile
from ipos_pipeline.domain.json_text import read_json, write_json
from ipos_pipeline.domain.line_frames import RAW_LINES, frame_of, raw_rows, split_lines
from ipos_pipeline.domain.mapping import map_document
from ipos_pipeline.domain.netsuite_record import NetSuiteRecord
from ipos_pipeline.domain.planning import plan_invoice
from ipos_pipeline.domain.split import split_invoice, tax_of_invoice
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.landing import Landed, land_store_day
from ipos_pipeline_tests.builders import (
    CREDENTIAL,
    DAY,
    KEY,
    LOCATION,
    NOON,
    catalogue,
    configuration,
    failure,
    mapping_rules,
    raw_invoice,
    raw_line,
)
from ipos_pipeline_tests.contract.faulty import Scripted, ipos_client
from ipos_pipeline_tests.databases import KINDS, ledger_on
from ipos_pipeline_tests.fuzz.hostile import (
    few,
    hostile_json,
    hostile_scalar,
    hostile_text,
    told,
    written,
)
from ipos_pipeline_tests.simulated_world import Clock

WORDS = ("message", "next_step", "path", "reference", "payload", "request", "response")
ORDINARY = raw_invoice(InvNo=1)
values = hostile_scalar | hostile_json
amounts = st.sampled_from(
    ["0", "1", "-1", "3.99", "-3.99", "0.001", "-100", "99999999", "999999999.99", "-5e8", "1e11"]
).map(simplejson.RawJSON)


def changed(usual: dict[str, Any], *, changes_max: int) -> st.SearchStrategy[dict[str, Any]]:
    """Build the usual with some fields changed: to anything, or to another number."""
    names = st.sampled_from(sorted(usual))
    return st.dictionaries(names, amounts | amounts | values, max_size=changes_max).map(
        lambda changes: {**usual, **changes}
    )


likely = changed(raw_line(), changes_max=2)
lines = st.lists(likely, min_size=1, max_size=3) | st.lists(likely | values, max_size=3)
header = {name: value for name, value in raw_invoice(InvNo=2).items() if name != "Lines"}
invoices = st.builds(
    lambda head, body: {"Lines": body, **head},
    changed({**header, "NetAmount": None, "LocationCode": None}, changes_max=2),
    lines,
)
profiles = st.sampled_from(
    [
        NESTED,
        FLAT,
        NESTED.model_copy(update={"tax_is": "amount"}),
        NESTED.model_copy(update={"returns_quantity_sign": "positive"}),
    ]
)


@given(raw=invoices, profile=profiles, inclusive=st.booleans(), returns=st.booleans())
def test_any_invoice_is_read_planned_shown_and_mapped_or_told(
    raw: Any, profile: IposProfile, *, inclusive: bool, returns: bool
) -> None:
    arrived = read_json(written(raw))
    record = configuration(prices_include_tax=inclusive)

    read = told(
        lambda: parse_invoice(
            arrived, configuration=record, profile=profile, from_returns_feed=returns
        ),
        secret=CREDENTIAL,
    )
    if not isinstance(read, PipelineError):
        told(lambda: _use(read, profile, inclusive=inclusive), secret=CREDENTIAL)


def _use(invoice: IposInvoice, profile: IposProfile, *, inclusive: bool) -> None:
    """Do with an invoice what a run does with one that could be read."""
    rules = mapping_rules(profile=profile, prices_include_tax=inclusive)
    plan = plan_invoice(invoice, configuration=rules.configuration, profile=profile)
    split_lines(frame_of(raw_rows(invoice, state="planned"), RAW_LINES))
    tax_of_invoice(invoice, profile=profile, prices_include_tax=inclusive)
    for document in plan.documents:
        mapped = map_document(
            document.record_type,
            invoice,
            split_invoice(invoice),
            rules=rules,
            catalogue=catalogue(),
        )
        if isinstance(mapped, NetSuiteRecord):
            write_json(mapped.to_payload()).encode()


@pytest.fixture(scope="module", params=KINDS)
def kept(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LedgerStore]:
    """A ledger that keeps what all examples land: the one sees what the other one left."""
    with ledger_on(request.param, tmp_path_factory.mktemp("fuzz")) as url:
        store = LedgerStore.open(url)
        yield store
        store.close()


@few(2)
@given(raws=st.lists(invoices | values, max_size=3), inclusive=st.booleans())
def test_what_is_landed_is_read_back_the_same_and_the_rest_is_quarantined(
    kept: LedgerStore, raws: list[Any], *, inclusive: bool
) -> None:
    record = {"prices_include_tax": inclusive}
    landed = told(lambda: _land(kept, [*raws, ORDINARY], **record), secret=CREDENTIAL)

    if isinstance(landed, PipelineError):
        return  # an invoice that says it is another location's stops the run
    ordinary = "IPOS-DXB01-2026-S-1"
    assert ordinary in landed.document_keys
    with kept.read() as work:
        documents = work.documents.by_key(landed.document_keys)
        errors = work.errors.open_of_day(LOCATION, DAY)
    assert documents.keys() == landed.document_keys
    kept_payloads = {write_json(read_json(one.payload)) for one in documents.values()}
    assert write_json(ORDINARY) in kept_payloads
    arrived = [read_json(written(raw)) for raw in raws]
    told_payloads = {write_json(read_json(one.payload)) for one in errors if one.payload}
    with kept.read() as work:
        newest = {key: work.documents.latest_payload(key) for key in landed.document_keys}
    known = kept_payloads | told_payloads | {one for one in newest.values() if one}
    assert all(write_json(one) in known for one in arrived[-1:])


def _land(ledger: LedgerStore, raws: list[Any], **record: Any) -> Landed:
    pages = [written({"Status": 1, "Data": raws}), written({"Status": 1, "Data": []})]

    def answer(request: httpx2.Request) -> httpx2.Response:
        is_first = request.url.params["page"] == "1" and request.url.params["posted"] == "0"
        return httpx2.Response(200, content=pages[0 if is_first else 1].encode())

    clock = Clock()
    return asyncio.run(
        land_store_day(
            ipos_client(Scripted(answer), clock, **record),
            ledger,
            configuration=configuration(**record),
            profile=NESTED,
            day=DAY,
            run="run-1",
            clock=clock,
        )
    )


@few(2)
@given(words=st.fixed_dictionaries(dict.fromkeys(WORDS, hostile_text)), number=hostile_text)
def test_any_words_of_an_error_or_an_outage_can_be_kept(
    kept: LedgerStore, words: dict[str, str], number: str
) -> None:
    """A reason that cannot be written would be a document that nobody hears of."""
    told_failure = failure(f"{KEY}-CS", number=number, **words)
    with kept.write("run-1") as work:
        work.errors.fail(told_failure, at=NOON)
        work.outages.fail("NetSuite", message=words["message"], recovery=number, at=NOON)
    with kept.read() as work:
        found = {one.external_id: one for one in work.errors.open_of_day(LOCATION, DAY)}
        outages = work.outages.all()
    assert len(found[f"{KEY}-CS"].message) >= len(words["message"])
    assert outages[-1].message == found[f"{KEY}-CS"].message
