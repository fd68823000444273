"""What operators read fits a terminal of 80 columns, and an external ID can be copied from it."""

from __future__ import annotations

import pytest

from ipos_pipeline_tests.builders import raw_invoice, raw_line
from ipos_pipeline_tests.operators.conftest import Command
from ipos_pipeline_tests.realities.shops import Shops

SALE = "IPOS-DXB01-2026-S-10377-CS"
WIDTH = 80


@pytest.fixture
def failed(shop: Shops) -> Shops:
    """An invoice that waits for an item, with a long name."""
    name = "Mango nectar in glass bottles, twelve pieces in a box, without sugar"
    shop.world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999", ItemName=name))])
    shop.run()
    return shop


@pytest.mark.parametrize(
    "arguments",
    [
        ["errors", "list"],
        ["errors", "retry", "--all", "--yes"],
        ["errors", "set-aside", "--all", "--reason", "till test", "--yes"],
        ["withdraw", "--all", "--reason", "wrong customer", "--yes"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("failed")
def test_an_external_id_is_in_one_piece(command: Command, arguments: list[str]) -> None:
    said = command(*arguments).out

    assert SALE in said
    assert max(map(len, said.splitlines())) <= WIDTH


@pytest.mark.usefixtures("failed")
def test_a_date_of_the_status_is_not_broken(command: Command) -> None:
    answer = command("status")

    assert "2026-11-20" in answer.out
    assert max(map(len, answer.out.splitlines())) <= WIDTH
    assert "the oldest not posted is 10377, sold 2026-11-20 07:07" in answer.err
