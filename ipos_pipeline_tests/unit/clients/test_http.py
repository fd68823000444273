"""Waiting and repeating: how long, how often, and for what."""

import asyncio

import httpx2
import pytest

from ipos_pipeline.clients.http import Pacing, retry_after_seconds, retry_transient, shown_body
from ipos_pipeline.errors import (
    AuthenticationError,
    InDoubtError,
    PipelineError,
    RejectedError,
    ThrottledError,
    TransientError,
)
from ipos_pipeline_tests.simulated_world import Clock


class Failing:
    """A call that fails with these errors one after the other, then succeeds."""

    def __init__(self, *errors: PipelineError) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_a_transient_failure_is_repeated_until_it_succeeds(clock: Clock) -> None:
    call = Failing(TransientError("a"), ThrottledError("b"))
    assert asyncio.run(retry_transient(call, clock.pacing())) == "done"
    assert call.calls == 3


def test_the_last_error_is_raised_after_the_last_attempt(clock: Clock) -> None:
    call = Failing(*[TransientError(str(n)) for n in range(1, 9)])
    with pytest.raises(TransientError, match="3"):
        asyncio.run(retry_transient(call, clock.pacing(attempts_max=3)))
    assert len(clock.slept) == 2


@pytest.mark.parametrize(
    "error",
    [InDoubtError("x"), RejectedError("x", code="X"), AuthenticationError("x")],
    ids=lambda error: type(error).__name__,
)
def test_nothing_else_is_ever_repeated(clock: Clock, error: PipelineError) -> None:
    """An outcome in doubt above all: repeating it could post twice."""
    call = Failing(error)
    with pytest.raises(type(error)):
        asyncio.run(retry_transient(call, clock.pacing()))
    assert call.calls == 1


def test_whoever_is_patient_outlasts_any_number_of_refusals(clock: Clock) -> None:
    """A refusal says that nothing was done: it uses up no attempt."""
    call = Failing(*[ThrottledError("429")] * 20, TransientError("a"))
    pacing = clock.pacing(attempts_max=2)
    assert asyncio.run(retry_transient(call, pacing, patience_seconds=300)) == "done"
    assert call.calls == 22


def test_patience_ends_when_its_pauses_add_up(clock: Clock) -> None:
    call = Failing(*[ThrottledError("429")] * 1000)
    with pytest.raises(ThrottledError):
        asyncio.run(retry_transient(call, clock.pacing(), patience_seconds=60))
    assert 60 <= sum(clock.slept) < 64


def test_patience_is_for_refusals_only(clock: Clock) -> None:
    call = Failing(*[TransientError("no answer")] * 9)
    with pytest.raises(TransientError):
        asyncio.run(retry_transient(call, clock.pacing(attempts_max=3), patience_seconds=300))
    assert call.calls == 3


def test_a_slot_is_asked_for_again_within_seconds() -> None:
    """Slots become free all the time: whoever waits half a minute leaves them to others."""
    pacing = Pacing(random=lambda: 1.0)
    error = ThrottledError("429")
    assert [pacing.delay_seconds(n, error) for n in (1, 3, 4, 5, 5000)] == [0.5, 2, 4, 4, 4]


def test_waits_double_up_to_the_maximum() -> None:
    pacing = Pacing(random=lambda: 1.0)
    assert [pacing.delay_seconds(n) for n in (1, 2, 3, 7, 8, 50)] == [0.5, 1, 2, 30, 30, 30]


def test_waits_are_spread_so_that_runs_do_not_meet_again() -> None:
    shortest, longest = Pacing(random=lambda: 0.0), Pacing(random=lambda: 1.0)
    assert shortest.delay_seconds(3) == longest.delay_seconds(3) / 2


@pytest.mark.parametrize(("wish", "seconds"), [(7.0, 7.0), (0.1, 0.5), (3600.0, 30.0), (None, 0.5)])
def test_the_other_sides_wish_is_kept_within_bounds(wish: float | None, seconds: float) -> None:
    error = ThrottledError("429", retry_after_seconds=wish)
    assert Pacing(random=lambda: 1.0).delay_seconds(1, error) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("0", 0.0), ("Fri, 20 Nov 2026 08:00:00 GMT", None), ("-1", None), ("²", None)],
)
def test_retry_after_is_read_when_it_is_a_number(value: str, seconds: float | None) -> None:
    headers = [(b"Retry-After", value.encode("latin-1"))]
    assert retry_after_seconds(httpx2.Response(429, headers=headers)) == seconds


def test_a_body_in_a_message_is_one_bounded_line() -> None:
    shown = shown_body(httpx2.Response(500, text="<html>\n  <body>" + "x" * 1000))
    assert (shown[:13], len(shown)) == ("<html> <body>", 300)


def test_an_empty_body_is_told_as_such() -> None:
    assert shown_body(httpx2.Response(204)) == "an empty body"
