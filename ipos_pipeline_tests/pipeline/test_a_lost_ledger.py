"""The ledger is lost: nothing may be posted twice, and it can be made again."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ipos_pipeline.cli.rebuild_ledger import rebuild
from ipos_pipeline.steps.rebuilding import Rebuilt
from ipos_pipeline_tests.builders import DAY, LOCATION, amount_line, raw_invoice, raw_line
from ipos_pipeline_tests.databases import lose_ledger
from ipos_pipeline_tests.pipeline.conftest import Pipeline, checks_of
from simulators.faults import Faults

AT = "2026-11-20T11:07:33"
POSTED = {
    "IPOS-DXB01-2026-S-10377-CS",
    "IPOS-DXB01-2026-S-10378-CS",
    "IPOS-DXB01-2026-S-10378-CR",
    "IPOS-DXB01-2026-S-10379-CS",
}
NOT_POSTED = {"IPOS-DXB01-2026-S-10380-CS", "IPOS-DXB01-2026-S-10381-CS"}


@pytest.fixture
def half_done(pipeline: Pipeline) -> Pipeline:
    """Posted and acknowledged, posted only, refused, and not yet seen; then the ledger is lost."""
    ipos = pipeline.world.ipos
    exchange = raw_invoice(amount_line(1, 2, "20.00"), amount_line(2, -1, "-7.50"), InvNo=10378)
    unknown = raw_invoice(raw_line(PrimaryBarcode="999"), InvNo=10380)
    ipos.add_invoices([raw_invoice(), exchange, raw_invoice(InvNo=10379), unknown])
    pipeline.run()
    ipos.edit_invoice(LOCATION, "SALE", 10379, AT, Posted=0)
    ipos.add_invoices([raw_invoice(InvNo=10381), raw_invoice(InvNo=10382, Void=True)])
    pipeline.world.netsuite.add_item("9001", "SKU-9001", upccode="999")
    assert set(pipeline.posted()) == POSTED
    lose_ledger(pipeline.world.environment["IPOS_PIPELINE_LEDGER_URL"])
    return pipeline


def test_a_rebuilt_ledger_goes_on_where_the_lost_one_ended(half_done: Pipeline) -> None:
    before, creates = half_done.posted(), half_done.requests("POST", "/record/v1/")

    rebuilt = _rebuild(half_done)

    assert half_done.requests("POST", "/record/v1/") == creates, "rebuilding sends nothing"
    assert (rebuilt.invoices, rebuilt.planned, rebuilt.posted, rebuilt.found) == (6, 6, 4, 4)
    assert (rebuilt.to_post, rebuilt.acknowledged, rebuilt.is_complete) == (2, 2, True)
    result = half_done.run()
    assert half_done.requests("POST", "/record/v1/") == creates + 2, "only what was missing"
    after = half_done.posted()
    assert set(after) == POSTED | NOT_POSTED
    assert {key: after[key] for key in before} == before
    assert result.success
    assert all(passed for name, passed in checks_of(result).items())


def test_what_ipos_had_confirmed_is_not_told_again_and_the_rest_is(half_done: Pipeline) -> None:
    told = len(half_done.world.ipos.acknowledgements())
    _rebuild(half_done)

    half_done.run()

    later = half_done.world.ipos.acknowledgements()[told:]
    assert sorted(one["InvNo"] for one in later) == [10379, 10380, 10381]


def test_rebuilding_again_changes_nothing(half_done: Pipeline) -> None:
    """Also on a ledger that was not lost at all, after a run has acknowledged what was open."""
    _rebuild(half_done)
    half_done.run()
    first = _rebuild(half_done)
    events = _events(half_done)

    second = _rebuild(half_done)

    assert second == first
    assert (first.found, first.posted, first.to_post) == (0, 6, 0)
    assert _events(half_done) == events


def test_without_rebuilding_a_run_adopts_what_netsuite_says_it_has(half_done: Pipeline) -> None:
    before = half_done.posted()

    result = half_done.run()

    after = half_done.posted()
    assert result.success
    assert set(after) == POSTED | NOT_POSTED
    assert {key: after[key] for key in before} == before
    errors = half_done.open_errors()
    assert {error.code for error in errors} == {"not_in_ledger"}, "IPOS shows these no more"
    assert {error.external_id for error in errors} < POSTED


def test_a_document_with_another_total_is_left_to_a_person(half_done: Pipeline) -> None:
    """Its invoice was edited after it was posted, and the version that was posted is lost."""
    changed = raw_invoice(raw_line(NetRate=Decimal("5.00"), Rate=Decimal("5.00")))
    changes = {key: changed[key] for key in ("Lines", "SubTotal", "NetAmount")}
    half_done.world.ipos.edit_invoice(LOCATION, "SALE", 10377, AT, **changes)

    rebuilt = _rebuild(half_done)

    assert (rebuilt.for_a_person, rebuilt.posted, rebuilt.is_complete) == (1, 3, False)
    (error,) = half_done.open_errors()
    assert (error.code, error.external_id) == ("total_differs", "IPOS-DXB01-2026-S-10377-CS")


def test_what_a_person_deleted_in_netsuite_does_not_come_back(half_done: Pipeline) -> None:
    """IPOS has been told of it; without the ledger this is all that says it was posted."""
    deleted = half_done.posted()["IPOS-DXB01-2026-S-10377-CS"]
    half_done.world.netsuite.delete_transaction(deleted["id"])

    rebuilt = _rebuild(half_done)
    half_done.run()

    assert (rebuilt.for_a_person, rebuilt.is_complete) == (1, False)
    assert "IPOS-DXB01-2026-S-10377-CS" not in half_done.posted()
    assert [one.code for one in half_done.open_errors()] == ["acknowledged_not_posted"]


def test_documents_whose_invoice_ipos_no_longer_shows_are_named(half_done: Pipeline) -> None:
    half_done.world.ipos.delete_invoice(LOCATION, "SALE", 10378, AT)

    rebuilt = _rebuild(half_done)

    assert rebuilt.only_in_netsuite == (
        "IPOS-DXB01-2026-S-10378-CR",
        "IPOS-DXB01-2026-S-10378-CS",
    )
    assert not rebuilt.is_complete


def test_an_invoice_of_another_business_day_is_found_in_netsuite_too(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice(BusinessDate="2026-11-19")])
    pipeline.run()
    pipeline.run(DAY - timedelta(days=1))
    assert len(pipeline.posted()) == 1
    lose_ledger(pipeline.world.environment["IPOS_PIPELINE_LEDGER_URL"])

    assert _rebuild(pipeline).found == 1
    assert _rebuild(pipeline, DAY - timedelta(days=1)).posted == 1


def test_a_separate_returns_feed_is_rebuilt_too(pipeline: Pipeline) -> None:
    world = pipeline.world
    world.change_record(returns_url="/api/returns")
    world.ipos.add_location(
        LOCATION, auth_header="X-Api-Key", auth_value="k", separate_returns_feed=True
    )
    world.change_record(auth_header="X-Api-Key", auth_value="k")
    back = raw_invoice(amount_line(1, -1, "-7.50"), InvNo=311, DocType="RETURN")
    world.ipos.add_invoices([raw_invoice(), back])
    pipeline.run()
    assert len(pipeline.posted()) == 2
    lose_ledger(pipeline.world.environment["IPOS_PIPELINE_LEDGER_URL"])

    rebuilt = _rebuild(pipeline)

    assert (rebuilt.invoices, rebuilt.found, rebuilt.acknowledged) == (2, 2, 2)


def test_what_only_one_of_two_lists_shows_is_not_taken_for_acknowledged(
    half_done: Pipeline,
) -> None:
    """A server that ignores the dates once shows another day's invoices in the first list."""
    half_done.world.ipos.faults = Faults(dates_ignored=1.0, faults_max=1)

    rebuilt = _rebuild(half_done, DAY - timedelta(days=1))

    assert half_done.world.ipos.fault_counts["dates_ignored"] == 1
    assert half_done.open_errors() == []
    assert rebuilt.is_complete


def _rebuild(pipeline: Pipeline, day: date = DAY) -> Rebuilt:
    with pipeline.world.connections(**pipeline.environment) as opened:
        configuration = opened.configuration(LOCATION)
        return opened.wait_for(rebuild(opened, configuration, day))


def _events(pipeline: Pipeline) -> list[Any]:
    with pipeline.world.connections(**pipeline.environment) as opened, opened.ledger.read() as work:
        documents = [one.document_key for one in work.store_day_rows.documents(LOCATION, DAY)]
        entries = [one.external_id for one in work.entries.of_day(LOCATION, DAY)]
        return [work.history.of(subject) for subject in [*documents, *entries]]
