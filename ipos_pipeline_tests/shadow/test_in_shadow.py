"""What a run, a tick and a night do with a store-day in shadow, and what people see of it."""

from __future__ import annotations

import pytest

from ipos_pipeline.defs.starting import SYNC_GROUP, group_request
from ipos_pipeline_tests.builders import DAY, LOCATION, raw_line
from ipos_pipeline_tests.configuration.conftest import record_of
from ipos_pipeline_tests.errors_workflow.conftest import Operation
from ipos_pipeline_tests.shadow.conftest import (
    EXCHANGE,
    Beside,
    key,
    map_incumbent,
    metadata_of,
    sold,
    unknown_item,
    warnings_of,
)

UNREADABLE = sold(9, Lines=[raw_line(Qty="two")])
SHADOW = "Shadow: another script posts this store-day"


def test_the_assets_show_what_would_be_posted(beside: Beside) -> None:
    beside.sell(sold(1), sold(2, DAY, 11, *EXCHANGE), unknown_item(3))

    result = beside.run()

    assert metadata_of(result, "raw_invoices")["filtered"] == "shadow: 3"
    assert metadata_of(result, "sale_lines")["documents"] == 3
    assert metadata_of(result, "refund_lines")["amount"] == "7.50 AED"
    sales, refunds = metadata_of(result, "cash_sales"), metadata_of(result, "cash_refunds")
    assert (sales["shadow"], sales["would_create"]) == (True, 2)
    assert sales["would_create_total"] == "23.99 AED"
    assert [one["code"] for one in sales["problem_list"]] == ["unknown_item"]
    assert [one["external_id"] for one in refunds["would_post"]] == [key(2, "-CR")]
    told = metadata_of(result, "acknowledgements")
    assert (told["shadow"], told["acknowledged"]) == (True, 0)
    assert metadata_of(result, "integration_errors")["shadow"] is True
    closing = metadata_of(result, "store_day_reconciliation")
    assert (closing["shadow"], closing["is_proved"]) == (True, False)
    assert closing["documents"] == "only_ours: 3, would_fail: 1"
    assert closing["dates_in_netsuite"] == "shadow: not written"
    assert warnings_of(result) == {"no_differences_in_shadow"}
    said = {one.description for one in result.get_asset_check_evaluations()}
    assert all(one is None or one.startswith(SHADOW) for one in said)


def test_what_is_alike_leaves_every_check_green(beside: Beside) -> None:
    beside.sell(sold(1), sold(2, DAY, 11, *EXCHANGE))
    beside.run()
    beside.incumbent.take_a_turn()

    result = beside.run()

    assert warnings_of(result) == set()
    closing = metadata_of(result, "store_day_reconciliation")
    assert closing["documents"] == "same: 3"
    assert closing["ours"] == closing["in_netsuite"] == "16.49 AED"


def test_nobody_is_told_of_an_invoice_and_nothing_stands_in_the_integration_log(
    beside: Beside, operation: Operation
) -> None:
    """Neither by the run nor by the tick after it; the data team reads it in the comparison."""
    beside.sell(UNREADABLE, unknown_item(1), sold(2, NetAmount="99.00"))

    assert operation.tick() == [f"{DAY}|{LOCATION}"]
    assert [operation.tick() for _ in range(8)] == [[]] * 8, "two hours, and no run"

    assert operation.mails == []
    assert operation.log_records() == []
    assert beside.pipeline.open_errors() == []
    assert "custrecord_ipos_last_sales_sync" not in record_of(beside.pipeline)
    assert beside.writes() == []
    details = [one.detail.partition(":")[0] for one in beside.compared().differing]
    assert sorted(details) == ["header_totals", "malformed_invoice", "unknown_item"]


def test_what_could_not_be_read_in_shadow_is_an_error_once_the_day_is_live(
    beside: Beside, operation: Operation
) -> None:
    beside.sell(UNREADABLE)
    beside.run()
    beside.pipeline.world.change_record(mode="live", live_from=f"{DAY}")

    beside.run()

    assert [one.code for one in beside.pipeline.open_errors()] == ["malformed_invoice"]
    assert len(operation.mails) == 1


def test_ipos_is_told_of_no_void_invoice_where_a_location_tells_of_them(beside: Beside) -> None:
    """The rule counts again when the day is live."""
    beside.pipeline.world.change_record(acknowledge_filtered=True)
    beside.sell(sold(1, Void=True), sold(2))
    beside.run()
    assert beside.writes() == []
    beside.pipeline.world.change_record(mode="live", live_from=f"{DAY}")

    beside.run()

    told = [one["InvNo"] for one in beside.pipeline.world.ipos.acknowledgements()]
    assert sorted(told) == [1, 2]


def test_an_invoice_that_the_script_posts_and_we_would_not_is_named_with_the_filter(
    beside: Beside,
) -> None:
    beside.pipeline.world.change_record(test_counters="3")
    beside.sell(sold(1))
    beside.run()
    beside.incumbent.take_a_turn()

    (found,) = beside.compared().differing

    assert (found.kind, found.key) == ("only_in_netsuite", "1")
    assert found.detail == "we would not post it: test_counter"


def test_without_a_field_of_the_script_it_is_only_mapped_and_says_so(beside: Beside) -> None:
    del beside.pipeline.environment["NETSUITE_MAPPING_FILE"]
    beside.sell(sold(1), unknown_item(2))

    result = beside.run()

    closing = metadata_of(result, "store_day_reconciliation")
    assert closing["documents"] == "mapped: 1, would_fail: 1"
    assert "nothing could be compared" in closing["compared"]
    assert warnings_of(result) == {"no_differences_in_shadow"}


@pytest.mark.parametrize(
    ("mapped", "script"),
    [
        ({"field": "memo"}, {"field": "memo"}),
        ({"field": "custbody_till_number"}, {"field": "custbody_till_number"}),
        ({"field": "otherrefnum"}, {"dates_by_posting": True}),
    ],
    ids=["memo", "custom field", "dated by posting"],
)
def test_the_scripts_documents_are_found_by_its_field_whatever_their_date(
    beside: Beside, tmp_path_factory: pytest.TempPathFactory, mapped: dict[str, str], script: object
) -> None:
    """Two days behind, and its documents of the day before are not taken for those of this day."""
    assert isinstance(script, dict)
    beside.pipeline.world.netsuite.declare_custom_fields(body=["custbody_till_number"])
    map_incumbent(beside.pipeline, tmp_path_factory.mktemp("mapping"), **mapped)
    beside.script = script
    beside.sell(sold(1), sold(2, DAY, 11, *EXCHANGE))
    beside.run()
    beside.pipeline.world.clock.advance(2 * 24 * 3600)
    beside.incumbent.take_a_turn()

    assert beside.kinds() == {}
    assert beside.kinds(DAY.replace(day=22)) == {}


def test_another_shops_document_with_the_same_number_is_not_ours(beside: Beside) -> None:
    beside.sell(sold(1))
    beside.run()
    beside.incumbent.take_a_turn()
    netsuite = beside.pipeline.world.netsuite
    (document,) = netsuite.transactions()
    netsuite.add_location("77", "Another shop")
    netsuite.update_transaction(document["id"], location={"id": "77"})

    assert beside.kinds() == {"only_ours": [key(1)]}


def test_an_invoice_that_is_not_posted_yet_is_told_with_its_age(beside: Beside) -> None:
    beside.sell(sold(1))
    beside.run()
    beside.pipeline.world.clock.advance(26 * 3600)

    (found,) = beside.compared().differing

    assert found.detail == "the other script has not posted it; it was sold 1 d 2 h ago"


def test_a_proof_that_was_made_in_shadow_counts_no_longer_when_the_day_is_live(
    beside: Beside,
) -> None:
    beside.sell(sold(1))
    beside.run()
    beside.pipeline.world.change_record(mode="live", live_from=f"{DAY}")

    closing = metadata_of(beside.run(), "store_day_reconciliation")

    assert closing["is_proved"] is True
    assert closing["documents_in_netsuite"] == 1


def test_a_run_of_many_store_days_leaves_one_in_shadow_alone(beside: Beside) -> None:
    beside.sell(sold(1))
    asked = group_request([(LOCATION, DAY)], "test")
    job = beside.pipeline.definitions.resolve_job_def(SYNC_GROUP)

    result = job.execute_in_process(
        instance=beside.pipeline.instance, run_config=asked.run_config, raise_on_error=False
    )

    assert result.success
    assert beside.writes() == []
    assert warnings_of(result) == {"no_differences_in_shadow"}
