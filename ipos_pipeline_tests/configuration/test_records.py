"""The configuration records drive the pipeline: what users change there counts at the next tick."""

from __future__ import annotations

from pathlib import Path

import yaml

from ipos_pipeline_tests.builders import DAY, LOCATION, raw_invoice, raw_line
from ipos_pipeline_tests.configuration.conftest import (
    NEW_SHOP,
    copy_record,
    follow_the_records,
    open_new_shop,
    record_of,
)
from ipos_pipeline_tests.pipeline.conftest import Pipeline, failure_of
from ipos_pipeline_tests.pipeline.test_sensors import TODAY, requested, tick
from simulators.world import _CONFIGURATION_FIELDS, CONFIGURATION


def test_a_new_location_starts_by_its_record_alone(pipeline: Pipeline) -> None:
    open_new_shop(pipeline)
    pipeline.world.ipos.add_invoices([raw_invoice(LocationCode=NEW_SHOP)])

    follow_the_records(pipeline)

    assert requested(tick(pipeline)) == [f"{DAY}|{NEW_SHOP}"]
    assert pipeline.run(location=NEW_SHOP).success
    assert list(pipeline.posted()) == [f"IPOS-{NEW_SHOP}-2026-S-10377-CS"]


def test_an_inactive_location_stops_and_its_errors_stay_visible(pipeline: Pipeline) -> None:
    """Its due work waits: nothing of it is lost, and nothing of it is done."""
    pipeline.world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999"))])
    pipeline.run()
    pipeline.world.change_record(isinactive=True)
    assert "no active IPOS Configuration record" in failure_of(pipeline.run())[0]
    follow_the_records(pipeline)
    pipeline.world.netsuite.add_item("9001", "SKU-9001", upccode="999")
    asked = pipeline.requests("GET", "/api/invoices")

    assert requested(tick(pipeline)) == []
    assert pipeline.requests("GET", "/api/invoices") == asked, "nobody looks at a closed shop"
    assert [one.code for one in pipeline.open_errors()] == ["unknown_item"]

    pipeline.world.change_record(isinactive=False)
    follow_the_records(pipeline)
    assert requested(tick(pipeline)) == [TODAY]
    pipeline.run()
    assert len(pipeline.posted()) == 1


def test_a_changed_credential_is_used_at_the_next_tick(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice()])
    credential = pipeline.world.ipos.rotate_credential(LOCATION)
    assert not pipeline.run().success, "the old one is dead"
    pipeline.world.change_record(auth_value=credential)

    assert requested(tick(pipeline)) == [TODAY]
    assert pipeline.run().success
    assert len(pipeline.posted()) == 1


def test_a_wrong_field_is_told_by_record_and_field(pipeline: Pipeline) -> None:
    pipeline.world.change_record(timezone="Dubai", domain_url="ipos")

    message, recovery = failure_of(pipeline.run())

    assert "Dubai, Al Rigga (internal ID 1)" in message
    assert "custrecord_ipos_timezone: 'Dubai' is not a time zone name" in message
    assert "custrecord_ipos_domain_url: must be an address" in message
    assert "Correct the record in NetSuite" in recovery


def test_two_records_for_one_location_are_both_named(pipeline: Pipeline) -> None:
    copy_record(pipeline, name="A copy")

    message, recovery = failure_of(pipeline.run())

    assert "Dubai, Al Rigga (internal ID 1) and A copy (internal ID 2)" in message
    assert "all but one" in recovery


def map_fields(pipeline: Pipeline, tmp_path: Path, **field_ids: str | None) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(yaml.safe_dump({"configuration_fields": field_ids}))
    pipeline.environment["NETSUITE_MAPPING_FILE"] = str(path)


def rename_fields(pipeline: Pipeline, **new_ids: str | None) -> None:
    """Give the account's record type other fields; None takes one away."""
    netsuite, record = pipeline.world.netsuite, dict(record_of(pipeline))
    kinds = {f"custrecord_ipos_{name}": kind for name, kind in _CONFIGURATION_FIELDS.items()}
    for name, new_id in new_ids.items():
        kind, value = kinds.pop(f"custrecord_ipos_{name}"), record.pop(f"custrecord_ipos_{name}", 0)
        if new_id is not None:
            kinds[new_id], record[new_id] = kind, value
    netsuite.define_custom_record(CONFIGURATION, kinds)
    netsuite.put_custom_record(CONFIGURATION, record, id=record["id"])


def test_an_account_with_other_field_ids_maps_them(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice()])
    other = {"customer": "custrecord_my_customer", "test_items": None, "last_sales_error": None}
    rename_fields(pipeline, **other)
    message, recovery = failure_of(pipeline.run())
    assert "The IPOS Configuration records cannot be read" in message
    assert "configuration_fields" in recovery

    map_fields(pipeline, tmp_path, **other)

    assert pipeline.run().success
    assert len(pipeline.posted()) == 1
    assert record_of(pipeline)["custrecord_ipos_last_sales_sync"]


def test_a_mistake_in_a_mapped_field_is_told_with_the_accounts_own_id(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    rename_fields(pipeline, timezone="custrecord_my_zone")
    map_fields(pipeline, tmp_path, timezone="custrecord_my_zone")
    record = record_of(pipeline)
    pipeline.world.netsuite.put_custom_record(
        CONFIGURATION, {**record, "custrecord_my_zone": "Dubai"}, id=record["id"]
    )

    assert "custrecord_my_zone: 'Dubai' is not" in failure_of(pipeline.run())[0]
