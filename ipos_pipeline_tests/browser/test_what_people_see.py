"""What the pages of the Dagster UI show to the data team and to operators, one test for each."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from ipos_pipeline.defs.checks import DESCRIPTIONS, NO_FAILED_POSTINGS
from ipos_pipeline_tests.browser import pages
from ipos_pipeline_tests.browser.chromium import Browser
from ipos_pipeline_tests.browser.conftest import DESK
from ipos_pipeline_tests.browser.shown_days import UNKNOWN_BARCODE, ShownDays

PHONE = (390, 844)
ASSETS = (
    *("ipos_configuration", "netsuite_items", "raw_invoices", "sale_lines", "refund_lines"),
    *("cash_sales", "cash_refunds", "acknowledgements", "integration_errors"),
    "store_day_reconciliation",
)


def test_the_graph_shows_every_asset(browser: Browser) -> None:
    browser.open(pages.GRAPH)

    browser.wait_for(*ASSETS)


def test_an_asset_tells_what_it_is_and_whose(browser: Browser) -> None:
    browser.open(pages.asset("raw_invoices"))

    page = browser.wait_for("Row count", "Owners", "Kinds", "net_amount", "decimal128(18, 6)")
    assert "Invoices as IPOS shows them, landed in the ledger" in page
    assert "ipos_pipeline/defs/line_assets.py:raw_invoices" in page


def test_row_counts_are_plotted_over_time(browser: Browser) -> None:
    browser.open(pages.asset("cash_sales"))

    browser.press("Plots")

    browser.wait_for("dagster/row_count", "created_by_this_run")


def test_a_store_day_shows_what_was_read_from_ipos(browser: Browser, shown: ShownDays) -> None:
    browser.open(pages.partition("raw_invoices", f"{shown.days[0]}|DXB01"))

    page = browser.wait_for("Materialized", "changed_after_posting", "dagster/row_count")
    assert "IPOS-DXB01-2026-S-" in page


def test_a_red_check_says_what_to_do(browser: Browser, shown: ShownDays) -> None:
    browser.open(pages.check("cash_sales", NO_FAILED_POSTINGS))

    page = browser.wait_for("Failed", "recovery", DESCRIPTIONS[NO_FAILED_POSTINGS])
    assert "Read integration_errors of this partition" in page
    assert f"IPOS-{shown.shop_with_error}-2026-S-" in page


def test_an_error_of_a_store_day_names_the_item_that_is_missing(
    browser: Browser, shown: ShownDays
) -> None:
    browser.open(pages.partition("integration_errors", shown.store_day_with_error))

    browser.wait_for("next_step", UNKNOWN_BARCODE)


def test_a_posting_leads_to_its_page_in_netsuite(browser: Browser, shown: ShownDays) -> None:
    browser.open(pages.partition("cash_sales", f"{shown.days[0]}|DXB01"))

    links = browser.links_to("1234567-sb1.app.netsuite.com")

    for external_id, address in links.items():
        assert external_id.startswith("IPOS-DXB01-2026-S-")
        assert urlsplit(address).path == "/app/accounting/transactions/cashsale.nl"
        assert parse_qs(urlsplit(address).query)["id"][0].isdecimal()


def test_the_list_of_runs_names_the_location_of_each(browser: Browser, shown: ShownDays) -> None:
    browser.open(pages.RUNS)

    browser.wait_for("ipos/location: DXB01", f"ipos/location: {shown.shop_with_error}")


def test_a_backfill_asks_for_days_and_locations(browser: Browser, shown: ShownDays) -> None:
    browser.open(pages.STORE_DAYS)
    browser.wait_for("Total partitions")

    browser.press("Materialize")

    page = browser.wait_for("Launch backfill", "Partition selection", "location")
    assert str(shown.days[0]) in page


def test_the_report_of_a_day_names_what_is_open_and_fits_a_phone(
    browser: Browser, shown: ShownDays
) -> None:
    browser.open(shown.page_of(shown.days[-1]))
    browser.resize(*PHONE)

    page = browser.wait_for("Kept back by an open error", UNKNOWN_BARCODE)
    width = browser.width_of_page()
    browser.resize(*DESK)

    assert f"IPOS-{shown.shop_with_error}-2026-S-" in page
    assert width <= PHONE[0]


def test_a_store_day_leads_to_the_report_of_its_day(browser: Browser, shown: ShownDays) -> None:
    browser.open(pages.partition("store_day_reconciliation", f"{shown.days[0]}|DXB01"))

    browser.wait_for("day_report", f"{shown.days[0]}.html")


def test_a_store_day_that_is_over_shows_how_its_invoices_reached_netsuite(
    browser: Browser, shown: ShownDays
) -> None:
    browser.open(pages.partition("store_day_reconciliation", f"{shown.days[0]}|DXB01"))

    browser.press("Show Markdown")

    assert browser.width_of_picture("data:image/svg+xml") > 0
