"""A dry run shows every problem: also of invoices that cannot be read, or are held as a whole."""

from __future__ import annotations

import pytest

from ipos_pipeline.cli.store_day_runs import PROBLEMS_NAMED, preview_in_words
from ipos_pipeline.defs.dry_run import DRY_RUN_CONFIG
from ipos_pipeline_tests.builders import raw_invoice, raw_line
from ipos_pipeline_tests.configuration.conftest import metadata_of
from ipos_pipeline_tests.pipeline.conftest import Pipeline


def test_what_cannot_be_read_or_is_held_is_shown_beside_what_cannot_be_mapped(
    pipeline: Pipeline,
) -> None:
    pipeline.world.ipos.add_invoices(
        [
            raw_invoice(raw_line(Qty="two"), InvNo=1),
            raw_invoice(raw_line(Qty=0, NetRate=0), InvNo=2),
            raw_invoice(raw_line(PrimaryBarcode="999"), InvNo=3),
            raw_invoice(InvNo=4),
        ]
    )

    result = pipeline.run(run_config=DRY_RUN_CONFIG)

    held = metadata_of(result, "integration_errors")["errors"]
    unmapped = metadata_of(result, "cash_sales")["problem_list"]
    codes = {row["code"] for row in (*held, *unmapped)}
    assert codes == {"malformed_invoice", "nothing_to_post", "unknown_item"}
    assert all(row["next_step"] for row in (*held, *unmapped))
    assert metadata_of(result, "cash_sales")["would_create"] == 1
    assert pipeline.posted() == {}


def sales_in_words(pipeline: Pipeline) -> list[str]:
    """Give the lines that `sync --dry-run` prints about the cash sales."""
    result = pipeline.run(run_config=DRY_RUN_CONFIG)
    (sales,) = result.asset_materializations_for_node("cash_sales")
    return preview_in_words(sales).splitlines()


@pytest.mark.parametrize(("count", "said"), [(1, "1 problem"), (2, "2 problems")])
def test_the_command_names_each_problem_below_their_count(
    pipeline: Pipeline, count: int, said: str
) -> None:
    line = raw_line(PrimaryBarcode="999", ItemName="Mango nectar in glass bottles, " * 5)
    pipeline.world.ipos.add_invoices(raw_invoice(line, InvNo=one + 1) for one in range(count))

    first, *named = sales_in_words(pipeline)

    assert first.endswith(f"; {said}")
    assert [one.strip() for one in named[::2]] == [
        f"IPOS-DXB01-2026-S-{one + 1}-CS: unknown_item" for one in range(count)
    ]
    assert all("No NetSuite item has barcode 999" in one for one in named[1::2])
    assert max(map(len, named)) <= 80


def test_the_command_names_no_more_problems_than_a_person_reads(pipeline: Pipeline) -> None:
    line = raw_line(PrimaryBarcode="999")
    pipeline.world.ipos.add_invoices(raw_invoice(line, InvNo=one) for one in range(1, 31))

    first, *named, rest = sales_in_words(pipeline)

    assert first.endswith("; 30 problems")
    assert len(named) == 2 * PROBLEMS_NAMED
    assert rest.strip() == "and 20 more: problem_list of cash_sales in Dagster"
