"""`ipos-pipeline shadow report` compares afresh, changes nothing, and its exit code can be used."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from ipos_pipeline_tests.builders import DAY, LOCATION
from ipos_pipeline_tests.operators.conftest import Answer, Command
from ipos_pipeline_tests.shadow.conftest import (
    EXCHANGE,
    SECOND_DAY,
    Beside,
    key,
    sold,
    unknown_item,
)
from simulators.faults import Faults
from simulators.incumbent import Mistakes


def report(command: Command, *options: str, first: object = DAY, last: object = DAY) -> Answer:
    return command("shadow", "report", "--from", f"{first}", "--to", f"{last}", *options)


@pytest.fixture
def alike(beside: Beside) -> Beside:
    """Two invoices that the script has posted as we would."""
    beside.sell(sold(1), sold(2, DAY, 11, *EXCHANGE))
    beside.run()
    beside.incumbent.take_a_turn()
    return beside


@pytest.mark.usefixtures("alike")
def test_a_day_that_is_alike_is_one_row_and_exit_code_0(command: Command) -> None:
    answer = report(command)

    assert answer.code == 0
    (row,) = (line.split() for line in answer.out.splitlines() if LOCATION in line)
    assert row == [f"{DAY}", LOCATION, "3", "0", "0", "0", "0", "0", "16.49", "16.49"]
    assert max(map(len, answer.out.splitlines())) <= 80


def test_differences_are_a_table_with_both_amounts_and_exit_code_1(
    alike: Beside, command: Command
) -> None:
    alike.mistakes = Mistakes(wrong={3})
    alike.sell(sold(3), unknown_item(4))
    alike.run()
    alike.incumbent.take_a_turn()

    answer = report(command)

    assert answer.code == 1
    said = " ".join(answer.out.split())
    for words in ("total_differs", key(3), "we come to 3.99, NetSuite has 4.99", "would_fail"):
        assert words in said
    assert alike.writes() == []


def test_json_is_one_document_with_exact_amounts(alike: Beside, command: Command) -> None:
    alike.sell(sold(3))
    alike.run()

    answer = report(command, "--json", first=SECOND_DAY)

    assert answer.code == 1
    before, today = answer.json["store_days"]
    assert (before["day"], before["is_same"], before["counts"]) == (f"{SECOND_DAY}", True, {})
    assert today["counts"] == {"same": 3, "only_ours": 1}
    assert (today["ours"], today["in_netsuite"]) == (Decimal("20.48"), Decimal("16.49"))
    (differing,) = today["differing"]
    assert (differing["kind"], differing["subject"]) == ("only_ours", key(3))
    assert (differing["ours"], differing["theirs"]) == (Decimal("3.99"), None)


def test_a_file_holds_every_document_and_no_formula(
    beside: Beside, command: Command, tmp_path: Path
) -> None:
    """Finance opens it in a spreadsheet; a number of an invoice may be anything."""
    beside.sell(sold(1), sold("=1+1"))
    beside.run()
    beside.incumbent.take_a_turn()
    file = tmp_path / "compared.csv"

    assert report(command, "--csv", str(file)).code == 0

    with file.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["kind"], row["ours"], row["in_netsuite"]) for row in rows] == [
        ("same", "3.99", "3.99")
    ] * 2
    assert {row["key"] for row in rows} == {"1", "'=1+1"}


def test_what_cannot_be_compared_is_no_success(alike: Beside, command: Command) -> None:
    """A script that goes live on exit code 0 must not do so for want of a setting."""
    del alike.pipeline.environment["NETSUITE_MAPPING_FILE"]

    answer = report(command)

    assert answer.code == 1
    assert "Nothing could be compared" in " ".join(answer.err.split())
    assert answer.out.split()[-2:] == ["16.49", "?"]


def test_netsuite_that_cannot_be_read_is_no_success(alike: Beside, command: Command) -> None:
    alike.pipeline.world.netsuite.faults = Faults(reply_lost=1.0, only="suiteql")
    answer = report(command)
    assert answer.code != 0


def test_days_that_are_live_are_named_as_wrong_use(beside: Beside, command: Command) -> None:
    beside.pipeline.world.change_record(mode="live", live_from=f"{DAY}")

    answer = report(command)

    assert answer.code == 2
    assert "None of these days is in shadow at DXB01" in answer.err
    assert report(command, first=SECOND_DAY).code == 0, "the day before is"
    assert report(command, last=SECOND_DAY).code == 2


def test_status_says_which_locations_are_in_shadow(beside: Beside, command: Command) -> None:
    assert "DXB01: in shadow: nothing is posted" in command("status").err
    beside.pipeline.world.change_record(mode="live", live_from=f"{DAY}")

    assert f"DXB01: live from {DAY}; days before are in shadow." in command("status").err
    (shop,) = command("status", "--json").json["locations"]
    assert (shop["mode"], shop["live_from"]) == ("live", f"{DAY}")


@pytest.mark.usefixtures("alike")
def test_reconcile_claims_no_proof_of_a_shop_in_shadow(command: Command) -> None:
    answer = command("reconcile", "--day", f"{DAY}")

    assert answer.code == 0
    assert answer.out.split()[-3:] == [LOCATION, "in", "shadow"]
    (shop,) = command("reconcile", "--day", f"{DAY}", "--json").json["locations"]
    assert (shop["is_proved"], shop["is_shadow"]) == (False, True)
