"""The mail that sums a day up: finance must see from the subject whether the day is proved."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from ipos_pipeline.domain.closing import UnprovedDay, UnprovedState
from ipos_pipeline.domain.day_mail import DAYS_LISTED_MAX, SHOPS_LISTED_MAX, mail_of_day
from ipos_pipeline.domain.day_report import DayReport, LocationDay
from ipos_pipeline.domain.mail import MailContent
from ipos_pipeline.domain.store_day_proof import (
    Difference,
    DifferenceKind,
    Side,
    StoreDayProof,
)
from ipos_pipeline_tests.builders import DAY, LOCATION, NOON

DUBAI = ZoneInfo("Asia/Dubai")
SOLD = Side(2, Decimal("1234.50"), Decimal("58.79"))
PROVED = StoreDayProof(
    LOCATION, DAY, NOON, 2, 2, {}, 0, 2, 2, 0, 0, ipos=SOLD, ledger=SOLD, netsuite=SOLD
)
DIFFERS = replace(
    PROVED,
    netsuite=Side(),
    differences=(Difference(DifferenceKind.NOT_POSTED, "IPOS-DXB01-2026-S-1-CS", "pending"),),
)


def mail(*proofs: StoreDayProof | None, unproved: int = 0) -> MailContent:
    shops = tuple(
        LocationDay(f"DXB{number:02}", "Al Rigga", DUBAI, proof)
        for number, proof in enumerate(proofs, start=1)
    )
    days = [
        UnprovedDay(LOCATION, DAY - timedelta(days=back), UnprovedState.DIFFERS, 3, NOON)
        for back in range(1, unproved + 1)
    ]
    report = DayReport(DAY, NOON, DUBAI, shops)
    return mail_of_day(report, "<p>the page</p>", other_days=days, posted_late={})


@pytest.mark.parametrize(
    ("proofs", "said"),
    [
        ([PROVED], "2026-11-20: proved, 2 invoices, 1,234.50 AED"),
        ([PROVED, None], "2026-11-20: not proved, 1 shop not reconciled"),
        ([PROVED, DIFFERS, None], "not proved, 1 shop with differences, 1 shop not reconciled"),
        ([], "2026-11-20: not proved"),
    ],
)
def test_the_subject_says_whether_the_day_is_proved(
    proofs: list[StoreDayProof | None], said: str
) -> None:
    assert mail(*proofs).subject.endswith(said)


def test_each_shop_is_a_row_and_a_shop_without_a_proof_has_no_figures() -> None:
    text = mail(PROVED, None).text
    assert "DXB01 Al Rigga | proved | 2 | 2 | 0 | 1,234.50 | 1,234.50" in text
    assert "DXB02 Al Rigga | not reconciled | - | - | 0 | - | -" in text


def test_the_whole_page_is_attached() -> None:
    attached = mail(PROVED).attachment
    assert attached is not None
    assert (attached.name, attached.kind, attached.text) == (
        "2026-11-20.html",
        "html",
        "<p>the page</p>",
    )


def test_what_many_shops_and_days_leave_out_is_counted() -> None:
    text = mail(*[PROVED] * (SHOPS_LISTED_MAX + 3), unproved=DAYS_LISTED_MAX + 2).text
    assert "3 more shops in the attached page" in text
    assert "and 2 more" in text
    assert text.count("Al Rigga") == SHOPS_LISTED_MAX
