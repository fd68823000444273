"""The gate for requests: quick at first, then fair by asking for more and yielding at refusals."""

from __future__ import annotations

import asyncio

import pytest

from ipos_pipeline.clients.adaptive_limit import AdaptiveLimit
from ipos_pipeline_tests.simulated_world import Clock


def test_it_starts_small_and_grows_by_one_with_each_success_until_the_most(clock: Clock) -> None:
    limit = AdaptiveLimit(6, clock=clock)
    assert limit.limit == 4
    for _ in range(5):
        limit.succeeded()
    assert limit.limit == 6


def test_it_never_exceeds_a_setting_below_its_start(clock: Clock) -> None:
    assert AdaptiveLimit(1, clock=clock).limit == 1


def test_a_refusal_takes_a_third_away_and_growth_is_slow_from_then_on(clock: Clock) -> None:
    limit = AdaptiveLimit(15, clock=clock)
    for _ in range(11):
        limit.succeeded()
    limit.refused()
    assert limit.limit == 10
    for _ in range(10):
        limit.succeeded()
    assert limit.limit == 10, "a whole round of successes asks for less than one more"


def test_refusals_of_one_moment_count_once(clock: Clock) -> None:
    limit = AdaptiveLimit(10, clock=clock)
    for _ in range(6):
        limit.succeeded()
    for _ in range(5):
        limit.refused()
    assert limit.limit == 7
    clock.advance(2)
    limit.refused()
    assert limit.limit == 4


def test_it_never_falls_below_one(clock: Clock) -> None:
    limit = AdaptiveLimit(4, clock=clock)
    for _ in range(20):
        clock.advance(2)
        limit.refused()
    assert limit.limit == 1


async def _hold(limit: AdaptiveLimit, running: list[int], peak: list[int], name: int) -> None:
    async with limit.slot():
        running.append(name)
        peak.append(len(running))
        await asyncio.sleep(0)
        running.remove(name)


@pytest.mark.parametrize("most", [1, 3, 4])
def test_no_more_than_the_limit_run_at_once_and_all_get_their_turn(clock: Clock, most: int) -> None:
    async def run() -> list[int]:
        limit, running, peak = AdaptiveLimit(most, clock=clock), [], []
        await asyncio.gather(*(_hold(limit, running, peak, name) for name in range(20)))
        return peak

    peak = asyncio.run(run())
    assert len(peak) == 20
    assert max(peak) == most


def test_one_who_gives_up_waiting_does_not_keep_the_slot(clock: Clock) -> None:
    async def run() -> None:
        limit = AdaptiveLimit(1, clock=clock)
        async with limit.slot():
            waiting = asyncio.create_task(_hold(limit, [], [], 1))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(1):
            await _hold(limit, [], [], 2)

    asyncio.run(run())
