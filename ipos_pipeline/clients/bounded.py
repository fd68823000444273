"""HTTP connections that the other side cannot abuse: answers have an end, in bytes and in seconds.

Belongs here: how a client is made. Not here: repetition and what an answer means (http.py). What
httpx2 bounds itself: the headers of an answer (100 KiB) and how many bytes one step of unpacking
makes (1 MiB), so that a small answer that inflates is cut after one step too many.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx2

from ipos_pipeline.clients.tls import trusted_authorities
from ipos_pipeline.errors import ConfigurationError

MIB = 2**20
CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 120
"""Of silence; a slow IPOS has been seen to think for 90 seconds."""
ANSWER_SECONDS_MAX = 300
"""From the first byte sent to the last byte read. A server that drips never falls silent, and a
claim must outlive every request (`IPOS_PIPELINE_CLAIM_SECONDS`, 600 by default)."""
IPOS_ANSWER_BYTES_MAX = 64 * MIB
"""Unpacked. A line is about 200 bytes: this is a page of 200 invoices with 1,500 lines each, or
40,000 ordinary invoices from a server that ignores the page size."""
NETSUITE_ANSWER_BYTES_MAX = 16 * MIB
"""Unpacked. The largest answers are pages of 1,000 SuiteQL rows with less than 10 KiB each."""

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class AnswerTooLargeError(httpx2.RequestError):
    """An answer was cut: it is longer than anything that belongs here."""


class BoundedClient(httpx2.AsyncClient):
    """Reads each answer, also one that is only on the way to a renewed login, up to a limit."""

    def __init__(self, *, answer_bytes_max: int, answer_seconds_max: float, **others: Any) -> None:  # noqa: ANN401
        super().__init__(**others, event_hooks={"response": [self._read_within_limit]})
        self._bytes_max = answer_bytes_max
        self._seconds_max = answer_seconds_max

    async def send(self, request: httpx2.Request, **how: Any) -> httpx2.Response:  # noqa: ANN401
        """Send as httpx2 does. Raises its ReadTimeout too where the whole takes too long."""
        try:
            async with asyncio.timeout(self._seconds_max):
                return await super().send(request, **how)
        except TimeoutError as error:
            message = f"no end within {self._seconds_max:g} seconds"
            raise httpx2.ReadTimeout(message, request=request) from error

    async def _read_within_limit(self, response: httpx2.Response) -> None:
        """Put the unpacked content in the place of the stream; httpx2 then reads no more of it."""
        packed = httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=response.stream,
            request=response.request,
        )
        parts, size = [], 0
        async with aclosing(packed.aiter_bytes()) as pieces:
            async for piece in pieces:
                size += len(piece)
                if size > self._bytes_max:
                    message = f"its answer is longer than {self._bytes_max // MIB} MiB"
                    raise AnswerTooLargeError(message, request=response.request)
                parts.append(piece)
        response.headers.pop("Content-Encoding", None)
        response.stream = httpx2.ByteStream(b"".join(parts))


def new_client(
    *,
    transport: httpx2.AsyncBaseTransport | None,
    connections_max: int,
    answer_bytes_max: int = IPOS_ANSWER_BYTES_MAX,
    answer_seconds_max: float = ANSWER_SECONDS_MAX,
    ca_file: Path | None = None,
) -> BoundedClient:
    """Open a client with kept-alive connections; `transport` is the seam for tests.

    Redirects are not followed and cookies not kept: neither may carry one location's credential or
    session to somewhere else. A proxy is taken from `HTTPS_PROXY` and `NO_PROXY`, but not for this
    machine itself. Raises ConfigurationError for a proxy or a file of authorities that is none.
    """
    verify = trusted_authorities(ca_file) if transport is None else True
    try:
        return BoundedClient(
            answer_bytes_max=answer_bytes_max,
            answer_seconds_max=answer_seconds_max,
            transport=transport,
            verify=verify,
            mounts={f"all://{host}": None for host in LOOPBACK},
            timeout=httpx2.Timeout(READ_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS),
            limits=httpx2.Limits(
                max_connections=connections_max, max_keepalive_connections=connections_max
            ),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
        )
    except (ValueError, ImportError, httpx2.InvalidURL) as error:
        message = (
            f"HTTPS_PROXY or ALL_PROXY names no proxy that can be used ({type(error).__name__})."
        )
        raise ConfigurationError(
            message, recovery="Write it as http://proxy.example.com:3128, or unset it."
        ) from None  # the library's words may repeat a password
