"""The checks over all store-days: each turns red for what it is there to find."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import dagster as dg

from ipos_pipeline.defs.standing_checks import STANDING_CHECKS_JOB
from ipos_pipeline_tests.builders import DAY, NOON, raw_invoice, raw_line
from ipos_pipeline_tests.night.conftest import Night
from ipos_pipeline_tests.pipeline.test_sensors import tick


def checks(night: Night) -> dict[str, dg.AssetCheckEvaluation]:
    result = night.execute(STANDING_CHECKS_JOB)
    assert result.success
    return {one.check_name: one for one in result.get_asset_check_evaluations()}


def value(evaluation: dg.AssetCheckEvaluation, name: str) -> Any:
    return evaluation.metadata[name].value


def test_all_are_green_when_nothing_is_open_and_today_was_looked_at(night: Night) -> None:
    night.pipeline.world.ipos.add_invoices([raw_invoice()])
    night.operation.tick()

    found = checks(night)

    assert {name: one.passed for name, one in found.items()} == {
        "no_errors_open_anywhere": True,
        "no_error_waits_for_a_person": True,
        "all_days_closed": True,
        "today_is_fresh": True,
    }


def test_what_is_open_anywhere_turns_them_red_with_what_to_do(night: Night) -> None:
    night.pipeline.world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999"))])
    night.pipeline.run()
    night.at(NOON + timedelta(days=1))

    found = checks(night)

    assert not any(one.passed for one in found.values())
    assert all("recovery" in one.metadata for one in found.values())
    assert found["no_errors_open_anywhere"].severity == dg.AssetCheckSeverity.WARN
    by_cause = value(found["no_errors_open_anywhere"], "by_location_and_code")
    assert by_cause == "DXB01 unknown_item: 1"
    assert found["all_days_closed"].severity == dg.AssetCheckSeverity.ERROR
    (row,) = found["all_days_closed"].metadata["sample"].records
    assert (row.data["business_date"], row.data["state"]) == (str(DAY), "differs")


def test_a_day_that_was_only_never_reconciled_is_a_warning(night: Night) -> None:
    night.pipeline.world.ipos.add_invoices([raw_invoice()])
    tick(night.pipeline)
    night.at(NOON + timedelta(days=1))

    closed = checks(night)["all_days_closed"]

    assert not closed.passed
    assert closed.severity == dg.AssetCheckSeverity.WARN
    assert value(closed, "differing") == 0
