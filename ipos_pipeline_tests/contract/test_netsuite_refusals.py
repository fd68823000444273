"""What each NetSuite answer means for the caller (netsuite_facts 4): status and code together."""

import asyncio
from typing import Any

import httpx2
import pytest
import simplejson

from ipos_pipeline.clients.netsuite_answers import error_of
from ipos_pipeline.errors import (
    AlreadyExistsError,
    AuthenticationError,
    ClosedPeriodError,
    ConfigurationError,
    InDoubtError,
    PipelineError,
    RejectedError,
    ThrottledError,
    TransientError,
)
from ipos_pipeline_tests.contract.faulty import Scripted, netsuite_client
from ipos_pipeline_tests.simulated_world import Clock

PAYLOAD = {"externalId": "IPOS-1-CS"}
LOCATION = {"Location": "https://x.test/services/rest/record/v1/cashSale/647"}


def refusal(status: int, code: str, detail: str = "No.", **extra: Any) -> httpx2.Response:
    """Build the documented error body."""
    body = {
        "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.1",
        "title": "Bad Request",
        "status": status,
        "o:errorDetails": [{"detail": detail, "o:errorCode": code, **extra}],
    }
    media_type = "application/vnd.oracle.resource+json; type=error"
    content = simplejson.dumps(body)
    return httpx2.Response(status, content=content, headers={"Content-Type": media_type})


def bare(status: int, body: str = "", **headers: str) -> httpx2.Response:
    return httpx2.Response(status, content=body, headers=headers)


TABLE: list[tuple[httpx2.Response, type[PipelineError], type[PipelineError]]] = [
    (refusal(401, "INVALID_LOGIN"), AuthenticationError, AuthenticationError),
    (bare(401), AuthenticationError, AuthenticationError),
    (refusal(400, "INVALID_CONTENT"), RejectedError, ConfigurationError),
    (refusal(400, "USER_ERROR"), RejectedError, ConfigurationError),
    (refusal(400, "INVALID_REQUEST"), RejectedError, ConfigurationError),
    (refusal(404, "NONEXISTENT_ID"), RejectedError, ConfigurationError),
    (refusal(429, "CONCURRENCY_LIMIT_EXCEEDED"), ThrottledError, ThrottledError),
    (refusal(400, "SSS_REQUEST_LIMIT_EXCEEDED"), ThrottledError, ThrottledError),
    (bare(429, "slow down"), ThrottledError, ThrottledError),
    (refusal(403, "INSUFFICIENT_PERMISSION"), ConfigurationError, ConfigurationError),
    (refusal(400, "INSUFFICIENT_PERMISSION"), ConfigurationError, ConfigurationError),
    (bare(403), ConfigurationError, ConfigurationError),
    (refusal(500, "UNEXPECTED_ERROR"), InDoubtError, TransientError),
    (bare(502, "<html>Bad Gateway</html>"), InDoubtError, TransientError),
    (bare(503), InDoubtError, TransientError),
    (bare(504), InDoubtError, TransientError),
    (bare(400, "<html>"), InDoubtError, TransientError),
    (bare(302, "", Location="/login"), InDoubtError, TransientError),
    (bare(404, '{"o:errorDetails":null}'), InDoubtError, TransientError),
    (bare(400, "[]"), InDoubtError, TransientError),
]
NAMES = [f"{row[0].status_code} {row[0].text[-60:]}" for row in TABLE]


def create(answer: Any, clock: Clock) -> str:
    client = netsuite_client(Scripted(answer), clock)
    return asyncio.run(client.create("cashSale", PAYLOAD))


def query(answer: Any, clock: Clock) -> list[dict[str, str]]:
    client = netsuite_client(Scripted(answer), clock)

    async def read() -> list[dict[str, str]]:
        return [row async for row in client.suiteql("SELECT id FROM item", [])]

    return asyncio.run(read())


@pytest.mark.parametrize(("answer", "kind", "_of_a_read"), TABLE, ids=NAMES)
def test_a_refused_write_becomes_what_its_caller_must_do(
    answer: httpx2.Response,
    kind: type[PipelineError],
    _of_a_read: type,
    clock: Clock,
) -> None:
    with pytest.raises(PipelineError) as caught:
        create(answer, clock)
    assert type(caught.value) is kind


@pytest.mark.parametrize(("answer", "_of_a_write", "kind"), TABLE, ids=NAMES)
def test_a_refused_read_is_never_an_empty_answer_nor_in_doubt(
    answer: httpx2.Response,
    _of_a_write: type,
    kind: type[PipelineError],
    clock: Clock,
) -> None:
    with pytest.raises(PipelineError) as caught:
        query(answer, clock)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("USER_ERROR", "This record already exists"),
        ("DUP_RCRD", "Duplicate."),
        ("INVALID_CONTENT", "A record with this External ID ALREADY EXISTS."),
        ("USER_ERROR", "Duplicate transaction externalId found"),
        ("USER_ERROR", "Error: DUP_RCRD"),
    ],
)
def test_every_wording_of_a_taken_external_id_counts(code: str, detail: str, clock: Clock) -> None:
    """How REST words it is in no source."""
    with pytest.raises(AlreadyExistsError):
        create(refusal(400, code, detail), clock)


@pytest.mark.parametrize(
    "detail",
    [
        "The transaction date you specified is not within the date range of your accounting period",
        "Error: The transaction date is not within an open accounting period.",
        "You cannot create a transaction in a closed period.",
        "This transaction is in a locked accounting period.",
        "The posting period Oct 2026 is closed.",
        "The period of this transaction has been locked for A/R.",
    ],
)
def test_every_wording_of_a_closed_period_counts(detail: str, clock: Clock) -> None:
    """The first two were seen, the others are to be expected; REST's own are in no source."""
    with pytest.raises(ClosedPeriodError):
        create(refusal(400, "USER_ERROR", detail), clock)


@pytest.mark.parametrize(
    "detail",
    [
        "Please enter value(s) for: Posting Period.",
        "Invalid Field Value 99 for the following field: postingPeriod",
        "The record has been locked by another user.",
        "The item is closed.",
    ],
)
def test_what_only_resembles_a_closed_period_is_another_refusal(detail: str, clock: Clock) -> None:
    with pytest.raises(RejectedError) as caught:
        create(refusal(400, "USER_ERROR", detail), clock)
    assert type(caught.value) is RejectedError


def test_one_of_several_details_is_enough_to_say_that_it_exists(clock: Clock) -> None:
    body = {
        "o:errorDetails": [
            {"detail": "Error while accessing a resource.", "o:errorCode": "USER_ERROR"},
            {"detail": "This record already exists", "o:errorCode": "USER_ERROR"},
        ]
    }
    with pytest.raises(AlreadyExistsError):
        create(bare(400, simplejson.dumps(body)), clock)


@pytest.mark.parametrize("name", ["o:errorPath", "o:errorUrl", "o:errorQueryParam"])
def test_where_the_fault_is_comes_from_any_of_its_names(name: str, clock: Clock) -> None:
    answer = refusal(400, "INVALID_CONTENT", **{name: "item.items[0].item"})
    with pytest.raises(RejectedError) as caught:
        create(answer, clock)
    assert caught.value.path == "item.items[0].item"


def test_where_the_fault_is_comes_from_the_sentence_where_nothing_else_tells(clock: Clock) -> None:
    said = "You have entered an Invalid Field Value 9999 for the following field: entity"
    with pytest.raises(RejectedError) as caught:
        create(refusal(400, "INVALID_CONTENT", said), clock)
    assert caught.value.path == "entity"


def test_a_refusal_keeps_the_whole_answer(clock: Clock) -> None:
    answer = refusal(400, "USER_ERROR", "Please enter value(s) for: Account.")
    with pytest.raises(RejectedError, match="Please enter value") as caught:
        create(answer, clock)
    assert (caught.value.code, caught.value.status) == ("USER_ERROR", 400)
    assert caught.value.response == answer.text


@pytest.mark.parametrize("seconds", ["7", None])
def test_a_throttle_keeps_netsuites_wish(seconds: str | None, clock: Clock) -> None:
    headers = {} if seconds is None else {"Retry-After": seconds}
    with pytest.raises(ThrottledError) as caught:
        create(bare(429, **headers), clock)
    assert caught.value.retry_after_seconds == (None if seconds is None else 7.0)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_any_success_with_a_location_is_a_success(status: int, clock: Clock) -> None:
    assert create(bare(status, **LOCATION), clock) == "647"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Location": ""},
        {"Location": "https://x.test/job/abc"},
        {"Location": "/cashSale/eid:X"},
        {"Location": "/cashSale/6_4_7"},
    ],
)
def test_a_success_without_the_records_id_is_in_doubt(
    headers: dict[str, str], clock: Clock
) -> None:
    with pytest.raises(InDoubtError, match="IPOS-1-CS"):
        create(bare(204, **headers), clock)


@pytest.mark.parametrize(
    "error",
    [
        httpx2.ReadTimeout("slow"),
        httpx2.WriteTimeout("slow"),
        httpx2.ReadError("reset"),
        httpx2.WriteError("broken pipe"),
        httpx2.RemoteProtocolError("closed"),
        httpx2.DecodingError("garbled"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_write_whose_answer_is_lost_is_in_doubt_and_sent_once(
    error: Exception, clock: Clock
) -> None:
    scripted = Scripted(error)
    with pytest.raises(InDoubtError, match=type(error).__name__):
        asyncio.run(netsuite_client(scripted, clock).create("cashSale", PAYLOAD))
    assert len(scripted.requests) == 1


@pytest.mark.parametrize(
    "error",
    [httpx2.ConnectError("refused"), httpx2.ConnectTimeout("slow"), httpx2.PoolTimeout("busy")],
    ids=lambda error: type(error).__name__,
)
def test_a_write_that_never_left_is_transient(error: Exception, clock: Clock) -> None:
    with pytest.raises(TransientError, match=type(error).__name__):
        create(error, clock)


def test_a_garbled_answer_to_a_write_is_in_doubt(clock: Clock) -> None:
    answer = httpx2.Response(
        204, headers={"Content-Encoding": "gzip"}, stream=httpx2.ByteStream(b"no gzip")
    )
    with pytest.raises(InDoubtError, match="DecodingError"):
        create(answer, clock)


@pytest.mark.parametrize(
    "body",
    ["", "<html>", "[]", "null", "{}", '{"items":[]}', '{"items":{},"hasMore":false}',
     '{"items":[],"hasMore":"false"}', '{"items":null,"hasMore":false}'],
)  # fmt: skip
def test_a_query_answer_of_another_shape_is_a_failed_read(body: str, clock: Clock) -> None:
    with pytest.raises(TransientError, match="SuiteQL"):
        query(bare(200, body), clock)


def test_a_query_is_repeated_after_a_failure_that_may_pass(clock: Clock) -> None:
    answers = iter([bare(503), bare(200, '{"items":[{"id":"1"}],"hasMore":false}')])
    assert query(lambda _: next(answers), clock) == [{"id": "1"}]


def test_a_query_without_end_is_given_up(clock: Clock) -> None:
    with pytest.raises(TransientError, match="more than 100000 rows"):
        query(bare(200, '{"items":[],"hasMore":true}'), clock)


def test_a_total_that_is_no_number_is_a_failed_read(clock: Clock) -> None:
    row = '{"id":"1","externalid":"A","type":"CashSale","foreigntotal":"n/a"}'
    client = netsuite_client(Scripted(bare(200, f'{{"items":[{row}],"hasMore":false}}')), clock)
    with pytest.raises(TransientError, match="n/a"):
        asyncio.run(client.transactions_by_external_id(["A"]))


def test_a_code_that_is_missing_is_unknown() -> None:
    error = error_of(bare(400, '{"o:errorDetails":[{}]}'), what="x", is_write=True)
    assert isinstance(error, RejectedError)
    assert (error.code, error.path) == ("UNKNOWN", None)
