"""The night reconciles what has closed, and finds what came later than the sensor looks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import dagster as dg
import pytest

from ipos_pipeline.defs.partitions import LOCATIONS
from ipos_pipeline_tests.builders import DAY, LOCATION, NOON, raw_invoice, raw_line
from ipos_pipeline_tests.night.conftest import Night
from ipos_pipeline_tests.pipeline.test_sensors import requested, tick

ONE_DAY = timedelta(days=1)
HALF_PAST_FOUR = NOON + timedelta(hours=16, minutes=30)
"""In Dubai, in the night after `DAY`."""
TODAY = f"{DAY}|{LOCATION}"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance on disk, as schedules open it themselves."""
    with dg.instance_for_test() as made:
        made.add_dynamic_partitions(LOCATIONS, [LOCATION])
        yield made


def sold(inv_no: int, day: date, **changes: Any) -> dict[str, Any]:
    return raw_invoice(
        InvNo=inv_no, InvDate=f"{day}T11:00:00", BusinessDate=day.isoformat(), **changes
    )


def arrived_late(result: dg.ExecuteInProcessResult) -> int:
    (made,) = result.asset_materializations_for_node("raw_invoices")
    return int(made.metadata["arrived_late"].value)


def proof_of(night: Night, day: date) -> Any:
    return night.ledger(lambda work: work.proofs.of_day(day))[LOCATION]


def test_an_invoice_three_days_late_reopens_its_day_and_says_so(night: Night) -> None:
    """Sensor, posting, reconciliation again: the green proof of that day is made anew."""
    pipeline, day = night.pipeline, DAY - 3 * ONE_DAY
    pipeline.world.ipos.add_invoices([sold(1, day)])
    night.at(NOON - 3 * ONE_DAY)
    night.operation.tick()
    night.at(NOON)
    assert night.operation.tick() == []
    green = proof_of(night, day)
    pipeline.world.ipos.add_invoices([sold(2, day)])

    answer = tick(pipeline)
    assert isinstance(answer, dg.SensorResult)
    (request,) = answer.run_requests or []
    assert request.tags["ipos/reason"] == f"1 invoice arrived late: {day} is reopened"
    result = pipeline.run(day)

    assert arrived_late(result) == 1
    again = proof_of(night, day)
    assert (green.is_proved, green.netsuite.documents) == (True, 1)
    assert (again.is_proved, again.netsuite.documents) == (True, 2)
    assert again.reconciled_at > green.reconciled_at


def test_what_is_sold_before_midnight_and_landed_after_it_reopens_nothing(night: Night) -> None:
    """Nobody had looked at the day since it was over: it was not closed yet."""
    tick(night.pipeline)
    night.pipeline.world.ipos.add_invoices([sold(1, DAY)])
    night.at(NOON + timedelta(hours=12, minutes=5))

    answer = tick(night.pipeline)

    assert isinstance(answer, dg.SensorResult)
    (request,) = answer.run_requests or []
    assert "not landed" in request.tags["ipos/reason"]


def test_a_night_asks_for_the_closed_day_and_for_what_is_not_proved(night: Night) -> None:
    pipeline, old = night.pipeline, DAY - 2 * ONE_DAY
    pipeline.world.ipos.add_invoices([sold(1, old, Lines=[raw_line(PrimaryBarcode="999")])])
    pipeline.run(old)
    night.at(HALF_PAST_FOUR)

    assert night.close_day() == {
        TODAY: "nightly close",
        f"{old}|{LOCATION}": "nightly close: 1 differ",
    }

    pipeline.world.netsuite.add_item("9001", "SKU-9001", upccode="999")
    tick(pipeline)
    pipeline.run(old)
    assert night.close_day() == {TODAY: "nightly close"}


def test_a_night_starts_no_second_run_of_a_store_day_that_is_running(night: Night) -> None:
    night.at(HALF_PAST_FOUR)
    night.pipeline.instance.create_run_for_job(
        night.pipeline.definitions.resolve_job_def("sync_invoices"),
        tags={"dagster/partition": TODAY},
        status=dg.DagsterRunStatus.STARTED,
    )
    assert night.close_day() == {}


@pytest.mark.parametrize("days_late", [40, 60])
def test_the_sweep_finds_an_invoice_older_than_the_look_back_and_it_is_posted_once(
    night: Night, days_late: int
) -> None:
    pipeline, day = night.pipeline, DAY - days_late * ONE_DAY
    pipeline.world.ipos.add_invoices([sold(1, day)])
    assert requested(tick(pipeline)) == [], "so far back the sensor does not look"

    shown = night.sweep()

    assert shown["store_days_with_unacknowledged"] == 1
    assert shown["not_answered"] == 0
    assert night.operation.tick() == [f"{day}|{LOCATION}"]
    assert list(pipeline.posted()) == ["IPOS-DXB01-2026-S-1-CS"]
    assert night.operation.tick() == []
    night.sweep()
    assert night.operation.tick() == []


def test_what_the_sweep_found_and_a_run_has_read_starts_no_run_at_every_tick(night: Night) -> None:
    """IPOS goes on showing it: it waits for an item, and its list has been read."""
    day = DAY - 40 * ONE_DAY
    waiting = sold(1, day, Lines=[raw_line(PrimaryBarcode="999")])
    night.pipeline.world.ipos.add_invoices([waiting])
    night.sweep()
    assert night.operation.tick() == [f"{day}|{LOCATION}"]

    for _ in range(3):
        assert night.operation.tick() == []
    night.sweep()
    assert night.operation.tick() == []


def test_the_sweep_looks_at_nothing_before_the_first_day_of_the_pipeline(night: Night) -> None:
    """What was sold before it took over is somebody else's to post."""
    day = DAY - 40 * ONE_DAY
    night.pipeline.environment["IPOS_PIPELINE_START_DATE"] = str(day + ONE_DAY)
    night.pipeline.world.ipos.add_invoices([sold(1, day)])
    night.sweep()
    assert requested(tick(night.pipeline)) == []
