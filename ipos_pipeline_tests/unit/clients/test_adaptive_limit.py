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


def _in_use(clock: Clock, *, most: int) -> AdaptiveLimit:
    """Give a limit that has grown to what the settings allow."""
    limit = AdaptiveLimit(most, clock=clock)
    for _ in range(most):
        limit.succeeded()
    return limit


def _refuse(limit: AdaptiveLimit, clock: Clock) -> None:
    """Refuse a request that was sent a moment ago."""
    clock.advance(1)
    limit.refused(sent_at=clock())
    clock.advance(1)


def test_a_refusal_takes_a_fifth_away_and_growth_is_slow_from_then_on(clock: Clock) -> None:
    """One more in ten rounds: it does not find out twice a second that the account is full."""
    limit = _in_use(clock, most=15)
    _refuse(limit, clock)
    assert limit.limit == 12
    for _ in range(9 * 12):
        limit.succeeded()
    assert limit.limit == 12
    for _ in range(2 * 12):
        limit.succeeded()
    assert limit.limit == 13


def test_refusals_of_what_was_on_its_way_at_the_first_are_the_same_event(clock: Clock) -> None:
    limit = _in_use(clock, most=10)
    sent_at = clock()
    clock.advance(0.3)
    for _ in range(5):
        limit.refused(sent_at=sent_at)
    assert limit.limit == 8
    clock.advance(0.1)
    limit.refused(sent_at=clock())
    assert limit.limit == 6, "sent knowing of the first"


def test_it_never_falls_below_one(clock: Clock) -> None:
    limit = AdaptiveLimit(4, clock=clock)
    for _ in range(20):
        _refuse(limit, clock)
    assert limit.limit == 1


def test_a_smaller_part_holds_at_once_and_a_larger_one_is_approached_from_the_start(
    clock: Clock,
) -> None:
    limit = AdaptiveLimit(15, clock=clock)
    limit.keep_to(3)
    assert limit.limit == 3
    limit.keep_to(7)
    assert limit.limit == 3
    for _ in range(10):
        limit.succeeded()
    assert limit.limit == 7


def test_a_part_that_others_leave_is_used_at_once_whatever_refusals_taught(clock: Clock) -> None:
    """Ten rounds for each slot would leave the account half empty for minutes."""
    limit = _in_use(clock, most=4)
    for _ in range(10):
        _refuse(limit, clock)
    limit.keep_to(15)
    assert limit.limit == 15


def test_the_same_part_again_changes_nothing(clock: Clock) -> None:
    limit = _in_use(clock, most=10)
    _refuse(limit, clock)
    limit.keep_to(10)
    assert limit.limit == 8


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
        async with asyncio.timeout(60):
            await _hold(limit, [], [], 2)

    asyncio.run(run())


def test_those_who_wait_are_let_in_when_the_part_grows(clock: Clock) -> None:
    async def run() -> None:
        limit = AdaptiveLimit(15, clock=clock)
        limit.keep_to(1)
        _refuse(limit, clock)
        async with limit.slot():
            waiting = asyncio.create_task(_hold(limit, [], [], 1))
            await asyncio.sleep(0)
            limit.keep_to(2)
            async with asyncio.timeout(60):
                await waiting

    asyncio.run(run())
