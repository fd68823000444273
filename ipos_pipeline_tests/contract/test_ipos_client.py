"""The IPOS client against the simulator: whole lists, counts, acknowledgements, credentials."""

from datetime import date, timedelta
from typing import Any

import httpx2
import pytest

from ipos_pipeline.clients.ipos import AcknowledgedDocument, IposClient, RawInvoice
from ipos_pipeline.connections import Connections
from ipos_pipeline.errors import AuthenticationError, TransientError
from ipos_pipeline_tests.builders import DAY, KEY, LOCATION, amount_line, raw_invoice
from ipos_pipeline_tests.contract.faulty import InFront
from ipos_pipeline_tests.contract.lists import whole_list
from ipos_pipeline_tests.simulated_world import IPOS_URL, SimulatedWorld


def client(connections: Connections) -> IposClient:
    return connections.ipos(connections.configuration(LOCATION))


def invoices(
    connections: Connections, day: date = DAY, which: Any = "unacknowledged"
) -> list[RawInvoice]:
    return connections.wait_for(whole_list(client(connections), day, which))


def count(connections: Connections, which: Any = "unacknowledged") -> int:
    return connections.wait_for(client(connections).count(DAY, which))


def numbers(found: list[RawInvoice]) -> list[int]:
    return sorted(one.raw["InvNo"] for one in found)


def sell(world: SimulatedWorld, *inv_nos: int, **changes: Any) -> None:
    for inv_no in inv_nos:
        world.ipos.add_invoice(raw_invoice(InvNo=inv_no, **changes))


def told(inv_no: int = 10377, **changes: Any) -> AcknowledgedDocument:
    usual = {
        "document_key": KEY,
        "doc_type": "SALE",
        "inv_no": inv_no,
        "inv_date": "2026-11-20T11:07:33",
        "erp_id": "987",
        "erp_refund_id": None,
    }
    return AcknowledgedDocument(**{**usual, **changes})


def acknowledge(connections: Connections, *documents: AcknowledgedDocument) -> dict[str, str]:
    return connections.wait_for(client(connections).acknowledge(documents))


def test_a_day_without_sales_is_an_empty_list(connections: Connections) -> None:
    assert invoices(connections) == []
    assert count(connections) == 0


def test_all_pages_are_read_though_ipos_caps_their_size(
    world: SimulatedWorld, connections: Connections
) -> None:
    """Asked for 200, IPOS gives 3 without a word (M6): a short page is not the end."""
    world.ipos.page_size_max = 3
    sell(world, *range(1, 9))
    assert numbers(invoices(connections)) == list(range(1, 9))


def test_an_invoice_arrives_with_its_digits_and_letters(
    world: SimulatedWorld, connections: Connections
) -> None:
    line = amount_line(1, 1, "10.10", ItemName="قميص 👕\u200f")
    world.ipos.add_invoice(raw_invoice(line))
    (found,) = invoices(connections)
    assert str(found.raw["Lines"][0]["NetRate"]) == "10.10"
    assert found.raw["Lines"][0]["ItemName"] == "قميص 👕\u200f"


def test_a_day_is_asked_for_by_its_hours(world: SimulatedWorld, connections: Connections) -> None:
    world.change_record(day_cutoff_hour=4)
    sell(world, 1, InvDate="2026-11-20T03:59:59")
    sell(world, 2, InvDate="2026-11-20T04:00:00")
    sell(world, 3, InvDate="2026-11-21T03:59:59")
    sell(world, 4, InvDate="2026-11-21T04:00:00")
    assert numbers(invoices(connections)) == [2, 3]
    assert numbers(invoices(connections, DAY + timedelta(days=1))) == [4]


def test_the_flat_profile_is_read_into_the_same_invoices(
    world: SimulatedWorld, connections: Connections
) -> None:
    """A sale and a return share a number there; each gets its own lines."""
    world.change_record(profile="flat")
    world.ipos.page_size_max = 2
    world.ipos.add_location(
        LOCATION, auth_header="X-Api-Key", auth_value=world_key(connections), profile="flat"
    )
    sell(world, 1, 2, 3)
    world.ipos.add_invoice(raw_invoice(amount_line(1, -1, "-5.00"), InvNo=1, DocType="RETURN"))
    found = invoices(connections)
    assert numbers(found) == [1, 1, 2, 3]
    by_type = {one.raw["DocType"]: one.raw["Lines"] for one in found if one.raw["InvNo"] == 1}
    assert [line["Qty"] for line in by_type["SALE"]] == [1]
    assert [line["Qty"] for line in by_type["RETURN"]] == [-1]
    assert count(connections) == 4


def test_a_separate_returns_feed_is_read_too_and_told_apart(
    world: SimulatedWorld, connections: Connections
) -> None:
    world.change_record(returns_url="/api/returns")
    world.ipos.add_location(
        LOCATION,
        auth_header="X-Api-Key",
        auth_value=world_key(connections),
        separate_returns_feed=True,
    )
    sell(world, 1)
    world.ipos.add_invoice(raw_invoice(amount_line(1, -1, "-5.00"), InvNo=1, DocType="RETURN"))
    found = invoices(connections)
    assert [(one.raw["DocType"], one.from_returns_feed) for one in found] == [
        ("SALE", False),
        ("RETURN", True),
    ]
    assert count(connections) == 2


def test_a_count_is_one_cheap_call(world: SimulatedWorld, connections: Connections) -> None:
    sell(world, *range(1, 6))
    assert count(connections) == 5
    (request,) = world.ipos.requests
    assert request.query["pageSize"] == "1"


def test_acknowledged_invoices_are_shown_only_when_all_are_asked_for(
    world: SimulatedWorld, connections: Connections
) -> None:
    sell(world, 1, 2)
    assert acknowledge(connections, told(1)) == {}
    assert numbers(invoices(connections)) == [2]
    assert numbers(invoices(connections, which="all")) == [1, 2]
    assert (count(connections), count(connections, "all")) == (1, 2)


def test_a_list_that_shifts_while_it_is_read_is_read_to_the_end(world: SimulatedWorld) -> None:
    """Invoice 1 is acknowledged after page 1: the first of page 2 slips into page 1 (M4)."""
    world.ipos.page_size_max = 2
    sell(world, *range(1, 7))
    world.clock.advance(1)
    done: list[int] = []

    def shift(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path == "/api/invoices" and not done:
            done.append(1)
            document = {"DocType": "SALE", "InvNo": 1, "InvDate": "2026-11-20T11:07:33"}
            world.ipos.store.acknowledge(LOCATION, document, at=world.clock())
        return answer

    with world.connections(InFront(world.transport(), shift)) as connections:
        assert numbers(invoices(connections)) == [1, 2, 3, 4, 5, 6]


def test_a_page_shown_twice_in_place_of_the_next_hides_nothing(world: SimulatedWorld) -> None:
    """Duplicates across pages (M3): the pass falls short of the total and is repeated."""
    world.ipos.page_size_max = 2
    sell(world, *range(1, 5))
    pages: list[httpx2.Response] = []

    def repeat_first(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path == "/api/invoices":
            pages.append(answer)
            return pages[0] if len(pages) == 2 else answer
        return answer

    with world.connections(InFront(world.transport(), repeat_first)) as connections:
        assert numbers(invoices(connections)) == [1, 2, 3, 4]


def test_invoices_that_arrive_while_the_list_is_read_do_not_keep_it_from_ending(
    world: SimulatedWorld,
) -> None:
    """A burst of uploads (M2): the list grows at its end with each page."""
    world.ipos.page_size_max = 2
    sell(world, *range(1, 7))
    arriving = iter(range(7, 10))

    def one_more(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        number = next(arriving, None) if request.url.path == "/api/invoices" else None
        if number is not None:
            sell(world, number, InvDate=f"2026-11-20T22:00:0{number}")
        return answer

    with world.connections(InFront(world.transport(), one_more)) as connections:
        assert numbers(invoices(connections)) == list(range(1, 10))


def test_an_unknown_invoice_is_refused_with_ipos_own_words(
    world: SimulatedWorld, connections: Connections
) -> None:
    sell(world, 10377)
    refusals = acknowledge(connections, told(), told(99, document_key="unknown"))
    assert refusals == {"unknown": "Invalid invoice"}


def test_acknowledging_twice_is_no_refusal(world: SimulatedWorld, connections: Connections) -> None:
    sell(world, 10377)
    assert acknowledge(connections, told()) == acknowledge(connections, told()) == {}
    assert [one["Repeated"] for one in world.ipos.acknowledgements()] == [False, True]


def test_an_acknowledgement_names_both_records_of_an_exchange(
    world: SimulatedWorld, connections: Connections
) -> None:
    sell(world, 10377)
    acknowledge(connections, told(erp_refund_id="988"))
    (invoice,) = world.ipos.posted(LOCATION)
    assert (invoice["ErpId"], invoice["ErpRefundId"]) == ("987", "988")


def test_a_sale_and_a_return_of_one_number_are_acknowledged_apart(
    world: SimulatedWorld, connections: Connections
) -> None:
    sell(world, 10377)
    refusals = acknowledge(connections, told(), told(doc_type="RETURN", document_key="return"))
    assert refusals == {"return": "Invalid invoice"}


def test_a_wrong_credential_stops(world: SimulatedWorld, connections: Connections) -> None:
    """Rotated at IPOS, not yet in the record (M26)."""
    world.ipos.add_location(LOCATION, auth_header="X-Api-Key", auth_value="rotated")
    with pytest.raises(AuthenticationError, match=LOCATION) as caught:
        invoices(connections)
    assert world_key(connections) not in str(caught.value)
    assert len(world.ipos.requests) == 1


def test_a_login_gives_a_token_that_is_used_until_it_ends(
    world: SimulatedWorld, connections: Connections
) -> None:
    use_login(world)
    sell(world, 1)
    ipos = client(connections)
    for _ in range(2):
        assert len(connections.wait_for(whole_list(ipos, DAY, "all"))) == 1
    world.clock.advance(3601)
    assert len(connections.wait_for(whole_list(ipos, DAY, "all"))) == 1
    assert [one.path for one in world.ipos.requests].count("/api/token") == 2


def test_a_token_that_ended_early_is_replaced_once(
    world: SimulatedWorld, connections: Connections
) -> None:
    """A restart of the main server forgets its tokens; that is no reason to stop a run."""
    use_login(world)
    sell(world, 1)
    ipos = client(connections)
    assert len(connections.wait_for(whole_list(ipos, DAY, "all"))) == 1
    world.ipos.access.revoke_tokens()
    assert len(connections.wait_for(whole_list(ipos, DAY, "all"))) == 1
    assert [one.status for one in world.ipos.requests] == [200, 200, 401, 200, 200]


def test_a_record_may_hold_a_whole_address(world: SimulatedWorld, connections: Connections) -> None:
    world.change_record(invoices_url=f"{IPOS_URL}/api/invoices")
    sell(world, 1)
    assert numbers(invoices(connections)) == [1]


def test_a_wrong_password_stops(world: SimulatedWorld, connections: Connections) -> None:
    use_login(world)
    world.ipos.add_location(LOCATION, username="dxb01", password="rotated")
    with pytest.raises(AuthenticationError) as caught:
        invoices(connections)
    assert "pa55word" not in str(caught.value)


def test_a_server_that_cannot_be_reached_may_be_asked_again(
    world: SimulatedWorld, connections: Connections
) -> None:
    world.change_record(domain_url="https://elsewhere.test")
    with pytest.raises(TransientError, match="ConnectError"):
        invoices(connections)
    waits = [seconds for seconds in world.clock.slept if seconds]
    assert len(waits) == 4


def world_key(connections: Connections) -> str:
    """Read the shop's credential, as the product does."""
    value = connections.configuration(LOCATION).auth_value
    assert value is not None
    return value.get_secret_value()


def use_login(world: SimulatedWorld) -> None:
    """Let the shop sign in by name and password."""
    world.change_record(
        auth_header=None,
        auth_value=None,
        token_url="/api/token",
        username="dxb01",
        password="pa55word",
    )
    world.ipos.add_location(LOCATION, username="dxb01", password="pa55word")
