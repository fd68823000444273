"""What NetSuite saw of the posting: creations in time, what they were made to take, refusals.

Belongs here: reading the request log of the simulated account. Not here: causing it (posting.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import mean
from typing import Any, Self

import httpx2
import simplejson

CREATED, THROTTLED = 204, 429
CASH_SALES = "/services/rest/record/v1/cashSale"
READ_SECONDS_MAX = 120


@dataclass(frozen=True, slots=True)
class Creation:
    """One cash sale that was created; `latency_seconds` is what the account was made to take."""

    external_id: str
    location_id: str
    arrived_at: datetime
    answered_at: datetime
    latency_seconds: float


@dataclass(frozen=True, slots=True)
class Period:
    """From the first request to the last answer of something."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it lasts; nothing and less are nothing."""
        return max(0.0, (self.end - self.start).total_seconds())


@dataclass(frozen=True)
class RequestLog:
    """The creations in the order of their arrival, and counts of all requests and of refused ones.

    `requests` are those for records and queries; a request for an access token takes no slot.
    """

    creations: Sequence[Creation]
    requests: int
    throttled: int

    @classmethod
    def of(cls, netsuite_base_url: str) -> Self:
        """Read what a simulated account has recorded since it was started."""
        answer = httpx2.get(f"{netsuite_base_url}/_simulator/requests", timeout=READ_SECONDS_MAX)
        return cls.from_json(simplejson.loads(answer.content))

    @classmethod
    def from_json(cls, recorded: Sequence[dict[str, Any]]) -> Self:
        """Pick the creations and count the rest; one may have been recorded before an earlier."""
        served = [one for one in recorded if not one["path"].endswith("/token")]
        made = [
            _creation(one)
            for one in served
            if (one["method"], one["path"], one["status"]) == ("POST", CASH_SALES, CREATED)
        ]
        return cls(
            creations=sorted(made, key=lambda one: one.arrived_at),
            requests=len(served),
            throttled=sum(one["status"] == THROTTLED for one in served),
        )

    @property
    def throttled_share(self) -> float:
        """The share of requests that NetSuite refused because all slots were taken."""
        return self.throttled / self.requests

    def ideal_per_second(self, slots: int) -> float:
        """What all slots could create if none were ever empty, at the latency really drawn."""
        return slots / mean(one.latency_seconds for one in self.creations)

    def by_location(self) -> dict[str, list[Creation]]:
        """Group the creations by NetSuite's internal ID of the location."""
        groups: dict[str, list[Creation]] = {}
        for one in self.creations:
            groups.setdefault(one.location_id, []).append(one)
        return groups

    def all_busy(self) -> Period:
        """Find the time in which every location was posting."""
        periods = [period_of(made) for made in self.by_location().values()]
        return Period(max(one.start for one in periods), min(one.end for one in periods))


def period_of(creations: Sequence[Creation]) -> Period:
    """Span creations from the first request to the last answer."""
    return Period(
        min(one.arrived_at for one in creations), max(one.answered_at for one in creations)
    )


def answered_in(creations: Sequence[Creation], period: Period) -> int:
    """Count the creations that were answered in a period."""
    return sum(period.start <= one.answered_at <= period.end for one in creations)


def _creation(recorded: dict[str, Any]) -> Creation:
    sent = simplejson.loads(recorded["body"])
    arrived_at = datetime.fromisoformat(recorded["at"])
    return Creation(
        external_id=sent["externalId"],
        location_id=str(sent["location"]["id"]),
        arrived_at=arrived_at,
        answered_at=arrived_at + timedelta(seconds=recorded["took_seconds"]),
        latency_seconds=recorded["latency_seconds"],
    )
