"""The day report in sentences: how the day stands, and what more a reader has to know.

Belongs here: wording. Not here: the figures (day_report.py), what a kind of difference means
(difference_words.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ipos_pipeline.domain.day_report import (
    DayReport,
    DayState,
    InvoiceMoment,
    delays_of,
    figures_of,
)


def verdict(report: DayReport) -> str:
    """Say in one sentence how the day stands."""
    if not report.locations:
        return "Not proved: the report has no shop."
    if report.state == DayState.DIFFERS:
        return _what_differs(report)
    if report.state == DayState.SHADOW:
        return "Not proved: every shop is in shadow, so nothing of the day is posted here."
    missing = report.of_state(DayState.NOT_RECONCILED)
    if missing:
        others = "" if len(missing) == len(report.ours) else "; nothing differs in the others"
        return f"Not proved: {_not_reconciled(report)}{others}."
    figures = figures_of(report.proofs)
    shops = counted(len(report.ours), "shop")
    if not figures.shown:
        return f"Proved: nothing differs; IPOS shows no invoice for {shops}."
    return (
        f"Proved: nothing differs; {counted(figures.shown, 'invoice')} of {shops} accounted for,"
        f" {figures.netsuite.gross:,.2f} AED in NetSuite."
    )


def remarks(report: DayReport) -> list[str]:
    """Say what the verdict leaves out: what is open, set aside, or was not compared."""
    said: list[str] = []
    if report.state == DayState.DIFFERS and report.of_state(DayState.NOT_RECONCILED):
        said.append(f"{_not_reconciled(report)}.")
    in_shadow = len(report.of_state(DayState.SHADOW))
    if in_shadow and report.ours:
        what = f"{counted(in_shadow, 'shop')} {_are(in_shadow)} in shadow"
        said.append(f"{what}: another script posts for it, and nothing of that is proved here.")
    open_errors = sum(len(location.open_errors) for location in report.locations)
    if open_errors:
        said.append(f"{counted(open_errors, 'error')} {_are(open_errors)} open.")
    set_aside = figures_of(report.proofs).set_aside
    if set_aside:
        said.append(f"{counted(set_aside, 'invoice')} {_were(set_aside)} set aside by a person.")
    return said


def chart_sentence(invoices: Sequence[InvoiceMoment]) -> str:
    """Say what the chart shows, for those who cannot see it."""
    delays = delays_of(invoices)
    said = f"{counted(len(invoices), 'invoice')} sold, {delays.reached:,} of them in NetSuite"
    if delays.p50 is None or delays.p95 is None or delays.longest is None:
        return f"{said}."
    return (
        f"{said}: half within {duration(delays.p50)}, 95 % within {duration(delays.p95)},"
        f" the slowest after {duration(delays.longest)}."
    )


def duration(length: timedelta | None) -> str:
    """Write a length of time in its two largest units; a dash for none."""
    if length is None:
        return "-"
    minutes = length // timedelta(minutes=1)
    hours, days = minutes // 60, length.days
    if minutes < 1:
        return "under 1 min"
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h {minutes % 60:02} min"
    return f"{counted(days, 'day')} {hours % 24} h"


def counted(count: int, noun: str) -> str:
    """Write a number with its noun: 1 shop, 1,200 shops."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _what_differs(report: DayReport) -> str:
    things = sum(location.differing for location in report.locations)
    shops = counted(len(report.of_state(DayState.DIFFERS)), "shop")
    return f"{counted(things, 'thing')} {'differs' if things == 1 else 'differ'} in {shops}."


def _not_reconciled(report: DayReport) -> str:
    every, missing = len(report.ours), len(report.of_state(DayState.NOT_RECONCILED))
    if missing == every:
        return "no shop was reconciled"
    return f"{missing:,} of {counted(every, 'shop')} {_were(missing)} not reconciled"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
