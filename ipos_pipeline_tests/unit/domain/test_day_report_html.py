"""The page of the day report: read by a strict parser, as finance reads it and as an attacker."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ipos_pipeline.domain.day_report import DayReport, LocationDay
from ipos_pipeline.domain.day_report_html import (
    DIFFERENCES_LISTED_MAX,
    ERRORS_LISTED_MAX,
    GROUPS_LISTED_MAX,
    day_report_html,
)
from ipos_pipeline.domain.day_report_words import duration
from ipos_pipeline.domain.store_day_proof import Difference, DifferenceKind, Side
from ipos_pipeline_tests.builders import NOON
from ipos_pipeline_tests.unit.domain.day_report_page import (
    SALES,
    Page,
    absent,
    open_error,
    proof,
    report,
    shop,
    side,
    sold,
)

HOSTILE = "\u202e</td><script>alert('x')</script>\x00&amp;\" onload=\"x\r\n\ud800"
ADDRESSES = re.compile(r"http|src=|href=|@import|url\(|<script|javascript:", re.IGNORECASE)


def page(*locations: LocationDay) -> Page:
    return Page(day_report_html(report(*locations)))


def test_a_clean_day_says_in_green_that_nothing_differs() -> None:
    clean = page(shop(), shop("DXB02"))
    assert "✓ Proved: nothing differs; 24 invoices of 2 shops accounted for" in clean.text
    assert "What differs ✓ Nothing differs." in clean.text
    assert "Open errors None." in clean.text
    assert {"class": "verdict proved"} in clean.attributes("div")
    assert "alert" not in [one.get("class") for one in clean.attributes("td")]


def test_each_shop_has_a_row_of_every_stage_and_all_shops_have_their_sum() -> None:
    busy = proof(
        shown=1200, landed=1190, quarantined=3, acknowledged=1100, open_errors=4, set_aside=5
    )
    stages = page(shop("DXB01"), shop("DXB02", proof=busy))
    assert stages.row("DXB02", "✓ proved 2026-11-21 02:00 +04")[2:] == [
        *("1,200", "1,190", "2 void 2", "3", "10", "10", "10", "1,100", "4", "5")
    ]
    assert stages.row("All shops", "")[2:] == [
        *("1,212", "1,202", "4 void 4", "3", "20", "20", "20", "1,110", "4", "5")
    ]


def test_the_three_totals_stand_below_each_other_with_what_is_not_accounted_for() -> None:
    short = proof(netsuite=Side(9, Decimal("-12345.50"), Decimal("-587.88")))
    totals = page(shop(proof=short))
    assert totals.row("DXB01", "IPOS, invoices to post")[2:] == [
        *("10", "1,000.00", "50.00", "1,050.00")
    ]
    assert ["NetSuite, documents", "9", "-11,757.62", "-587.88", "-12,345.50"] in totals.rows
    assert ["Not accounted for", "13,395.50"] in totals.rows


def test_a_tax_that_is_not_known_is_said_and_not_shown_as_zero() -> None:
    unknown = page(shop(proof=proof(ipos=Side(10, SALES.gross, tax=None))))
    assert unknown.row("DXB01", "IPOS, invoices to post")[3:] == [
        *("not known", "not known", "1,050.00")
    ]


def test_what_is_set_aside_has_its_own_line_in_the_totals() -> None:
    aside = proof(ipos=side("1070.00"), set_aside_invoices_total=Decimal(20))
    assert ["Set aside by a person", "20.00"] in page(shop(proof=aside)).rows
    assert ["Set aside by a person", "0.00"] not in page(shop()).rows


def test_a_difference_says_what_it_is_which_two_sides_it_has_and_what_to_do() -> None:
    text = page(shop(name="Al Rigga", proof=proof(absent(7)))).text
    assert (
        "DXB01 Al Rigga Posted, and no longer in NetSuite: 1 Find out who deleted or moved it"
        " there; repost it if it belongs there. IPOS-DXB01-2026-S-7-CS internal ID 7 is gone"
    ) in text


def test_totals_that_differ_without_a_document_to_name_are_listed_too() -> None:
    assert (
        "The totals do not agree, though no document differs: 1"
        in page(shop(proof=proof(netsuite=side("1.00")))).text
    )


def test_what_is_only_told_stands_apart_from_what_differs() -> None:
    gap = Difference(DifferenceKind.NUMBER_GAP, "SALE 12 to 14", "3 are absent")
    told = page(shop(proof=proof(gap))).text
    assert "✓ Nothing differs." in told
    assert "Worth knowing, and no difference DXB01 Numbers that IPOS does not list: 1" in told
    assert "Worth knowing" not in page(shop()).text


def test_a_long_list_is_cut_and_says_how_many_more_and_where_they_are() -> None:
    many = page(shop(proof=proof(*map(absent, range(1000)))))
    assert "Posted, and no longer in NetSuite: 1,000" in many.text
    assert len(many.attributes("li")) == DIFFERENCES_LISTED_MAX
    assert (
        "And 990 more: ipos-pipeline reconcile --day 2026-11-20 --location DXB01 lists every one"
        in many.text
    )
    exactly = page(shop(proof=proof(*map(absent, range(DIFFERENCES_LISTED_MAX)))))
    assert "more:" not in exactly.text


def test_open_errors_are_listed_oldest_first_with_their_age_and_the_next_step() -> None:
    older = open_error(number="9", first_failed_at=NOON - timedelta(days=3), code="USER_ERROR")
    errors = page(shop(open_errors=(open_error(), older)))
    listed = [row for row in errors.rows if row[0] == "DXB01" and "IPOS-DXB01" in row[1]]
    assert [row[1].split()[0] for row in listed] == ["9", "10378"]
    assert listed[1][2:] == [
        (
            "An item on this invoice is not in NetSuite, so it could not be booked."
            " unknown_item: Barcode 600129 is not in NetSuite."
        ),
        "Create the item.",
        "14 h 00 min since 2026-11-20 12:00 +04",
        "3",
    ]
    assert listed[0][4].startswith("3 days 14 h since 2026-11-17 12:00 +04")


def test_more_errors_than_a_page_holds_are_counted() -> None:
    errors = page(shop(open_errors=(open_error(),) * (ERRORS_LISTED_MAX + 7)))
    assert "there are 7 more: ipos-pipeline errors list --day 2026-11-20" in errors.text


def test_the_times_from_sale_to_netsuite_stand_beside_the_chart() -> None:
    slow = tuple(sold(minutes, posted_after=90) for minutes in range(3))
    waiting = sold(4, posted_after=None)
    times = page(shop(invoices=(sold(0, posted_after=2),)), shop("X", invoices=(*slow, waiting)))
    assert times.row("X", "3")[2:] == ["1", "1 h 30 min", "1 h 30 min", "1 h 30 min"]
    assert times.row("All shops", "4")[2:] == ["1", "1 h 30 min", "1 h 30 min", "1 h 30 min"]
    assert times.attributes("svg")[0]["role"] == "img"
    assert "5 invoices sold, 4 of them in NetSuite: half within 1 h 30 min" in times.text


def test_a_day_without_invoices_has_no_chart_and_says_so() -> None:
    quiet = page(shop())
    assert "No invoice of this day is to be posted." in quiet.text
    assert quiet.attributes("svg") == []


def test_a_shop_that_was_not_reconciled_is_named_and_has_no_figures() -> None:
    part = page(shop(), shop("DXB09", proof=None))
    assert part.row("DXB09", "? not reconciled")[2:] == [
        "This day was not compared for this shop: nothing is known of it."
    ]
    assert "Nothing differs in the shops that were reconciled." in part.text
    assert "Totals three ways" not in page(shop(proof=None)).text
    assert "Not known: no shop was reconciled." in page(shop(proof=None)).text


def test_a_report_without_shops_is_a_page_all_the_same() -> None:
    assert "Not proved: the report has no shop." in page().text


def test_the_shops_that_need_a_person_come_first() -> None:
    shops = page(shop("A"), shop("B", proof=None), shop("C", proof=proof(absent(1))))
    results = [row[:2] for row in shops.rows if row[0] in {"A", "B", "C"} and len(row) > 2]
    assert [code for code, _ in results[:3]] == ["C", "B", "A"]


def test_an_arabic_name_is_marked_as_one_and_shown_as_it_is() -> None:
    names = page(shop(name="متجر الريم، أبوظبي"), shop("DXB02", name="Al Rigga"))
    languages = [one.get("lang") for one in names.attributes("bdi") if one.get("dir") == "auto"]
    assert set(languages) == {"ar", "en"}
    assert "متجر الريم، أبوظبي" in names.text


def hostile_report() -> DayReport:
    error = open_error(
        external_id=HOSTILE, number=HOSTILE, code=HOSTILE, message=HOSTILE, next_step=HOSTILE
    )
    return report(
        shop(
            HOSTILE,
            name=HOSTILE,
            proof=proof(
                Difference(DifferenceKind.NOT_POSTED, HOSTILE, HOSTILE),
                filtered_by_rule={HOSTILE: 1},
            ),
            open_errors=(error,),
            invoices=(sold(0),),
        )
    )


def test_whatever_a_text_holds_is_shown_as_text() -> None:
    """An invoice number comes from a till: it must not become markup, nor turn what is beside."""
    html = day_report_html(hostile_report())
    html.encode()
    shown = Page(html)
    assert {"script"}.isdisjoint(tag for tag, _ in shown.elements)
    assert not any("onload" in attributes for _, attributes in shown.elements)
    assert "</td><script>alert('x')</script>" in shown.text
    assert not {"\u202e", "\x00", "\r", "\ud800"} & set(html)


@pytest.mark.parametrize("day", [report(shop(invoices=(sold(0),))), hostile_report()])
def test_the_page_asks_for_nothing_from_anywhere(day: DayReport) -> None:
    html = day_report_html(day).replace("&lt;script", "")
    assert ADDRESSES.findall(html) == []


def test_the_page_fits_a_phone_and_each_table_scrolls_in_its_own_box() -> None:
    fitting = page(shop(invoices=(sold(0),), open_errors=(open_error(),)))
    (viewport,) = (one for one in fitting.attributes("meta") if one.get("name") == "viewport")
    assert viewport["content"] == "width=device-width, initial-scale=1"
    tags = [
        attributes.get("class") if tag == "div" else tag for tag, attributes in fitting.elements
    ]
    assert all(tags[at - 1] == "scroll" for at, tag in enumerate(tags) if tag in ("table", "svg"))
    assert fitting.attributes("html") == [{"lang": "en", "dir": "ltr"}]


def test_four_hundred_shops_with_a_thousand_differences_make_a_page_that_opens() -> None:
    kinds = (DifferenceKind.NOT_POSTED, DifferenceKind.TOTAL_DIFFERS)
    many = [Difference(kind, "IPOS" * 30, "x" * 2000) for kind in kinds for _ in range(500)]
    shops = [
        shop(
            f"L{number:03}",
            proof=proof(*many),
            open_errors=(open_error(message="y" * 9000),) * 5,
            invoices=tuple(sold(minutes) for minutes in range(50)),
        )
        for number in range(400)
    ]
    html = day_report_html(report(*shops))
    assert len(html) < 1_500_000
    full = Page(html)
    assert "400,000 things differ in 400 shops." in full.text
    assert f"And {800 - GROUPS_LISTED_MAX} more kinds of difference" in full.text
    assert "there are 1,900 more" in full.text


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (None, "-"),
        (timedelta(seconds=59), "under 1 min"),
        (timedelta(seconds=-5), "under 1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(minutes=125), "2 h 05 min"),
        (timedelta(days=1), "1 day 0 h"),
        (timedelta(days=12, hours=5), "12 days 5 h"),
    ],
)
def test_a_length_of_time_is_written_in_its_two_largest_units(
    length: timedelta | None, said: str
) -> None:
    assert duration(length) == said


def test_the_templates_are_installed_with_the_package() -> None:
    """A page that only a checkout can write would fail first in production."""
    project = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    assert '"domain/templates/*"' in project
