"""The mail that sums a business day up for finance: what it says.

Belongs here: choosing and wording; the page of the day report is attached. Not here: the figures
(day_report.py), the verdict (day_report_words.py), when it is told (steps/composing_mails.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ipos_pipeline.domain.closing import UnprovedDay
from ipos_pipeline.domain.day_report import (
    DayReport,
    DayState,
    LocationDay,
    delays_of,
    figures_of,
)
from ipos_pipeline.domain.day_report_words import counted, duration, remarks, verdict
from ipos_pipeline.domain.due import StoreDayKey
from ipos_pipeline.domain.mail import Attachment, MailContent, layout
from ipos_pipeline.domain.money import round_money

SHOPS_LISTED_MAX = 50
DAYS_LISTED_MAX = 10

STATE_WORDS = {
    DayState.PROVED: "proved",
    DayState.NOT_RECONCILED: "not reconciled",
    DayState.DIFFERS: "differs",
    DayState.SHADOW: "in shadow",
}
_HEAD = ("Shop", "State", "Invoices", "In NetSuite", "Open errors", "IPOS AED", "NetSuite AED")


def mail_of_day(
    report: DayReport,
    page: str,
    *,
    other_days: Sequence[UnprovedDay],
    posted_late: Mapping[StoreDayKey, int],
) -> MailContent:
    """Tell how a day stands, shop by shop; `page` is the whole report, which is attached.

    `other_days` are earlier store-days that are not proved, `posted_late` counts the documents of
    earlier store-days that were posted since the last summary.
    """
    figures, delays = figures_of(report.proofs), delays_of(report.invoices)
    shops = report.locations[:SHOPS_LISTED_MAX]
    left_out = len(report.locations) - len(shops)
    more = f"{counted(left_out, 'more shop')} in the attached page. " if left_out else ""
    return layout(
        f"[IPOS to NetSuite] {report.business_date}: {_in_short(report)}",
        " ".join([verdict(report), *remarks(report)]),
        {
            "Business day": report.business_date.isoformat(),
            "Invoices shown by IPOS": f"{figures.shown:,}",
            "Documents in NetSuite": f"{figures.found:,} of {figures.planned:,} planned",
            "IPOS": _money(figures.ipos.gross),
            "NetSuite": _money(figures.netsuite.gross),
            "Set aside": _money(figures.set_aside_total),
            "Accepted differences": _money(figures.accepted_total),
            "Unexplained": _money(figures.unexplained),
            "From sale to NetSuite": f"half within {duration(delays.p50)}, 95 % within"
            f" {duration(delays.p95)}; {delays.waiting:,} not there yet",
            "Posted late": _listed(_late(posted_late)),
            "Earlier days not proved": _listed(
                [f"{_named(one.store_day)} {one}" for one in other_days]
            ),
        },
        table=[_HEAD, *map(_row, shops)],
        closing=f"{more}The attached page says what differs and what to do about it.",
        attachment=Attachment(f"{report.business_date}.html", page, "html"),
    )


def _in_short(report: DayReport) -> str:
    if report.state == DayState.SHADOW:
        return "every shop in shadow"
    if report.state != DayState.PROVED:
        missing = len(report.of_state(DayState.NOT_RECONCILED))
        differing = len(report.of_state(DayState.DIFFERS))
        said = [f"{counted(differing, 'shop')} with differences"] * bool(differing)
        said += [f"{counted(missing, 'shop')} not reconciled"] * bool(missing)
        return ", ".join(["not proved", *said])
    figures = figures_of(report.proofs)
    return f"proved, {counted(figures.shown, 'invoice')}, {_money(figures.netsuite.gross)}"


def _row(shop: LocationDay) -> tuple[str, ...]:
    name = f"{shop.code} {shop.name}".strip()
    errors = f"{len(shop.open_errors):,}"
    if shop.proof is None or shop.state == DayState.SHADOW:
        return name, STATE_WORDS[shop.state], "-", "-", errors, "-", "-"
    return (
        name,
        STATE_WORDS[shop.state],
        f"{shop.proof.shown:,}",
        f"{shop.proof.netsuite.documents:,}",
        errors,
        f"{round_money(shop.proof.ipos.gross):,.2f}",
        f"{round_money(shop.proof.netsuite.gross):,.2f}",
    )


def _late(posted: Mapping[StoreDayKey, int]) -> list[str]:
    return [f"{_named(one)} {counted(count, 'document')}" for one, count in posted.items()]


def _named(store_day: StoreDayKey) -> str:
    return f"{store_day[1]} {store_day[0]}:"


def _listed(things: Sequence[str]) -> str:
    more = len(things) - DAYS_LISTED_MAX
    said = "; ".join(things[:DAYS_LISTED_MAX]) or "none"
    return f"{said}; and {more:,} more" if more > 0 else said


def _money(amount: Decimal) -> str:
    return f"{round_money(amount):,.2f} AED"
