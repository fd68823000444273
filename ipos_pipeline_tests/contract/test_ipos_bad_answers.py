"""Failures that IPOS dresses up as answers (M21, M22): never an empty list, never a crash."""

import asyncio
from typing import Any

import httpx2
import pytest

from ipos_pipeline.clients.ipos import AcknowledgedDocument
from ipos_pipeline.domain.ipos_profile import FLAT, NESTED
from ipos_pipeline.errors import AuthenticationError, PipelineError, ThrottledError, TransientError
from ipos_pipeline_tests.builders import CREDENTIAL, DAY, KEY
from ipos_pipeline_tests.contract.faulty import Handler, Scripted, ipos_client
from ipos_pipeline_tests.contract.lists import whole_list
from ipos_pipeline_tests.simulated_world import Clock

EMPTY = {"Status": 1, "TotalRecords": 0, "Data": []}
DOCUMENT = AcknowledgedDocument(KEY, "SALE", 10377, "2026-11-20T11:07:33", "987", None)
LOGIN: dict[str, Any] = {
    "auth_header": None,
    "auth_value": None,
    "token_url": "/api/token",
    "username": "dxb01",
    "password": "pa55word",
}


def text(body: str | bytes, status: int = 200) -> httpx2.Response:
    return httpx2.Response(status, content=body)


def read_list(answer: Any, clock: Clock, **parts: Any) -> list[Any]:
    client = ipos_client(Scripted(answer), clock, **parts)
    return asyncio.run(whole_list(client, DAY, "unacknowledged"))


BAD_ANSWERS = {
    "HTML": text("<!DOCTYPE html><html><body>Service Unavailable</body></html>"),
    "truncated JSON": text('{"Status":1,"TotalRecords":2,"Data":[{"InvNo":1'),
    "empty": text(""),
    "spaces": text("  \r\n"),
    "byte order mark alone": text(b"\xef\xbb\xbf"),
    "not UTF-8": text(b'{"Status":1,"Data":["\xff"]}'),
    "204": httpx2.Response(204),
    "Data null": text('{"Status":1,"TotalRecords":0,"Data":null}'),
    "Data missing": text('{"Status":1,"TotalRecords":0}'),
    "Data an object": text('{"Status":1,"TotalRecords":0,"Data":{}}'),
    "Status 0": text('{"Status":0,"Message":"Database is locked","Data":[]}'),
    "Status missing": text('{"Data":[]}'),
    "a list": text("[]"),
    "null": text("null"),
    "a number": text("1"),
    "none of five": text('{"Status":1,"TotalRecords":5,"Data":[]}'),
    "201": text('{"Status":1,"Data":[]}', 201),
    "302": httpx2.Response(302, headers={"Location": "/login"}),
    "400": text("Bad Request", 400),
    "404": text("Not Found", 404),
    "500": text('{"Status":1,"Data":[]}', 500),
    "503": text("", 503),
    "garbled compression": httpx2.Response(
        200, headers={"Content-Encoding": "gzip"}, stream=httpx2.ByteStream(b"no gzip")
    ),
}
NETWORK_FAILURES = [
    httpx2.ConnectError("refused"),
    httpx2.ConnectTimeout("slow"),
    httpx2.ReadTimeout("stalled"),
    httpx2.ReadError("reset"),
    httpx2.RemoteProtocolError("closed"),
]


@pytest.mark.parametrize("kind", BAD_ANSWERS)
def test_a_bad_answer_is_a_failure_and_never_an_empty_list(kind: str, clock: Clock) -> None:
    with pytest.raises(TransientError, match="DXB01"):
        read_list(BAD_ANSWERS[kind], clock)


@pytest.mark.parametrize("kind", ["HTML", "Data null", "a list", "Status missing", "204"])
def test_the_flat_profile_is_as_strict(kind: str, clock: Clock) -> None:
    with pytest.raises(TransientError):
        read_list(BAD_ANSWERS[kind], clock, profile=FLAT)


@pytest.mark.parametrize("body", ['{"Table":[]}', '{"Table":null,"Table1":[]}', '{"Table1":[]}'])
def test_a_flat_answer_without_one_of_its_tables_is_a_failure(body: str, clock: Clock) -> None:
    with pytest.raises(TransientError):
        read_list(text(body), clock, profile=FLAT)


@pytest.mark.parametrize("error", NETWORK_FAILURES, ids=lambda error: type(error).__name__)
def test_a_network_failure_may_be_tried_again(error: Exception, clock: Clock) -> None:
    with pytest.raises(TransientError, match=type(error).__name__):
        read_list(error, clock)
    assert len(clock.slept) == 1


@pytest.mark.parametrize(
    ("body", "profile"),
    [
        ('{"Status":1,"TotalRecords":0,"Data":[]}', NESTED),
        ('{"Status":"1","Data":[]}', NESTED),
        ('\ufeff{"Status":1,"TotalRecords":0,"Data":[]}', NESTED),
        ('{"Table":[],"Table1":[]}', FLAT),
    ],
    ids=["as documented", "status as text", "byte order mark", "flat"],
)
def test_only_a_well_formed_empty_list_is_empty(body: str, profile: Any, clock: Clock) -> None:
    assert read_list(text(body), clock, profile=profile) == []


@pytest.mark.parametrize("total", ['"n/a"', "null", "2.5", "[]", "-1", '""', '"²"'])
def test_a_total_that_is_no_number_counts_as_not_given(total: str, clock: Clock) -> None:
    """The list then ends with an empty page, and a second reading must agree."""
    scripted = Scripted(one_page_of(f'{{"Status":1,"TotalRecords":{total},"Data":'))
    client = ipos_client(scripted, clock)
    found = asyncio.run(whole_list(client, DAY, "all"))
    assert [one.raw["InvNo"] for one in found] == [1]


def test_a_total_of_nothing_does_not_hide_what_is_shown(clock: Clock) -> None:
    def two_pages(request: httpx2.Request) -> httpx2.Response:
        page = int(request.url.params["page"])
        data = f'[{{"InvNo":{page}}}]' if page < 3 else "[]"
        return text(f'{{"Status":1,"TotalRecords":0,"Data":{data}}}')

    assert [one.raw["InvNo"] for one in read_list(two_pages, clock)] == [1, 2]


def test_an_answer_that_gets_better_is_used(clock: Clock) -> None:
    answers = iter([BAD_ANSWERS["HTML"], httpx2.Response(200, json=EMPTY)])
    assert read_list(lambda _: next(answers), clock) == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_stops_at_once(status: int, clock: Clock) -> None:
    scripted = Scripted(text("<html>Access is denied</html>", status))
    with pytest.raises(AuthenticationError, match=f"{status}.*Access is denied") as caught:
        asyncio.run(whole_list(ipos_client(scripted, clock), DAY, "all"))
    assert len(scripted.requests) == 1
    assert CREDENTIAL not in str(caught.value)


def test_a_wish_to_wait_is_granted(clock: Clock) -> None:
    answers = iter(
        [
            httpx2.Response(429, headers={"Retry-After": "12"}),
            httpx2.Response(200, json=EMPTY),
        ]
    )
    assert read_list(lambda _: next(answers), clock) == []
    assert clock.slept == [12.0]


def test_a_limit_without_a_wish_is_a_throttle_too(clock: Clock) -> None:
    with pytest.raises(ThrottledError) as caught:
        read_list(httpx2.Response(429), clock)
    assert caught.value.retry_after_seconds is None


def test_a_list_without_end_is_given_up(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipos_pipeline.clients.ipos.PAGES_MAX", 20)
    page = text('{"Status":1,"TotalRecords":9999,"Data":[{"InvNo":1}]}')
    with pytest.raises(TransientError, match="no end after 20 pages"):
        read_list(page, clock)


def test_a_list_that_never_settles_is_given_up(clock: Clock) -> None:
    numbers = iter(range(10_000))

    def another(request: httpx2.Request) -> httpx2.Response:
        is_first = request.url.params["page"] == "1"
        data = f'[{{"InvNo":{next(numbers)}}}]' if is_first else "[]"
        return text(f'{{"Status":1,"TotalRecords":2,"Data":{data}}}')

    with pytest.raises(TransientError, match="changed each time") as caught:
        read_list(another, clock)
    assert caught.value.system == "IPOS DXB01"


def test_what_was_read_before_a_list_broke_off_was_given(clock: Clock) -> None:
    """A large list is landed while it is read: its first page does not wait for the last."""

    def breaks_off(request: httpx2.Request) -> httpx2.Response:
        page = int(request.url.params["page"])
        return text(f'{{"Status":1,"TotalRecords":9,"Data":[{{"InvNo":{page}}}]}}' * (page < 3))

    async def read_pages() -> None:
        async for page in ipos_client(Scripted(breaks_off), clock).invoices(DAY, "all"):
            given.extend(one.raw["InvNo"] for one in page)

    given: list[int] = []
    with pytest.raises(TransientError, match="page 3"):
        asyncio.run(read_pages())
    assert given == [1, 2]


def test_what_our_own_acknowledgement_changes_makes_no_other_version(clock: Clock) -> None:
    """Told of invoice 1 while the list is read: counted twice, it would hide invoice 2 (M4)."""

    def shifted(request: httpx2.Request) -> httpx2.Response:
        page = int(request.url.params["page"])
        rows = ['{"InvNo":1,"Posted":0}', '{"InvNo":1,"Posted":1}', '{"InvNo":2,"Posted":0}']
        data = "".join(rows[page - 1 : page])
        return text(f'{{"Status":1,"TotalRecords":2,"Data":[{data}]}}')

    assert [one.raw["InvNo"] for one in read_list(shifted, clock)] == [1, 2]


@pytest.mark.parametrize(
    "kind", ["HTML", "truncated JSON", "empty", "204", "Status 0", "a list", "500"]
)
def test_a_bad_answer_to_an_acknowledgement_confirms_nothing(kind: str, clock: Clock) -> None:
    client = ipos_client(Scripted(BAD_ANSWERS[kind]), clock)
    with pytest.raises(TransientError):
        asyncio.run(client.acknowledge([DOCUMENT]))


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ("null", "IPOS gave no result for it"),
        ("[]", "IPOS gave no result for it"),
        ("[null]", "IPOS gave no result for it"),
        ('[{"DocType":"RETURN","InvNo":10377,"Status":1}]', "IPOS gave no result for it"),
        ('[{"DocType":"SALE","InvNo":10377,"Status":0,"Message":"Locked"}]', "Locked"),
        ('[{"DocType":"SALE","InvNo":10377,"Message":"?"}]', "?"),
    ],
)
def test_only_a_documents_own_good_result_confirms_it(
    results: str, reason: str, clock: Clock
) -> None:
    client = ipos_client(Scripted(text(f'{{"Status":1,"Results":{results}}}')), clock)
    assert asyncio.run(client.acknowledge([DOCUMENT])) == {KEY: reason}


def test_a_result_may_write_the_number_as_text(clock: Clock) -> None:
    body = '{"Status":1,"Results":[{"DocType":"SALE","InvNo":"10377","Status":"1"}]}'
    assert asyncio.run(ipos_client(Scripted(text(body)), clock).acknowledge([DOCUMENT])) == {}


@pytest.mark.parametrize(
    "body",
    [
        '{"Status":0,"Message":"Invalid password"}',
        '{"access_token":null,"expires_in":60}',
        '{"access_token":"t0ken","expires_in":"soon"}',
        '{"access_token":"t0ken"',
    ],
)
def test_a_login_without_a_usable_token_shows_no_secret(body: str, clock: Clock) -> None:
    with pytest.raises(PipelineError) as caught:
        read_list(text(body), clock, **LOGIN)
    chain = [caught.value, caught.value.__cause__, caught.value.__context__]
    shown = " ".join(str(error) for error in chain)
    assert "t0ken" not in shown
    assert "pa55word" not in shown


def test_a_token_that_is_never_accepted_stops(clock: Clock) -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        is_login = request.url.path == "/api/token"
        return text('{"access_token":"t0ken","expires_in":60}') if is_login else text("", 401)

    scripted = Scripted(refuse)
    with pytest.raises(AuthenticationError) as caught:
        asyncio.run(whole_list(ipos_client(scripted, clock, **LOGIN), DAY, "all"))
    assert len(scripted.requests) == 4
    assert "t0ken" not in str(caught.value)


def test_the_credential_is_in_no_message_of_a_failure(clock: Clock) -> None:
    for answer in (*BAD_ANSWERS.values(), *NETWORK_FAILURES):
        with pytest.raises(TransientError) as caught:
            read_list(answer, clock)
        assert CREDENTIAL not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_no_log_line_holds_the_credential(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        read_list(httpx2.Response(200, json=EMPTY), clock)
    assert caplog.records
    assert CREDENTIAL not in caplog.text


def one_page_of(beginning: str) -> Handler:
    """Show one invoice on page 1 and nothing after."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        is_first = request.url.params["page"] == "1"
        return text(beginning + ('[{"InvNo":1}]}' if is_first else "[]}"))

    return answer
