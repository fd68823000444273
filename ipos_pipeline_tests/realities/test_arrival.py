"""When invoices arrive, and with which dates on them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ipos_pipeline_tests.builders import DAY, LOCATION, NOON, raw_invoice
from ipos_pipeline_tests.realities.shops import FOUR, QUARTER_OF_AN_HOUR, Shops
from simulators.faults import Faults, Window
from simulators.world import CONFIGURATION, configurations

MIDNIGHT = NOON + timedelta(hours=12)
"""The end of `DAY` in Dubai."""


def sold(inv_no: int, inv_date: str = "2026-11-20T11:00:00", **changes: Any) -> dict[str, Any]:
    day = changes.pop("BusinessDate", inv_date[:10])
    return raw_invoice(InvNo=inv_no, InvDate=inv_date, BusinessDate=day, **changes)


@pytest.mark.parametrize("hours_late", [0.5, 11, 24, 71.9, 72])
def test_a_late_invoice_is_posted_on_its_own_day_and_that_day_is_proved_again(
    shops: Shops, hours_late: float
) -> None:
    """M1: late by up to 72 hours, for a sale a minute before midnight too, which is the worst."""
    shops.world.ipos.add_invoice(sold(1))
    shops.run()
    late = sold(2, "2026-11-20T23:59:00")
    shops.world.clock.now = MIDNIGHT + timedelta(hours=hours_late, minutes=-1)
    assert shops.due() == {}
    shops.world.ipos.add_invoice(late)

    ticks = shops.quarter_of_an_hour()

    assert list(ticks) == [(LOCATION, DAY)], "only the day that is concerned is opened again"
    assert shops.transactions()["IPOS-DXB01-2026-S-2-CS"]["tranDate"] == DAY.isoformat()
    assert ticks[LOCATION, DAY].proof.is_proved
    assert shops.acknowledged() == [1, 2]


def test_late_uploads_of_a_whole_day_are_all_posted_once_within_three_days(shops: Shops) -> None:
    """M1: each invoice arrives at another moment; nothing is lost between two looks."""
    shops.world.ipos.faults = Faults(late_upload=1.0)
    shops.world.ipos.add_invoices([sold(number) for number in range(1, 41)])

    for _ in range(26):
        shops.world.clock.advance(3 * 3600 - QUARTER_OF_AN_HOUR)
        shops.quarter_of_an_hour()
        assert not shops.failures

    assert shops.posted() == {
        f"IPOS-DXB01-2026-S-{number}-CS": Decimal("3.99") for number in range(1, 41)
    }
    assert shops.acknowledged() == list(range(1, 41))
    assert shops.run().proof.is_proved


def test_the_burst_after_an_outage_clears_and_the_other_shops_never_notice(shops: Shops) -> None:
    """M2: 1,100 invoices of an offline shop arrive at once: three transactions of the ledger."""
    back = NOON + timedelta(hours=3)
    shops.world.ipos.faults = Faults(offline={"DXB02": Window(NOON, back)})
    burst = [sold(number, LocationCode="DXB02") for number in range(1, 1101)]
    shops.world.ipos.add_invoices([*burst, *(sold(7, LocationCode=code) for code in FOUR[2:])])

    first = shops.quarter_of_an_hour()
    assert {code for code, _ in first} == set(FOUR[2:])
    shops.world.clock.now = back
    second = shops.quarter_of_an_hour()

    assert list(second) == [("DXB02", DAY)]
    assert second["DXB02", DAY].sales.created == 1100
    assert second["DXB02", DAY].proof.is_proved
    assert shops.acknowledged("DXB02") == list(range(1, 1101))
    assert shops.due() == {}


@pytest.mark.parametrize(("hour", "business_day"), [(2, 20), (4, 21)])
def test_the_cut_off_hour_decides_the_day_of_trading_after_midnight(
    shops: Shops, hour: int, business_day: int
) -> None:
    """M20: a shop that closes at three in the morning books those sales on the evening's day."""
    shops.change_record(LOCATION, day_cutoff_hour=3)
    late = sold(1, f"2026-11-21T0{hour}:00:00", BusinessDate=None)
    shops.world.ipos.add_invoice(late)
    shops.world.clock.now = NOON + timedelta(hours=18)

    ((location, day),) = shops.quarter_of_an_hour()

    assert (location, day) == (LOCATION, date(2026, 11, business_day))
    (posted,) = shops.transactions().values()
    assert posted["tranDate"] == f"2026-11-{business_day}"


def test_a_business_date_wins_over_the_clock_and_both_days_can_be_proved(shops: Shops) -> None:
    """M20: IPOS lists it under the hour of the sale, NetSuite must have it on its business day."""
    shops.world.ipos.add_invoices(
        [sold(1), sold(2, "2026-11-21T01:30:00", BusinessDate="2026-11-20")]
    )
    shops.world.clock.now = NOON + timedelta(hours=15)

    shops.quarter_of_an_hour()
    shops.quarter_of_an_hour()

    dates = {key: one["tranDate"] for key, one in shops.transactions().items()}
    assert dates == {
        "IPOS-DXB01-2026-S-1-CS": "2026-11-20",
        "IPOS-DXB01-2026-S-2-CS": "2026-11-20",
    }
    assert shops.acknowledged() == [1, 2]
    assert shops.run().proof.is_proved
    assert shops.run(DAY + timedelta(days=1)).proof.is_proved
    assert shops.due() == {}


def test_an_invoice_held_on_another_business_day_starts_no_run_at_every_tick(
    shops: Shops,
) -> None:
    """M20: IPOS goes on counting it under the hour of the sale; that is known and costs nothing."""
    waiting = sold(1, "2026-11-20T01:30:00", BusinessDate="2026-11-19")
    waiting["Lines"][0]["PrimaryBarcode"] = "999"
    shops.world.ipos.add_invoice(waiting)
    shops.quarter_of_an_hour()
    shops.quarter_of_an_hour()

    assert shops.due() == {}
    assert [one.code for one in shops.open_errors(date(2026, 11, 19))] == ["unknown_item"]


@pytest.mark.parametrize(
    ("skew_hours", "is_flagged"), [(-30, True), (-3, False), (3, True), (16, True)]
)
def test_a_wrong_clock_changes_no_day_that_ipos_states_and_is_flagged_when_suspicious(
    shops: Shops, skew_hours: int, *, is_flagged: bool
) -> None:
    """M19: `BusinessDate` decides; the invoice is found as soon as its wrong hour is asked for."""
    shops.world.ipos.faults = Faults(clock_skew_seconds={LOCATION: skew_hours * 3600.0})
    shops.world.ipos.add_invoice(sold(1))

    for _ in range(18):
        shops.world.clock.advance(3600 - QUARTER_OF_AN_HOUR)
        shops.quarter_of_an_hour()

    (posted,) = shops.transactions().values()
    assert posted["tranDate"] == "2026-11-20"
    assert shops.acknowledged() == [1]
    assert list(shops.suspicious_dates()) == ["1"] * is_flagged


def test_a_date_in_the_future_is_flagged_and_the_business_day_rule_still_decides(
    shops: Shops,
) -> None:
    """M19: nobody can have sold it yet; without a `BusinessDate` its own time gives the day."""
    shops.world.ipos.add_invoice(sold(1, "2026-11-20T23:30:00", BusinessDate=None))

    shops.run()

    assert "future" in shops.suspicious_dates()["1"]
    (posted,) = shops.transactions().values()
    assert posted["tranDate"] == "2026-11-20"


def test_a_new_shop_needs_a_configuration_record_and_nothing_else(shops: Shops) -> None:
    """M29: from the record on, its invoices are landed, posted and acknowledged."""
    world = shops.world
    world.netsuite.add_location("99", "Ajman, Corniche")
    world.netsuite.add_customer("599", "Walk-in customers, Ajman", subsidiary="2")
    pattern = configurations(world.netsuite)[LOCATION]
    own = {"location_code": "AJM01", "auth_value": "its-own", "location": "99", "customer": "599"}
    named = {f"custrecord_ipos_{name}": value for name, value in own.items()}
    without_identity = {key: pattern[key] for key in pattern if key not in {"id", "externalid"}}
    world.netsuite.put_custom_record(CONFIGURATION, {**without_identity, **named})
    world.ipos.add_location("AJM01", auth_header="X-Api-Key", auth_value="its-own")
    world.ipos.add_invoice(sold(1, LocationCode="AJM01"))

    ticks = shops.quarter_of_an_hour()

    assert list(ticks) == [("AJM01", DAY)]
    (posted,) = shops.transactions().values()
    assert (posted["externalId"], posted["location"]) == ("IPOS-AJM01-2026-S-1-CS", "99")
    assert shops.acknowledged("AJM01") == [1]


def test_the_wall_clock_of_the_shop_counts_not_that_of_the_server(shops: Shops) -> None:
    """M19: 11:07 in Dubai is 07:07 UTC; the ledger keeps the instant."""
    shops.world.ipos.add_invoice(raw_invoice())
    shops.run()

    with shops.connections.ledger.read() as work:
        (document,) = work.store_day_rows.documents(LOCATION, DAY)
    assert document.occurred_at == datetime.fromisoformat("2026-11-20T07:07:33+00:00")
