"""Void, training and test invoices: landed, counted with their rule, not posted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ipos_pipeline_tests.builders import (
    KEY,
    LOCATION,
    amount_line,
    raw_invoice,
    raw_line,
)
from ipos_pipeline_tests.configuration.conftest import metadata_of
from ipos_pipeline_tests.pipeline.conftest import Pipeline, checks_of
from ipos_pipeline_tests.pipeline.test_sensors import TODAY, requested, tick

TEST_BARCODE = "TEST-1"
TEST_LINE = raw_line(PrimaryBarcode=TEST_BARCODE)
ALL_RULES = {
    "void": raw_invoice(InvNo=1, Void=True),
    "training": raw_invoice(InvNo=2, Training=True),
    "test_counter": raw_invoice(InvNo=3, CounterNo=9),
    "test_items": raw_invoice(TEST_LINE, InvNo=4),
}


@pytest.fixture
def filtering(pipeline: Pipeline, tmp_path: Path) -> Pipeline:
    """A location that marks tests by counter and item, with a vendor who flags training."""
    path = tmp_path / "profiles.yaml"
    path.write_text(
        yaml.safe_dump({"profiles": [{"name": "nested", "header": {"training": "Training"}}]})
    )
    pipeline.environment["IPOS_PROFILE_FILE"] = str(path)
    pipeline.world.change_record(test_counters="8, 9", test_items=f"{TEST_BARCODE}\nTEST-2")
    return pipeline


def edit(pipeline: Pipeline, **changes: Any) -> None:
    pipeline.world.ipos.edit_invoice(LOCATION, "SALE", 10377, "2026-11-20T11:07:33", **changes)


def test_each_rule_keeps_its_invoice_out_and_shows_it(filtering: Pipeline) -> None:
    filtering.world.ipos.add_invoices([raw_invoice(), *ALL_RULES.values()])

    result = filtering.run()

    assert list(filtering.posted()) == [f"{KEY}-CS"]
    assert [one["InvNo"] for one in filtering.world.ipos.acknowledgements()] == [10377]
    assert all(checks_of(result).values())
    one_each = "test_counter: 1, test_items: 1, training: 1, void: 1"
    assert metadata_of(result, "raw_invoices")["filtered"] == one_each
    closing = metadata_of(result, "store_day_reconciliation")
    assert (closing["filtered"], closing["filtered_by_rule"]) == (4, one_each)
    rows = metadata_of(result, "acknowledgements")["invoices"]
    assert {row["filter_rule"]: row["is_awaited"] for row in rows} == {
        None: True,
        **dict.fromkeys(ALL_RULES, False),
    }
    lines = metadata_of(result, "raw_invoices")["lines"]
    assert {row["filter_rule"] for row in lines} == {None, *ALL_RULES}


def test_filtered_invoices_start_no_run_at_every_tick(filtering: Pipeline) -> None:
    filtering.world.ipos.add_invoices(ALL_RULES.values())
    assert requested(tick(filtering)) == [TODAY]
    filtering.run()

    assert requested(tick(filtering)) == []


def test_a_location_that_says_so_acknowledges_them(filtering: Pipeline) -> None:
    filtering.world.change_record(acknowledge_filtered=True)
    filtering.world.ipos.add_invoices(ALL_RULES.values())

    result = filtering.run()

    assert sorted(one["InvNo"] for one in filtering.world.ipos.acknowledgements()) == [1, 2, 3, 4]
    assert filtering.posted() == {}
    assert all(checks_of(result).values())
    assert requested(tick(filtering)) == []
    filtering.run()
    assert len(filtering.world.ipos.acknowledgements()) == 4, "each is told once"


def test_the_check_waits_for_filtered_ones_only_where_ipos_is_told(filtering: Pipeline) -> None:
    filtering.world.change_record(acknowledge_filtered=True, acknowledge_url="/api/nowhere")
    filtering.world.ipos.add_invoices([ALL_RULES["void"]])
    assert not filtering.run().success, "IPOS has no such address"
    filtering.world.change_record(acknowledge_url="/api/acknowledge")

    assert requested(tick(filtering)) == [TODAY]
    assert checks_of(filtering.run())["acknowledgements:all_acknowledged"]


@pytest.mark.parametrize("is_acknowledged", [True, False])
def test_a_void_invoice_that_is_taken_up_again_in_ipos_is_posted_and_told(
    filtering: Pipeline, *, is_acknowledged: bool
) -> None:
    """What IPOS was told of the void one must not pass for a confirmation of the sale."""
    filtering.world.change_record(acknowledge_filtered=is_acknowledged)
    filtering.world.ipos.add_invoices([raw_invoice(Void=True)])
    filtering.run()
    edit(filtering, Void=False, Posted=0)

    filtering.run()

    (posted,) = filtering.posted().values()
    told = filtering.world.ipos.acknowledgements()
    assert len(told) == 1 + is_acknowledged
    assert told[-1]["ErpId"] == posted["id"]


def test_one_taken_up_again_that_cannot_be_posted_is_not_told(filtering: Pipeline) -> None:
    filtering.world.change_record(acknowledge_filtered=True)
    filtering.world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999"), Void=True)])
    filtering.run()
    edit(filtering, Void=False, Posted=0)

    result = filtering.run()

    assert len(filtering.world.ipos.acknowledgements()) == 1
    assert not checks_of(result)["acknowledgements:all_acknowledged"]


def test_a_posted_invoice_that_is_voided_later_is_drift(filtering: Pipeline) -> None:
    filtering.world.ipos.add_invoices([raw_invoice()])
    filtering.run()
    edit(filtering, Void=True, Posted=0)

    result = filtering.run()

    assert len(filtering.posted()) == 1
    (difference,) = metadata_of(result, "store_day_reconciliation")["differences"]
    assert difference["kind"] == "void_in_ipos"


def test_an_invoice_of_which_only_some_lines_are_tests_is_an_error_with_a_name(
    filtering: Pipeline,
) -> None:
    """Neither dropping what was sold nor booking what was not."""
    mixed = raw_invoice(amount_line(1, 1, "3.99"), {**TEST_LINE, "SlNo": 2})
    filtering.world.ipos.add_invoices([mixed])

    filtering.run()

    (error,) = filtering.open_errors()
    assert (error.external_id, error.code) == (KEY, "mixed_test_items")
    assert "Lines 2 of" in error.message
    assert filtering.posted() == {}
    assert filtering.world.ipos.acknowledgements() == []


def test_an_item_that_is_declared_a_test_later_ends_the_error_about_it(
    filtering: Pipeline,
) -> None:
    """The usual order: the unknown item is seen first, and the record corrected then."""
    filtering.world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="TRY-ME"))])
    filtering.run()
    assert [one.code for one in filtering.open_errors()] == ["unknown_item"]
    filtering.world.change_record(test_items=f"{TEST_BARCODE}, TRY-ME")

    result = filtering.run()

    assert filtering.open_errors() == []
    assert all(checks_of(result).values())


def test_an_invoice_that_no_rule_keeps_out_any_more_is_posted(filtering: Pipeline) -> None:
    filtering.world.ipos.add_invoices([ALL_RULES["test_counter"]])
    filtering.run()
    filtering.world.change_record(test_counters="8")

    filtering.run()

    assert len(filtering.posted()) == 1


def test_without_a_word_for_training_no_flag_is_looked_for(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice(Training=True)])

    pipeline.run()

    assert len(pipeline.posted()) == 1
