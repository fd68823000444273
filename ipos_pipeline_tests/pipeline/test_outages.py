"""A system that answers nobody is one outage: told once, closed by itself, and nothing is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ipos_pipeline.ledger.outages import Outage
from ipos_pipeline_tests.builders import raw_invoice
from ipos_pipeline_tests.pipeline.conftest import Pipeline, checks_of, failure_of
from simulators.faults import NO_FAULTS, Faults, Window

TICK_SECONDS = 15 * 60


def outages(pipeline: Pipeline) -> list[Outage]:
    opened = pipeline.world.connections(**pipeline.environment)
    with opened as connections, connections.ledger.read() as work:
        return work.outages.all()


def test_netsuite_down_for_an_hour_is_one_outage_and_no_invoice_error(pipeline: Pipeline) -> None:
    world = pipeline.world
    world.ipos.add_invoices([raw_invoice(InvNo=number) for number in range(1, 31)])
    down = Window(world.clock.now, world.clock.now + timedelta(hours=1))
    world.netsuite.faults = Faults(maintenance=down)

    while down.holds(world.clock.now):
        assert not pipeline.run().success
        assert pipeline.posted() == {}
        assert pipeline.open_errors() == []
        world.clock.advance(TICK_SECONDS)
    world.netsuite.faults = NO_FAULTS
    result = pipeline.run()

    assert result.success
    assert all(checks_of(result).values())
    assert len(pipeline.posted()) == 30
    (outage,) = outages(pipeline)
    assert outage.system == "NetSuite"
    assert outage.failures >= 3
    assert outage.closed_at is not None


def test_a_second_outage_is_told_again(pipeline: Pipeline) -> None:
    world = pipeline.world
    for _ in range(2):
        world.netsuite.faults = Faults(
            maintenance=Window(world.clock.now, world.clock.now + timedelta(days=1))
        )
        pipeline.run()
        world.netsuite.faults = NO_FAULTS
        pipeline.run()

    assert [one.closed_at is not None for one in outages(pipeline)] == [True, True]


@pytest.mark.parametrize("knob", ["html_page", "server_error", "connection_reset", "null_data"])
def test_ipos_of_one_location_down_names_that_location(pipeline: Pipeline, knob: str) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice()])
    pipeline.world.ipos.faults = Faults(**{knob: 1.0})

    result = pipeline.run()

    sentence, recovery = failure_of(result)
    assert "DXB01" in sentence
    assert recovery
    assert [one.system for one in outages(pipeline)] == ["IPOS DXB01"]
    assert pipeline.open_errors() == []


def test_netsuite_that_loses_every_answer_stops_the_run_and_posts_nothing_twice(
    pipeline: Pipeline,
) -> None:
    """The circuit: five documents without an answer are NetSuite's trouble, not the documents'."""
    world = pipeline.world
    world.ipos.add_invoices([raw_invoice(InvNo=number) for number in range(1, 41)])
    world.netsuite.faults = Faults(reply_lost=1.0, only="/record/v1/")

    result = pipeline.run()

    sentence, _ = failure_of(result)
    assert "NetSuite has left" in sentence
    reached = len(pipeline.posted())
    assert reached < 40, "it stopped long before all had been sent"
    assert pipeline.open_errors() == []
    world.netsuite.faults = NO_FAULTS
    creates = pipeline.requests("POST", "/record/v1/")
    assert pipeline.run().success
    assert len(pipeline.posted()) == 40
    assert pipeline.requests("POST", "/record/v1/") == creates + 40 - reached, "none is sent twice"
