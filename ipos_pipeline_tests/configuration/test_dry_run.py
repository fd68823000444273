"""A dry run shows what would be created and every problem, and writes only what it landed."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
from sqlalchemy import create_engine, text

from ipos_pipeline.defs.dry_run import DRY_RUN_CONFIG, DRY_RUN_TAG
from ipos_pipeline_tests.builders import KEY, amount_line, raw_invoice, raw_line
from ipos_pipeline_tests.configuration.conftest import metadata_of, record_of
from ipos_pipeline_tests.pipeline.conftest import Pipeline, checks_of

EXCHANGE = raw_invoice(amount_line(1, 2, "20.00"), amount_line(2, -1, "-7.50"), InvNo=10378)
UNKNOWN = raw_invoice(raw_line(PrimaryBarcode="999"), InvNo=10379)
ONE_ASSET = {"ops": {"cash_refunds": {"config": {"dry_run": True}}}}


def dry(pipeline: Pipeline) -> dg.ExecuteInProcessResult:
    return pipeline.run(run_config=DRY_RUN_CONFIG)


def ledger_of(pipeline: Pipeline) -> dict[str, list[Any]]:
    """Read what a run may move: entries, the outbox, finished runs, mails, outages."""
    engine = create_engine(pipeline.world.environment["IPOS_PIPELINE_LEDGER_URL"])
    tables = ("posting_entry", "acknowledgement", "finished_run", "mail", "outage")
    with engine.connect() as connection:
        found = {name: list(connection.execute(text(f"SELECT * FROM {name}"))) for name in tables}
    engine.dispose()
    return found


def writes(pipeline: Pipeline) -> int:
    posts = pipeline.requests("POST", "/record/v1/") + pipeline.requests("POST", "/api/acknowledge")
    return posts + sum(pipeline.requests(method, "/") for method in ("PATCH", "PUT", "DELETE"))


def test_it_shows_what_would_be_created_and_every_problem(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice(), EXCHANGE, UNKNOWN])

    result = dry(pipeline)

    assert result.success
    sales, refunds = metadata_of(result, "cash_sales"), metadata_of(result, "cash_refunds")
    assert (sales["would_create"], sales["would_create_total"]) == (2, "23.99 AED")
    assert (refunds["would_create"], refunds["would_create_total"]) == (1, "7.50 AED")
    assert sales["would_post"][0] == {
        "external_id": f"{KEY}-CS",
        "action": "create",
        "record_type": "cashSale",
        "customer": "501",
        "tran_date": "2026-11-20",
        "lines": 1,
        "total": "3.99",
    }
    (problem,) = sales["problem_list"]
    assert (problem["external_id"], problem["code"]) == (
        "IPOS-DXB01-2026-S-10379-CS",
        "unknown_item",
    )


@pytest.mark.parametrize(
    "launched",
    [
        {"run_config": DRY_RUN_CONFIG},
        {"run_config": ONE_ASSET},
        {"tags": {DRY_RUN_TAG: "true"}},
    ],
    ids=["both assets", "one asset", "tag"],
)
def test_nothing_is_written_to_either_side(pipeline: Pipeline, launched: dict[str, Any]) -> None:
    """A run that posted one side and only previewed the other would be neither."""
    pipeline.world.ipos.add_invoices([raw_invoice(), EXCHANGE])

    pipeline.run(**launched)

    assert writes(pipeline) == 0
    assert pipeline.posted() == {}
    assert "custrecord_ipos_last_sales_sync" not in record_of(pipeline)


def test_nothing_in_the_ledger_moves(pipeline: Pipeline) -> None:
    """Due acknowledgements, refused and solved documents stay as they are, too."""
    pipeline.world.ipos.add_invoices([raw_invoice(), UNKNOWN])
    pipeline.run()
    pipeline.world.netsuite.add_item("9001", "SKU-9001", upccode="999")
    before = ledger_of(pipeline)

    result = dry(pipeline)

    assert ledger_of(pipeline) == before
    assert metadata_of(result, "cash_sales")["would_create"] == 1, "the item is there now"


def test_landing_is_real_and_the_next_run_posts_what_was_shown(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice(), EXCHANGE])
    result = dry(pipeline)
    would = {row["external_id"] for row in metadata_of(result, "cash_sales")["would_post"]}

    pipeline.run()

    assert would | {"IPOS-DXB01-2026-S-10378-CR"} == pipeline.posted().keys()


def test_a_document_that_netsuite_has_already_would_be_taken_over(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice()])
    pipeline.run()
    engine = create_engine(pipeline.world.environment["IPOS_PIPELINE_LEDGER_URL"])
    with engine.begin() as connection:
        connection.execute(text("UPDATE posting_entry SET status = 'in_doubt'"))
    engine.dispose()

    shown = metadata_of(dry(pipeline), "cash_sales")

    assert (shown["would_create"], shown["would_take_over"]) == (0, 1)


def test_the_run_and_its_checks_say_that_it_was_dry(pipeline: Pipeline) -> None:
    """Neither a red day that is not wrong, nor a green one that is not posted."""
    pipeline.world.ipos.add_invoices([raw_invoice()])

    result = dry(pipeline)

    run = pipeline.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags[DRY_RUN_TAG] == "true"
    for asset in ("cash_sales", "cash_refunds", "acknowledgements", "store_day_reconciliation"):
        assert metadata_of(result, asset)["dry_run"] is True
    said = {one.check_name: one for one in result.get_asset_check_evaluations() if not one.passed}
    assert set(said) == {"no_failed_postings", "all_acknowledged", "totals_match_netsuite"}
    for one in said.values():
        assert one.severity == dg.AssetCheckSeverity.WARN
        assert str(one.description).startswith("Dry run: nothing was sent")


def test_a_day_that_is_done_stays_green_in_a_dry_run(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice()])
    pipeline.run()

    assert all(checks_of(dry(pipeline)).values())


def test_an_ordinary_run_is_not_dry(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice()])

    result = pipeline.run(run_config={"ops": {"cash_sales": {"config": {"dry_run": False}}}})

    assert len(pipeline.posted()) == 1
    run = pipeline.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert DRY_RUN_TAG not in run.tags
