"""Faults of the simulated NetSuite account: before a commit, after it, and of what can be read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from ipos_pipeline_tests.simulators.signed_in_account import (
    RECORDS,
    REFUNDS,
    SALES,
    Account,
    assertion,
    details,
    document,
)
from simulators.faults import Faults, Window

QUERY = "SELECT id FROM transaction"


def account_with(**faults: Any) -> Account:
    """Sign in first, then turn the knobs."""
    account = Account()
    account.simulator.faults = Faults(**faults)
    return account


def test_without_faults_everything_is_answered_as_it_should_be() -> None:
    account = Account()
    assert account.post(SALES, document()).headers["Location"].startswith("https://")
    assert account.post(SALES, document()).status_code == 400
    assert account.rows(QUERY) == [{"id": "1"}]
    assert account.call("GET", f"{SALES}/eid:IPOS-1").status_code == 200
    assert not account.simulator.fault_counts


@pytest.mark.parametrize(
    ("fault", "error", "kept"),
    [
        ("connection_reset", httpx2.ReadError, 0),
        ("stalled", httpx2.ReadTimeout, 0),
        ("reply_lost", httpx2.ReadError, 1),
        ("reply_stalled", httpx2.ReadTimeout, 1),
    ],
)
def test_a_call_without_an_answer_may_or_may_not_have_been_carried_out(
    fault: str, error: type[Exception], kept: int
) -> None:
    """What the client sees is the same: it must look before it sends again."""
    account = account_with(**{fault: 1.0})
    with pytest.raises(error):
        account.post(SALES, document())
    assert len(account.simulator.transactions()) == kept
    assert account.simulator.fault_counts == {fault: 1}
    assert account.simulator.requests[-1].status == 0


@pytest.mark.parametrize(("fault", "kept"), [("server_error", 0), ("server_error_after", 1)])
def test_a_server_error_may_come_before_or_after_the_commit(fault: str, kept: int) -> None:
    account = account_with(**{fault: 1.0})
    answers = [account.post(SALES, document(f"E{number}")) for number in range(12)]
    assert {answer.status_code for answer in answers} == {500, 502, 503, 504}
    assert len(account.simulator.transactions()) == 12 * kept
    assert account.simulator.fault_counts == {fault: 12}


REFUSALS: dict[str, Callable[[httpx2.Response], bool]] = {
    "throttled": lambda answer: answer.status_code == 429 and "Retry-After" not in answer.headers,
    "throttled_with_retry_after": lambda answer: (
        answer.status_code == 429 and answer.headers["Retry-After"] == "30"
    ),
    "request_limit": lambda answer: (
        answer.status_code == 400
        and details(answer)[0]["o:errorCode"] == "SSS_REQUEST_LIMIT_EXCEEDED"
    ),
    "unauthorized": lambda answer: answer.status_code == 401,
    "tokens_revoked": lambda answer: answer.status_code == 401,
}


@pytest.mark.parametrize("fault", REFUSALS)
def test_a_refusal_changes_nothing(fault: str) -> None:
    account = account_with(**{fault: 1.0})
    assert REFUSALS[fault](account.post(SALES, document()))
    assert account.simulator.transactions() == []
    assert account.simulator.fault_counts == {fault: 1}


def test_one_unauthorized_answer_leaves_the_token_good_and_a_revocation_does_not() -> None:
    for fault, status in (("unauthorized", 200), ("tokens_revoked", 401)):
        account = account_with(**{fault: 1.0}, faults_max=1)
        assert account.query(QUERY).status_code == 401
        assert account.query(QUERY).status_code == status


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [("token_error", 500, None), ("token_refused", 400, "invalid_client")],
)
def test_the_token_endpoint_can_fail(fault: str, status: int, error: str | None) -> None:
    account = account_with(**{fault: 1.0})
    answer = account.token(assertion(account.clock))
    assert answer.status_code == status
    assert answer.json().get("error") == error
    account.simulator.faults = Faults()
    assert account.token(assertion(account.clock)).status_code == 200


def test_maintenance_is_a_page_with_either_status_while_its_window_lasts() -> None:
    """Also where the status says success."""
    account = Account()
    window = Window(account.clock(), account.clock() + timedelta(minutes=10))
    account.simulator.faults = Faults(maintenance=window)
    answers = [account.post(SALES, document()) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {200, 503}
    assert all(answer.headers["content-type"].startswith("text/html") for answer in answers)
    assert account.token(assertion(account.clock)).status_code in (200, 503)
    assert account.simulator.transactions() == []
    account.clock.advance(600)
    assert account.post(SALES, document()).status_code == 204
    assert account.simulator.fault_counts == {"maintenance": 11}


def test_the_answer_to_a_duplicate_comes_in_many_wordings() -> None:
    """No source says which one REST uses."""
    account = account_with(duplicate_reworded=1.0)
    assert account.post(SALES, document()).status_code == 204
    answers = [account.post(SALES, document()) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {400, 409}
    assert {details(answer)[0]["o:errorCode"] for answer in answers} == {
        "USER_ERROR",
        "DUP_RCRD",
        "INVALID_CONTENT",
    }
    assert all("already exists" in details(answer)[0]["detail"] for answer in answers)
    assert len(account.simulator.transactions()) == 1


def test_a_created_record_may_come_without_its_address_or_with_half_of_it() -> None:
    account = account_with(location_missing=1.0)
    answer = account.post(SALES, document("A"))
    assert (answer.status_code, "Location" in answer.headers) == (204, False)
    account.simulator.faults = Faults(location_relative=1.0)
    answer = account.post(SALES, document("B"))
    assert answer.headers["Location"] == f"{SALES}/2"
    assert account.simulator.fault_counts == {"location_missing": 1, "location_relative": 1}


def test_searches_find_a_new_transaction_only_after_the_lag() -> None:
    """The uniqueness of external IDs does not lag: the second POST is refused at once."""
    account = account_with(index_lag_seconds=30.0)
    account.post(SALES, document())
    assert account.rows(QUERY) == []
    assert account.rows("SELECT transaction FROM transactionline") == []
    assert account.call("GET", f"{SALES}/eid:IPOS-1").status_code == 404
    assert account.call("GET", f"{SALES}/1").status_code == 200
    assert account.post(SALES, document()).status_code == 400
    account.clock.advance(30)
    assert account.rows(QUERY) == [{"id": "1"}]
    assert account.rows("SELECT COUNT(*) AS n FROM transactionline") == [{"n": "3"}]
    assert account.call("GET", f"{SALES}/eid:IPOS-1").status_code == 200
    assert account.simulator.fault_counts == {"index_lag_seconds": 1}


def test_suiteql_can_fail_in_three_ways_and_records_go_on() -> None:
    account = account_with(suiteql_failure=1.0)
    answers = [account.query(QUERY) for _ in range(20)]
    seen = {(answer.status_code, answer.headers["content-type"]) for answer in answers}
    assert {status for status, _ in seen} == {200, 500}
    assert any(kind.startswith("text/html") for _, kind in seen)
    assert any(answer.text.startswith('{"links"') for answer in answers)
    assert account.post(SALES, document()).status_code == 204
    assert account.simulator.fault_counts == {"suiteql_failure": 20}


@pytest.mark.parametrize("fault", ["truncated", "html_page"])
def test_an_answer_can_be_cut_or_be_a_page(fault: str) -> None:
    account = account_with(**{fault: 1.0})
    answer = account.query(QUERY)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"(?i)expecting|unterminated|control"):
        answer.json()
    assert account.simulator.fault_counts == {fault: 1}


def test_an_answer_without_a_body_is_not_cut() -> None:
    account = account_with(truncated=1.0)
    assert account.post(SALES, document()).status_code == 204
    assert not account.simulator.fault_counts


def test_a_missing_permission_is_told_differently_by_records_and_by_suiteql() -> None:
    account = account_with(forbidden=("cashRefund", "item"))
    answer = account.post(REFUNDS, document())
    assert answer.status_code == 403
    assert details(answer)[0]["o:errorCode"] == "INSUFFICIENT_PERMISSION"
    answer = account.query("SELECT id FROM item WHERE id = ?", 100)
    assert answer.status_code == 400
    assert details(answer)[0]["detail"].endswith("Record 'item' was not found.")
    assert account.post(SALES, document()).status_code == 204
    assert account.query("SELECT itemid FROM customer").status_code == 400, "of another reason"
    assert account.simulator.fault_counts == {"forbidden": 2}


def test_a_latency_spike_adds_to_the_usual_time() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    account = Account(sleep=sleep)
    account.post(SALES, document("A"))
    account.simulator.faults = Faults(slow=1.0, slow_seconds=45.0)
    account.post(SALES, document("B"))
    assert slept == [0.0, 45.0]
    assert len(account.simulator.transactions()) == 2


def test_the_same_seed_gives_the_same_day() -> None:
    def statuses(seed: int) -> list[int]:
        account = Account(seed=seed)
        account.simulator.faults = Faults(server_error=0.3, request_limit=0.3)
        return [account.query(QUERY).status_code for _ in range(25)]

    assert statuses(4) == statuses(4)
    assert statuses(4) != statuses(5)


def test_faults_can_be_kept_to_some_requests_and_to_a_number() -> None:
    """Exactly one create loses its reply; reads and the next create are well."""
    account = account_with(reply_lost=1.0, only=f"POST {RECORDS}/cashSale", faults_max=1)
    assert account.query(QUERY).status_code == 200
    with pytest.raises(httpx2.ReadError):
        account.post(SALES, document("A"))
    assert account.post(SALES, document("B")).status_code == 204
    assert account.simulator.fault_counts == {"reply_lost": 1}
