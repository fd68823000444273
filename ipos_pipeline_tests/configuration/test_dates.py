"""The four dates: computed from the ledger, shown on the record, never read back as a memory."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from ipos_pipeline.steps.dates import FourDates, four_dates
from ipos_pipeline_tests.builders import (
    LOCATION,
    NOON,
    amount_line,
    configuration_values,
    raw_invoice,
    raw_line,
)
from ipos_pipeline_tests.configuration.conftest import metadata_of, record_of
from ipos_pipeline_tests.pipeline.conftest import Pipeline
from simulators.world import _CONFIGURATION_FIELDS, CONFIGURATION

LATER = NOON + timedelta(hours=1)
UNKNOWN = raw_line(PrimaryBarcode="999")


def dates_of(pipeline: Pipeline) -> FourDates:
    with pipeline.world.connections(**pipeline.environment) as connections:
        return four_dates(connections.ledger, LOCATION)


def shown(pipeline: Pipeline) -> list[datetime | None]:
    """Give what the record shows, in the order of `FourDates`."""
    texts = [
        record_of(pipeline).get(f"custrecord_ipos_last_{name}")
        for name in ("sales_sync", "sales_error", "return_sync", "return_error")
    ]
    return [None if text is None else datetime.fromisoformat(text) for text in texts]


def test_an_empty_run_has_left_nothing_of_either_kind(pipeline: Pipeline) -> None:
    pipeline.run()

    assert dates_of(pipeline) == FourDates(NOON, None, NOON, None)
    assert shown(pipeline) == [NOON, None, NOON, None]


def test_a_sale_that_fails_moves_the_date_of_sales_errors_only(pipeline: Pipeline) -> None:
    pipeline.run()
    pipeline.world.clock.now = LATER
    pipeline.world.ipos.add_invoices([raw_invoice(UNKNOWN)])

    pipeline.run()

    assert dates_of(pipeline) == FourDates(NOON, LATER, LATER, None)
    assert shown(pipeline) == [NOON, LATER, LATER, None]


def test_a_return_that_fails_moves_the_date_of_return_errors_only(pipeline: Pipeline) -> None:
    exchange = raw_invoice(
        amount_line(1, 1, "9.00"), {**UNKNOWN, "SlNo": 2, "Qty": -1, "NetRate": -2}
    )
    pipeline.world.ipos.add_invoices([exchange])

    pipeline.run()

    assert dates_of(pipeline) == FourDates(NOON, None, None, NOON)


def test_a_solved_error_keeps_its_date_and_the_sync_moves_on(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice(UNKNOWN)])
    pipeline.run()
    pipeline.world.clock.now = LATER
    pipeline.world.netsuite.add_item("9001", "SKU-9001", upccode="999")

    pipeline.run()

    assert dates_of(pipeline) == FourDates(LATER, NOON, LATER, None)


@pytest.mark.parametrize("line", [raw_line(Qty="two"), raw_line(Qty=0, NetRate=0)])
def test_an_invoice_of_which_nobody_knows_what_it_becomes_counts_for_both_kinds(
    pipeline: Pipeline, line: dict[str, object]
) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice(line)])

    pipeline.run()

    assert dates_of(pipeline) == FourDates(None, NOON, None, NOON)


def test_dates_that_were_edited_in_netsuite_change_nothing_and_are_put_right(
    pipeline: Pipeline,
) -> None:
    """The incumbent read them as its memory; here a wrong date must not skip or repeat a day."""
    pipeline.world.ipos.add_invoices([raw_invoice()])
    pipeline.run()
    pipeline.world.change_record(
        last_sales_sync="2031-01-01T00:00:00Z", last_return_error="2031-01-01T00:00:00Z"
    )
    creates = pipeline.requests("POST", "/record/v1/")
    pipeline.world.clock.now = LATER

    pipeline.run()

    assert shown(pipeline) == [LATER, None, LATER, None]
    assert pipeline.requests("POST", "/record/v1/") == creates


def test_one_update_writes_all_dates_and_none_is_sent_when_nothing_changed(
    pipeline: Pipeline,
) -> None:
    first = pipeline.run()
    second = pipeline.run()

    assert metadata_of(first, "store_day_reconciliation")["dates_in_netsuite"] == "written"
    assert metadata_of(second, "store_day_reconciliation")["dates_in_netsuite"] == "unchanged"
    assert pipeline.requests("PATCH", "/record/v1/customrecord_ipos_configuration/") == 1


def test_netsuite_refusing_the_dates_fails_no_run_and_is_caught_up(
    pipeline: Pipeline,
) -> None:
    kinds = {f"custrecord_ipos_{name}": kind for name, kind in _CONFIGURATION_FIELDS.items()}
    without = {name: kind for name, kind in kinds.items() if "_last_" not in name}
    pipeline.world.netsuite.define_custom_record(CONFIGURATION, without)
    pipeline.world.ipos.add_invoices([raw_invoice()])

    refused = pipeline.run()

    assert refused.success
    assert len(pipeline.posted()) == 1
    told = metadata_of(refused, "store_day_reconciliation")["dates_in_netsuite"]
    assert told.startswith("not written: ")
    pipeline.world.netsuite.define_custom_record(CONFIGURATION, kinds)
    pipeline.run()
    assert shown(pipeline) == [NOON, None, NOON, None]


def test_with_a_file_of_records_the_dates_live_in_the_ledger_only(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    with pipeline.world.connections() as connections:
        key = connections.configuration(LOCATION).auth_value
    assert key is not None
    record = configuration_values(auth_value=key.get_secret_value())
    path = tmp_path / "records.yaml"
    path.touch(0o600)
    path.write_text(yaml.safe_dump({"configurations": [record]}), encoding="utf-8")
    pipeline.environment["IPOS_CONFIGURATION_FILE"] = str(path)

    result = pipeline.run()

    assert result.success
    assert dates_of(pipeline) == FourDates(NOON, None, NOON, None)
    assert shown(pipeline) == [None, None, None, None]
    assert pipeline.requests("PATCH", "/record/v1/") == 0
