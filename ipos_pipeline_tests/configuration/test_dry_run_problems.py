"""A dry run shows every problem: also of invoices that cannot be read, or are held as a whole."""

from __future__ import annotations

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
