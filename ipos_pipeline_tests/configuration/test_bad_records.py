"""A record with a mistake stops its own location, is told once, and removes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from ipos_pipeline.defs.partitions import LOCATIONS
from ipos_pipeline.defs.sensors import location_partitions_sensor
from ipos_pipeline_tests.builders import (
    DAY,
    LOCATION,
    configuration_values,
    raw_invoice,
    raw_line,
)
from ipos_pipeline_tests.configuration.conftest import (
    NEW_SHOP,
    copy_record,
    follow_the_records,
    metadata_of,
    open_new_shop,
    record_of,
)
from ipos_pipeline_tests.errors_workflow.conftest import OPERATIONS, Operation
from ipos_pipeline_tests.pipeline.conftest import Pipeline, failure_of
from ipos_pipeline_tests.pipeline.test_sensors import TODAY, requested, tick
from simulators.faults import NO_FAULTS, Faults, Window
from simulators.world import CONFIGURATION

Change = Callable[[Pipeline], object]

NEW_SHOP_TODAY = f"{DAY}|{NEW_SHOP}"
RECORD = "configuration DXB01 (record 1)"
"""What the outage of the one shop's record is called."""


def change(**fields: object) -> Change:
    return lambda pipeline: pipeline.world.change_record(**fields)


def put(pipeline: Pipeline, record: dict[str, Any], **fields: object) -> None:
    """Edit a record that NetSuite may no longer find by its location code."""
    own = {f"custrecord_ipos_{name}": value for name, value in fields.items()}
    pipeline.world.netsuite.put_custom_record(CONFIGURATION, {**record, **own}, id=record["id"])


def delete_record(pipeline: Pipeline) -> None:
    with pipeline.world.connections() as connections:
        external_id = record_of(pipeline)["externalid"]
        connections.wait_for(connections.netsuite.delete_custom_record(CONFIGURATION, external_id))


def locations(pipeline: Pipeline) -> list[str]:
    return sorted(pipeline.instance.get_dynamic_partitions(LOCATIONS))


def sell_in_both_shops(pipeline: Pipeline, number: int = 1) -> None:
    for code in (LOCATION, NEW_SHOP):
        pipeline.world.ipos.add_invoices([raw_invoice(InvNo=number, LocationCode=code)])


@pytest.fixture(autouse=True)
def _two_shops(pipeline: Pipeline) -> None:
    open_new_shop(pipeline)
    follow_the_records(pipeline)


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        (change(timezone="Dubai"), "custrecord_ipos_timezone: 'Dubai' is not a time zone name"),
        (change(customer=None), "custrecord_ipos_customer: Field required"),
        (change(profile="acme"), "the profile 'acme' is not one of flat, nested"),
        (lambda pipeline: copy_record(pipeline, name="A copy"), "have location DXB01"),
        (lambda pipeline: copy_record(pipeline, timezone="Dubai"), "have location DXB01"),
    ],
    ids=["wrong field", "missing field", "unknown profile", "code twice", "code twice, one wrong"],
)
def test_a_mistake_in_a_record_stops_its_own_location_and_no_other(
    pipeline: Pipeline, mistake: Change, told: str
) -> None:
    sell_in_both_shops(pipeline)
    mistake(pipeline)

    assert requested(tick(pipeline)) == [NEW_SHOP_TODAY]
    assert pipeline.run(location=NEW_SHOP).success
    assert list(pipeline.posted()) == [f"IPOS-{NEW_SHOP}-2026-S-1-CS"]
    assert told in failure_of(pipeline.run())[0]
    assert locations(pipeline) == [LOCATION, NEW_SHOP]


@pytest.mark.parametrize(
    ("repair", "goes_on"),
    [
        (change(timezone="Asia/Dubai"), True),
        (change(isinactive=True), False),
        (delete_record, False),
    ],
    ids=["corrected", "made inactive", "deleted"],
)
def test_a_mistake_in_a_record_is_two_mails_however_many_ticks_and_runs_there_are(
    operation: Operation, repair: Change, *, goes_on: bool
) -> None:
    pipeline = operation.pipeline
    pipeline.world.change_record(timezone="Dubai")

    for number in (1, 2, 3):
        sell_in_both_shops(pipeline, number)
        assert operation.tick() == [NEW_SHOP_TODAY]
        assert not pipeline.run().success, "and so does a run that a person starts"
        follow_the_records(pipeline)
    (outage,) = operation.outages()
    assert (outage.system, outage.closed_at) == (RECORD, None), "the other shop does not close it"
    assert len(operation.mails) == 1
    repair(pipeline)
    follow_the_records(pipeline)
    for _ in range(3):
        operation.tick()

    began, over = operation.mails
    assert {began.recipients, over.recipients} == {(OPERATIONS,)}
    assert RECORD in began.subject
    assert "Dubai, Al Rigga (internal ID 1) of location DXB01" in began.text
    assert "Correct the record in NetSuite" in began.text
    assert over.subject == f"Re: {began.subject}"
    assert [one.closed_at is None for one in operation.outages()] == [False]
    assert (TODAY in operation.runs) is goes_on


def test_a_record_that_is_wrong_in_another_field_by_now_is_the_same_outage(
    operation: Operation,
) -> None:
    for fields in ({"timezone": "Dubai"}, {"domain_url": "ipos"}, {"timezone": None}):
        operation.pipeline.world.change_record(**fields)
        operation.tick()

    (outage,) = operation.outages()
    assert "custrecord_ipos_domain_url" in outage.message
    assert len(operation.mails) == 1


def test_a_code_that_is_used_twice_is_one_outage_until_one_record_is_inactive(
    operation: Operation,
) -> None:
    pipeline = operation.pipeline
    original = dict(record_of(pipeline))
    sell_in_both_shops(pipeline)
    copy_record(pipeline, name="A copy")
    for _ in range(2):
        assert TODAY not in operation.tick()
    (began,) = operation.mails
    assert "configuration DXB01 since" in began.subject
    assert "all but one of them inactive" in began.text

    put(pipeline, {**original, "isinactive": True})

    assert operation.tick() == [TODAY]
    assert len(operation.mails) == 2


def test_two_records_with_mistakes_are_two_outages_and_each_is_over_by_itself(
    operation: Operation,
) -> None:
    pipeline = operation.pipeline
    pipeline.world.change_record(timezone="Dubai")
    other = dict(record_of(pipeline, NEW_SHOP))
    put(pipeline, other, day_cutoff_hour=30)
    operation.tick()
    pipeline.world.change_record(timezone=None)
    operation.tick()

    assert {one.system: one.closed_at is None for one in operation.outages()} == {
        RECORD: False,
        "configuration SHJ01 (record 2)": True,
    }
    assert len(operation.mails) == 3


def test_records_that_cannot_be_read_at_all_are_one_outage_until_they_are_read(
    operation: Operation,
) -> None:
    """No invoice is needed for that: reading them is what proves it."""
    netsuite = operation.pipeline.world.netsuite
    netsuite.faults = Faults(forbidden=(CONFIGURATION,))
    for _ in range(2):
        with pytest.raises(dg.Failure, match="records cannot be read"):
            operation.tick()
        with pytest.raises(dg.Failure, match="records cannot be read"):
            tick(operation.pipeline, location_partitions_sensor)
    netsuite.faults = NO_FAULTS
    for _ in range(2):
        assert operation.tick() == []

    assert [(one.system, one.closed_at is None) for one in operation.outages()] == [
        ("configuration records", False)
    ]
    assert len(operation.mails) == 2


def test_netsuite_being_down_ends_no_outage_of_a_record(operation: Operation) -> None:
    """What was not looked at may be as wrong as before."""
    world = operation.pipeline.world
    world.change_record(timezone="Dubai")
    operation.tick()
    world.netsuite.faults = Faults(
        maintenance=Window(world.clock.now, world.clock.now + timedelta(days=1))
    )
    with pytest.raises(dg.Failure):
        operation.tick()
    world.netsuite.faults = NO_FAULTS
    operation.tick()

    assert [one.system for one in operation.outages()] == [RECORD, "NetSuite"]
    assert operation.outages()[0].closed_at is None


def test_a_mistake_removes_no_partition_and_other_locations_come_and_go(
    pipeline: Pipeline,
) -> None:
    pipeline.world.change_record(timezone="Dubai")
    other = dict(record_of(pipeline, NEW_SHOP))
    put(pipeline, {**other, "isinactive": True})
    follow_the_records(pipeline)
    assert locations(pipeline) == [LOCATION]

    put(pipeline, {**other, "isinactive": False})
    follow_the_records(pipeline)
    assert locations(pipeline) == [LOCATION, NEW_SHOP]


def test_a_record_that_has_lost_its_location_code_removes_no_partition(
    pipeline: Pipeline,
) -> None:
    """Whose record it was, nobody can tell; so nobody is taken for closed."""
    original = dict(record_of(pipeline))
    put(pipeline, original, location_code=None)
    assert isinstance(tick(pipeline, location_partitions_sensor), dg.SkipReason)

    put(pipeline, original, location_code="AUH01")
    follow_the_records(pipeline)
    assert locations(pipeline) == ["AUH01", NEW_SHOP]


def test_an_inactive_record_may_be_wrong(operation: Operation) -> None:
    operation.pipeline.world.change_record(timezone="Dubai", isinactive=True)
    follow_the_records(operation.pipeline)
    operation.tick()

    assert locations(operation.pipeline) == [NEW_SHOP]
    assert operation.outages() == []


def test_the_asset_shows_the_records_in_use_and_says_what_is_wrong_with_the_others(
    pipeline: Pipeline,
) -> None:
    pipeline.world.change_record(timezone="Dubai")

    result = pipeline.definitions.resolve_job_def("refresh_reference_data").execute_in_process(
        instance=pipeline.instance
    )

    shown = metadata_of(result, "ipos_configuration")
    assert [row["location_code"] for row in shown["records"]] == [NEW_SHOP]
    assert "Dubai, Al Rigga (internal ID 1) of location DXB01" in shown["not_usable"]


def test_errors_of_a_location_whose_record_is_wrong_go_to_the_general_address(
    operation: Operation,
) -> None:
    """They must not wait for the correction: somebody is to know."""
    pipeline = operation.pipeline
    mail_server = pipeline.environment.pop("SMTP_HOST")
    pipeline.world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999"))])
    operation.tick()
    pipeline.environment["SMTP_HOST"] = mail_server
    pipeline.world.change_record(timezone="Dubai")
    operation.tick()

    assert [mail.recipients for mail in operation.mails] == [(OPERATIONS,)] * 2
    assert "unknown_item" in "".join(mail.text for mail in operation.mails)


@pytest.mark.parametrize(
    ("second", "told", "usable"),
    [
        ({"name": "copy"}, f"have location {LOCATION}", {"AUH01"}),
        (
            {"location_code": NEW_SHOP, "profile": "acme"},
            "the profile 'acme'",
            {LOCATION, "AUH01"},
        ),
    ],
    ids=["code twice", "unknown profile"],
)
def test_a_file_with_one_location_in_doubt_serves_the_others(
    pipeline: Pipeline, tmp_path: Path, second: dict[str, str], told: str, usable: set[str]
) -> None:
    first = configuration_values()
    third = {**first, "location_code": "AUH01"}
    file = tmp_path / "records.yaml"
    file.touch(0o600)
    file.write_text(yaml.safe_dump({"configurations": [first, {**first, **second}, third]}))
    pipeline.environment["IPOS_CONFIGURATION_FILE"] = str(file)

    with pipeline.world.connections(**pipeline.environment) as connections:
        records = connections.records

    (problem,) = records.problems
    assert told in problem.error.message
    assert set(records.usable) == usable
