"""Answers of IPOS, whatever bytes they are: pages, totals, summaries, tokens, acknowledgements."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
from hypothesis import given
from hypothesis import strategies as st

from ipos_pipeline.clients.ipos import AcknowledgedDocument, IposClient
from ipos_pipeline.domain.ipos_profile import FLAT, NESTED, IposProfile
from ipos_pipeline_tests.builders import DAY, KEY, raw_invoice
from ipos_pipeline_tests.contract.faulty import Scripted, ipos_client
from ipos_pipeline_tests.fuzz.hostile import (
    SECRET,
    hostile_bytes,
    hostile_json,
    hostile_scalar,
    hostile_text,
    told,
    written,
)
from ipos_pipeline_tests.simulated_world import Clock

LOGIN = {
    "auth_header": None,
    "auth_value": None,
    "token_url": "/api/token",
    "username": "dubai",
    "password": SECRET,
}
DOCUMENT = AcknowledgedDocument(KEY, "SALE", 10377, "2026-11-20", "1", None)

header_values = st.binary(max_size=20) | st.sampled_from(
    [b"7", b"9" * 400, b"-1", b"1e999", b"inf", "²".encode("latin-1"), b"Fri, 31 Feb 2026 08:00:00"]
)
headers = st.dictionaries(
    st.sampled_from([b"Retry-After", b"Date", b"Content-Type"]),
    header_values
    | st.sampled_from(
        [
            *(
                b"text/html; charset=" + name
                for name in (b"hex", b"idna", b"utf-7", b"rot13", b"\xff")
            ),
            b"Fri, 20 Nov 9999 08:00:00 +9999",
            b"Fri, 20 Nov 0000 08:00:00 GMT",
        ]
    ),
)
statuses = st.sampled_from([200, 200, 200, 204, 301, 400, 401, 403, 404, 429, 500, 503])
fields = hostile_scalar | hostile_json


def envelope(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Build bodies that are nearly right, so that they are read further than the first key."""
    usual = {"Status": st.just(1) | fields, "Message": fields}
    return st.fixed_dictionaries(usual, optional=parts).map(lambda body: written(body).encode())


page_bodies = hostile_bytes | envelope(
    Data=st.lists(st.just(raw_invoice()) | fields, max_size=3) | fields,
    TotalRecords=fields,
    Table=st.lists(
        st.fixed_dictionaries({"InvNo": fields, "DocType": fields}) | fields, max_size=3
    ),
    Table1=st.lists(st.fixed_dictionaries({"InvNo": fields}) | fields, max_size=3),
)
sides = st.fixed_dictionaries(
    {"Count": fields, "NetAmount": fields}, optional={"First": fields, "Last": fields}
)
summary_bodies = hostile_bytes | envelope(
    Data=st.fixed_dictionaries({"Sales": sides | fields, "Returns": sides | fields}) | fields
)
result = st.fixed_dictionaries({"DocType": fields, "InvNo": fields, "Status": fields})
acknowledgement_bodies = hostile_bytes | envelope(Results=st.lists(result | fields) | fields)
token_bodies = hostile_bytes | st.fixed_dictionaries(
    {}, optional={"access_token": fields, "expires_in": fields}
).map(lambda body: written(body).encode())
documents = st.builds(
    AcknowledgedDocument, hostile_text, hostile_text, hostile_scalar, hostile_text, hostile_text
)


def client(
    body: bytes,
    *,
    status: int = 200,
    headers: dict[bytes, bytes] | None = None,
    profile: IposProfile = NESTED,
    **record: Any,
) -> IposClient:
    """Reach a server that answers the first pages with this, and with nothing more after them."""
    asked = 0

    def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal asked
        asked += 1
        if asked > 4 and request.method == "GET":
            return httpx2.Response(200, json={"Status": 1, "Data": [], "Table": [], "Table1": []})
        return httpx2.Response(status, headers=list((headers or {}).items()), content=body)

    return ipos_client(
        Scripted(answer), Clock(), profile=profile, **{"auth_value": SECRET, **record}
    )


@given(page_bodies, statuses, headers, st.sampled_from([NESTED, FLAT]))
def test_any_page_is_read_or_told(
    body: bytes, status: int, headers: dict[bytes, bytes], profile: IposProfile
) -> None:
    async def read(ipos: IposClient) -> list[Any]:
        pages = [page async for page in ipos.invoices(DAY, "unacknowledged")]
        return [*pages, await ipos.count(DAY, "all")]

    reached = client(body, status=status, headers=headers, profile=profile)
    told(lambda: asyncio.run(read(reached)))


@given(summary_bodies)
def test_any_summary_is_read_or_told(body: bytes) -> None:
    told(lambda: asyncio.run(client(body, summary_url="/api/summary").day_summary(DAY)))


@given(acknowledgement_bodies, documents)
def test_any_answer_to_an_acknowledgement_is_read_or_told(
    body: bytes, document: AcknowledgedDocument
) -> None:
    told(lambda: asyncio.run(client(body).acknowledge([DOCUMENT, document])))


@given(token_bodies)
def test_any_token_is_used_or_told(body: bytes) -> None:
    told(lambda: asyncio.run(client(body, **LOGIN).count(DAY, "all")))
