"""Requests to one NetSuite account: at once as many as it takes, again where that may help.

Belongs here: slots, patience, repetition. Not here: what is asked (netsuite.py), what an answer
means (netsuite_answers.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import httpx2

from ipos_pipeline.clients.adaptive_limit import AdaptiveLimit
from ipos_pipeline.clients.http import Pacing, SecretAuth, read, retry_transient, write
from ipos_pipeline.clients.netsuite_answers import error_of, is_overload
from ipos_pipeline.domain.json_text import write_json
from ipos_pipeline.errors import PipelineError, ThrottledError, trouble_of

T = TypeVar("T")

NETSUITE = "NetSuite"
"""The system's name in errors and outages."""

HEADERS_OF_WRITES = {
    "Content-Type": "application/json",
    "X-NetSuite-PropertyNameValidation": "Error",
}


@dataclass(slots=True)
class Traffic:
    """Requests to the account since they were last taken; `refused` for want of a slot."""

    sent: int = 0
    refused: int = 0

    def take(self) -> Traffic:
        """Give what was counted, and begin anew."""
        taken = Traffic(self.sent, self.refused)
        self.sent = self.refused = 0
        return taken


class NetSuiteRequests:
    """At most `concurrency` requests are in flight, fewer while NetSuite refuses."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        *,
        base_url: str,
        auth: httpx2.Auth,
        concurrency: int,
        clock: Callable[[], datetime],
        pacing: Pacing,
    ) -> None:
        self._client = client
        self._base_url = base_url
        self._auth = auth
        self._clock = clock
        self._limit = AdaptiveLimit(concurrency, clock=clock)
        self.traffic = Traffic()
        self._patience_seconds = pacing.patience_seconds
        self._pacing = pacing

    def keep_to(self, most: int) -> None:
        """Have no more requests in flight than so many."""
        self._limit.keep_to(most)

    async def read(
        self,
        method: str,
        path: str,
        answer: Callable[[httpx2.Response], T],
        *,
        what: str,
        **parts: Any,  # noqa: ANN401 - of a request, as httpx2 takes them
    ) -> T:
        """Ask something that changes nothing; `answer` reads the response, or raises."""

        async def ask() -> T:
            request = self._client.build_request(method, self._base_url + path, **parts)
            sent_at = self._clock()
            response = await read(self._client, request, auth=self._auth, what=what)
            self._learn_from(response, sent_at=sent_at)
            return answer(response)

        return await self._in_slot(ask)

    async def write(
        self,
        method: str,
        path: str,
        payload: Mapping[str, Any],
        *,
        what: str,
        is_awaited: bool = False,
    ) -> httpx2.Response:
        """Send something that changes a record.

        `is_awaited`: again where it was certainly not applied. The rest can wait for the next run.
        """
        content = write_json(payload)

        async def send() -> httpx2.Response:
            request = self._client.build_request(
                method, self._base_url + path, content=content, headers=HEADERS_OF_WRITES
            )
            sent_at = self._clock()
            response = await write(self._client, request, auth=self._auth, what=what)
            self._learn_from(response, sent_at=sent_at)
            if not response.is_success:
                raise error_of(response, what=what, is_write=True)
            return response

        if is_awaited:
            return await self._in_slot(send)
        with self._named():
            async with self._limit.slot():
                return await send()

    async def _in_slot(self, call: Callable[[], Awaitable[T]]) -> T:
        """Call, and call again, in one slot: whoever is refused keeps it while he pauses.

        So nobody else is sent in his place to be refused as well. Once somebody's patience has
        ended, nobody else has any until NetSuite answers: it would be spent by one after the other.
        """
        with self._named():
            async with self._limit.slot():
                try:
                    return await retry_transient(
                        call, self._pacing, patience_seconds=self._patience_seconds
                    )
                except ThrottledError:
                    self._patience_seconds = 0.0
                    raise

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Name NetSuite in whatever error passes through, and hide what we sign in with."""
        with trouble_of(NETSUITE):
            try:
                yield
            except PipelineError as error:
                error.hide(self._auth.secrets() if isinstance(self._auth, SecretAuth) else ())
                raise

    def _learn_from(self, response: httpx2.Response, *, sent_at: datetime) -> None:
        """Ask for more or for less at once, by what NetSuite said."""
        self.traffic.sent += 1
        if is_overload(response):
            self.traffic.refused += 1
            self._limit.refused(sent_at=sent_at)
        else:
            self._limit.succeeded()
            self._patience_seconds = self._pacing.patience_seconds
