"""Faults of what the IPOS simulator lists: late, twice, cut, mixed up, or broken invoices."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ipos_pipeline_tests.simulators.ipos_shop import (
    acknowledge,
    call,
    document,
    listed,
    make_invoice,
    make_simulator,
    numbers,
)
from ipos_pipeline_tests.simulators.signed_in_account import Clock
from simulators.faults import Faults, Window
from simulators.ipos import IposSimulator

HOUR = 3600.0
ALL = {"posted": "all"}


def shop_of(count: int, **settings: Any) -> IposSimulator:
    simulator = make_simulator(**settings)
    simulator.add_invoices(
        make_invoice(number, InvDate=f"2026-11-20T10:{number // 60:02}:{number % 60:02}")
        for number in range(1, count + 1)
    )
    return simulator


def seen(simulator: IposSimulator, *, page_size: int, pages_max: int = 100) -> list[Any]:
    """Read pages until one is empty."""
    found: list[Any] = []
    for page in range(1, pages_max + 1):
        rows = numbers(listed(simulator, page=page, pageSize=page_size))
        if not rows:
            return found
        found += rows
    return found


def test_without_faults_every_page_is_whole_in_order_and_stable() -> None:
    """The default of every knob: nothing happens and nothing is counted."""
    simulator = shop_of(25)
    assert seen(simulator, page_size=10) == list(range(1, 26))
    assert seen(simulator, page_size=10) == list(range(1, 26))
    assert all(invoice["Posted"] == 0 for invoice in listed(simulator)["Data"])
    assert not simulator.fault_counts


def test_late_uploads_appear_one_after_the_other_within_their_limit() -> None:
    """M1: the delay belongs to the invoice, so it does not change from look to look."""
    clock = Clock()
    faults = Faults(late_upload=1.0, late_upload_seconds_max=2 * HOUR)
    simulator = shop_of(30, clock=clock, faults=faults)
    counts = []
    for _ in range(9):
        page, again = listed(simulator), listed(simulator)
        assert numbers(page) == numbers(again)
        counts.append(page["TotalRecords"])
        clock.advance(HOUR / 4)
    assert counts[0] == 0
    assert counts[-1] == 30
    assert counts == sorted(counts)
    assert len(set(counts)) > 4
    assert simulator.fault_counts["late_upload"] == 30


def test_only_a_share_of_the_uploads_is_late_and_the_day_summary_knows_no_more() -> None:
    simulator = shop_of(100, clock=Clock(), faults=Faults(late_upload=0.5))
    late = simulator.fault_counts["late_upload"]
    assert 30 < late < 70
    assert listed(simulator)["TotalRecords"] == 100 - late
    query = {"location": "DXB01", "date": "2026-11-20"}
    summary = call(simulator, "GET", "/api/summary", params=query).json()
    assert summary["Data"]["Sales"]["Count"] == 100 - late
    assert len(simulator.invoices()) == 100


def test_a_restarted_server_still_waits_for_its_late_uploads(tmp_path: Path) -> None:
    clock, database = Clock(), str(tmp_path / "ipos.sqlite")
    faults = Faults(late_upload=1.0, late_upload_seconds_max=HOUR)
    shop_of(3, clock=clock, database=database, faults=faults).close()
    simulator = make_simulator(clock=clock, database=database)
    assert listed(simulator)["TotalRecords"] == 0
    clock.advance(HOUR)
    assert listed(simulator)["TotalRecords"] == 3
    simulator.close()


def test_an_upload_that_is_repeated_does_not_hide_what_was_visible() -> None:
    simulator = shop_of(3, clock=Clock())
    simulator.faults = Faults(late_upload=1.0)
    simulator.add_invoices(simulator.invoices())
    assert listed(simulator)["TotalRecords"] == 3


def test_a_location_that_was_offline_delivers_everything_at_once() -> None:
    """M2: the others go on."""
    clock = Clock()
    window = Window(clock() - timedelta(hours=1), clock() + timedelta(hours=3))
    simulator = shop_of(5, clock=clock, faults=Faults(offline={"DXB01": window}))
    simulator.add_location("AUH01", auth_header="X-Api-Key", auth_value="dxb01-key")
    simulator.add_invoice(make_invoice(LocationCode="AUH01"))
    clock.advance(3 * HOUR - 1)
    assert listed(simulator)["TotalRecords"] == 0
    assert numbers(listed(simulator, location="AUH01")) == [10377]
    clock.advance(1)
    assert listed(simulator)["TotalRecords"] == 5
    assert simulator.fault_counts["offline"] == 5


def test_what_arrives_outside_the_offline_window_is_visible_at_once() -> None:
    clock = Clock()
    window = Window(clock() + timedelta(hours=1), clock() + timedelta(hours=3))
    simulator = shop_of(5, clock=clock, faults=Faults(offline={"DXB01": window}))
    assert listed(simulator)["TotalRecords"] == 5
    assert not simulator.fault_counts


def test_a_page_can_begin_with_the_last_invoice_of_the_page_before() -> None:
    """M3."""
    simulator = shop_of(6, faults=Faults(repeated_row=1.0))
    pages = [numbers(listed(simulator, page=page, pageSize=3)) for page in (1, 2, 3, 4)]
    assert pages == [[1, 2, 3], [3, 4, 5, 6], [6], []]
    assert simulator.fault_counts["repeated_row"] == 3


def test_a_page_is_cut_from_the_list_as_it_is_at_that_moment() -> None:
    """M4 without any knob: acknowledging moves the next page, and an arrival moves it back."""
    simulator = shop_of(6)
    assert numbers(listed(simulator, page=1, pageSize=2)) == [1, 2]
    for number in (1, 2):
        acknowledge(simulator, document(number, InvDate=f"2026-11-20T10:00:0{number}"))
    assert numbers(listed(simulator, page=2, pageSize=2)) == [5, 6]
    simulator.add_invoice(make_invoice(7, InvDate="2026-11-20T09:00:00"))
    assert numbers(listed(simulator, page=2, pageSize=2)) == [4, 5]


def test_the_order_can_change_from_request_to_request() -> None:
    """M4: what one page skipped another may repeat, so only the total is to be trusted."""
    simulator = shop_of(40, faults=Faults(unstable_order=1.0))
    first, second = numbers(listed(simulator)), numbers(listed(simulator))
    assert first != second
    assert set(first) == set(second) == set(range(1, 41))
    assert simulator.fault_counts["unstable_order"] == 2


def test_short_pages_lie_in_the_middle_and_lose_nothing() -> None:
    """M5: a client that stops at a short page misses invoices; one that goes on does not."""
    simulator = shop_of(60, faults=Faults(short_page=0.5))
    pages = [numbers(listed(simulator, page=page, pageSize=10)) for page in range(1, 12)]
    assert seen(simulator, page_size=10) == list(range(1, 61))
    lengths = [len(page) for page in pages if page]
    assert min(lengths[:-1]) < max(lengths) == 10
    assert simulator.fault_counts["short_page"] > 0


def test_the_page_size_can_be_capped_without_a_word() -> None:
    """M6: asked 500, got 3."""
    simulator = shop_of(7, faults=Faults(page_size_cap=3))
    assert [len(numbers(listed(simulator, page=page, pageSize=500))) for page in (1, 2, 3)] == [
        3,
        3,
        1,
    ]
    assert simulator.fault_counts["page_size_cap"] == 3
    assert len(numbers(listed(simulator, pageSize=2))) == 2
    assert simulator.fault_counts["page_size_cap"] == 3


def test_the_date_filter_can_be_ignored() -> None:
    """M7."""
    simulator = shop_of(3)
    simulator.add_invoice(make_invoice(9, InvDate="2026-11-19T10:00:00"))
    window = {"from": "2026-11-20T00:00:00", "to": "2026-11-21T00:00:00"}
    assert numbers(listed(simulator, **window)) == [1, 2, 3]
    simulator.faults = Faults(dates_ignored=1.0)
    assert numbers(listed(simulator, **window)) == [9, 1, 2, 3]
    assert simulator.fault_counts == {"dates_ignored": 1}


def is_readable(invoice: dict[str, Any]) -> bool:
    if any(invoice.get(name) is None for name in ("InvNo", "InvDate", "Lines")):
        return False
    return isinstance(invoice["NetAmount"], Decimal) and all(
        isinstance(line, dict) for line in invoice["Lines"]
    )


def test_a_share_of_the_invoices_is_broken_each_in_the_same_way_every_time() -> None:
    """M11: quarantined with field and number; the others go on, and what is stored stays whole."""
    simulator = shop_of(120, faults=Faults(broken_invoice=0.4))
    first, second = listed(simulator)["Data"], listed(simulator)["Data"]
    assert first == second
    broken = sum(not is_readable(invoice) for invoice in first)
    assert 30 < broken < 70
    assert simulator.fault_counts["broken_invoice"] == 2 * broken
    assert any("InvNo" not in invoice for invoice in first)
    assert all(is_readable(invoice) for invoice in simulator.invoices())


def test_odd_invoices_say_the_same_in_other_words() -> None:
    """M11: numbers as texts, unknown keys, empty optional fields; nothing is missing."""
    simulator = shop_of(40, faults=Faults(odd_invoice=1.0))
    invoices = listed(simulator)["Data"]
    assert sorted(int(invoice["InvNo"]) for invoice in invoices) == list(range(1, 41))
    assert {Decimal(str(invoice["NetAmount"])) for invoice in invoices} == {Decimal("3.99")}
    assert any(isinstance(invoice["NetAmount"], str) for invoice in invoices)
    assert any("RowGuid" in invoice for invoice in invoices)
    assert any("CustomerCode" in invoice for invoice in invoices)
    assert simulator.fault_counts == {"odd_invoice": 40}


def test_the_flat_profile_carries_broken_and_odd_invoices_too() -> None:
    simulator = shop_of(20, faults=Faults(broken_invoice=0.5, odd_invoice=1.0))
    simulator.add_location("DXB01", auth_header="X-Api-Key", auth_value="dxb01-key", profile="flat")
    assert len(listed(simulator)["Table"]) == 20
    assert simulator.fault_counts["broken_invoice"] + simulator.fault_counts["odd_invoice"] == 20


def test_a_wrong_clock_shifts_the_time_of_a_locations_invoices() -> None:
    """M19: also by days; the invoice is acknowledged under the time that it shows."""
    faults = Faults(clock_skew_seconds={"DXB01": 2 * 24 * HOUR})
    simulator = make_simulator(faults=faults)
    simulator.add_location("AUH01", auth_header="X-Api-Key", auth_value="dxb01-key")
    simulator.add_invoices([make_invoice(), make_invoice(LocationCode="AUH01")])
    [shown] = listed(simulator)["Data"]
    assert shown["InvDate"] == "2026-11-22T11:07:33"
    answer = acknowledge(simulator, document(InvDate=shown["InvDate"]))
    assert answer["Results"][0]["Status"] == 1
    assert listed(simulator, location="AUH01")["Data"][0]["InvDate"] == "2026-11-20T11:07:33"
    assert simulator.fault_counts == {"clock_skew_seconds": 1}


def test_an_invoice_is_voided_and_stays_in_the_list() -> None:
    """M17."""
    simulator = make_simulator()
    simulator.add_invoice(make_invoice(Void=False))
    simulator.void_invoice("DXB01", "SALE", 10377, "2026-11-20T11:07:33")
    assert [invoice["Void"] for invoice in listed(simulator)["Data"]] == [True]
    with pytest.raises(LookupError):
        simulator.void_invoice("DXB01", "SALE", 1, "2026-11-20T11:07:33")


def test_another_shops_invoices_can_come_under_the_right_address() -> None:
    """M26: nothing may be posted to the wrong location."""
    simulator = shop_of(2)
    simulator.faults = Faults(other_location=1.0)
    assert numbers(listed(simulator)) == [1, 2], "a server with one shop has no other"
    simulator.add_location("AUH01", auth_header="X-Api-Key", auth_value="auh01-key")
    simulator.add_invoice(make_invoice(7, LocationCode="AUH01"))
    assert [invoice["LocationCode"] for invoice in listed(simulator)["Data"]] == ["AUH01"]
    assert simulator.fault_counts == {"other_location": 1}


def test_a_credential_is_rotated_at_a_moment() -> None:
    """M26: the new one works, the old one and its tokens do not."""
    simulator = shop_of(1)
    fresh = simulator.rotate_credential("DXB01")
    query = {"location": "DXB01"}
    assert call(simulator, "GET", "/api/invoices", params=query).status_code == 401
    headers = {"X-Api-Key": fresh}
    answer = call(simulator, "GET", "/api/invoices", params=query, headers=headers)
    assert answer.status_code == 200


def test_the_password_of_a_shop_with_a_login_is_rotated() -> None:
    simulator = IposSimulator(clock=lambda: datetime(2026, 11, 20, tzinfo=UTC))
    simulator.add_location("DXB01", username="shop", password="before")
    fresh = simulator.rotate_credential("DXB01")
    for password, status in (("before", 401), (fresh, 200)):
        login = {"UserName": "shop", "Password": password, "LocationCode": "DXB01"}
        assert call(simulator, "POST", "/api/token", json=login).status_code == status
