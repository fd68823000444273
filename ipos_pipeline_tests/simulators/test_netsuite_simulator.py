"""The account as a whole: concurrency, latency, restarts, inspection, and a real socket."""

import asyncio
import dataclasses
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn

from ipos_pipeline_tests.simulators.signed_in_account import (
    RECORDS,
    REFUNDS,
    SALES,
    Account,
    Send,
    assertion,
    details,
    document,
    line,
    to_json,
    token_form,
)
from simulators.netsuite import TOKEN_PATH, Latency


def test_requests_over_the_accounts_concurrency_are_refused_at_once() -> None:
    """Reads and writes share the slots; what is refused was not executed."""
    account = Account(slots=3, latency=Latency(base_seconds=0.02))

    async def burst(send: Send) -> list[httpx2.Response]:
        sends = (send("POST", SALES, json=document(f"E{number}")) for number in range(5))
        return await asyncio.gather(*sends)

    answers = account.run(burst)

    assert sorted(answer.status_code for answer in answers) == [204, 204, 204, 429, 429]
    refused = answers[-1].json()
    assert refused["title"] == "Bad Request"
    assert details(answers[-1])[0] == {
        "detail": "Concurrent request limit exceeded. Request blocked.",
        "o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED",
    }
    assert len(account.simulator.transactions()) == 3
    assert account.simulator.most_in_progress == 3


def test_a_request_that_is_cut_short_leaves_no_record_and_frees_its_slot() -> None:
    account = Account(slots=1, latency=Latency(base_seconds=5))

    async def give_up(send: Send) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(send("POST", SALES, json=document()), timeout=0.02)

    account.run(give_up)
    account.simulator.latency = Latency()

    assert account.simulator.requests[-1].status == 0
    assert account.simulator.transactions() == []
    assert account.post(SALES, document()).status_code == 204


def test_writes_take_a_base_and_a_share_per_line_and_reads_a_quarter() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    account = Account(latency=Latency(base_seconds=1.0, per_line_seconds=0.25), sleep=sleep)
    account.post(SALES, document(item={"items": [line(), line()]}))
    account.call("GET", f"{SALES}/1")

    assert slept == [1.5, 0.25]


def test_the_spread_of_latency_repeats_with_its_seed() -> None:
    def drawn(seed: int) -> list[float]:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        account = Account(latency=Latency(base_seconds=1.0, sigma=0.5), sleep=sleep, seed=seed)
        for number in range(3):
            account.post(SALES, document(f"E{number}"))
        return slept

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert len(set(drawn(1))) == 3


def test_the_request_log_tells_what_was_drawn_as_latency() -> None:
    """The ideal rate of a benchmark is slots over the latency that was really drawn."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    account = Account(latency=Latency(base_seconds=0.2, sigma=0.5), sleep=sleep)
    account.post(SALES, document("E1"))
    account.post(SALES, document("E2"))

    created = [made for made in account.simulator.requests if made.path.endswith(SALES)]
    assert [made.latency_seconds for made in created] == slept
    assert all(made.took_seconds >= 0 for made in created)
    assert account.simulator.requests[0].latency_seconds == 0, "a token is no slot's work"


def test_a_restarted_account_has_the_same_state(tmp_path: Path) -> None:
    """A restart loses neither records nor lists, definitions, clients or tokens."""
    before = Account(database=str(tmp_path / "account.sqlite"))
    before.simulator.define_custom_record("customrecord_x", {"custrecord_a": "text"})
    before.simulator.declare_custom_fields(body=["custbody_shop"])
    before.post(SALES, document("IPOS-1", custbody_shop="x"))
    before.post(f"{RECORDS}/customrecord_x", {"externalId": "K", "custrecord_a": "v"})

    after = Account(database=str(tmp_path / "account.sqlite"))
    after.authorization = before.authorization

    assert after.simulator.transactions() == before.simulator.transactions()
    assert after.simulator.custom_records("customrecord_x")[0]["custrecord_a"] == "v"
    assert after.post(SALES, document("IPOS-1")).status_code == 400
    assert after.rows("SELECT custbody_shop FROM transaction") == [{"custbody_shop": "x"}]


def test_the_answer_to_a_duplicate_can_be_varied() -> None:
    """No source says what REST answers: a client must cope with other forms."""
    account = Account()
    given = account.simulator.duplicate_answer
    account.simulator.duplicate_answer = dataclasses.replace(given, status=409)
    account.post(SALES, document())

    assert account.post(SALES, document()).status_code == 409


def test_items_change_by_hand() -> None:
    account = Account()
    account.simulator.update_item(102, isinactive=False, custitem_new="n")

    lines = [line(item={"id": "102"})]
    assert account.post(SALES, document(item={"items": lines})).status_code == 204
    assert account.rows("SELECT custitem_new FROM item WHERE id = 102") == [{"custitem_new": "n"}]


def test_inspection_needs_no_token() -> None:
    account = Account()
    account.post(SALES, document("A"))
    account.post(SALES, document("B"))
    account.post(REFUNDS, document("C"))
    account.simulator.define_custom_record("customrecord_x", {})
    account.simulator.put_custom_record("customrecord_x", {"name": "n"})

    def look(page: str) -> list[dict[str, object]]:
        answer = account.call("GET", f"/_simulator/{page}", signed=False)
        found: list[dict[str, object]] = answer.json()
        return found

    assert look("summary") == [
        {"type": "cashRefund", "location": "11", "count": 1, "total": 10.5},
        {"type": "cashSale", "location": "11", "count": 2, "total": 21.0},
    ]
    assert [sale["externalId"] for sale in look("transactions")] == ["A", "B", "C"]
    assert [made["status"] for made in look("requests")] == [200, 204, 204, 204]
    assert look("custom-records/customrecord_x")[0]["name"] == "n"


@pytest.fixture
def served() -> Iterator[tuple[Account, str]]:
    account = Account()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(account.simulator.app, log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield account, f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def test_it_speaks_http_over_a_real_socket(served: tuple[Account, str]) -> None:
    """The audience is the address that was really called, and Location is absolute."""
    account, base_url = served
    form = token_form(assertion(account.clock, aud=base_url + TOKEN_PATH))
    with httpx2.Client(base_url=base_url) as client:
        token = client.post(TOKEN_PATH, data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = client.post(SALES, content=to_json(document()), headers=headers)

        assert answer.headers["Location"] == f"{base_url}{SALES}/1"
        assert client.get(answer.headers["Location"], headers=headers).status_code == 200
    assert len(account.simulator.transactions()) == 1
