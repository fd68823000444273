"""The day report as one HTML page that needs nothing else: no script, no font, no address.

Belongs here: what the page lists and how values are written. Not here: the figures
(day_report.py), the words (day_report_words.py, difference_words.py), the layout (templates/).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from ipos_pipeline.domain.day_report import (
    WORST_FIRST,
    DayReport,
    DayState,
    Delays,
    Figures,
    InvoiceMoment,
    LocationDay,
    ReportedError,
    delays_of,
    figures_of,
)
from ipos_pipeline.domain.day_report_chart import FRAME, draw_day
from ipos_pipeline.domain.day_report_words import chart_sentence, duration, remarks, verdict
from ipos_pipeline.domain.difference_words import (
    DIFFERENCE_WORDS,
    TOTALS_DO_NOT_AGREE,
    DifferenceWords,
)
from ipos_pipeline.domain.error_words import words_for
from ipos_pipeline.domain.money import round_money
from ipos_pipeline.domain.plain_text import one_line
from ipos_pipeline.domain.store_day_proof import TOLD_ONLY, Difference, DifferenceKind

TEXT_MAX = 300
GROUPS_LISTED_MAX = 100
DIFFERENCES_LISTED_MAX = 10
"""Of one kind at one shop; the rest are counted."""
ERRORS_LISTED_MAX = 100


def day_report_html(report: DayReport) -> str:
    """Write the page; whatever text it is given is shown as text, on one line and bounded."""
    breaking = [group for group in _groups(report) if not group.is_told_only]
    told = [group for group in _groups(report) if group.is_told_only]
    errors = sorted(_errors(report), key=lambda one: one.error.first_failed_at)
    template = _environment().get_template("day_report.html.jinja")
    return template.render(
        report=report,
        verdict=verdict(report),
        remarks=remarks(report),
        shops=[_shop(location) for location in _worst_first(report.locations)],
        figures=figures_of(report.proofs),
        delays=delays_of(report.invoices),
        breaking=breaking[:GROUPS_LISTED_MAX],
        breaking_left_out=len(breaking[GROUPS_LISTED_MAX:]),
        told=told[:GROUPS_LISTED_MAX],
        told_left_out=len(told[GROUPS_LISTED_MAX:]),
        errors=errors[:ERRORS_LISTED_MAX],
        errors_left_out=len(errors[ERRORS_LISTED_MAX:]),
        chart=draw_day(report.invoices, report.zone),
        chart_sentence=chart_sentence(report.invoices),
    )


def day_chart_svg(invoices: Sequence[InvoiceMoment], zone: ZoneInfo) -> str:
    """Draw the chart alone, as an SVG file; an empty text if there is no invoice."""
    chart = draw_day(invoices, zone)
    if chart is None:
        return ""
    template = _environment().get_template("day_chart.svg.jinja")
    return template.render(chart=chart, chart_sentence=chart_sentence(invoices), is_file=True)


@dataclass(frozen=True, slots=True)
class _Shop:
    """A row of the tables; no figures where the shop was not reconciled, or is in shadow."""

    day: LocationDay
    figures: Figures | None
    delays: Delays


@dataclass(frozen=True, slots=True)
class _Group:
    """The differences of one kind at one shop: how many there are, and the first of them."""

    shop: LocationDay
    words: DifferenceWords
    count: int
    listed: tuple[Difference, ...]
    is_told_only: bool = False


@dataclass(frozen=True, slots=True)
class _Error:
    """An open error, and the shop it belongs to."""

    shop: LocationDay
    error: ReportedError


def _worst_first(locations: Iterable[LocationDay]) -> list[LocationDay]:
    return sorted(locations, key=lambda location: WORST_FIRST.index(location.state))


def _shop(day: LocationDay) -> _Shop:
    is_ours = day.state != DayState.SHADOW
    figures = figures_of([day.proof]) if is_ours and day.proof is not None else None
    return _Shop(day, figures, delays_of(day.invoices))


def _groups(report: DayReport) -> Iterator[_Group]:
    """Group the differences by shop and kind, so that what to do is said once for each kind."""
    for shop in report.locations:
        if shop.proof is None:
            continue
        if shop.state == DayState.DIFFERS and not shop.proof.breaking:
            yield _Group(shop, TOTALS_DO_NOT_AGREE, 1, ())
        for kind in DifferenceKind:
            found = shop.proof.of_kinds(kind)
            if found:
                listed = found[:DIFFERENCES_LISTED_MAX]
                words = DIFFERENCE_WORDS[kind]
                yield _Group(shop, words, len(found), listed, is_told_only=kind in TOLD_ONLY)


def _errors(report: DayReport) -> list[_Error]:
    return [_Error(shop, error) for shop in report.locations for error in shop.open_errors]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ipos_pipeline.domain"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "line": one_line,
        "money": _money,
        "number": _number,
        "duration": duration,
        "language": _language,
    }
    environment.globals |= {"words_for": words_for, "clock": _clock, "frame": FRAME}
    return environment


def _harmless(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
    """Make every text that a template prints one bounded line; its own markup stays as it is."""
    return one_line(value, TEXT_MAX) if type(value) is str else value


def _money(amount: Decimal | None) -> str:
    return "not known" if amount is None else f"{round_money(amount):,.2f}"


def _number(count: int) -> str:
    return f"{count:,}"


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _language(name: str) -> str:
    """Tell an Arabic name from any other, so that it is shaped and spoken as one."""
    letters = ("AL", "AN")
    return "ar" if any(unicodedata.bidirectional(one) in letters for one in name) else "en"
