"""Lists that move, repeat, shrink or ignore what was asked while they are read."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from ipos_pipeline.errors import TransientError
from ipos_pipeline_tests.builders import DAY, LOCATION, amount_line, raw_invoice, raw_line
from ipos_pipeline_tests.realities.shops import FOUR, Shops
from simulators.faults import Faults

COUNT = 450
"""Three pages of 200."""
TICKS_MAX = 12


def invoices_of_a_day(count: int = COUNT) -> list[dict[str, object]]:
    """Give invoices whose amounts differ, so that a mixed-up one would show."""
    return [
        raw_invoice(
            amount_line(1, 1, f"{number}.25"),
            InvNo=number,
            InvDate=f"2026-11-20T{10 + number // 60:02d}:{number % 60:02d}:00",
        )
        for number in range(1, count + 1)
    ]


def expected(count: int = COUNT) -> dict[str, Decimal]:
    return {f"IPOS-DXB01-2026-S-{n}-CS": Decimal(f"{n}.25") for n in range(1, count + 1)}


def post_everything(shops: Shops) -> None:
    """Tick until nothing is due any more; a list that will not settle fails its tick only."""
    for _ in range(TICKS_MAX):
        shops.quarter_of_an_hour()
        if not shops.failures and not shops.due():
            return
    pytest.fail(f"not done after {TICKS_MAX} ticks: {shops.due()}, {shops.failures}")


@pytest.mark.parametrize(
    "faults",
    [
        Faults(repeated_row=1.0),
        Faults(unstable_order=0.3),
        Faults(short_page=1.0),
        Faults(short_page=0.5, repeated_row=0.5, page_size_cap=30),
        Faults(page_size_cap=30),
    ],
    ids=["M3 repeated", "M4 order", "M5 short", "M3 M5 M6 together", "M6 capped"],
)
def test_every_invoice_of_a_difficult_list_is_posted_once_with_its_own_total(
    shops: Shops, faults: Faults
) -> None:
    """M3, M4, M5, M6: none skipped, none twice; a short page is not the end of the list."""
    shops.world.ipos.faults = faults
    shops.world.ipos.add_invoices(invoices_of_a_day())

    post_everything(shops)

    assert sum(shops.world.ipos.fault_counts.values()) > 0
    assert shops.posted() == expected()
    assert shops.acknowledged() == list(range(1, COUNT + 1))
    assert shops.open_errors() == []
    shops.world.ipos.faults = Faults()
    assert shops.run().proof.is_proved


def test_pages_that_shift_while_they_are_read_hide_no_invoice(shops: Shops) -> None:
    """M4: late uploads and somebody else's acknowledgements move invoices between two pages."""
    shops.world.ipos.add_invoices(invoices_of_a_day())
    told: list[int] = []

    async def acknowledge_some(_seconds: float) -> None:
        """Between two answers another client acknowledges the five oldest invoices."""
        for number in range(len(told) + 1, min(len(told) + 6, 60)):
            shops.world.ipos.edit_invoice(
                LOCATION,
                "SALE",
                number,
                f"2026-11-20T10:{number % 60:02d}:00" if number < 60 else "2026-11-20T11:00:00",
                Posted=1,
            )
            told.append(number)

    shops.world.ipos._latency_seconds, shops.world.ipos._sleep = 0.1, acknowledge_some
    landed = shops.run().landed

    assert landed.new >= COUNT - len(told), "everything that is left was landed"
    posted = set(shops.posted())
    missing = set(expected()) - posted
    assert {int(key.split("-")[4]) for key in missing} <= set(told)


def test_a_list_that_breaks_off_leaves_its_day_unread_and_what_was_landed_in_place(
    shops: Shops,
) -> None:
    """M21: the first page is in the ledger; the day is read again, whole, and posted once."""
    shops.world.ipos.add_invoices(invoices_of_a_day())

    async def break_off(_seconds: float) -> None:
        shops.world.ipos._latency_seconds = 0
        shops.world.ipos.faults = Faults(html_page=1.0, only="GET /api/invoices")

    shops.world.ipos._latency_seconds, shops.world.ipos._sleep = 0.1, break_off
    with pytest.raises(TransientError, match="page 2"):
        shops.run()

    assert len(shops.landed_numbers()) == 200
    with shops.connections.ledger.read() as work:
        assert work.store_days.get(LOCATION, DAY) is None, "its list was not read"
    assert shops.posted() == {}
    shops.world.ipos.faults = Faults()
    post_everything(shops)
    assert shops.posted() == expected()
    assert shops.acknowledged() == list(range(1, COUNT + 1))


def test_of_two_versions_in_one_list_the_one_that_was_read_last_is_posted(shops: Shops) -> None:
    """M4, M17: edited while the list is read, an invoice stands on its first page and its last."""
    shops.world.ipos.add_invoices(invoices_of_a_day())
    edited = raw_invoice(amount_line(1, 1, "9.00"), InvNo=1, InvDate="2026-11-20T23:00:00")

    async def edit(_seconds: float) -> None:
        shops.world.ipos._latency_seconds = 0
        shops.world.ipos.edit_invoice(LOCATION, "SALE", 1, "2026-11-20T10:01:00", **edited)

    shops.world.ipos._latency_seconds, shops.world.ipos._sleep = 0.1, edit
    landed = shops.run().landed
    post_everything(shops)

    assert landed.replaced == 1
    assert shops.posted() == expected() | {"IPOS-DXB01-2026-S-1-CS": Decimal("9.00")}
    assert shops.open_errors() == []


def test_invoices_that_arrive_while_the_list_is_read_are_landed_now_or_at_the_next_look(
    shops: Shops,
) -> None:
    """M4: an upload inserts itself into a page that was read already."""
    later, *rest = reversed(invoices_of_a_day(250))
    shops.world.ipos.add_invoices(rest)

    async def upload(_seconds: float) -> None:
        shops.world.ipos.add_invoice({**later, "InvDate": "2026-11-20T09:00:00"})

    shops.world.ipos._latency_seconds, shops.world.ipos._sleep = 0.1, upload
    shops.run()
    post_everything(shops)

    assert shops.posted() == expected(250)


def test_a_silent_cap_of_the_page_size_costs_requests_and_no_invoice(shops: Shops) -> None:
    """M6: asked for 200, got 30: the next page begins after what came, not after what was asked."""
    shops.world.ipos.faults = Faults(page_size_cap=30)
    shops.world.ipos.add_invoices(invoices_of_a_day(100))

    tick = shops.run()

    assert tick.landed.shown == 100
    assert tick.sales.created == 100
    assert tick.proof.is_proved


def test_when_dates_are_ignored_each_invoice_is_landed_and_posted_under_its_own_day(
    shops: Shops,
) -> None:
    """M7: the filter is asserted on our side, so no day gets the sales of another."""
    days = [DAY - timedelta(days=back) for back in range(3)]
    shops.world.ipos.add_invoices(
        raw_invoice(
            amount_line(1, 1, f"{day.day}.00"),
            InvNo=day.day,
            InvDate=f"{day}T11:00:00",
            BusinessDate=day.isoformat(),
        )
        for day in days
    )
    shops.world.ipos.faults = Faults(dates_ignored=1.0)

    post_everything(shops)

    found = {key: (one["tranDate"], one["total"]) for key, one in shops.transactions().items()}
    assert found == {
        f"IPOS-DXB01-2026-S-{day.day}-CS": (day.isoformat(), Decimal(f"{day.day}.00"))
        for day in days
    }
    for day in days:
        assert shops.run(day).proof.is_proved
        assert shops.landed_numbers(day) == [str(day.day)]


def test_when_dates_are_ignored_an_unreadable_invoice_is_quarantined_once(shops: Shops) -> None:
    """M7, M11: the list of every day shows it; one error is enough."""
    shops.world.ipos.add_invoice(raw_invoice(raw_line(Qty="two")))
    shops.world.ipos.faults = Faults(dates_ignored=1.0)
    shops.quarter_of_an_hour()
    shops.quarter_of_an_hour()

    days = [DAY - timedelta(days=back) for back in range(5)]
    assert len([error for day in days for error in shops.open_errors(day)]) == 1


def test_a_difficult_list_of_one_shop_mixes_nothing_into_the_others(shops: Shops) -> None:
    """M3, M4, M5: the faults are of one server, the invoices stay with their shops."""
    shops.world.ipos.faults = Faults(short_page=0.7, repeated_row=0.7, page_size_cap=10)
    shops.world.ipos.add_invoices(
        raw_invoice(amount_line(1, 1, f"{shop + 1}.00"), InvNo=number, LocationCode=code)
        for shop, code in enumerate(FOUR)
        for number in range(1, 31)
    )

    post_everything(shops)

    totals: dict[str, set[Decimal]] = {}
    for one in shops.transactions().values():
        totals.setdefault(one["location"], set()).add(one["total"])
    assert totals == {str(11 + shop): {Decimal(shop + 1)} for shop in range(4)}
    assert len(shops.posted()) == 120
    assert shops.landed_numbers(date(2026, 11, 19)) == []
