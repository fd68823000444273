"""One process of ours in a storm: it may die between any two effects, and then does nothing more.

An effect is a request that goes out, an answer that comes in, or a commit of the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
from sqlalchemy import event

from ipos_pipeline.connections import Connections


class SimulatedCrash(BaseException):
    """The process is dead; not an Exception, so that nothing in it can handle that."""


class Fuse:
    """Counts effects and blows at one of them; once blown, every further effect fails too."""

    def __init__(self, blows_at: int | None) -> None:
        self._blows_at = blows_at
        self.effects = 0

    @property
    def is_blown(self) -> bool:
        """Whether the process is dead."""
        return self._blows_at is not None and self.effects >= self._blows_at

    def burn(self) -> None:
        """Pass one effect, or die before it. Raises SimulatedCrash."""
        if not self.is_blown:
            self.effects += 1
        if self.is_blown:
            raise SimulatedCrash


class FusedTransport(httpx2.AsyncBaseTransport):
    """Lets the process die before a request goes out, or before its answer is looked at."""

    def __init__(
        self,
        inner: httpx2.AsyncBaseTransport,
        fuse: Fuse,
        watch: Callable[[httpx2.Request], None],
    ) -> None:
        self._inner = inner
        self._fuse = fuse
        self._watch = watch

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Pass a request on, watched."""
        self._fuse.burn()
        self._watch(request)
        response = await self._inner.handle_async_request(request)
        self._fuse.burn()
        return response


def fuse_ledger(connections: Connections, fuse: Fuse) -> None:
    """Let the process die before any commit of its ledger."""

    def before_commit(_connection: Any) -> None:
        fuse.burn()

    event.listen(connections.ledger._engine, "commit", before_commit)
