"""Open days: where a document goes whose day is closed, by the policy of its location.

Belongs here: asking NetSuite for its open periods, once a run and only when needed. Not here: the
choice among them and the words (domain/closed_period.py), sending (posting.py).
"""

from __future__ import annotations

import asyncio
from datetime import date

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.closed_period import closed_period, first_open_day
from ipos_pipeline.domain.configuration import ClosedPeriodPolicy
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline.ledger.entry import PostingEntry


class OpenDays:
    """One run's view of the accounting periods; `today` is the location's own."""

    def __init__(
        self, netsuite: NetSuiteClient, *, policy: ClosedPeriodPolicy, today: date
    ) -> None:
        self._netsuite = netsuite
        self._policy = policy
        self._today = today
        self._starts: list[date] | None = None
        self._reading = asyncio.Lock()

    async def after(self, closed: date) -> date | None:
        """Give the day to post under instead of a closed one, or None: it stays unposted.

        Raises TransientError, or ConfigurationError if the periods may not be read.
        """
        if self._policy == "queue":
            return None
        async with self._reading:
            if self._starts is None:
                self._starts = await self._netsuite.open_period_starts()
        return first_open_day(self._starts, after=closed, not_after=self._today)

    def problem(self, entry: PostingEntry, said: str) -> Problem:
        """Tell why a document stays unposted; `said` is NetSuite's refusal."""
        return closed_period(entry.business_date, self._policy, said)
