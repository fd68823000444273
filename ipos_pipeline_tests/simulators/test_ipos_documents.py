"""Acknowledgements, day summaries, credentials and the inspection side of the IPOS simulator."""

import base64
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx2
import pytest

from ipos_pipeline_tests.simulators.ipos_shop import (
    KEY,
    acknowledge,
    body_of,
    call,
    document,
    listed,
    make_invoice,
    make_simulator,
    numbers,
)
from simulators.ipos import IposSimulator
from simulators.serving import serve


def test_an_acknowledgement_keeps_the_numbers_of_the_erp() -> None:
    """An exchange has two: the sale's and the refund's."""
    simulator = make_simulator()
    simulator.add_invoice(make_invoice())
    answer = acknowledge(simulator, document(ErpRefundId="987655"))
    result = {"DocType": "SALE", "InvNo": 10377, "Status": 1, "Message": "OK"}
    assert answer == {"Status": 1, "Message": "OK", "Results": [result]}
    [posted] = simulator.posted("DXB01")
    assert (posted["ErpId"], posted["ErpRefundId"]) == ("987654", "987655")


def test_acknowledging_twice_is_accepted_and_keeps_the_first_numbers() -> None:
    """A reply that was lost leads to a second call; the final state is one."""
    simulator = make_simulator()
    simulator.add_invoice(make_invoice())
    answers = [acknowledge(simulator, document(ErpId=erp_id)) for erp_id in ("1", "2")]
    assert [answer["Results"][0]["Status"] for answer in answers] == [1, 1]
    assert [one["ErpId"] for one in simulator.posted()] == ["1"]
    assert [one["Repeated"] for one in simulator.acknowledgements()] == [False, True]


def test_an_unknown_document_is_refused_and_the_others_of_the_call_are_not() -> None:
    """Type, number and time must all fit."""
    simulator = make_simulator()
    simulator.add_invoice(make_invoice())
    wrong = [document(1), document(DocType="RETURN"), document(InvDate="2025-11-20T11:07:33")]
    results = acknowledge(simulator, *wrong, document())["Results"]
    assert [result["Status"] for result in results] == [0, 0, 0, 1]
    assert results[0]["Message"] == "Invalid invoice"
    assert len(simulator.acknowledgements()) == 1


def test_more_than_fifty_documents_are_refused_as_a_whole() -> None:
    """With status 200: the message says it, as in the field."""
    simulator = make_simulator()
    simulator.add_invoice(make_invoice())
    assert acknowledge(simulator, *[document()] * 50)["Status"] == 1
    answer = acknowledge(simulator, *[document()] * 51)
    assert answer["Status"] == 0
    assert "50" in answer["Message"]


@pytest.mark.parametrize("body", ["", "[]", "{", '{"LocationCode": "DXB01", "Documents": {}}'])
def test_an_acknowledgement_that_cannot_be_read_is_a_bad_request(body: str) -> None:
    """Nothing is acknowledged by a broken call."""
    answer = call(make_simulator(), "POST", "/api/acknowledge", content=body)
    assert (answer.status_code, answer.json()["Status"]) == (400, 0)


def test_a_day_summary_counts_by_business_date_and_leaves_voids_out() -> None:
    """A sale after midnight belongs to the day that its BusinessDate names."""
    simulator = make_simulator()
    late = {"InvDate": "2026-11-21T00:30:00", "BusinessDate": "2026-11-20"}
    simulator.add_invoices(
        [
            make_invoice(9, NetAmount=Decimal("10.10")),
            make_invoice(10, NetAmount=Decimal("0.20"), ReceivedOn="2026-11-21T00:45:00", **late),
            make_invoice(11, NetAmount=Decimal("99.00"), Void=True),
            make_invoice(3, DocType="RETURN", NetAmount=Decimal("-5.00")),
            make_invoice(12, InvDate="2026-11-21T10:00:00"),
        ]
    )
    query = {"location": "DXB01", "date": "2026-11-20"}
    data = body_of(call(simulator, "GET", "/api/summary", params=query))["Data"]
    assert data["Sales"] == {"Count": 2, "First": 9, "Last": 10, "NetAmount": Decimal("10.30")}
    assert data["Returns"] == {"Count": 1, "First": 3, "Last": 3, "NetAmount": Decimal("-5.00")}
    assert data["LastUpload"] == "2026-11-21T00:45:00"


@pytest.mark.parametrize("headers", [{}, {"X-Api-Key": "wrong"}, {"Authorization": "Bearer no"}])
@pytest.mark.parametrize("path", ["/api/invoices", "/api/summary"])
def test_without_the_right_credential_nothing_is_shown(headers: dict[str, str], path: str) -> None:
    """Whatever the form of the refusal, its status says what it is."""
    query = {"location": "DXB01", "date": "2026-11-20"}
    answer = call(make_simulator(), "GET", path, headers=headers, params=query)
    assert answer.status_code == 401
    is_page = answer.headers["content-type"].startswith("text/html")
    assert is_page is not bool(headers)


def test_a_credential_opens_only_its_own_location() -> None:
    """Also for acknowledgements: one shop must not mark another's invoices."""
    simulator = make_simulator()
    simulator.add_location("AUH01", auth_header="X-Api-Key", auth_value="auh01-key")
    simulator.add_invoice(make_invoice(LocationCode="AUH01"))
    query = {"location": "AUH01"}
    assert call(simulator, "GET", "/api/invoices", params=query).status_code == 403
    body = {"LocationCode": "AUH01", "Documents": [document()]}
    assert call(simulator, "POST", "/api/acknowledge", json=body).status_code == 403
    assert simulator.posted() == []


def test_a_rotated_credential_ends_the_old_one() -> None:
    """M26: the pipeline must then stop loudly."""
    simulator = make_simulator()
    basic = "Basic " + base64.b64encode(b"shop:secret").decode()
    simulator.add_location("DXB01", auth_header="Authorization", auth_value=basic)
    query = {"location": "DXB01"}
    assert call(simulator, "GET", "/api/invoices", params=query).status_code == 401
    headers = {"Authorization": basic}
    answer = call(simulator, "GET", "/api/invoices", headers=headers, params=query)
    assert answer.status_code == 200


def test_a_token_opens_its_location_until_it_expires() -> None:
    """The clock is the test's."""
    now = [datetime(2026, 11, 20, 8, tzinfo=UTC)]
    simulator = IposSimulator(clock=lambda: now[0])
    simulator.add_location("DXB01", username="shop", password="secret")
    login = {"UserName": "shop", "Password": "secret", "LocationCode": "DXB01"}
    granted = call(simulator, "POST", "/api/token", json=login).json()
    bearer = {"Authorization": f"Bearer {granted['access_token']}"}

    def status() -> int:
        query = {"location": "DXB01"}
        return call(simulator, "GET", "/api/invoices", headers=bearer, params=query).status_code

    assert status() == 200
    now[0] += timedelta(seconds=granted["expires_in"])
    assert status() == 401
    wrong = {**login, "Password": "guess"}
    assert call(simulator, "POST", "/api/token", json=wrong).status_code == 401


def test_requests_are_remembered_without_their_secrets() -> None:
    """What a person sees in the inspection must not be a credential."""
    simulator = make_simulator()
    simulator.add_location("AUH01", auth_header="X-Shop-Secret", auth_value="auh01-key")
    listed(simulator, page=1)
    call(simulator, "GET", "/api/invoices", headers={"X-Shop-Secret": "auh01-key"})
    call(simulator, "POST", "/api/token", json={"Password": "auh01-key"})
    first, second, _ = simulator.requests
    assert (first.method, first.path, first.query["page"], first.status) == (
        "GET",
        "/api/invoices",
        "1",
        200,
    )
    assert second.status == 400
    text = call(simulator, "GET", "/_simulator/requests").text
    assert "auh01-key" not in text
    assert KEY["X-Api-Key"] not in text


def test_a_running_simulator_can_be_changed_from_outside() -> None:
    """People and black-box tests act as the shops do: over HTTP, without a credential."""
    simulator = make_simulator()
    address = "/_simulator/invoices"
    call(simulator, "POST", address, content='[{"InvNo":1,"LocationCode":"DXB01","Void":false}]')
    call(simulator, "POST", address, json=make_invoice(2, NetAmount=3, RoundOff=0, Lines=[]))
    key = {"LocationCode": "DXB01", "DocType": "SALE", "InvNo": 2}
    key["InvDate"] = "2026-11-20T11:07:33"
    call(simulator, "PATCH", address, json={**key, "Changes": {"Void": True}})
    assert {one["InvNo"]: one["Void"] for one in simulator.invoices()} == {1: False, 2: True}
    assert call(simulator, "DELETE", address, json=key).status_code == 200
    assert call(simulator, "DELETE", address, json=key).status_code == 404
    assert call(simulator, "POST", address, content="{").status_code == 400
    totals = call(simulator, "GET", "/_simulator/summary").json()
    assert totals == {"DXB01": {"invoices": 1, "acknowledged": 0, "net_amount": 0}}


def test_every_answer_waits_the_set_latency() -> None:
    """By the injected sleep, so that tests do not wait."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    simulator = make_simulator(latency_seconds=1.5, sleep=sleep)
    listed(simulator)
    assert waited == [1.5]


def test_it_answers_over_a_real_socket() -> None:
    """The same application behind uvicorn; the port is free again afterwards."""
    simulator = make_simulator()
    simulator.add_invoice(make_invoice())
    with serve(simulator.app) as base_url, httpx2.Client(base_url=base_url, headers=KEY) as client:
        answer = client.get("/api/invoices", params={"location": "DXB01"})
        assert numbers(body_of(answer)) == [10377]
        port = int(base_url.rpartition(":")[2])
    with serve(simulator.app, port=port) as again:
        assert again == base_url
