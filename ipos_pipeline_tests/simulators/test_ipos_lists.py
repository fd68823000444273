"""The invoice lists of the IPOS simulator: pages, windows, feeds, profiles, exact texts."""

from decimal import Decimal
from pathlib import Path

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
from simulators.ipos import IposSimulator


def test_an_invoice_comes_back_exactly_as_it_was_added() -> None:
    """Decimals keep their places; nulls, Arabic, emoji and control characters survive."""
    simulator = make_simulator()
    line = {"SlNo": 1, "ItemName": "شاي ☕\u200f\u0007<b>", "Qty": Decimal("1.250"), "Extra": [1]}
    invoice = make_invoice(RoundOff=Decimal("0.00"), CustomerCode=None, Void=False, Lines=[line])
    simulator.add_invoice(invoice)
    [seen] = listed(simulator)["Data"]
    assert seen == invoice
    assert [str(seen["RoundOff"]), str(seen["Lines"][0]["Qty"])] == ["0.00", "1.250"]


@pytest.mark.parametrize("lines", [None, "none", {}, []])
def test_a_malformed_invoice_is_shown_as_malformed_as_it_is(lines: object) -> None:
    """The pipeline must meet what the field delivers, so nothing is repaired on the way in."""
    simulator = make_simulator()
    invoice = {"InvNo": None, "LocationCode": "DXB01", "NetAmount": "3,99", "Lines": lines}
    simulator.add_invoice(invoice)
    assert listed(simulator)["Data"] == [invoice]


def test_an_invoice_without_lines_or_without_anything_is_valid_json() -> None:
    """The texts are joined by hand: the edges must still be JSON."""
    simulator = make_simulator()
    simulator.add_invoices([{"InvNo": 1}, {}, {"Lines": [{"SlNo": 1}]}], location="DXB01")
    page = listed(simulator)
    assert sorted(page["Data"], key=str) == [{"InvNo": 1}, {"Lines": [{"SlNo": 1}]}, {}]


def test_pages_are_counted_capped_and_ordered_by_time_and_number() -> None:
    """A client that asks for 500 gets the server's maximum without a word."""
    simulator = make_simulator(page_size_max=2)
    later = make_invoice(1, InvDate="2026-11-20T22:00:00")
    simulator.add_invoices([later, *(make_invoice(number) for number in (100, 9, 20, 7))])
    pages = [listed(simulator, page=page, pageSize=500) for page in (1, 2, 3)]
    assert [numbers(page) for page in pages] == [[7, 9], [20, 100], [1]]
    assert {(page["TotalPages"], page["TotalRecords"]) for page in pages} == {(3, 5)}
    assert [(page["Page"], page["PageSize"]) for page in pages] == [(1, 2), (2, 2), (3, 2)]


@pytest.mark.parametrize("page", [0, -1, 2, 10_000])
def test_a_page_outside_the_list_is_empty_but_well_formed(page: int) -> None:
    """An empty list is an answer, not a failure."""
    simulator = make_simulator()
    simulator.add_invoice(make_invoice())
    body = listed(simulator, page=page)
    assert (body["Status"], body["Data"], body["TotalRecords"]) == (1, [], 1)


def test_the_window_includes_its_start_and_excludes_its_end() -> None:
    """Half open, so that two days share no invoice and miss none."""
    simulator = make_simulator()
    for number, moment in enumerate(["19T23:59:59", "20T00:00:00", "20T23:59:59", "21T00:00:00"]):
        simulator.add_invoice(make_invoice(number, InvDate=f"2026-11-{moment}"))
    window = {"from": "2026-11-20T00:00:00", "to": "2026-11-21T00:00:00"}
    assert numbers(listed(simulator, **window)) == [1, 2]


def test_acknowledged_invoices_are_shown_only_when_all_are_asked_for() -> None:
    """The reconciliation reads all; the daily work only what is left."""
    simulator = make_simulator()
    simulator.add_invoices([make_invoice(1), make_invoice(2)])
    acknowledge(simulator, document(1))
    assert numbers(listed(simulator)) == [2]
    everything = listed(simulator, posted="all")
    assert [(one["InvNo"], one["Posted"]) for one in everything["Data"]] == [(1, 1), (2, 0)]


def test_a_location_with_a_returns_feed_splits_sales_and_returns() -> None:
    """Each document is in exactly one of the two feeds."""
    simulator = make_simulator()
    simulator.add_location(
        "DXB01", auth_header="X-Api-Key", auth_value="dxb01-key", separate_returns_feed=True
    )
    simulator.add_invoices([make_invoice(1), make_invoice(1, DocType="RETURN")])
    assert [one["DocType"] for one in listed(simulator)["Data"]] == ["SALE"]
    assert [one["DocType"] for one in listed(simulator, "/api/returns")["Data"]] == ["RETURN"]


def test_without_a_returns_feed_the_returns_are_in_the_first() -> None:
    """And the second address does not exist."""
    simulator = make_simulator()
    simulator.add_invoices([make_invoice(1), make_invoice(2, DocType="RETURN")])
    assert numbers(listed(simulator)) == [1, 2]
    answer = call(simulator, "GET", "/api/returns", params={"location": "DXB01"})
    assert answer.status_code == 404


def test_the_flat_profile_has_two_tables_and_no_counts() -> None:
    """Numbers of sales and returns overlap, so each line names its document's type too."""
    simulator = make_simulator()
    simulator.add_location("DXB01", auth_header="X-Api-Key", auth_value="dxb01-key", profile="flat")
    simulator.add_invoices([make_invoice(7), make_invoice(7, DocType="RETURN")])
    body = listed(simulator)
    assert set(body) == {"Table", "Table1"}
    assert [header["DocType"] for header in body["Table"]] == ["SALE", "RETURN"]
    assert not any("Lines" in header for header in body["Table"])
    assert {(line["DocType"], line["InvNo"]) for line in body["Table1"]} == {
        ("SALE", 7),
        ("RETURN", 7),
    }
    assert str(body["Table1"][0]["NetRate"]) == "3.99"
    assert listed(simulator, page=2) == {"Table": [], "Table1": []}


@pytest.mark.parametrize(
    "wrong", [{"page": "x"}, {"pageSize": 0}, {"posted": "2"}, {"from": "yesterday"}]
)
def test_a_parameter_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    """A client's mistake must not look like an empty day."""
    answer = call(make_simulator(), "GET", "/api/invoices", params={"location": "DXB01", **wrong})
    assert (answer.status_code, answer.json()["Status"]) == (400, 0)


def test_a_repeated_upload_changes_nothing() -> None:
    """Location servers send again what they are not sure of; an acknowledged one stays so."""
    simulator = make_simulator()
    simulator.add_invoice(make_invoice())
    acknowledge(simulator, document())
    assert simulator.add_invoice(make_invoice(NetAmount=Decimal("9.99"))) == 0
    assert numbers(listed(simulator)) == []
    assert [one["NetAmount"] for one in simulator.invoices()] == [Decimal("3.99")]


def test_the_same_number_is_another_invoice_elsewhere_as_a_return_or_next_year() -> None:
    """InvNo alone identifies nothing."""
    simulator = make_simulator()
    same = [
        make_invoice(),
        make_invoice(LocationCode="AUH01"),
        make_invoice(DocType="RETURN"),
        make_invoice(InvDate="2027-11-20T11:07:33"),
    ]
    assert simulator.add_invoices(same) == 4


def test_an_edited_invoice_shows_its_changes_and_stays_acknowledged_unless_told() -> None:
    """Whether IPOS shows an edited invoice again is up to the test."""
    simulator = make_simulator()
    simulator.add_invoice(make_invoice())
    acknowledge(simulator, document())
    key = ("DXB01", "SALE", 10377, "2026-11-20T11:07:33")
    simulator.edit_invoice(*key, NetAmount=Decimal("5.00"))
    assert numbers(listed(simulator)) == []
    simulator.edit_invoice(*key, Posted=0)
    [shown] = listed(simulator)["Data"]
    assert (shown["NetAmount"], shown["Posted"]) == (Decimal("5.00"), 0)
    assert shown["ModifiedOn"] > "2026"
    assert len(shown["Lines"]) == 1


def test_a_deleted_invoice_is_gone_and_an_unknown_one_cannot_be_changed() -> None:
    """A test that misspells a key must not pass by doing nothing."""
    simulator = make_simulator()
    simulator.add_invoice(make_invoice())
    simulator.delete_invoice("DXB01", "SALE", 10377, "2026-11-20T11:07:33")
    assert listed(simulator, posted="all")["TotalRecords"] == 0
    with pytest.raises(LookupError, match="10377"):
        simulator.edit_invoice("DXB01", "SALE", 10377, "2026-11-20T11:07:33", Void=True)


def test_state_survives_a_restart_on_the_same_file(tmp_path: Path) -> None:
    """The demo goes on where it stopped."""
    database = str(tmp_path / "ipos.sqlite")
    first = make_simulator(database=database)
    first.add_invoices([make_invoice(1), make_invoice(2)])
    acknowledge(first, document(1))
    first.close()
    second: IposSimulator = make_simulator(database=database)
    assert numbers(listed(second)) == [2]
    assert [one["InvNo"] for one in second.acknowledgements()] == [1]
