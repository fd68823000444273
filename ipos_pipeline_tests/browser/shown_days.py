"""Some days of simulated shops, posted, and Dagster's web server on them.

The last store-day has an open error: one of its invoices sells an item that NetSuite lacks.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx2

from ipos_pipeline_tests.pipeline.processes import (
    BIN,
    COMMAND_SECONDS_MAX,
    ROOT,
    command,
    simulated,
    wait_for,
)
from ipos_pipeline_tests.ports import reserved_port
from simulators.launch import READY_FILE

SHOP_WITH_ERROR = "SHJ01"
UNKNOWN_BARCODE = "6290000000000"
REFERENCE_DATA = "job execute -m ipos_pipeline.definitions -j refresh_reference_data"


@dataclass(frozen=True)
class ShownDays:
    """The UI's address, the days that were posted, and whose last one has an open error.

    `reports`: the folder of the days' own pages.
    """

    url: str
    reports: Path
    days: Sequence[date]
    shop_with_error: str = SHOP_WITH_ERROR

    def page_of(self, day: date) -> str:
        """The address of the report of a day."""
        return (self.reports / f"{day}.html").as_uri()

    @property
    def store_day_with_error(self) -> str:
        """The partition key of the store-day with an open error."""
        return f"{self.days[-1]}|{self.shop_with_error}"


@contextmanager
def shown_days(
    folder: Path, days: Sequence[date], *, shops: Sequence[str], invoices_per_location: int
) -> Iterator[ShownDays]:
    """Let shops sell, post each day, and serve the UI while the context lasts.

    `shops`: those that are posted, in this order; the one with the error comes last.
    """
    with simulated(folder, days, invoices_per_location=invoices_per_location) as simulators:
        environment = simulators | _mail_server(folder)
        _sell_an_unknown_item(environment["SIMULATED_IPOS"], days[-1])
        _run(["dagster", *REFERENCE_DATA.split()], environment, folder)
        for day in days:
            locations = [word for shop in shops for word in ("--location", shop)]
            _run(["ipos-pipeline", "sync", "--day", str(day), *locations], environment, folder)
        with _web_server(environment, folder) as url:
            reports = Path(environment["IPOS_PIPELINE_DATA_DIR"]) / "reports"
            yield ShownDays(url, reports, days)


def _mail_server(folder: Path) -> dict[str, str]:
    ready = json.loads((folder / "simulators" / READY_FILE).read_text(encoding="utf-8"))
    return {
        "SMTP_HOST": ready["smtp_host"],
        "SMTP_PORT": str(ready["smtp_port"]),
        "SMTP_SECURITY": "none",
        "ERROR_EMAIL_FROM": "ipos-pipeline@example.com",
        "ERROR_EMAIL_TO": "operations@example.com",
    }


def _sell_an_unknown_item(ipos: str, day: date) -> None:
    """Add an invoice like one that the shop has, but for its number and its first item."""
    pages = f"{ipos}/_simulator/invoices"
    sold: list[dict[str, Any]] = httpx2.get(pages, params={"location": SHOP_WITH_ERROR}).json()
    model = next(one for one in sold if one["BusinessDate"] == str(day) and not one["Void"])
    lines = [{**line, "InvNo": model["InvNo"] + 90_000} for line in model["Lines"]]
    lines[0] |= {"Barcode": UNKNOWN_BARCODE, "PrimaryBarcode": UNKNOWN_BARCODE}
    invoice = {**model, "InvNo": model["InvNo"] + 90_000, "Lines": lines}
    httpx2.post(pages, json=invoice).raise_for_status()


def _run(arguments: list[str], environment: Mapping[str, str], folder: Path) -> None:
    done = command(arguments, environment, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _web_server(environment: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Start `dagster-webserver` on a free port; gives its address."""
    host, port = "127.0.0.1", str(reserved_port())
    address = f"{host}:{port}"
    output = folder / "dagster-webserver.log"
    with output.open("w") as log:
        process = subprocess.Popen(
            [BIN / "dagster-webserver", "-w", ROOT / "workspace.yaml", "-h", host, "-p", port],
            env=dict(environment),
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(lambda: _answers(address), what=f"Dagster's UI (see {output})")
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(COMMAND_SECONDS_MAX)


def _answers(address: str) -> bool:
    try:
        return httpx2.get(f"http://{address}/server_info").is_success
    except httpx2.TransportError:
        return False
