"""Faults of the answers of the IPOS simulator, and of what it does with acknowledgements."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from ipos_pipeline_tests.simulators.ipos_shop import (
    acknowledge,
    body_of,
    call,
    document,
    listed,
    make_invoice,
    make_simulator,
    numbers,
)
from simulators.faults import Faults, read_faults
from simulators.ipos import IposSimulator

Check = Callable[[httpx2.Response], bool]


def ask(simulator: IposSimulator) -> httpx2.Response:
    return call(simulator, "GET", "/api/invoices", params={"location": "DXB01"})


def is_no_json(answer: httpx2.Response) -> bool:
    try:
        body_of(answer)
    except ValueError:
        return True
    return False


WRONG_ANSWERS: dict[str, Check] = {
    "html_page": lambda answer: answer.status_code == 200 and answer.text.startswith("<!DOCTYPE"),
    "truncated": lambda answer: answer.text.startswith('{"Status":1') and is_no_json(answer),
    "empty_body": lambda answer: (answer.status_code, answer.content) == (200, b""),
    "no_content": lambda answer: (answer.status_code, answer.content) == (204, b""),
    "byte_order_mark": lambda answer: answer.content.startswith(b"\xef\xbb\xbf{"),
    "server_error": lambda answer: answer.status_code in (500, 502, 503),
    "server_error_after": lambda answer: answer.status_code in (500, 502, 503),
    "throttled": lambda answer: answer.status_code == 429 and "Retry-After" not in answer.headers,
    "throttled_with_retry_after": lambda answer: (
        (answer.status_code, answer.headers.get("Retry-After")) == (429, "30")
    ),
    "null_data": lambda answer: body_of(answer) == {"Status": 1, "Message": "OK", "Data": None},
    "status_zero": lambda answer: answer.status_code == 200 and body_of(answer)["Status"] == 0,
}


@pytest.mark.parametrize("fault", WRONG_ANSWERS)
def test_a_wrong_answer_comes_only_where_its_knob_is_turned(fault: str) -> None:
    """M21 and M22: a failure must be told from an empty list."""
    simulator = make_simulator()
    simulator.add_invoice(make_invoice())
    assert not WRONG_ANSWERS[fault](ask(simulator))
    simulator.faults = read_faults({fault: 1.0})
    answer = ask(simulator)
    assert WRONG_ANSWERS[fault](answer), answer.text
    assert simulator.fault_counts == {fault: 1}
    assert simulator.requests[-1].status == answer.status_code


@pytest.mark.parametrize("fault", ["html_page", "truncated", "empty_body", "no_content"])
def test_what_is_no_json_cannot_be_read_as_an_empty_list(fault: str) -> None:
    simulator = make_simulator(faults=read_faults({fault: 1.0}))
    assert is_no_json(ask(simulator))


def test_after_the_byte_order_mark_the_answer_is_whole() -> None:
    simulator = make_simulator()
    assert not ask(simulator).content.startswith(b"\xef\xbb\xbf")
    plain = ask(simulator).content
    simulator.faults = Faults(byte_order_mark=1.0)
    assert ask(simulator).content == b"\xef\xbb\xbf" + plain


def test_null_data_of_the_flat_profile_has_no_tables() -> None:
    simulator = make_simulator(faults=Faults(null_data=1.0))
    simulator.add_location("DXB01", auth_header="X-Api-Key", auth_value="dxb01-key", profile="flat")
    assert body_of(ask(simulator)) == {"Table": None, "Table1": None}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("connection_reset", httpx2.ReadError),
        ("reply_lost", httpx2.ReadError),
        ("stalled", httpx2.ReadTimeout),
        ("reply_stalled", httpx2.ReadTimeout),
    ],
)
def test_a_call_can_end_without_an_answer(fault: str, error: type[Exception]) -> None:
    """M22: the request is remembered with status 0."""
    simulator = make_simulator(faults=read_faults({fault: 1.0}))
    with pytest.raises(error):
        ask(simulator)
    assert simulator.fault_counts == {fault: 1}
    assert simulator.requests[-1].status == 0


def test_a_slow_answer_waits_by_the_injected_sleep() -> None:
    """M22."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    simulator = make_simulator(sleep=sleep, latency_seconds=0.5)
    ask(simulator)
    simulator.faults = Faults(slow=1.0)
    ask(simulator)
    assert waited == [0.5, 90.5]
    assert simulator.fault_counts == {"slow": 1}


def shop_with_one_invoice(**faults: Any) -> IposSimulator:
    simulator = make_simulator(faults=Faults(**faults))
    simulator.add_invoice(make_invoice())
    return simulator


def test_an_acknowledgement_can_be_applied_although_its_answer_is_lost() -> None:
    """M23."""
    simulator = shop_with_one_invoice(acknowledgement_reply_lost=1.0)
    assert numbers(listed(simulator)) == [10377]
    with pytest.raises(httpx2.ReadError):
        acknowledge(simulator, document())
    assert numbers(listed(simulator)) == []
    assert simulator.fault_counts == {"acknowledgement_reply_lost": 1}


def test_an_acknowledgement_can_be_lost_before_it_is_applied() -> None:
    """M23."""
    simulator = shop_with_one_invoice(acknowledgement_lost=1.0)
    with pytest.raises(httpx2.ReadError):
        acknowledge(simulator, document())
    assert numbers(listed(simulator)) == [10377]
    assert simulator.fault_counts == {"acknowledgement_lost": 1}


def test_an_acknowledgement_can_be_applied_twice() -> None:
    """M23: one final state, of the first."""
    simulator = shop_with_one_invoice(acknowledgement_twice=1.0)
    assert acknowledge(simulator, document())["Results"][0]["Status"] == 1
    assert [one["Repeated"] for one in simulator.acknowledgements()] == [False, True]
    assert len(simulator.posted()) == 1


def test_an_acknowledgement_can_be_answered_but_not_applied() -> None:
    """M23: IPOS says OK and goes on showing the invoice."""
    simulator = shop_with_one_invoice(acknowledgement_ignored=1.0)
    assert acknowledge(simulator, document())["Results"][0]["Status"] == 1
    assert numbers(listed(simulator)) == [10377]
    assert simulator.acknowledgements() == []


def test_a_fault_after_the_work_leaves_the_acknowledgement_applied() -> None:
    """One before the work does not."""
    for fault, posted in (("server_error_after", 1), ("server_error", 0), ("status_zero", 0)):
        simulator = shop_with_one_invoice(**{fault: 1.0})
        body = {"LocationCode": "DXB01", "Documents": [document()]}
        call(simulator, "POST", "/api/acknowledge", json=body)
        assert len(simulator.posted()) == posted, fault


def test_without_faults_an_acknowledgement_is_applied_once_and_answered() -> None:
    simulator = shop_with_one_invoice()
    assert acknowledge(simulator, document())["Results"][0]["Status"] == 1
    assert [one["Repeated"] for one in simulator.acknowledgements()] == [False]
    assert not simulator.fault_counts
