"""Signing in with TBA: whole requests are accepted, changed or repeated ones are not."""

import traceback
from collections.abc import Callable

import httpx2
import pytest

from ipos_pipeline.connections import Connections
from ipos_pipeline.errors import AuthenticationError, PipelineError
from ipos_pipeline_tests.contract.faulty import Answer, InFront
from ipos_pipeline_tests.simulated_world import NETSUITE_URL, TBA, SimulatedWorld
from simulators.netsuite import TOKEN_PATH

SECRETS = [TBA["NETSUITE_CONSUMER_SECRET"], TBA["NETSUITE_TOKEN_SECRET"]]


class Changed(httpx2.AsyncBaseTransport):
    """Changes each request on its way, after it was signed."""

    def __init__(
        self, inner: httpx2.AsyncBaseTransport, change: Callable[[httpx2.Request], httpx2.Request]
    ) -> None:
        self._inner = inner
        self._change = change

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._inner.handle_async_request(self._change(request))


def with_header(old: str, new: str) -> Callable[[httpx2.Request], httpx2.Request]:
    def change(request: httpx2.Request) -> httpx2.Request:
        assert old in request.headers["Authorization"]
        request.headers["Authorization"] = request.headers["Authorization"].replace(old, new, 1)
        return request

    return change


def with_url(old: str, new: str) -> Callable[[httpx2.Request], httpx2.Request]:
    def change(request: httpx2.Request) -> httpx2.Request:
        url = str(request.url).replace(old, new)
        assert url != str(request.url)
        return httpx2.Request(request.method, url, headers=request.headers, stream=request.stream)

    return change


def ask(connections: Connections) -> None:
    connections.wait_for(connections.netsuite.transactions_by_external_id(["A"]))


def statuses(world: SimulatedWorld) -> list[int]:
    return [one.status for one in world.netsuite.requests]


def test_a_query_with_parameters_is_accepted_without_any_token_request(
    world: SimulatedWorld,
) -> None:
    with world.connections(**TBA) as connections:
        ask(connections)
    assert statuses(world) == [200]
    assert world.netsuite.requests[0].query == {"limit": "1000", "offset": "0"}
    assert TOKEN_PATH not in [one.path for one in world.netsuite.requests]


def test_a_record_is_created(world: SimulatedWorld) -> None:
    payload = {
        "externalId": "IPOS-1",
        "entity": {"id": "501"},
        "location": {"id": "11"},
        "item": {"items": [{"item": {"id": "2001"}, "quantity": 1, "amount": 1}]},
    }
    with world.connections(**TBA) as connections:
        made = connections.wait_for(connections.netsuite.create("cashSale", payload))
    assert [one["id"] for one in world.netsuite.transactions()] == [made]


def test_each_request_has_its_own_nonce(world: SimulatedWorld) -> None:
    with world.connections(**TBA) as connections:
        for _ in range(3):
            ask(connections)
    assert statuses(world) == [200, 200, 200]


@pytest.mark.parametrize(
    "change",
    [
        with_header('realm="1234567_SB1"', 'realm="1234567"'),
        with_header('oauth_version="1.0"', 'oauth_version="2.0"'),
        with_header("HMAC-SHA256", "HMAC-SHA1"),
        with_header('oauth_nonce="', 'oauth_nonce="0'),
        with_header('oauth_timestamp="1', 'oauth_timestamp="2'),
        with_header('oauth_signature="', 'oauth_signature="A'),
        with_header('oauth_consumer_key="', 'oauth_consumer_key="x'),
        with_header('oauth_token="', 'oauth_token="x'),
        with_header("OAuth ", "Bearer "),
        with_header("oauth_version", "oauth_verzion"),
        with_url("offset=0", "offset=1000"),
        with_url("offset=0", "offset=0&extra=1"),
    ],
)
def test_a_request_that_was_changed_on_its_way_is_refused(
    world: SimulatedWorld, change: Callable[[httpx2.Request], httpx2.Request]
) -> None:
    with (
        world.connections(Changed(world.transport(), change), **TBA) as connections,
        pytest.raises(AuthenticationError, match="INVALID_LOGIN"),
    ):
        ask(connections)
    assert set(statuses(world)) == {401}


@pytest.mark.parametrize("name", [name for name in TBA if name != "NETSUITE_AUTH"])
def test_a_wrong_credential_is_refused_and_shows_no_secret(
    world: SimulatedWorld, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        world.connections(**{**TBA, name: "wr0ng"}) as connections,
        caplog.at_level("DEBUG"),
        pytest.raises(AuthenticationError) as caught,
    ):
        ask(connections)
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert [secret for secret in [*SECRETS, "wr0ng"] if secret in shown] == []


def test_a_request_that_is_sent_twice_is_accepted_once(world: SimulatedWorld) -> None:
    """Whoever reads a signed request along the way cannot use it again."""
    kept: list[httpx2.Request] = []

    def keep(request: httpx2.Request) -> httpx2.Request:
        kept.append(request)
        return request

    with world.connections(Changed(world.transport(), keep), **TBA) as connections:
        ask(connections)

        async def again() -> int:
            return (await world.transport().handle_async_request(kept[0])).status_code

        assert connections.wait_for(again()) == 401
    assert statuses(world) == [200, 401]


@pytest.mark.parametrize(("seconds", "is_accepted"), [(299, True), (301, False), (-301, False)])
def test_a_clock_may_be_five_minutes_off(
    world: SimulatedWorld, seconds: float, *, is_accepted: bool
) -> None:
    late = world.connections(**TBA)
    late.clock = lambda: world.clock.now.__class__.fromtimestamp(
        world.clock.now.timestamp() + seconds, tz=world.clock.now.tzinfo
    )
    with late as connections:
        if is_accepted:
            ask(connections)
        else:
            with pytest.raises(AuthenticationError):
                ask(connections)


def test_a_401_is_tried_once_more_with_a_new_signature(world: SimulatedWorld) -> None:
    """Too many requests at once have been answered with 401 (netsuite_facts 4)."""
    answered: list[int] = []

    def refuse_first(_request: httpx2.Request, answer: httpx2.Response) -> Answer:
        answered.append(answer.status_code)
        return httpx2.Response(401) if len(answered) == 1 else answer

    with world.connections(InFront(world.transport(), refuse_first), **TBA) as connections:
        ask(connections)
    assert answered == [200, 200]


def test_no_secret_and_no_signature_is_in_a_traceback(world: SimulatedWorld) -> None:
    sent: list[str] = []

    def fail(request: httpx2.Request, _answer: httpx2.Response) -> Answer:
        sent.append(request.headers["Authorization"].rpartition("oauth_signature=")[2].strip('"'))
        return httpx2.Response(500)

    with (
        world.connections(InFront(world.transport(), fail), **TBA) as connections,
        pytest.raises(PipelineError) as caught,
    ):
        ask(connections)
    shown = "".join(traceback.format_exception(caught.value))
    assert [one for one in [*SECRETS, *sent] if one in shown] == []


def test_the_simulator_remembers_no_signature(world: SimulatedWorld) -> None:
    with world.connections(**TBA) as connections:
        ask(connections)
    made = world.netsuite.requests[-1]
    assert made.headers["host"] == httpx2.URL(NETSUITE_URL).host
    assert made.headers["authorization"] == "<redacted>"
