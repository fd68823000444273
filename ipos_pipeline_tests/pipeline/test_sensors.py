"""When runs start: only for store-days that have something to do, and never twice at once."""

from __future__ import annotations

from datetime import date

import dagster as dg
import pytest

from ipos_pipeline.defs.partitions import LOCATIONS
from ipos_pipeline.defs.sensors import location_partitions_sensor, store_days_sensor
from ipos_pipeline_tests.builders import LOCATION, raw_invoice, raw_line
from ipos_pipeline_tests.pipeline.conftest import Pipeline

TODAY = "2026-11-20|DXB01"


def tick(
    pipeline: Pipeline, sensor: dg.SensorDefinition = store_days_sensor
) -> dg.SensorResult | dg.SkipReason:
    """Evaluate a sensor as the daemon does."""
    with (
        pipeline.world.connections(**pipeline.environment) as connections,
        dg.build_sensor_context(
            instance=pipeline.instance, resources={"connections": connections}
        ) as context,
    ):
        answer = sensor(context)
        assert isinstance(answer, dg.SensorResult | dg.SkipReason)
        return answer


def requested(answer: dg.SensorResult | dg.SkipReason) -> list[str]:
    if isinstance(answer, dg.SkipReason):
        return []
    return sorted(str(request.partition_key) for request in answer.run_requests or [])


def test_a_tick_with_nothing_to_do_starts_no_run_and_says_so(pipeline: Pipeline) -> None:
    answer = tick(pipeline)

    assert isinstance(answer, dg.SkipReason)
    assert "Nothing to do" in str(answer.skip_message)


def test_a_tick_starts_a_run_for_each_day_on_which_ipos_shows_something_new(
    pipeline: Pipeline,
) -> None:
    late = raw_invoice(InvNo=9, InvDate="2026-11-18T10:00:00", BusinessDate="2026-11-18")
    pipeline.world.ipos.add_invoices([raw_invoice(), late])

    assert requested(tick(pipeline)) == ["2026-11-18|DXB01", TODAY]


def test_a_tick_after_the_work_is_done_starts_nothing(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice(), raw_invoice(InvNo=2, Void=True)])
    pipeline.run()

    assert requested(tick(pipeline)) == [], "a void invoice stays listed, but it is known"


def test_an_open_error_alone_starts_no_run(pipeline: Pipeline) -> None:
    """One unknown item must not cost a run every 15 minutes."""
    pipeline.world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999"))])
    pipeline.run()

    assert requested(tick(pipeline)) == []


def test_a_tick_starts_a_run_once_the_missing_item_is_in_the_catalogue(
    pipeline: Pipeline,
) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999"))])
    pipeline.run()
    pipeline.world.netsuite.add_item("9001", "SKU-9001", upccode="999")

    assert requested(tick(pipeline)) == [TODAY]


def test_a_tick_starts_no_second_run_of_a_store_day_that_is_running(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice()])
    pipeline.instance.create_run_for_job(
        pipeline.definitions.resolve_job_def("sync_invoices"),
        tags={"dagster/partition": TODAY},
        status=dg.DagsterRunStatus.STARTED,
    )

    assert requested(tick(pipeline)) == []


def test_the_look_itself_is_recorded(pipeline: Pipeline) -> None:
    """Freshness must tell "nothing was sold" from "nobody looked"."""
    tick(pipeline)

    opened = pipeline.world.connections(**pipeline.environment)
    with opened as connections, connections.ledger.read() as work:
        known = work.store_days.get(LOCATION, date(2026, 11, 20))
    assert known is not None
    assert known["looked_at"] == pipeline.world.clock.now
    assert known["unacknowledged"] == 0


def test_a_location_whose_ipos_refuses_us_gets_a_run_so_that_the_failure_is_seen(
    pipeline: Pipeline,
) -> None:
    pipeline.world.change_record(auth_value="an-old-key")

    answer = tick(pipeline)

    assert requested(answer) == [TODAY]
    assert isinstance(answer, dg.SensorResult)
    (request,) = answer.run_requests or []
    assert "refused the credential" in request.tags["ipos/reason"]


def test_a_tick_starts_the_first_run_of_a_location_that_has_no_partition_yet(
    pipeline: Pipeline,
) -> None:
    pipeline.instance.delete_dynamic_partition(LOCATIONS, LOCATION)
    pipeline.world.ipos.add_invoices([raw_invoice()])

    answer = tick(pipeline)

    assert requested(answer) == [TODAY]
    assert isinstance(answer, dg.SensorResult)
    assert answer.dynamic_partitions_requests == [
        dg.AddDynamicPartitionsRequest(LOCATIONS, [LOCATION])
    ]


@pytest.mark.parametrize("is_inactive", [True, False])
def test_the_location_partitions_follow_the_active_records(
    pipeline: Pipeline, *, is_inactive: bool
) -> None:
    pipeline.world.change_record(isinactive=is_inactive)
    if not is_inactive:
        pipeline.instance.delete_dynamic_partition(LOCATIONS, LOCATION)

    answer = tick(pipeline, location_partitions_sensor)

    assert isinstance(answer, dg.SensorResult)
    (request,) = answer.dynamic_partitions_requests or []
    wanted = dg.DeleteDynamicPartitionsRequest if is_inactive else dg.AddDynamicPartitionsRequest
    assert request == wanted(LOCATIONS, [LOCATION])


def test_locations_that_are_registered_already_are_left_alone(pipeline: Pipeline) -> None:
    assert isinstance(tick(pipeline, location_partitions_sensor), dg.SkipReason)


@pytest.mark.parametrize(
    "invoice",
    [
        raw_invoice(raw_line(Qty="two")),
        raw_invoice(raw_line(Qty=0, NetRate=0)),
    ],
    ids=["unreadable", "nothing to post"],
)
def test_an_invoice_that_waits_for_a_correction_is_read_again_after_a_quarter_of_an_hour(
    pipeline: Pipeline, invoice: dict[str, object]
) -> None:
    """Its number alone shows no change: IPOS lists as many invoices as before the correction."""
    pipeline.world.ipos.add_invoices([invoice])
    pipeline.run()
    assert requested(tick(pipeline)) == []
    pipeline.world.clock.advance(15 * 60)

    assert requested(tick(pipeline)) == [TODAY]
    pipeline.run()
    assert requested(tick(pipeline)) == [], "the next attempt is an hour later"
