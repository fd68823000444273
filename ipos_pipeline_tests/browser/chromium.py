"""Headless Chromium from Debian's packages: opens a page, reads what it shows, presses buttons."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM, DRIVER = "chromium", "chromedriver"
MISSING = "Chromium is not installed: apt-get install chromium chromium-driver"
PAGE_SECONDS_MAX = 45
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--hide-scrollbars"),
)
VISIBLE_TEXT = "return document.body.innerText"

T = TypeVar("T")


def is_installed() -> bool:
    """Tell whether there is a browser, and the driver of its version beside it."""
    return all(map(shutil.which, (CHROMIUM, DRIVER)))


@dataclass(frozen=True)
class Area:
    """A part of the window in pixels, from its upper left corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Browser:
    """One window on one site; pages are waited for, as they fill themselves by JavaScript."""

    driver: webdriver.Chrome
    site: str

    def resize(self, width: int, height: int) -> None:
        """Give the page another size, in pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def open(self, path: str, **query: str) -> None:
        """Go to a page of the site, or to a file with its whole address."""
        address = path if path.startswith("file:") else self.site + path
        self.driver.get(f"{address}?{urlencode(query)}" if query else address)

    def wait_for(self, *words: str) -> str:
        """Wait until all words can be read on the page; gives all that can be read there."""

        def read(driver: webdriver.Chrome) -> str | None:
            text = str(driver.execute_script(VISIBLE_TEXT))
            return text if all(word in text for word in words) else None

        return self._wait(read, what=f"{words}")

    def press(self, label: str) -> None:
        """Press the first thing with this text that can be pressed."""
        button = (
            By.XPATH,
            f"//*[self::button or self::a or @role='button'][contains(., '{label}')]",
        )

        def pressed(driver: webdriver.Chrome) -> bool:
            driver.find_element(*button).click()
            return True

        self._wait(pressed, what=f"{label!r} to press")

    def links_to(self, host: str) -> dict[str, str]:
        """Wait for links to a host; gives their addresses by what they say."""

        def found(driver: webdriver.Chrome) -> dict[str, str]:
            links = driver.find_elements(By.CSS_SELECTOR, f"a[href^='https://{host}/']")
            return {link.text: str(link.get_attribute("href")) for link in links}

        return self._wait(found, what=f"a link to {host}")

    def width_of_page(self) -> int:
        """Tell how wide the page is in pixels, scrolled parts included."""
        return int(self.driver.execute_script("return document.documentElement.scrollWidth"))

    def width_of_picture(self, source: str) -> int:
        """Wait for a picture whose source begins so; gives how wide it was drawn, in pixels."""

        def drawn(driver: webdriver.Chrome) -> int | None:
            picture = driver.find_element(By.CSS_SELECTOR, f"img[src^='{source}']")
            return int(str(picture.get_property("naturalWidth"))) or None

        return self._wait(drawn, what=f"a picture from {source}")

    def take_picture(self, file: Path, *, of: Area | None = None) -> None:
        """Store what the window shows, or a part of it, as PNG."""
        part = {"clip": {**vars(of), "scale": 1}} if of else {}
        picture = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", **part})
        file.write_bytes(base64.b64decode(picture["data"]))

    def _wait(self, condition: Callable[[webdriver.Chrome], T | None], *, what: str) -> T:
        """Poll until there is an answer; elements come and go while a page fills itself."""
        patience = WebDriverWait(
            self.driver, PAGE_SECONDS_MAX, ignored_exceptions=[WebDriverException]
        )
        try:
            answer = patience.until(condition)
        except TimeoutException:
            shown = self.driver.execute_script(VISIBLE_TEXT)
            message = f"{self.driver.current_url} was to show {what} and shows:\n{shown}"
            raise AssertionError(message) from None
        assert answer is not None
        return answer


@contextmanager
def browser_on(site: str) -> Iterator[Browser]:
    """Open a window with a profile of its own on a site."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which(CHROMIUM))
    for option in OPTIONS:
        options.add_argument(option)
    # Without its path, Selenium would look for a driver in the internet.
    driver = webdriver.Chrome(options=options, service=Service(shutil.which(DRIVER)))
    try:
        yield Browser(driver, site)
    finally:
        driver.quit()
