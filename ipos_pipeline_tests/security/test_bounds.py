"""Answers without end, in bytes and in seconds: cut early, and told as what they are."""

import asyncio
import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx2
import pytest

from ipos_pipeline.clients.bounded import MIB, new_client
from ipos_pipeline.clients.http import read, write
from ipos_pipeline.clients.netsuite_auth import ClientCredentials, OAuth2ClientCredentials
from ipos_pipeline.clients.netsuite_tba import TbaCredentials, TokenBasedAuthentication
from ipos_pipeline.errors import InDoubtError, PipelineError, TransientError
from ipos_pipeline_tests.certificates import make_tls_files
from ipos_pipeline_tests.security.servers import Answer, body, serving
from ipos_pipeline_tests.simulated_world import Clock

LIMIT = 2 * MIB
INFLATED = 400 * MIB
MEMORY_MAX = 3 * LIMIT
"""What is kept, one step of unpacking, and room for the client itself."""


def ask(
    url: str, *, auth: httpx2.Auth | None = None, seconds: float = 20, is_write: bool = False
) -> httpx2.Response:
    async def send() -> httpx2.Response:
        async with new_client(
            transport=None,
            connections_max=1,
            answer_bytes_max=LIMIT,
            answer_seconds_max=seconds,
        ) as client:
            request = client.build_request("POST" if is_write else "GET", url)
            return await (write if is_write else read)(client, request, what="Test", auth=auth)

    return asyncio.run(send())


def zeros(compressor: "zlib._Compress") -> bytes:
    block = bytes(MIB)
    packed = [compressor.compress(block) for _ in range(INFLATED // MIB)]
    return b"".join([*packed, compressor.flush()])


def gzipped() -> bytes:
    return zeros(zlib.compressobj(wbits=31))


BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": gzipped,
    "deflate": lambda: zeros(zlib.compressobj()),
    "gzip, gzip": lambda: gzip.compress(gzipped()),
}


@pytest.mark.parametrize("encoding", BOMBS)
def test_a_small_answer_that_inflates_is_cut_before_it_fills_the_memory(encoding: str) -> None:
    """400 MiB of zeros travel as 400 KB, packed twice as 2 KB."""
    bomb = BOMBS[encoding]()
    assert len(bomb) < LIMIT
    with serving(body(b"{}")) as url:
        ask(url)  # what a first request loads is not the answer's
    with serving(body(bomb, Content_Encoding=encoding)) as url:
        tracemalloc.start()
        with pytest.raises(TransientError, match="its answer is longer than 2 MiB") as caught:
            ask(url)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < MEMORY_MAX
    assert "page_size" in caught.value.recovery


def test_a_packed_answer_within_the_limit_is_read_whole() -> None:
    content = b"[" + b"1," * 1000 + b"1]"
    with serving(body(gzip.compress(content), Content_Encoding="gzip")) as url:
        assert ask(url).content == content


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(bytes(MIB))


def dripping(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        time.sleep(0.02)


def always_about_to_answer(handler: BaseHTTPRequestHandler) -> None:
    while True:
        handler.wfile.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        time.sleep(0.02)


def many_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    for number in range(20_000):
        handler.send_header(f"X-{number}", "x" * 100)
    handler.end_headers()


@pytest.mark.parametrize("answer", [endless, many_headers])
def test_an_answer_without_end_is_cut(answer: Answer) -> None:
    with serving(answer) as url, pytest.raises(TransientError):
        ask(url)


@pytest.mark.parametrize("answer", [dripping, always_about_to_answer])
@pytest.mark.parametrize(("is_write", "kind"), [(False, TransientError), (True, InDoubtError)])
def test_a_server_that_drips_does_not_hold_a_run_for_ever(
    answer: Answer, *, is_write: bool, kind: type[PipelineError]
) -> None:
    """It is never silent long enough for the time-out of a single read."""
    started = time.monotonic()
    with serving(answer) as url, pytest.raises(kind, match="ReadTimeout"):
        ask(url, seconds=0.5, is_write=is_write)
    assert time.monotonic() - started < 30


def test_a_write_whose_answer_is_too_long_is_in_doubt() -> None:
    """It may have been applied: it must be looked up before it is sent again."""
    with serving(endless) as url, pytest.raises(InDoubtError):
        ask(url, is_write=True)


def tba(_url: str, _key: str) -> httpx2.Auth:
    return TokenBasedAuthentication(TbaCredentials("1", "a", "b", "c", "d"), clock=Clock())


def oauth2(url: str, key: str) -> httpx2.Auth:
    clock = Clock()
    return OAuth2ClientCredentials(
        ClientCredentials("client", "certificate", key, "ES256"),
        base_url=url,
        client=new_client(transport=None, connections_max=1, answer_bytes_max=LIMIT),
        clock=clock,
        pacing=clock.pacing(attempts_max=1),
    )


@pytest.mark.parametrize("sign", [tba, oauth2])
def test_a_refused_login_and_the_token_service_are_bounded_too(
    sign: Callable[[str, str], httpx2.Auth], tmp_path: Path
) -> None:
    """On a 401 the library reads the whole answer before it asks for another login."""
    bomb, key = gzipped(), make_tls_files(tmp_path).key.read_text()
    with serving(body(bomb, status=401, Content_Encoding="gzip")) as url:
        tracemalloc.start()
        with pytest.raises(TransientError, match="longer than 2 MiB"):
            ask(url, auth=sign(url, key))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < MEMORY_MAX + MIB
