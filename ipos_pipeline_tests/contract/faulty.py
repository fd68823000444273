"""Answers that no correct system gives, put in front of the product's clients."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2

from ipos_pipeline.clients.bounded import new_client
from ipos_pipeline.clients.ipos import IposClient
from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.ipos_profile import NESTED, IposProfile
from ipos_pipeline_tests.builders import configuration
from ipos_pipeline_tests.simulated_world import NETSUITE_URL, Clock

Answer = httpx2.Response | Exception
Handler = Callable[[httpx2.Request], Answer]


class Scripted(httpx2.AsyncBaseTransport):
    """Answers by a function, or with one answer for all, and remembers the requests."""

    def __init__(self, answer: Handler | Answer) -> None:
        self._answer = answer
        self.requests: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer, or fail as the network does."""
        await request.aread()
        self.requests.append(request)
        made = self._answer(request) if callable(self._answer) else self._answer
        if isinstance(made, Exception):
            raise made
        return httpx2.Response(made.status_code, headers=made.headers, stream=made.stream)


class InFront(httpx2.AsyncBaseTransport):
    """Lets requests through, and on the way back lets a function replace the answer."""

    def __init__(
        self,
        inner: httpx2.AsyncBaseTransport,
        replace: Callable[[httpx2.Request, httpx2.Response], Answer],
    ) -> None:
        self._inner = inner
        self._replace = replace

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Pass a request on, then tamper with its answer."""
        answer = self._replace(request, await self._inner.handle_async_request(request))
        if isinstance(answer, Exception):
            raise answer
        return answer


class TakingTurns(httpx2.AsyncBaseTransport):
    """Lets every other request that is waiting go first, so that all of them are under way."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Pass a request on after a moment."""
        await asyncio.sleep(0.005)
        return await self._inner.handle_async_request(request)


def ipos_client(
    transport: httpx2.AsyncBaseTransport,
    clock: Clock,
    *,
    profile: IposProfile = NESTED,
    **record: Any,
) -> IposClient:
    """Build the client of one location on any transport; it tries twice."""
    return IposClient(
        new_client(transport=transport, connections_max=4),
        configuration=configuration(**record),
        profile=profile,
        clock=clock,
        pacing=clock.pacing(attempts_max=2),
    )


def netsuite_client(transport: httpx2.AsyncBaseTransport, clock: Clock) -> NetSuiteClient:
    """Build a client of an account that asks for no token; it tries twice."""
    return NetSuiteClient(
        new_client(transport=transport, connections_max=4),
        base_url=NETSUITE_URL,
        auth=httpx2.Auth(),
        concurrency=4,
        clock=clock,
        pacing=clock.pacing(attempts_max=2),
    )
