"""What the benchmark of posting reads off NetSuite's request log, and that it really posts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import simplejson
from rich.console import Console

from benchmarks import posting
from benchmarks.posting import Posting
from benchmarks.request_log import RequestLog
from benchmarks.simulated import Scene

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
RECORDS = "/services/rest/record/v1/"
QUIET = Console(quiet=True)


def request(
    path: str = f"{RECORDS}cashSale",
    *,
    at: float = 0.0,
    took: float = 0.0,
    location: str = "11",
    status: int = 204,
    latency: float = 0.5,
) -> dict[str, Any]:
    """Write a recorded request; times are seconds after the start."""
    body = {"externalId": "E", "location": {"id": location}}
    return {
        "method": "POST",
        "path": path,
        "status": status,
        "body": simplejson.dumps(body),
        "at": (START + timedelta(seconds=at)).isoformat(),
        "took_seconds": took,
        "latency_seconds": latency,
    }


def posting_of(
    requests: Sequence[dict[str, Any]], *, slots: int, step_seconds: float = 1.0, invoices: int = 0
) -> Posting:
    scene = Scene(invoices, locations=1, slots=slots)
    return Posting(scene, RequestLog.from_json(requests), step_seconds)


def test_full_slots_all_the_time_are_the_ideal() -> None:
    """Two slots, four documents of half a second: one second, if neither slot is ever empty."""
    requests = [request(at=at, took=0.5) for at in (0.0, 0.0, 0.5, 0.5)]

    done = posting_of(requests, slots=2, step_seconds=1.0)

    assert done.share_of_ideal == pytest.approx(1.0)
    assert done.share_on_the_wire == pytest.approx(1.0)


def test_what_a_step_does_before_it_sends_counts_against_it() -> None:
    done = posting_of([request(took=0.5)], slots=1, step_seconds=1.0)

    assert done.share_of_ideal == pytest.approx(0.5)
    assert done.share_on_the_wire == pytest.approx(1.0)


def test_the_ideal_follows_the_latency_that_was_drawn() -> None:
    """A lucky draw is not the product's merit."""
    slow, quick = (
        posting_of([request(took=1.0, latency=latency)], slots=1) for latency in (1.0, 0.5)
    )

    assert slow.share_of_ideal == 2 * quick.share_of_ideal


def test_refusals_and_queries_are_no_documents_and_a_token_is_no_request() -> None:
    log = RequestLog.from_json(
        [
            request("/services/rest/auth/oauth2/v1/token", status=200),
            request("/services/rest/query/v1/suiteql", status=200),
            request(status=429),
            request(),
            request(),
        ]
    )

    assert (len(log.creations), log.requests, log.throttled) == (2, 4, 1)
    assert log.throttled_share == 0.25


def test_locations_are_compared_only_while_all_of_them_are_posting() -> None:
    """One that is alone at the end has all slots to itself."""
    one = [request(at=at, took=1.0, location="11") for at in range(4)]
    other = [request(at=at, took=1.0, location="12") for at in (0, 1, 1, 2, 2, 3, 3, 9, 10)]

    done = posting_of(one + other, slots=4)

    assert done.log.all_busy().seconds == 4.0
    assert done.slowest_to_fastest == 4 / 7
    assert done.share_while_all_are_busy == pytest.approx((4 + 7) / 4 / (4 / 0.5))


def test_locations_that_were_never_busy_together_share_nothing() -> None:
    """A figure of nothing is seen; one that cannot be computed would end the benchmark."""
    done = posting_of([request(at=0, location="11"), request(at=5, location="12")], slots=2)

    assert (done.share_while_all_are_busy, done.slowest_to_fastest) == (0.0, 0.0)


def test_documents_that_were_given_up_are_counted() -> None:
    assert posting_of([request()], slots=1, invoices=3).left == 2


def test_the_rate_of_a_sample_is_carried_forward_to_hours() -> None:
    requests = [request(at=at) for at in range(4)]

    assert posting_of(requests, slots=1, step_seconds=10.0).hours_to_post(1440) == 1.0


def test_a_small_measurement_has_a_row_for_each_promise() -> None:
    """Real processes, real HTTP; how fast they are is not the test's business."""
    rows = posting.measure(QUIET, documents=40, sample=2, pace=0.05)

    assert {row.benchmark for row in rows} == {"posting"}
    assert sum(row.least == 0.95 for row in rows) == 2
    by_limit = {(row.least, row.most): row for row in rows}
    assert 0 < by_limit[0.90, None].figure <= 1
    assert 0 <= by_limit[None, 0.03].figure < 1
    assert 0 <= by_limit[0.7, None].figure <= 1
    assert {row.what.rpartition(": ")[2] for row in rows if row.most == 0} == {
        "left to the next run",
        "runs that gave up",
    }
    hours = [row for row in rows if row.unit == "hours"]
    assert ["and 5 slots" in row.what for row in hours] == [True, False]
    assert all("sample of 8" in row.what and row.figure > 0 for row in hours)
