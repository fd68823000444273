"""A shop whose day of four invoices is posted, proved and two hours old."""

from __future__ import annotations

import pytest

from ipos_pipeline.connections import Connections
from ipos_pipeline_tests.errors_workflow.conftest import inbox, mail_environment
from ipos_pipeline_tests.operators.conftest import command
from ipos_pipeline_tests.pipeline.conftest import Pipeline, instance, pipeline
from ipos_pipeline_tests.realities.shops import Shops
from ipos_pipeline_tests.reconciliation.sold_day import SoldDay, day_of_sales
from simulators.inbox import SmtpInbox

__all__ = ["command", "inbox", "instance", "pipeline"]


@pytest.fixture
def sold_day(pipeline: Pipeline, connections: Connections, inbox: SmtpInbox) -> SoldDay:
    """The day after its first run; whatever happens to it next has another date in NetSuite."""
    pipeline.environment |= mail_environment(inbox)
    shop = Shops(pipeline.world, connections)
    pipeline.world.ipos.add_invoices(day_of_sales())
    tick = shop.run()
    assert tick.proof.is_proved
    assert tick.proof.differences == ()
    day = SoldDay(pipeline, shop)
    day.hours_pass()
    return day
