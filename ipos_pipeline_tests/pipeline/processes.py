"""Real processes against simulators on real sockets: what a person starts by hand."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from ipos_pipeline_tests.databases import ASKED, databases_on
from ipos_pipeline_tests.processes.runs import inherited
from simulators import launch
from simulators.world import SHOPS, Sales, made_sales

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
COMMAND_SECONDS_MAX = 600


@contextmanager
def simulated(
    tmp_path: Path, days: Sequence[date], *, invoices_per_location: int = 5
) -> Iterator[dict[str, str]]:
    """Start the simulators with made-up sales of some days; give the settings for them.

    Ledger and Dagster are on the kind of database asked for.
    """

    def sales() -> Sales:
        parts = [made_sales(day, invoices_per_location=invoices_per_location) for day in days]
        invoices = [invoice for part in parts for invoice in part.invoices]
        return Sales(list(SHOPS), invoices, parts[0].items)

    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copy(ROOT / "dagster.yaml", home)
    with (
        databases_on(ASKED) as databases,
        launch.running(launch.Settings(tmp_path / "simulators", sales)) as ready,
    ):
        yield {
            **inherited(),
            **databases.environment,
            "DAGSTER_HOME": str(home),
            "IPOS_PIPELINE_DATA_DIR": str(tmp_path / "data"),
            "IPOS_PIPELINE_START_DATE": min(days).isoformat(),
            "NETSUITE_ACCOUNT_ID": ready["netsuite_account_id"],
            "NETSUITE_BASE_URL": ready["netsuite_base_url"],
            "NETSUITE_CLIENT_ID": ready["client_id"],
            "NETSUITE_CERTIFICATE_ID": ready["certificate_id"],
            "NETSUITE_PRIVATE_KEY_FILE": ready["private_key_file"],
            "NETSUITE_JWT_ALGORITHM": ready["jwt_algorithm"],
            "SIMULATED_IPOS": ready["ipos_base_url"],
            "SIMULATED_NETSUITE": ready["netsuite_base_url"],
        }


def command(
    arguments: Sequence[str], environment: Mapping[str, str], *, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run one of our console scripts to its end."""
    return subprocess.run(
        [str(BIN / arguments[0]), *arguments[1:]],
        env=dict(environment),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
        check=False,
    )


def wait_for(condition: Callable[[], Any], *, what: str, seconds: float = 600) -> Any:
    """Poll until something is true and give it back."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.3)
    message = f"{what} did not happen within {seconds} s"
    raise AssertionError(message)
