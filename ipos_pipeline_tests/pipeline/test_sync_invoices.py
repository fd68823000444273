"""One store-day through the job `sync_invoices`: what it posts, tells, and does not repeat."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq

from ipos_pipeline.defs.assets import ASSETS
from ipos_pipeline_tests.builders import DAY, LOCATION, amount_line, raw_invoice, raw_line
from ipos_pipeline_tests.pipeline.conftest import Pipeline, checks_of

ALL_CHECKS = {f"{asset.name}:{check}" for asset in ASSETS for check in asset.checks} | {
    "sale_lines:every_line_split_once"
}


def exchange(inv_no: int = 10378) -> dict[str, object]:
    """Two pieces sold, one returned."""
    return raw_invoice(amount_line(1, 2, "20.00"), amount_line(2, -1, "-7.50"), InvNo=inv_no)


def test_a_sale_and_an_exchange_become_two_cash_sales_and_one_refund(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice(), exchange()])

    result = pipeline.run()

    assert result.success
    assert checks_of(result) == dict.fromkeys(ALL_CHECKS, True)
    posted = pipeline.posted()
    assert {key: (one["type"], one["total"]) for key, one in posted.items()} == {
        "IPOS-DXB01-2026-S-10377-CS": ("cashSale", Decimal("3.99")),
        "IPOS-DXB01-2026-S-10378-CS": ("cashSale", Decimal("20.00")),
        "IPOS-DXB01-2026-S-10378-CR": ("cashRefund", Decimal("7.50")),
    }


def test_ipos_is_told_the_ids_of_both_documents_of_an_exchange(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([exchange()])

    pipeline.run()

    (told,) = pipeline.world.ipos.acknowledgements()
    posted = pipeline.posted()
    assert told["ErpId"] == posted["IPOS-DXB01-2026-S-10378-CS"]["id"]
    assert told["ErpRefundId"] == posted["IPOS-DXB01-2026-S-10378-CR"]["id"]


def test_running_the_same_partition_again_sends_nothing_and_changes_nothing(
    pipeline: Pipeline,
) -> None:
    """Backfills and ticks overlap; done work must neither be posted nor told again."""
    pipeline.world.ipos.add_invoices([raw_invoice(), exchange()])
    pipeline.run()
    before = pipeline.posted()
    creates = pipeline.requests("POST", "/record/v1/")
    told = pipeline.requests("POST", "/api/acknowledge")

    result = pipeline.run()

    assert result.success
    assert pipeline.requests("POST", "/record/v1/") == creates
    assert pipeline.requests("POST", "/api/acknowledge") == told
    assert pipeline.posted() == before


def test_a_backfill_does_not_depend_on_what_ipos_still_shows(pipeline: Pipeline) -> None:
    """Acknowledged invoices are no longer listed; the frames come from the ledger."""
    pipeline.world.ipos.add_invoices([raw_invoice()])
    pipeline.run()

    pipeline.run()

    assert len(_parquet(pipeline, "raw_invoices")) == 1
    assert len(_parquet(pipeline, "sale_lines")) == 1


def test_one_invoice_that_netsuite_cannot_take_does_not_hold_up_the_others(
    pipeline: Pipeline,
) -> None:
    unknown = raw_invoice(raw_line(PrimaryBarcode="999"), InvNo=10379)
    pipeline.world.ipos.add_invoices([raw_invoice(), unknown])

    result = pipeline.run()

    assert result.success, "open invoice errors are not a failed run"
    assert list(pipeline.posted()) == ["IPOS-DXB01-2026-S-10377-CS"]
    (error,) = pipeline.open_errors()
    assert (error.external_id, error.code) == ("IPOS-DXB01-2026-S-10379-CS", "unknown_item")
    assert "999" in error.message
    checks = checks_of(result)
    assert not checks["cash_sales:no_failed_postings"]
    assert not checks["acknowledgements:all_acknowledged"]
    assert checks["cash_refunds:no_failed_postings"]
    assert [one["InvNo"] for one in pipeline.world.ipos.acknowledgements()] == [10377]


def test_an_exchange_is_acknowledged_only_when_both_sides_are_posted(pipeline: Pipeline) -> None:
    half = raw_invoice(
        amount_line(1, 2, "20.00"), amount_line(2, -1, "-7.50", PrimaryBarcode="999")
    )
    pipeline.world.ipos.add_invoices([half])

    pipeline.run()

    assert list(pipeline.posted()) == ["IPOS-DXB01-2026-S-10377-CS"]
    assert pipeline.world.ipos.acknowledgements() == []


def test_an_unknown_item_posts_by_itself_once_the_catalogue_has_it(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999"))])
    pipeline.run()
    pipeline.world.netsuite.add_item("9001", "SKU-9001", upccode="999")

    result = pipeline.run()

    assert all(checks_of(result).values())
    assert list(pipeline.posted()) == ["IPOS-DXB01-2026-S-10377-CS"]
    assert pipeline.open_errors() == []


def test_an_invoice_that_cannot_be_read_is_quarantined_and_the_others_go_on(
    pipeline: Pipeline,
) -> None:
    broken = raw_invoice(raw_line(Qty="two"), InvNo=10380)
    pipeline.world.ipos.add_invoices([raw_invoice(), broken])

    result = pipeline.run()

    assert result.success
    assert list(pipeline.posted()) == ["IPOS-DXB01-2026-S-10377-CS"]
    (error,) = pipeline.open_errors()
    assert error.code == "malformed_invoice"
    assert error.external_id.startswith("IPOS-DXB01-RAW-")
    assert "10380" in error.message
    assert "Qty" in error.message
    checks = checks_of(result)
    assert checks["raw_invoices:no_missing_invoices"], "quarantined is not missing"
    assert not checks["store_day_reconciliation:totals_match_netsuite"]


def test_a_corrected_invoice_leaves_quarantine_and_is_posted(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice(raw_line(Qty="two"))])
    pipeline.run()
    pipeline.world.ipos.edit_invoice(
        LOCATION, "SALE", 10377, "2026-11-20T11:07:33", Lines=[raw_line()]
    )

    result = pipeline.run()

    assert pipeline.open_errors() == []
    assert list(pipeline.posted()) == ["IPOS-DXB01-2026-S-10377-CS"]
    assert all(checks_of(result).values())


def test_an_invoice_of_another_business_day_is_landed_under_its_own_day(
    pipeline: Pipeline,
) -> None:
    """After midnight the till still sells for the day before: never dropped, never misdated."""
    pipeline.world.ipos.add_invoices([raw_invoice(BusinessDate="2026-11-19")])

    first = pipeline.run()
    assert pipeline.posted() == {}
    assert checks_of(first)["raw_invoices:no_missing_invoices"]
    pipeline.run(date(2026, 11, 19))

    (posted,) = pipeline.posted().values()
    assert posted["tranDate"] == "2026-11-19"


def test_a_void_invoice_is_landed_and_not_posted(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice(Void=True)])

    result = pipeline.run()

    assert pipeline.posted() == {}
    assert len(_parquet(pipeline, "raw_invoices")) == 1
    assert all(checks_of(result).values())


def test_an_invoice_edited_after_posting_is_shown_as_drift_and_not_posted_again(
    pipeline: Pipeline,
) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice()])
    pipeline.run()
    changed = raw_invoice(raw_line(NetRate=Decimal("5.00"), Rate=Decimal("5.00")))
    changes = {key: changed[key] for key in ("Lines", "SubTotal", "NetAmount")}
    pipeline.world.ipos.edit_invoice(
        LOCATION, "SALE", 10377, "2026-11-20T11:07:33", Posted=0, **changes
    )

    result = pipeline.run()

    (posted,) = pipeline.posted().values()
    assert posted["total"] == Decimal("3.99")
    assert not checks_of(result)["store_day_reconciliation:totals_match_netsuite"]
    assert len(pipeline.world.ipos.acknowledgements()) == 2, "IPOS is told once more"


def test_a_document_changed_in_netsuite_by_hand_turns_the_day_red(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice()])
    pipeline.run()
    (posted,) = pipeline.posted().values()
    pipeline.world.netsuite.delete_transaction(posted["id"])

    result = pipeline.run()

    assert pipeline.posted() == {}, "a person deleted it; nobody but a person posts it again"
    assert not checks_of(result)["store_day_reconciliation:totals_match_netsuite"]
    assert _parquet(pipeline, "store_day_reconciliation")[0]["kind"] == "absent_in_netsuite"


def test_no_credential_is_written_anywhere(pipeline: Pipeline, tmp_path: Path) -> None:
    """Logs, metadata, ledger and Parquet are read by many; the credential belongs to IPOS alone."""
    world = pipeline.world
    world.ipos.add_invoices([raw_invoice(), raw_invoice(raw_line(Qty="two"), InvNo=10380)])
    right = _credential(pipeline)
    result = pipeline.run()
    world.change_record(auth_value="wrong-but-still-secret")
    failed = pipeline.run()

    key_line = world.environment["NETSUITE_PRIVATE_KEY"].splitlines()[1]
    secrets = [right, "wrong-but-still-secret", key_line, "Bearer "]
    events = "\n".join(str(event) for run in (result, failed) for event in run.all_events)
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not failed.success
    for secret in secrets:
        assert secret not in events
        assert not any(secret.encode() in content for content in files)


def _credential(pipeline: Pipeline) -> str:
    with pipeline.world.connections() as connections:
        value = connections.configuration(LOCATION).auth_value
    assert value is not None
    return value.get_secret_value()


def _parquet(pipeline: Pipeline, asset: str, day: date = DAY) -> list[dict[str, object]]:
    path = Path(pipeline.environment["IPOS_PIPELINE_DATA_DIR"], asset, day.isoformat())
    return pq.read_table(path / f"{LOCATION}.parquet").to_pylist()
