"""A hostile IPOS: what its invoices hold acts nowhere, and spoils one invoice at most."""

import time
from decimal import Decimal
from typing import Any

import pytest

from ipos_pipeline_tests.builders import raw_invoice, raw_line
from ipos_pipeline_tests.realities.shops import Shops

HUGE, DEBT, TINY = Decimal("1e999999999"), Decimal("-1e999999999"), Decimal("1e-999999999")
SECONDS_MAX = 20


@pytest.mark.parametrize(
    "value", [HUGE, DEBT, TINY, 10**4000], ids=["huge", "debt", "tiny", "long"]
)
@pytest.mark.parametrize(
    "field",
    ["SlNo", "Qty", "NetRate", "Rate", "Discount", "Tax", "Conversion", "InvNo", "NetAmount"],
)
def test_an_absurd_number_costs_no_time_and_holds_up_no_other_invoice(
    shops: Shops, field: str, value: Any
) -> None:
    """Twelve bytes that `int` would work on for hours, with a gigabyte of digits."""
    lines = raw_invoice(raw_line(), InvNo=2)["Lines"]
    absurd = raw_invoice(*lines, InvNo=2)
    (absurd["Lines"][0] if field in raw_line() and field != "InvNo" else absurd)[field] = value
    shops.change_record("DXB01", summary_url="")  # the simulator cannot add these up
    shops.world.ipos.add_invoice(absurd)
    shops.world.ipos.add_invoice(raw_invoice(raw_line(), InvNo=1))

    started = time.process_time()
    shops.run()

    assert time.process_time() - started < SECONDS_MAX
    assert "IPOS-DXB01-2026-S-1-CS" in shops.posted()
