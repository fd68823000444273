"""Acknowledgements that are lost, repeated, ignored or refused: nothing is ever posted again."""

import pytest

from ipos_pipeline.errors import TransientError
from ipos_pipeline_tests.builders import DAY, LOCATION, raw_invoice, raw_line
from ipos_pipeline_tests.realities.shops import Shops
from simulators.faults import Faults

NUMBERS = list(range(1, 61))
"""More than one call holds."""
POSTED = sorted(f"IPOS-DXB01-2026-S-{number}-CS" for number in NUMBERS)


def sell(shops: Shops) -> None:
    shops.world.ipos.add_invoices([raw_invoice(InvNo=number) for number in NUMBERS])


def creates(shops: Shops) -> int:
    return sum("/record/v1/cash" in one.path for one in shops.world.netsuite.requests)


@pytest.mark.parametrize(
    "fault", ["acknowledgement_reply_lost", "acknowledgement_twice", "acknowledgement_lost"]
)
@pytest.mark.parametrize("times", [1, 7])
def test_an_unreliable_acknowledgement_ends_in_one_state_and_posts_nothing_again(
    shops: Shops, fault: str, times: int
) -> None:
    """M23: it timed out though it was applied, was applied twice, or was lost."""
    sell(shops)
    shops.world.ipos.faults = Faults(**{fault: 1.0, "faults_max": times})

    for _ in range(3):
        shops.quarter_of_an_hour()

    assert shops.world.ipos.fault_counts[fault] >= 1
    assert sorted(shops.posted()) == POSTED
    assert creates(shops) == len(NUMBERS)
    assert shops.acknowledged() == NUMBERS
    assert shops.due() == {}
    assert shops.open_errors() == []


def test_an_acknowledgement_that_was_answered_and_not_applied_is_told_again(shops: Shops) -> None:
    """M23: IPOS said yes and goes on showing the invoices."""
    sell(shops)
    shops.world.ipos.faults = Faults(acknowledgement_ignored=1.0, faults_max=2)
    shops.quarter_of_an_hour()
    assert shops.acknowledged() == []

    shops.quarter_of_an_hour()

    assert shops.acknowledged() == NUMBERS
    assert creates(shops) == len(NUMBERS)
    assert shops.due() == {}


@pytest.mark.parametrize("fault", ["acknowledgement_lost", "acknowledgement_ignored"])
def test_where_acknowledging_never_works_the_books_are_right_all_the_same(
    shops: Shops, fault: str
) -> None:
    """M23: for a whole day; new invoices are posted beside the old ones, none of them twice."""
    sell(shops)
    shops.world.ipos.faults = Faults(**{fault: 1.0})
    for hour in range(8):
        shops.world.ipos.add_invoice(raw_invoice(InvNo=1000 + hour))
        shops.quarter_of_an_hour()

    assert len(shops.posted()) == len(NUMBERS) + 8
    assert creates(shops) == len(NUMBERS) + 8
    assert shops.acknowledged() == []
    assert shops.open_errors() == []
    shops.world.ipos.faults = Faults()
    shops.quarter_of_an_hour()
    assert shops.acknowledged() == [*NUMBERS, *range(1000, 1008)]
    assert shops.run().proof.is_proved


def test_a_lost_acknowledgement_fails_the_run_with_one_clear_error(shops: Shops) -> None:
    """M23: the failure names what was to be told to whom; what is due stays due."""
    sell(shops)
    shops.world.ipos.faults = Faults(acknowledgement_lost=1.0)

    with pytest.raises(TransientError, match="IPOS request of DXB01"):
        shops.run()

    assert list(shops.due()) == [(LOCATION, DAY)]


def test_ipos_hears_of_an_invoice_only_when_all_of_it_is_in_netsuite(shops: Shops) -> None:
    """M23, M8: half an exchange is not acknowledged; its other half closes it."""
    shops.world.ipos.add_invoice(
        raw_invoice(raw_line(), raw_line(2, Qty=-1, NetRate=-1, PrimaryBarcode="999"))
    )
    shops.run()
    assert len(shops.posted()) == 1
    assert shops.world.ipos.acknowledgements() == []
    shops.world.netsuite.add_item("9001", "SKU-9001", upccode="999")

    shops.run()

    (told,) = shops.world.ipos.acknowledgements()
    ids = {key[-2:]: one["id"] for key, one in shops.transactions().items()}
    assert (told["ErpId"], told["ErpRefundId"]) == (ids["CS"], ids["CR"])


def test_an_invoice_that_ipos_no_longer_knows_opens_one_error_and_is_not_told_for_ever(
    shops: Shops,
) -> None:
    """M23, M17: it was deleted between reading and acknowledging; the others are confirmed."""
    shops.world.ipos.add_invoices([raw_invoice(InvNo=number) for number in (1, 2)])
    shops.world.ipos.faults = Faults(acknowledgement_lost=1.0)
    shops.quarter_of_an_hour()
    shops.world.ipos.faults = Faults()
    shops.world.ipos.delete_invoice(LOCATION, "SALE", 1, "2026-11-20T11:07:33")

    for _ in range(8):
        shops.quarter_of_an_hour()

    assert shops.acknowledged() == [2]
    (error,) = shops.open_errors()
    assert (error.external_id, error.code) == ("IPOS-DXB01-2026-S-1", "acknowledgement_refused")
    assert error.attempts <= 4
