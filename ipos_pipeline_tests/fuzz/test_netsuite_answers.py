"""Answers of NetSuite, whatever bytes they are: rows, records, refusals, locations, tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.clients.netsuite_auth import ClientCredentials, OAuth2ClientCredentials
from ipos_pipeline.clients.netsuite_tba import TbaCredentials, TokenBasedAuthentication
from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline_tests.builders import DAY
from ipos_pipeline_tests.conftest import SigningKey
from ipos_pipeline_tests.contract.faulty import Scripted, netsuite_client
from ipos_pipeline_tests.fuzz.hostile import (
    SECRET,
    few,
    hostile_bytes,
    hostile_json,
    hostile_scalar,
    hostile_text,
    told,
    written,
)
from ipos_pipeline_tests.fuzz.test_ipos_answers import headers, token_bodies
from ipos_pipeline_tests.simulated_world import NETSUITE_URL, Clock

Ask = Callable[[NetSuiteClient], Coroutine[Any, Any, Any]]
READS: dict[str, Ask] = {
    "by external ID": lambda one: one.transactions_by_external_id(["IPOS-X-CS"]),
    "by internal ID": lambda one: one.transactions_by_internal_id(["7"]),
    "of a day": lambda one: one.transactions_of_day("IPOS-", DAY),
    "others": lambda one: one.other_transactions("IPOS-", location_id="1", first=DAY, last=DAY),
    "sum": lambda one: one.sum_of_day("IPOS-", DAY),
    "tax": lambda one: one.tax_of_day("IPOS-", DAY),
    "items": lambda one: one.items_by_barcode(["1"], item_field="upccode"),
    "catalogue": lambda one: one.inventory_items(item_field="upccode"),
    "periods": lambda one: one.open_period_starts(),
    "custom records": lambda one: one.custom_records("customrecord_x", ["name"]),
    "a list": lambda one: one.inactive_by_id("customer", ["1"]),
    "a table": lambda one: one.has_row("item", "id"),
    "a record type": lambda one: one.check_record_type("cashSale"),
    "fields": lambda one: one.record_fields("cashSale", "7", ["memo"]),
}
WRITES: dict[str, Ask] = {
    "create": lambda one: one.create("cashSale", {"externalId": "IPOS-X-CS"}),
    "delete": lambda one: one.delete_transaction("cashSale", "7"),
    "put": lambda one: one.put_custom_record("customrecord_x", "1", {}),
    "update": lambda one: one.update_record("customrecord_x", "1", {}),
}
COLUMNS = [
    *("id", "externalid", "type", "foreigntotal", "dated", "created", "modified", "memo", "tax"),
    *("documents", "total", "barcode", "itemid", "itemtype", "isinactive", "started", "name"),
]
likely = st.sampled_from(["7", "1", "2026-11-20", "T", "F", "3.99", "-3.99", "CashSale"])
fields = likely | likely | hostile_scalar | hostile_json
rows = st.dictionaries(st.sampled_from(COLUMNS), fields) | st.fixed_dictionaries(
    dict.fromkeys(COLUMNS, likely | fields)
)
pages = st.fixed_dictionaries(
    {"items": st.lists(rows | fields, max_size=3) | fields, "hasMore": st.just(False) | fields}
)
details = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("o:errorCode", "detail", "o:errorPath", "o:errorUrl", "o:errorQueryParam"),
        hostile_text | fields,
    ),
)
refusals = st.fixed_dictionaries(
    {"o:errorDetails": st.lists(details | fields, max_size=3) | fields}
)
bodies = (pages | refusals | hostile_json).map(lambda one: written(one).encode()) | hostile_bytes
statuses = st.sampled_from([200, 200, 200, 204, 302, 400, 400, 401, 403, 404, 409, 429, 500, 503])
locations = st.sampled_from(
    [b"", b"7", b"/7", b"https://evil.test/x/7", b"\xb2", b"/x/-7", b"/" + b"9" * 5000, b"/7?x=1"]
) | st.binary(max_size=20)


def reached(transport: Scripted) -> NetSuiteClient:
    """Reach an account that was told of the secret."""
    client = netsuite_client(transport, Clock())
    signing = TbaCredentials("1234567", "key", SECRET, "token", SECRET)
    client._requests._auth = TokenBasedAuthentication(signing, clock=Clock())
    return client


def answering(status: int, body: bytes, headers: dict[bytes, bytes]) -> Scripted:
    """Answer the first four requests with this, and then as if there were nothing more."""
    asked = 0

    def answer(_: httpx2.Request) -> httpx2.Response:
        nonlocal asked
        asked += 1
        if asked > 4:
            return httpx2.Response(200, json={"items": [], "hasMore": False})
        return httpx2.Response(status, headers=list(headers.items()), content=body)

    return Scripted(answer)


@pytest.mark.parametrize("ask", READS.values(), ids=READS)
@few(2)
@given(status=statuses, body=bodies, headers=headers)
def test_any_answer_to_a_question_is_read_or_told(
    ask: Ask, status: int, body: bytes, headers: dict[bytes, bytes]
) -> None:
    client = reached(answering(status, body, headers))
    told(lambda: asyncio.run(ask(client)))


@pytest.mark.parametrize("ask", WRITES.values(), ids=WRITES)
@few(2)
@given(status=statuses, body=bodies, headers=headers, location=locations)
def test_any_answer_to_a_write_is_a_success_or_told(
    ask: Ask, status: int, body: bytes, headers: dict[bytes, bytes], location: bytes
) -> None:
    transport = answering(status, body, {**headers, b"Location": location})
    created = told(lambda: asyncio.run(ask(reached(transport))))
    if isinstance(created, str):
        assert created.isascii()
        assert created.isdigit()
        assert len(created) <= 20


@few(2)
@given(body=token_bodies.filter(lambda one: SECRET.encode() not in one), status=statuses)
def test_any_answer_of_the_token_service_is_a_token_or_told(
    ec_key: SigningKey, body: bytes, status: int
) -> None:
    clock = Clock()
    transport = answering(status, body, {})
    signed_in = OAuth2ClientCredentials(
        ClientCredentials("client-1", "certificate-1", ec_key.private_pem, "ES256"),
        base_url=NETSUITE_URL,
        client=httpx2.AsyncClient(transport=transport),
        clock=clock,
        pacing=clock.pacing(attempts_max=2),
    )
    client = netsuite_client(answering(200, b'{"items": [], "hasMore": false}', {}), clock)
    client._requests._auth = signed_in
    told(lambda: asyncio.run(client.has_row("item", "id")))


@pytest.mark.parametrize("algorithm", ["PS256", "ES256"])
@given(
    pem=hostile_text
    | st.sampled_from(["-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"])
)
def test_any_text_for_a_private_key_is_told(algorithm: Any, pem: str) -> None:
    with pytest.raises(ConfigurationError):
        sign_with(pem, algorithm)


def sign_with(pem: str, algorithm: Any) -> None:
    clock = Clock()
    OAuth2ClientCredentials(
        ClientCredentials("client-1", "certificate-1", pem, algorithm),
        base_url=NETSUITE_URL,
        client=httpx2.AsyncClient(transport=answering(200, b"", {})),
        clock=clock,
        pacing=clock.pacing(),
    )
