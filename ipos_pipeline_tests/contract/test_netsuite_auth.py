"""Signing in: signed assertions, tokens renewed early and once, and no secret in sight."""

import asyncio
import traceback
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from ipos_pipeline.connections import Connections
from ipos_pipeline.errors import (
    AuthenticationError,
    ConfigurationError,
    PipelineError,
    ThrottledError,
    TransientError,
)
from ipos_pipeline_tests.conftest import SigningKey
from ipos_pipeline_tests.contract.faulty import Answer, InFront, Scripted, TakingTurns
from ipos_pipeline_tests.simulated_world import NETSUITE_URL, SimulatedWorld, simulated_world
from simulators.netsuite import TOKEN_PATH


def ask(connections: Connections, times: int = 1) -> None:
    """Make some requests at once that need a token."""

    async def at_once() -> None:
        await asyncio.gather(
            *(connections.netsuite.transactions_by_external_id(["A"]) for _ in range(times))
        )

    connections.wait_for(at_once())


def statuses(world: SimulatedWorld) -> list[int]:
    """Give the status of each token request so far."""
    return [one.status for one in world.netsuite.requests if one.path == TOKEN_PATH]


@pytest.fixture
def rsa_world(rsa_key: SigningKey, ledger_url: str) -> Iterator[SimulatedWorld]:
    with simulated_world(
        private_key_pem=rsa_key.private_pem,
        public_key_pem=rsa_key.public_pem,
        algorithm=rsa_key.algorithm,
        ledger_url=ledger_url,
    ) as built:
        yield built


def test_es256_signs_in(world: SimulatedWorld, connections: Connections) -> None:
    ask(connections)
    assert statuses(world) == [200]


def test_ps256_signs_in(rsa_world: SimulatedWorld) -> None:
    with rsa_world.connections() as connections:
        ask(connections)
    assert statuses(rsa_world) == [200]


def test_many_requests_at_the_start_share_one_token(world: SimulatedWorld) -> None:
    with world.connections(TakingTurns(world.transport()), NETSUITE_CONCURRENCY="10") as opened:
        ask(opened, times=10)
    assert statuses(world) == [200]


def test_a_token_is_renewed_before_it_ends(world: SimulatedWorld, connections: Connections) -> None:
    ask(connections)
    world.clock.advance(3600 - 121)
    ask(connections)
    assert len(statuses(world)) == 1
    world.clock.advance(2)
    ask(connections)
    assert len(statuses(world)) == 2
    assert 401 not in [one.status for one in world.netsuite.requests]


def test_a_refused_token_is_renewed_once_for_all_requests(world: SimulatedWorld) -> None:
    with world.connections(TakingTurns(world.transport()), NETSUITE_CONCURRENCY="10") as opened:
        ask(opened)
        world.netsuite.revoke_tokens()
        ask(opened, times=10)
    assert [one.status for one in world.netsuite.requests].count(401) > 1
    assert statuses(world) == [200, 200]


def test_each_assertion_is_used_once(world: SimulatedWorld, connections: Connections) -> None:
    """A library that repeats its `jti` is refused at the second sign-in (netsuite_facts 0.11)."""
    for _ in range(3):
        ask(connections)
        world.netsuite.revoke_tokens()
    assert statuses(world) == [200, 200, 200]


def test_a_request_is_refused_after_its_second_401(world: SimulatedWorld) -> None:
    """The token is good and the role is not: asking for ever new tokens helps nobody."""

    def refuse(request: httpx2.Request, answer: httpx2.Response) -> Answer:
        return answer if request.url.path == TOKEN_PATH else httpx2.Response(401)

    with (
        world.connections(InFront(world.transport(), refuse)) as connections,
        pytest.raises(AuthenticationError),
    ):
        ask(connections)
    assert statuses(world) == [200, 200]


@pytest.mark.parametrize(
    ("name", "value"),
    [("NETSUITE_CLIENT_ID", "another"), ("NETSUITE_CERTIFICATE_ID", "expired")],
)
def test_an_identity_that_netsuite_does_not_know_stops_at_once(
    world: SimulatedWorld, name: str, value: str
) -> None:
    with (
        world.connections(None, **{name: value}) as connections,
        pytest.raises(AuthenticationError, match=value) as caught,
    ):
        ask(connections)
    assert "NETSUITE_CLIENT_ID" in caught.value.recovery
    assert len(statuses(world)) == 1


def test_a_key_of_another_kind_than_the_algorithm_is_named(world: SimulatedWorld) -> None:
    with (
        world.connections(NETSUITE_JWT_ALGORITHM="PS256") as connections,
        pytest.raises(ConfigurationError, match=r"NETSUITE_PRIVATE_KEY .*PS256"),
    ):
        ask(connections)


@pytest.mark.parametrize("key", ["s3cr3t", "-----BEGIN PRIVATE KEY-----\ns3cr3t\n"])
def test_a_key_that_is_none_is_told_without_it(world: SimulatedWorld, key: str) -> None:
    with (
        world.connections(NETSUITE_PRIVATE_KEY=key) as connections,
        pytest.raises(ConfigurationError, match="NETSUITE_PRIVATE_KEY") as caught,
    ):
        ask(connections)
    assert "s3cr3t" not in "".join(traceback.format_exception_only(caught.value))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx2.Response(500), TransientError),
        (httpx2.Response(503, text="<html>"), TransientError),
        (httpx2.Response(429), ThrottledError),
        (httpx2.ReadTimeout("slow"), TransientError),
        (httpx2.ConnectError("refused"), TransientError),
        (httpx2.Response(400, json={"error": "invalid_grant"}), AuthenticationError),
        (httpx2.Response(401, json={"error": "invalid_client"}), AuthenticationError),
        (httpx2.Response(200, text="<html>Maintenance</html>"), AuthenticationError),
        (httpx2.Response(200, json=[]), AuthenticationError),
        (httpx2.Response(200, json={"access_token": "t0ken"}), AuthenticationError),
        (
            httpx2.Response(200, json={"access_token": "t0ken", "expires_in": "soon"}),
            AuthenticationError,
        ),
        (httpx2.Response(200, text='{"access_token":"t0ken"'), AuthenticationError),
    ],
)
def test_a_failed_sign_in_says_what_to_do_and_shows_no_token(
    world: SimulatedWorld, answer: Any, kind: type[PipelineError]
) -> None:
    with (
        world.connections(Scripted(answer)) as connections,
        pytest.raises(PipelineError) as caught,
    ):
        ask(connections)
    assert type(caught.value) is kind
    assert "t0ken" not in "".join(traceback.format_exception_only(caught.value))


@pytest.mark.parametrize("expires_in", [3600, "3600"])
def test_the_life_of_a_token_may_be_a_number_or_text(
    world: SimulatedWorld, expires_in: object
) -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == TOKEN_PATH:
            return httpx2.Response(200, json={"access_token": "t", "expires_in": expires_in})
        return httpx2.Response(200, json={"items": [], "hasMore": False})

    scripted = Scripted(respond)
    with world.connections(scripted) as connections:
        ask(connections)
        ask(connections)
    paths = [request.url.path for request in scripted.requests]
    assert paths.count(TOKEN_PATH) == 1


def test_the_audience_is_the_address_that_is_called(
    world: SimulatedWorld, connections: Connections
) -> None:
    """The simulator verifies it, as NetSuite does; NETSUITE_BASE_URL moves both."""
    ask(connections)
    made = next(one for one in world.netsuite.requests if one.path == TOKEN_PATH)
    assert made.headers["host"] == httpx2.URL(NETSUITE_URL).host
    assert "client_secret" not in made.body


@pytest.mark.parametrize(
    "failure",
    [httpx2.Response(500), httpx2.Response(401), httpx2.ReadError("reset"), httpx2.Response(403)],
)
def test_the_token_is_in_no_traceback_and_no_log(
    world: SimulatedWorld, failure: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[str] = []

    def fail(request: httpx2.Request, answer: httpx2.Response) -> Answer:
        if request.url.path == TOKEN_PATH:
            return answer
        sent.append(request.headers["Authorization"].removeprefix("Bearer "))
        return failure

    with (
        world.connections(InFront(world.transport(), fail)) as connections,
        caplog.at_level("DEBUG"),
        pytest.raises(PipelineError) as caught,
    ):
        ask(connections)
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert sent
    assert [token for token in sent if token in shown] == []
