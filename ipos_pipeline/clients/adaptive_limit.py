"""How many requests may be in flight: found out by asking for more until NetSuite refuses.

NetSuite's slots (5, 15 or 20) belong to the account and are shared by all its integrations, so the
right number changes all the time and is known to nobody. Additive increase and multiplicative
decrease find it (netsuite_facts 5). Between our own runs it is divided beforehand (ADR 0018).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

log = logging.getLogger(__name__)

START = 4.0
"""Slow start: a run begins with a few requests and doubles until it is first refused."""

DECREASE = 0.8
INCREASE = 0.1
"""More requests in flight for each full round of successes, after the first refusal."""


class AdaptiveLimit:
    """A gate for requests; `most` is what the settings allow, or this run's part of it."""

    def __init__(self, most: int, *, clock: Callable[[], datetime]) -> None:
        self._most = float(most)
        self._limit = min(START, self._most)
        self._clock = clock
        self._in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._decreased_at: datetime | None = None

    @property
    def limit(self) -> int:
        """How many requests may be in flight now."""
        return max(1, int(self._limit))

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot, first come first served, and hold it."""
        await self._enter()
        try:
            yield
        finally:
            self._in_flight -= 1
            self._wake()

    def succeeded(self) -> None:
        """Allow more: quickly until the first refusal, by a fraction for each round after it."""
        gain = 1.0 if self._decreased_at is None else INCREASE / self._limit
        self._allow(min(self._most, self._limit + gain))
        self._wake()

    def refused(self, *, sent_at: datetime) -> None:
        """Allow less, once for all requests that were on their way when it was last done."""
        if self._decreased_at is not None and sent_at <= self._decreased_at:
            return
        self._decreased_at = self._clock()
        self._allow(max(1.0, self._limit * DECREASE))

    def keep_to(self, most: int) -> None:
        """Allow so many at most; after a refusal all of them at once, if that is another part.

        What refusals taught with another part, by runs that have begun or ended since, is void.
        """
        if most == self._most:
            return
        self._most = float(most)
        is_starting = self._decreased_at is None
        self._allow(min(self._limit, self._most) if is_starting else self._most)
        self._wake()

    def _allow(self, limit: float) -> None:
        if int(limit) != int(self._limit):
            log.debug("requests_allowed", extra={"requests": int(limit), "most": int(self._most)})
        self._limit = limit

    async def _enter(self) -> None:
        if self._in_flight < self.limit and not self._waiting:
            self._in_flight += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._in_flight -= 1
                self._wake()
            raise

    def _wake(self) -> None:
        while self._waiting and self._in_flight < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._in_flight += 1
                turn.set_result(None)
