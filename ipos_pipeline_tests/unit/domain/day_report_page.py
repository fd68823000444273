"""What the tests of the day report share: a day of four shops, and a page read strictly."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

from ipos_pipeline.domain.day_report import DayReport, InvoiceMoment, LocationDay, ReportedError
from ipos_pipeline.domain.store_day_proof import (
    Difference,
    DifferenceKind,
    Side,
    StoreDayProof,
)
from ipos_pipeline_tests.builders import DAY, LOCATION, NOON

DUBAI = ZoneInfo("Asia/Dubai")
NIGHT = NOON + timedelta(hours=14)
"""Two in the morning in Dubai after `DAY`: when the report is made."""
SALES = Side(documents=10, gross=Decimal("1050.00"), tax=Decimal("50.00"))
VOID_ELEMENTS = {"meta", "br", "rect", "path"}
"""Elements that need no end tag here: HTML's own, and SVG's empty ones."""


def side(gross: str, **changes: Any) -> Side:
    """Build a side with another total."""
    return replace(SALES, gross=Decimal(gross), **changes)


def proof(*differences: Difference, **changes: Any) -> StoreDayProof:
    """Build the proof of a store-day in which ten invoices became ten documents."""
    usual: dict[str, Any] = {
        "location_code": LOCATION,
        "business_date": DAY,
        "reconciled_at": NIGHT,
        "shown": 12,
        "landed": 12,
        "filtered_by_rule": {"void": 2},
        "quarantined": 0,
        "acknowledged": 10,
        "posted_documents": 10,
        "open_errors": 0,
        "set_aside": 0,
        "ipos": SALES,
        "ledger": SALES,
        "netsuite": SALES,
        "differences": differences,
    }
    return StoreDayProof(**{**usual, **changes})


def absent(number: int) -> Difference:
    """Build the difference of a document that somebody deleted in NetSuite."""
    key = f"IPOS-{LOCATION}-2026-S-{number}-CS"
    return Difference(DifferenceKind.ABSENT_IN_NETSUITE, key, f"internal ID {number} is gone")


def shop(code: str = LOCATION, **changes: Any) -> LocationDay:
    """Build a shop's day, proved unless told otherwise."""
    return LocationDay(**{"code": code, "name": "", "zone": DUBAI, "proof": proof(), **changes})


def report(*locations: LocationDay) -> DayReport:
    """Build the report of a day."""
    return DayReport(DAY, NIGHT, DUBAI, locations)


def open_error(**changes: Any) -> ReportedError:
    """Build an error that has been open for fourteen hours."""
    usual: dict[str, Any] = {
        "external_id": "IPOS-DXB01-2026-S-10378-CS",
        "number": "10378",
        "code": "unknown_item",
        "message": "Barcode 600129 is not in NetSuite.",
        "next_step": "Create the item.",
        "attempts": 3,
        "first_failed_at": NOON,
    }
    return ReportedError(**{**usual, **changes})


def sold(minutes: float, *, posted_after: float | None = 10, at: datetime = NOON) -> InvoiceMoment:
    """Build an invoice sold some minutes after noon, in NetSuite some minutes later."""
    sold_at = at + timedelta(minutes=minutes)
    posted_at = None if posted_after is None else sold_at + timedelta(minutes=posted_after)
    return InvoiceMoment("10377", sold_at, posted_at)


class Page(HTMLParser):
    """A page, read strictly: every element must be closed in the order it was opened in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    @property
    def text(self) -> str:
        """Everything a reader sees, with single spaces."""
        return " ".join(" ".join(self.texts).split())

    def row(self, *start: str) -> list[str]:
        """Give the one row that starts with these cells."""
        (found,) = (row for row in self.rows if row[: len(start)] == list(start))
        return found

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        """Give the attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute of {tag} stands twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID_ELEMENTS:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.texts.append(data)
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())
