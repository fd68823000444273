"""Reporting a day: the ledger -> the page of a business day, and its mail to finance.

Belongs here: collecting what the report shows. Not here: figures and layout (domain/day_report.py,
domain/day_report_html.py, domain/day_mail.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ipos_pipeline.domain.closing import WINDOW_DAYS, UnprovedDay
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.day_mail import mail_of_day
from ipos_pipeline.domain.day_report import DayReport, LocationDay, ReportedError
from ipos_pipeline.domain.day_report_html import day_report_html
from ipos_pipeline.domain.mail import MailContent
from ipos_pipeline.domain.shadow import is_shadow
from ipos_pipeline.ledger.integration_errors import ErrorRecord
from ipos_pipeline.ledger.store import LedgerStore, Transaction

REPORTS = "reports"
"""The folder of the pages below the data folder."""

ONE_DAY = timedelta(days=1)


def collect_day(
    ledger: LedgerStore,
    locations: Mapping[str, IposConfiguration],
    day: date,
    *,
    others: Iterable[str] = (),
    zone: ZoneInfo,
    at: datetime,
) -> DayReport:
    """Collect what the ledger knows of a business day, at one moment.

    A shop is in the report if its record can be used, if `others` names it, or if the ledger knows
    something of the day; without a record it is shown by its code.
    """
    with ledger.read() as work:
        codes = {*locations, *others, *work.overview.locations_of_day(day)}
        proofs = work.proofs.of_day(day)
        shops = []
        for code in sorted(codes):
            record = locations.get(code)
            shop = LocationDay(
                code=code,
                name=(record and record.name) or "",
                zone=record.zone if record else zone,
                proof=proofs.get(code),
                open_errors=tuple(map(_reported, work.errors.open_of_day(code, day))),
                invoices=tuple(work.overview.invoices_of_day(code, day)),
                is_shadow=record is not None and is_shadow(record, day),
            )
            shops.append(shop)
    return DayReport(day, at, zone, tuple(shops))


def write_page(data_dir: Path, report: DayReport, *, run: str) -> Path:
    """Write the page of a day in the place of the earlier one; readers never see half of it.

    The file's time is that of the report.
    """
    path = page_path(data_dir, report.business_date)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{run}.tmp")
    unfinished.write_text(day_report_html(report), encoding="utf-8")
    os.utime(unfinished, times=(report.made_at.timestamp(),) * 2)
    return unfinished.replace(path)


def page_path(data_dir: Path, day: date) -> Path:
    """Tell where the page of a business day stands."""
    return data_dir.resolve() / REPORTS / f"{day}.html"


def day_mail(ledger: LedgerStore, report: DayReport) -> MailContent:
    """Write the mail about a day, with what else finance should know of earlier days."""
    with ledger.read() as work:
        return mail_of_day(
            report,
            day_report_html(report),
            other_days=_unproved_before(work, report.business_date),
            posted_late=work.overview.posted_late(
                (shop.code for shop in report.locations),
                before=report.business_date,
                since=report.made_at - ONE_DAY,
            ),
        )


def _unproved_before(work: Transaction, day: date) -> list[UnprovedDay]:
    first_day = day - timedelta(days=WINDOW_DAYS)
    return work.overview.unproved_days(first_day, day - ONE_DAY)


def _reported(error: ErrorRecord) -> ReportedError:
    return ReportedError(
        external_id=error.external_id,
        number=error.number,
        code=error.code,
        message=error.message,
        next_step=error.next_step,
        attempts=error.attempts,
        first_failed_at=error.first_failed_at,
    )
