"""A store-day with the second way to sign in."""

from __future__ import annotations

from ipos_pipeline_tests.builders import raw_invoice
from ipos_pipeline_tests.pipeline.conftest import Pipeline, checks_of
from ipos_pipeline_tests.simulated_world import TBA
from simulators.netsuite import TOKEN_PATH


def test_a_store_day_is_posted_and_proved_with_tba(pipeline: Pipeline) -> None:
    pipeline.environment.update(
        TBA, NETSUITE_CLIENT_ID="", NETSUITE_CERTIFICATE_ID="", NETSUITE_PRIVATE_KEY=""
    )
    pipeline.world.ipos.add_invoices([raw_invoice()])

    result = pipeline.run()

    assert result.success
    assert set(checks_of(result).values()) == {True}
    assert list(pipeline.posted()) == ["IPOS-DXB01-2026-S-10377-CS"]
    assert pipeline.requests("POST", TOKEN_PATH) == 0
