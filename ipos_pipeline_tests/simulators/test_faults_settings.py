"""Faults as a value: read from JSON, drawn by a seed, set over HTTP and on the command line."""

import dataclasses
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from ipos_pipeline_tests.simulators.ipos_shop import (
    KEY,
    call,
    listed,
    make_invoice,
    make_simulator,
    numbers,
)
from ipos_pipeline_tests.simulators.signed_in_account import SALES, Account, document, to_json
from simulators.__main__ import main
from simulators.fault_dice import FaultDice
from simulators.faults import NO_FAULTS, Faults, Window, read_faults, shown_faults
from simulators.ipos import IposSimulator
from simulators.serving import serve

ADDRESS = "/_simulator/faults"
WINDOW = Window(datetime(2026, 11, 20, 8, tzinfo=UTC), datetime(2026, 11, 20, 9, tzinfo=UTC))


def test_no_knob_is_turned_at_first() -> None:
    assert shown_faults(Faults()) == {}
    assert read_faults({}) == NO_FAULTS == Faults()


def test_faults_survive_the_way_through_json() -> None:
    faults = Faults(
        only="acknowledge",
        faults_max=3,
        slow=0.5,
        offline={"DXB01": WINDOW},
        clock_skew_seconds={"DXB01": -90.0},
        maintenance=WINDOW,
        maintenance_statuses=(503,),
        forbidden=("item",),
    )
    assert read_faults(shown_faults(faults)) == faults


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"slwo": 1}, "there is no fault slwo"),
        ({"slow": 1.5}, "slow is a probability"),
        ({"slow": "often"}, "slow cannot be 'often'"),
        ({"maintenance": ["2026-11-20T08:00:00", "2026-11-20T09:00:00"]}, "need an offset"),
        ({"offline": [1]}, "offline cannot be"),
        ({"forbidden": [1]}, "a text is needed"),
        ([], "a JSON object"),
    ],
)
def test_faults_that_cannot_be_read_are_told(values: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_faults(values)


def outcomes(seed: int) -> list[str]:
    """Ask twenty times a server on which several things may go wrong."""
    faults = Faults(server_error=0.3, reply_lost=0.2, null_data=0.2)
    simulator = make_simulator(seed=seed, faults=faults)
    seen = []
    for _ in range(20):
        try:
            answer = call(simulator, "GET", "/api/invoices", params={"location": "DXB01"})
            seen.append(f"{answer.status_code} {answer.text}")
        except httpx2.ReadError:
            seen.append("nothing")
    return seen


def test_the_same_seed_and_requests_give_the_same_faults() -> None:
    assert outcomes(1) == outcomes(1)
    assert outcomes(1) != outcomes(2)
    assert len(set(outcomes(1))) > 2


def test_a_fault_of_a_document_depends_on_nothing_but_the_document_and_the_seed() -> None:
    def drawn(seed: int, *numbers: int) -> dict[int, bool]:
        dice = FaultDice(Faults(broken_invoice=0.5), seed=seed)
        return {number: dice.hits_document("broken_invoice", number) for number in numbers}

    assert drawn(1, *range(30)) == drawn(1, *reversed(range(30)))
    assert drawn(1, *range(30)) != drawn(2, *range(30))


def test_a_document_is_drawn_by_the_smaller_of_two_shares_too() -> None:
    """A larger share strikes the same invoices and more, so a storm can be turned up."""
    few, many = (FaultDice(Faults(odd_invoice=share), seed=3) for share in (0.2, 0.6))
    struck = [n for n in range(50) if few.hits_document("odd_invoice", n)]
    assert struck
    assert all(many.hits_document("odd_invoice", number) for number in struck)


def test_an_unknown_host_cannot_be_reached_in_process() -> None:
    simulator = make_simulator()
    with pytest.raises(httpx2.ConnectError, match="no simulator answers for elsewhere"):
        call(simulator, "GET", "http://elsewhere/api/invoices")


def test_faults_are_replaced_while_the_simulator_runs() -> None:
    simulator = make_simulator()
    simulator.faults = dataclasses.replace(simulator.faults, page_size_cap=1)
    simulator.add_invoices([make_invoice(1), make_invoice(2)])
    assert numbers(listed(simulator)) == [1]
    simulator.faults = NO_FAULTS
    assert numbers(listed(simulator)) == [1, 2]


def test_faults_are_set_over_http_and_replace_all_that_were_set() -> None:
    simulator = make_simulator()
    call(simulator, "POST", ADDRESS, json={"page_size_cap": 1, "slow": 0})
    assert simulator.faults == Faults(page_size_cap=1)
    simulator.add_invoices([make_invoice(1), make_invoice(2)])
    listed(simulator)
    seen = call(simulator, "GET", ADDRESS).json()
    assert seen == {"faults": {"page_size_cap": 1}, "counts": {"page_size_cap": 1}}
    call(simulator, "POST", ADDRESS, json={})
    assert simulator.faults == NO_FAULTS


@pytest.mark.parametrize("content", ["{", "[]", '{"slwo": 1}', '{"slow": 2}'])
def test_wrong_faults_over_http_change_nothing(content: str) -> None:
    simulator = make_simulator(faults=Faults(page_size_cap=1))
    answer = call(simulator, "POST", ADDRESS, content=content)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert simulator.faults == Faults(page_size_cap=1)


def test_the_faults_of_netsuite_are_set_over_http_without_a_token() -> None:
    account = Account()
    account.call("POST", ADDRESS, json={"request_limit": 1}, signed=False)
    assert account.post(SALES, document()).status_code == 400
    seen = account.call("GET", ADDRESS, signed=False).json()
    assert seen["counts"] == {"request_limit": 1}


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"smtp": {}}', '{"ipos": {"slwo": 1}}', '{"netsuite": {"slow": 2}}']
)
def test_wrong_faults_on_the_command_line_end_with_one_line(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--faults", text])
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.fixture
def shop() -> Iterator[tuple[IposSimulator, httpx2.Client]]:
    """A shop with one invoice behind a real socket, and a client."""
    simulator = make_simulator()
    simulator.add_invoice(make_invoice())
    with (
        serve(simulator.app) as base_url,
        httpx2.Client(base_url=base_url, headers=KEY, timeout=60) as client,
    ):
        yield simulator, client


Shop = tuple[IposSimulator, httpx2.Client]
INVOICES = "/api/invoices?location=DXB01"


@pytest.mark.parametrize("fault", ["connection_reset", "reply_lost"])
def test_a_dropped_connection_is_dropped_over_a_real_socket(fault: str, shop: Shop) -> None:
    """Not a 500 of the server, not half an answer; the next connection is well."""
    simulator, client = shop
    simulator.faults = read_faults({fault: 1.0})
    with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
        client.get(INVOICES)
    simulator.faults = NO_FAULTS
    assert client.get(INVOICES).status_code == 200
    assert [made.status for made in simulator.requests] == [0, 200]


@pytest.mark.parametrize("fault", ["stalled", "reply_stalled"])
def test_a_withheld_answer_ends_with_the_clients_time_out(fault: str, shop: Shop) -> None:
    simulator, client = shop
    simulator.faults = read_faults({fault: 1.0})
    with pytest.raises(httpx2.ReadTimeout):
        client.get(INVOICES, timeout=0.3)
    simulator.faults = NO_FAULTS
    assert client.get(INVOICES).status_code == 200


def test_the_bytes_of_a_dropped_connection_are_none(shop: Shop) -> None:
    """Seen below HTTP, so that no client library stands in between."""
    simulator, client = shop
    simulator.faults = Faults(reply_lost=1.0)
    with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as raw:
        head = f"GET {INVOICES} HTTP/1.1\r\nHost: ipos\r\nX-Api-Key: {KEY['X-Api-Key']}\r\n\r\n"
        raw.sendall(head.encode())
        assert received(raw) == b""


def received(raw: socket.socket) -> bytes:
    try:
        return raw.recv(1000)
    except ConnectionResetError:
        return b""


def test_a_reply_of_netsuite_is_lost_after_the_commit_over_a_real_socket() -> None:
    account = Account()
    account.simulator.faults = Faults(reply_lost=1.0)
    headers = {"Authorization": account.authorization}
    with serve(account.simulator.app) as base_url, httpx2.Client(base_url=base_url) as client:
        with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
            client.post(SALES, content=to_json(document()), headers=headers)
        account.simulator.faults = NO_FAULTS
        answer: Any = client.get(f"{SALES}/eid:IPOS-1", headers=headers)
    assert answer.status_code == 200
    assert len(account.simulator.transactions()) == 1
