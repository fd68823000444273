"""`ipos-pipeline reconcile` says what the proof says, and changes nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ipos_pipeline.cli.main import cli
from ipos_pipeline_tests.builders import raw_line
from ipos_pipeline_tests.operators.conftest import Answer, Command
from ipos_pipeline_tests.reconciliation.in_netsuite import somebody_deletes_a_posted_record
from ipos_pipeline_tests.reconciliation.sold_day import NEXT_SALE, SALE, SoldDay
from simulators.faults import Faults


def reconcile(command: Command, *options: str) -> Answer:
    return command("reconcile", "--day", "2026-11-20", *options)


@pytest.mark.usefixtures("sold_day")
def test_a_proved_day_is_a_row_of_three_sides_and_exit_code_0(command: Command) -> None:
    answer = reconcile(command)

    assert answer.code == 0
    (row,) = (line for line in answer.out.splitlines() if "DXB01" in line)
    assert row.split() == ["DXB01", "11.48", "4", "11.48", "5", "11.48", "5", "yes"]
    assert "Kind" not in answer.out
    assert "reconcile" in cli.commands


def test_differences_are_a_table_that_fits_80_columns_and_exit_code_1(
    sold_day: SoldDay, command: Command
) -> None:
    somebody_deletes_a_posted_record.happens(sold_day)
    sold_day.sell(raw_line(PrimaryBarcode="999"))
    sold_day.shop.run()

    answer = reconcile(command)

    assert answer.code == 1
    assert max(map(len, answer.out.splitlines())) <= 80
    for word in ("NO", "absent_in_netsuite", SALE, "open_error", NEXT_SALE):
        assert word in answer.out
    assert "repost it if it belongs there" in " ".join(answer.out.split())


def test_json_is_one_document_with_exact_amounts_and_every_difference(
    sold_day: SoldDay, command: Command
) -> None:
    somebody_deletes_a_posted_record.happens(sold_day)

    answer = reconcile(command, "--location", "DXB01", "--json")

    assert answer.code == 1
    (shop,) = answer.json["locations"]
    assert (answer.json["day"], shop["location"]) == ("2026-11-20", "DXB01")
    assert shop["is_proved"] is False
    assert shop["ipos"]["gross"] == shop["ledger"]["gross"] == Decimal("11.48")
    assert shop["netsuite"] == {
        "documents": 4,
        "gross": Decimal("7.49"),
        "tax": Decimal("0.35"),
        "net": Decimal("7.14"),
    }
    ((kind, subject),) = ((one["kind"], one["subject"]) for one in shop["differences"])
    assert (kind, subject) == ("absent_in_netsuite", SALE)


def test_the_command_changes_neither_side_nor_the_kept_proof(
    sold_day: SoldDay, command: Command
) -> None:
    sold_day.look()
    kept = sold_day.kept_proof()
    sold_day.sell()
    before = sold_day.world.netsuite.transactions(), sold_day.world.ipos.acknowledgements()

    answer = reconcile(command, "--json")

    (difference,) = answer.json["locations"][0]["differences"]
    assert difference["kind"] == "not_landed"
    after = sold_day.world.netsuite.transactions(), sold_day.world.ipos.acknowledgements()
    assert after == before
    assert sold_day.kept_proof() == kept
    assert "10379" not in sold_day.shop.landed_numbers()


def test_a_location_that_cannot_be_read_is_not_proved_and_says_why(
    sold_day: SoldDay, command: Command
) -> None:
    """A failed read proves nothing; the exit code must not be that of a proved day."""
    sold_day.world.ipos.faults = Faults(html_page=1.0)

    answer = reconcile(command)
    as_json = reconcile(command, "--json")

    assert answer.code == as_json.code == 1
    assert "not read" in answer.out
    assert "DXB01" in answer.err
    (shop,) = as_json.json["locations"]
    assert shop["is_proved"] is False
    assert "What to do" in shop["problem"]
    assert "ipos" not in shop


@pytest.mark.usefixtures("sold_day")
def test_a_day_without_sales_is_proved(command: Command) -> None:
    assert command("reconcile", "--day", "2026-11-19").code == 0


def test_a_location_whose_record_cannot_be_used_is_not_passed_over(
    sold_day: SoldDay, command: Command
) -> None:
    """All others being proved, the exit code would say that the whole day is."""
    sold_day.world.change_record(timezone="Mars/Olympus")

    answer = reconcile(command, "--json")

    assert answer.code == 1
    (shop,) = answer.json["locations"]
    assert (shop["location"], shop["is_proved"]) == ("DXB01", False)
    assert "timezone" in shop["problem"]
    assert reconcile(command, "--location", "DXB01").code == 2


@pytest.mark.usefixtures("sold_day")
def test_wrong_use_is_exit_code_2(command: Command) -> None:
    assert command("reconcile").code == 2
    assert command("reconcile", "--day", "yesterday").code == 2
    unknown = reconcile(command, "--location", "DXB99")
    assert unknown.code == 2
    assert "DXB99" in unknown.err
