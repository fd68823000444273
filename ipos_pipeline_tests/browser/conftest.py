"""One server and one window for a module: a page costs a second or two, a server many."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from ipos_pipeline_tests.browser.chromium import MISSING, Browser, browser_on, is_installed
from ipos_pipeline_tests.browser.shown_days import SHOP_WITH_ERROR, ShownDays, shown_days

DAY = date(2026, 11, 19)
DESK = (2400, 1500)
"""Large enough that the graph shows every name in full."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShownDays]:
    """A day of two shops in the UI; skips where there is no browser to look at it."""
    if not is_installed():
        pytest.skip(MISSING)
    shops = ["DXB01", SHOP_WITH_ERROR]
    folder = tmp_path_factory.mktemp("shown")
    with shown_days(folder, [DAY], shops=shops, invoices_per_location=5) as ui:
        yield ui


@pytest.fixture(scope="module")
def browser(shown: ShownDays) -> Iterator[Browser]:
    """A window on the UI, of the size of a desk's screen."""
    with browser_on(shown.url) as opened:
        opened.resize(*DESK)
        yield opened
