"""What both clients share: bounded retries of reads, errors of HTTP, and no secret in any message.

Belongs here: HTTP in general. Not here: how connections are made (bounded.py), what an answer of
IPOS or NetSuite means.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx2
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from ipos_pipeline.clients.bounded import AnswerTooLargeError
from ipos_pipeline.clients.tls import UNTRUSTED, refused_certificate
from ipos_pipeline.domain.json_text import whole_number
from ipos_pipeline.domain.plain_text import one_line
from ipos_pipeline.errors import (
    ConfigurationError,
    InDoubtError,
    ThrottledError,
    TransientError,
)

T = TypeVar("T")

SHOWN_BODY_MAX = 300
LIFETIME_SECONDS_MAX = 365 * 86400
DOUBLED_MAX = 20
"""Doublings of a wait; far beyond every maximum, and small enough for a float."""

NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
)
"""Failures before the other side had a byte of the request: a write had no effect."""


@dataclass(frozen=True)
class Pacing:
    """How long to wait between attempts; tests give their own sleep and randomness.

    `patience_seconds`: how long a request waits for one of NetSuite's slots, its pauses added up.
    """

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random
    attempts_max: int = 5
    first_delay_seconds: float = 0.5
    delay_max_seconds: float = 30.0
    throttled_delay_max_seconds: float = 4.0
    patience_seconds: float = 300.0

    @property
    def impatient(self) -> Pacing:
        """The same for whoever is waited for: being throttled counts as an attempt like others."""
        return replace(self, patience_seconds=0.0)

    def delay_seconds(self, attempt: int, error: BaseException | None = None) -> float:
        """Give the wait after the n-th failed attempt: doubled each time, jittered.

        The other side's own wish (`Retry-After`) is kept, up to the maximum. Without one, a
        throttled request waits less long: a slot becomes free at any moment.
        """
        is_throttled = isinstance(error, ThrottledError)
        wish = error.retry_after_seconds if isinstance(error, ThrottledError) else None
        longest = self.throttled_delay_max_seconds if is_throttled else self.delay_max_seconds
        doubled = self.first_delay_seconds * 2.0 ** (min(attempt, DOUBLED_MAX) - 1)
        jittered = min(longest, doubled) * (0.5 + self.random() / 2)
        return min(self.delay_max_seconds, max(wish or 0.0, jittered))


async def retry_transient(
    call: Callable[[], Awaitable[T]], pacing: Pacing, *, patience_seconds: float = 0.0
) -> T:
    """Repeat a call that had no effect when it failed; raises its last error at the end.

    With `patience_seconds`, being throttled counts as no attempt: it is repeated until the pauses
    add up to so much.
    """
    failed = 0

    def wait(state: RetryCallState) -> float:
        return pacing.delay_seconds(state.attempt_number, _error_of(state))

    def is_over(state: RetryCallState) -> bool:
        nonlocal failed
        if patience_seconds and isinstance(_error_of(state), ThrottledError):
            return state.idle_for >= patience_seconds
        failed += 1
        return failed >= pacing.attempts_max

    retrying = AsyncRetrying(
        sleep=pacing.sleep,
        wait=wait,
        stop=is_over,
        retry=retry_if_exception_type(TransientError),
        reraise=True,
    )

    async def attempt() -> T:
        return await call()  # tenacity awaits coroutine functions only

    return await retrying(attempt)


def _error_of(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


async def read(
    client: httpx2.AsyncClient,
    request: httpx2.Request,
    *,
    what: str,
    auth: httpx2.Auth | None = None,
) -> httpx2.Response:
    """Send a request that changes nothing.

    Raises TransientError when no answer came, ConfigurationError when the certificate is refused.
    """
    try:
        response = await client.send(request, auth=auth)
    except AnswerTooLargeError as error:
        message = f"{what}: {request.url.host} is not read to its end: {error}"
        raise TransientError(message, recovery=_TOO_LARGE) from error
    except httpx2.RequestError as error:
        _refuse_certificate(error, request, what=what)
        message = f"{what}: no answer from {request.url.host} ({type(error).__name__})"
        raise TransientError(message) from error
    if elsewhere := _redirected_to(response):
        message = f"{what}: {request.url.host} redirects to {elsewhere}, which is not followed"
        raise TransientError(message, recovery=_REDIRECTED)
    return response


async def write(
    client: httpx2.AsyncClient,
    request: httpx2.Request,
    *,
    what: str,
    auth: httpx2.Auth | None = None,
) -> httpx2.Response:
    """Send a request that changes something.

    Raises TransientError if it never left this machine, InDoubtError if it may have been applied,
    ConfigurationError when the certificate is refused.
    """
    try:
        response = await client.send(request, auth=auth)
    except NEVER_SENT as error:
        _refuse_certificate(error, request, what=what)
        message = f"{what}: {request.url.host} cannot be reached ({type(error).__name__})"
        raise TransientError(message) from error
    except httpx2.RequestError as error:
        message = f"{what}: the answer of {request.url.host} was lost ({type(error).__name__})"
        raise InDoubtError(message) from error
    if elsewhere := _redirected_to(response):
        message = f"{what}: {request.url.host} redirects to {elsewhere}, which is not followed"
        raise InDoubtError(message)
    return response


_TOO_LARGE = "Lower page_size in the location's profile, or have the other side mended."
_REDIRECTED = (
    "If it stays so: put the address that the server really has into domain_url of the"
    " configuration record, or into NETSUITE_BASE_URL."
)


def _refuse_certificate(error: httpx2.RequestError, request: httpx2.Request, *, what: str) -> None:
    why = refused_certificate(error)
    if why is not None:
        message = f"{what}: the certificate of {request.url.host} is refused: {why}"
        raise ConfigurationError(message, recovery=UNTRUSTED) from error


def _redirected_to(response: httpx2.Response) -> str | None:
    """Name scheme and host only: the rest of the address may hold what was sent."""
    if not response.has_redirect_location:
        return None
    try:
        url = response.request.url.join(response.headers["Location"])
    except httpx2.InvalidURL:
        return "an address that is none"
    return f"{url.scheme}://{url.host}"


def retry_after_seconds(response: httpx2.Response) -> float | None:
    """Read `Retry-After` in seconds; a date or nonsense counts as not given."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def answered_at(response: httpx2.Response) -> datetime | None:
    """Read `Date`, the other side's clock to the second; None if it is missing or nonsense."""
    try:
        at = parsedate_to_datetime(response.headers["Date"])
        return at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)
    except (KeyError, ValueError, OverflowError):
        return None


class SecretAuth(httpx2.Auth):
    """A way to sign in that can tell which secrets it has sent, so that no message repeats them."""

    def secrets(self) -> Iterable[str]:
        """Give every secret that the other side may have been given."""
        raise NotImplementedError


def header_text(token: object) -> str:
    """Take a token that can stand in a header. Raises ValueError without saying it."""
    if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
        message = "no text of visible ASCII characters"
        raise ValueError(message)
    return token


def lifetime_of(seconds: object) -> timedelta:
    """Read how long a token lives; a year at most. Raises ValueError for no number."""
    return timedelta(seconds=min(whole_number(seconds), LIFETIME_SECONDS_MAX))


def text_of(response: httpx2.Response) -> str:
    """Read a body as text, whatever encoding it claims to have."""
    return response.content.decode("utf-8", "replace")


def shown_body(response: httpx2.Response) -> str:
    """Show the beginning of a body for a message: one line, bounded, and marked where it is cut."""
    return one_line(text_of(response), SHOWN_BODY_MAX) or "an empty body"
