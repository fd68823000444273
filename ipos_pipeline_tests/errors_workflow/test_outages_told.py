"""An outage is told when it begins and when it is over, and for nothing in between."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg
import pytest

from ipos_pipeline.defs.run_failures import run_failures_sensor
from ipos_pipeline_tests.builders import raw_invoice
from ipos_pipeline_tests.errors_workflow.conftest import OPERATIONS, Operation
from simulators.faults import NO_FAULTS, Faults, Window

STORE_DAY = {"dagster/partition": "2026-11-20|DXB01"}


def tell_failure(operation: Operation, run: dg.DagsterRun) -> None:
    """Evaluate the sensor of failed runs as the daemon does."""
    pipeline = operation.pipeline
    failed = dg.DagsterEvent(
        event_type_value=dg.DagsterEventType.RUN_FAILURE.value, job_name=run.job_name
    )
    with pipeline.world.connections(**pipeline.environment) as connections:
        context = dg.build_run_status_sensor_context(
            "run_failures_sensor",
            failed,
            pipeline.instance,
            run,
            resources={"connections": connections},
        )
        run_failures_sensor(context.for_run_failure())


def killed_run(operation: Operation) -> dg.DagsterRun:
    """Make a run whose process is gone: Dagster knows that it failed, and no more."""
    pipeline = operation.pipeline
    return pipeline.instance.create_run_for_job(
        pipeline.definitions.resolve_job_def("sync_invoices"),
        tags=STORE_DAY,
        status=dg.DagsterRunStatus.FAILURE,
    )


def test_netsuite_down_for_an_hour_is_two_mails_however_many_invoices_there_are(
    operation: Operation,
) -> None:
    world = operation.pipeline.world
    world.ipos.add_invoices([raw_invoice(InvNo=number) for number in range(1, 31)])
    world.netsuite.faults = Faults(
        maintenance=Window(world.clock.now, world.clock.now + timedelta(hours=1))
    )

    for _ in range(4):
        with pytest.raises(dg.Failure):
            operation.tick()
        operation.pipeline.run()
        world.clock.advance(15 * 60)
    assert len(operation.mails) == 1
    world.netsuite.faults = NO_FAULTS
    for _ in range(3):
        operation.tick()

    assert len(operation.pipeline.posted()) == 30
    began, over = operation.mails
    assert {began.recipients, over.recipients} == {(OPERATIONS,)}
    assert "NetSuite" in began.subject
    assert "Invoices are not posted at the moment" in began.text
    assert over.subject == f"Re: {began.subject}"
    assert over.message["In-Reply-To"] == began.message["Message-ID"]


def test_a_run_that_was_killed_is_told_once_and_again_when_the_location_works(
    operation: Operation,
) -> None:
    for _ in range(3):
        tell_failure(operation, killed_run(operation))

    (began,) = operation.mails
    assert "pipeline DXB01" in began.subject
    assert "killed" in began.text
    assert "2026-11-20|DXB01" in began.text
    operation.pipeline.run()
    operation.tick()
    assert len(operation.mails) == 2


def test_a_run_that_said_itself_why_it_stopped_is_told_as_that_and_not_as_a_second_outage(
    operation: Operation,
) -> None:
    pipeline = operation.pipeline
    pipeline.world.ipos.faults = Faults(html_page=1.0)
    result = pipeline.run()
    assert not result.success
    (run,) = pipeline.instance.get_runs()

    tell_failure(operation, run)

    assert [one.system for one in operation.outages()] == ["IPOS DXB01"]
    (mail,) = operation.mails
    assert "IPOS DXB01" in mail.subject


def test_an_outage_that_was_over_before_anybody_was_told_is_not_told(operation: Operation) -> None:
    world = operation.pipeline.world
    world.ipos.faults = Faults(html_page=1.0)
    operation.pipeline.run()
    world.ipos.faults = NO_FAULTS
    operation.pipeline.run()
    operation.tick()

    assert [one.closed_at is not None for one in operation.outages()] == [True]
    assert operation.mails == []
