"""The chart of a day: where its lines run, and that its size does not grow with the day."""

import xml.etree.ElementTree as ET
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from ipos_pipeline.domain.day_report import InvoiceMoment
from ipos_pipeline.domain.day_report_chart import FRAME, DayChart, draw_day
from ipos_pipeline.domain.day_report_html import day_chart_svg
from ipos_pipeline_tests.builders import NOON
from ipos_pipeline_tests.unit.domain.day_report_page import DUBAI, sold

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*invoices: InvoiceMoment) -> DayChart:
    chart = draw_day(invoices, DUBAI)
    assert chart is not None
    return chart


def picture(*invoices: InvoiceMoment) -> ET.Element:
    return ET.fromstring(day_chart_svg(invoices, DUBAI))  # noqa: S314 - our own drawing


def test_the_lines_rise_from_nothing_to_all_and_netsuite_follows_the_till() -> None:
    chart = drawn(*(sold(minutes, posted_after=30) for minutes in range(0, 400, 5)))
    for line in (chart.sold, chart.posted):
        assert line[0][0] == FRAME.left
        assert line[-1][1] == FRAME.top
        assert all(a[0] < b[0] and a[1] >= b[1] for a, b in pairwise(line))
    assert chart.sold[-1][0] < chart.posted[-1][0] <= FRAME.right


def test_what_is_not_in_netsuite_keeps_the_lower_line_below_the_upper() -> None:
    chart = drawn(sold(0), sold(10), sold(20, posted_after=None), sold(30, posted_after=None))
    heights = {tick.label: tick.at for tick in chart.counts}
    assert chart.posted[-1][1] == heights["2"]
    assert chart.sold[-1][1] == heights["4"]


def test_the_axes_are_labelled_in_whole_hours_of_the_zone_and_in_round_numbers() -> None:
    chart = drawn(*(sold(minutes) for minutes in range(0, 180, 3)))
    assert [tick.label for tick in chart.times] == ["12:00", "13:00", "14:00", "15:00", "16:00"]
    assert [tick.label for tick in chart.counts] == ["0", "20", "40", "60"]
    kolkata = draw_day([sold(0)], ZoneInfo("Asia/Kolkata"))
    assert kolkata is not None
    assert [tick.label for tick in kolkata.times] == ["13:00", "14:00"]


def test_midnight_is_labelled_with_its_date() -> None:
    chart = drawn(sold(0), sold(11 * 60, posted_after=120))
    assert "21 Nov" in [tick.label for tick in chart.times]


def test_what_is_posted_days_later_does_not_squeeze_the_day_and_is_counted() -> None:
    chart = drawn(sold(0), sold(60), sold(120, posted_after=10 * 24 * 60))
    assert chart.later == 1
    assert len(chart.times) <= 9
    assert "1 reached NetSuite later" in day_chart_svg(
        [sold(0), sold(120, posted_after=10 * 24 * 60)], DUBAI
    )


@pytest.mark.parametrize("month", [3, 10])
def test_a_night_in_which_the_clocks_change_is_drawn_all_the_same(month: int) -> None:
    day = NOON.replace(month=month, day=29 if month == 3 else 25, hour=0)
    chart = draw_day([sold(60 * hour, at=day) for hour in range(6)], ZoneInfo("Europe/Berlin"))
    assert chart is not None
    positions = [tick.at for tick in chart.times]
    assert positions == sorted(set(positions))


def test_the_drawing_of_fifty_thousand_invoices_is_small() -> None:
    many = [sold(number / 60) for number in range(50_000)]
    assert len(day_chart_svg(many, DUBAI)) < 60_000


def test_the_file_is_well_formed_and_says_in_words_what_it_shows() -> None:
    root = picture(sold(0), sold(9, posted_after=None))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == (
        "2 invoices sold, 1 of them in NetSuite: half within 10 min, 95 % within 10 min,"
        " the slowest after 10 min."
    )
    assert any(text.text == "Time of day, Asia/Dubai" for text in root.iter(f"{SVG}text"))


def test_the_two_lines_differ_in_more_than_colour() -> None:
    lines = [one for one in picture(sold(0)).iter(f"{SVG}path") if one.get("stroke-width")]
    assert {one.get("stroke-dasharray") for one in lines} == {None, "6 3"}


def test_without_invoices_there_is_nothing_to_draw() -> None:
    assert draw_day([], DUBAI) is None
    assert day_chart_svg([], DUBAI) == ""


def test_a_single_invoice_posted_at_once_is_a_drawing_too() -> None:
    chart = drawn(sold(0, posted_after=0))
    assert chart.posted == chart.sold
    assert chart.posted[-1][1] == FRAME.top
