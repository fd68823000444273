"""`make screenshots`: the README's pictures, taken of five days of four simulated shops."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ipos_pipeline_tests.browser import pages
from ipos_pipeline_tests.browser.chromium import MISSING, Area, Browser, browser_on, is_installed
from ipos_pipeline_tests.browser.shown_days import ShownDays, shown_days
from simulators.world import SHOPS

IMAGES = Path(__file__).parents[2] / "docs" / "images"
DAYS = 5
INVOICES_PER_LOCATION = 40
BYTES_MAX = 300_000
SETTLING_SECONDS = 3
"""Pages move things to their places after their text is there."""

NAVIGATION = 240
"""Width of Dagster's own navigation in pixels."""


@dataclass(frozen=True)
class Picture:
    """A page, the words that show that it is complete, and the size of its window.

    `left` and `top`: pixels that are cut off.
    """

    name: str
    path: str
    words: tuple[str, ...]
    width: int
    height: int
    left: int = NAVIGATION
    top: int = 0

    def take(self, browser: Browser) -> Path:
        """Open the page and store what it shows. Raises AssertionError if it is too large."""
        browser.resize(self.width, self.height)
        browser.open(self.path)
        browser.wait_for(*self.words)
        time.sleep(SETTLING_SECONDS)
        file = IMAGES / f"{self.name}.png"
        shown = Area(self.left, self.top, self.width - self.left, self.height - self.top)
        browser.take_picture(file, of=shown)
        assert file.stat().st_size < BYTES_MAX, f"{file} is larger than {BYTES_MAX} bytes"
        return file


def pictures(shown: ShownDays) -> list[Picture]:
    """Name what is worth showing."""
    return [
        Picture("asset_graph", pages.GRAPH, ("store_day_reconciliation",), 2240, 1130, 541, 110),
        Picture(
            "red_check",
            pages.check("cash_sales", "no_failed_postings"),
            ("recovery", "IPOS-"),
            1440,
            760,
        ),
        Picture(
            "store_days",
            pages.partition("cash_sales", shown.store_day_with_error),
            ("newest_in_netsuite", "IPOS-"),
            1440,
            960,
        ),
        Picture(
            "day_report",
            shown.page_of(shown.days[-1]),
            ("Kept back by an open error",),
            1120,
            1240,
            0,
        ),
    ]


def main() -> int:
    """Take all pictures anew."""
    if not is_installed():
        sys.stderr.write(f"{MISSING}\n")
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    days = [yesterday - timedelta(days=age) for age in reversed(range(DAYS))]
    with (
        tempfile.TemporaryDirectory() as folder,
        shown_days(
            Path(folder),
            days,
            shops=sorted(SHOPS),
            invoices_per_location=INVOICES_PER_LOCATION,
        ) as shown,
        browser_on(shown.url) as browser,
    ):
        for picture in pictures(shown):
            file = picture.take(browser)
            sys.stdout.write(f"{file.name}: {file.stat().st_size // 1000} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
