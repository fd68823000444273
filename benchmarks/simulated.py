"""The other side of every benchmark: simulators as a process of their own, and the way there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ipos_pipeline.cli.simulate import running_simulators

CONCURRENCY = 15
DAY = date(2026, 11, 20)


def today() -> date:
    """Give the day of the shops: a sensor looks at no others."""
    return datetime.now(ZoneInfo("Asia/Dubai")).date()


@dataclass(frozen=True, slots=True)
class Scene:
    """What the shops have sold, and how NetSuite answers.

    `invoices` are those of each location, with `lines` sold in each (None: as a shop would sell).
    Creating a record takes `latency_seconds` at the median; `latency_sigma` is the standard
    deviation of its logarithm.
    """

    invoices: int
    day: date = DAY
    locations: int = 4
    lines: int | None = None
    latency_seconds: float = 0.0
    latency_sigma: float = 0.0
    slots: int = 15

    @property
    def options(self) -> list[str]:
        """The simulators' command line."""
        options = {
            "--day": self.day.isoformat(),
            "--invoices-per-location": self.invoices,
            "--locations": self.locations,
            "--latency": self.latency_seconds,
            "--latency-sigma": self.latency_sigma,
            "--slots": self.slots,
        }
        if self.lines is not None:
            options["--lines"] = self.lines
        return [part for name, value in options.items() for part in (name, str(value))]


@dataclass(frozen=True, slots=True)
class Replay:
    """Real sales of some days, from the Parquet file of a data set, in the four known shops."""

    sales: Path
    day: date
    last_day: date

    @property
    def options(self) -> list[str]:
        """The simulators' command line."""
        days = ["--from", self.day.isoformat(), "--to", self.last_day.isoformat()]
        return ["--sales", str(self.sales), *days]


@contextmanager
def running_scene(scene: Scene | Replay, state: Path) -> Iterator[dict[str, Any]]:
    """Run simulators that show a scene; gives what `simulators.json` says."""
    with running_simulators(state / "simulators", scene.options) as simulated:
        yield simulated


def environment_of(
    simulated: Mapping[str, Any], state: Path, *, concurrency: int = CONCURRENCY
) -> dict[str, str]:
    """Point the product's settings to running simulators; its data go below `state`."""
    return {
        "IPOS_PIPELINE_DATA_DIR": str(state),
        "NETSUITE_ACCOUNT_ID": simulated["netsuite_account_id"],
        "NETSUITE_BASE_URL": simulated["netsuite_base_url"],
        "NETSUITE_CLIENT_ID": simulated["client_id"],
        "NETSUITE_CERTIFICATE_ID": simulated["certificate_id"],
        "NETSUITE_PRIVATE_KEY_FILE": simulated["private_key_file"],
        "NETSUITE_JWT_ALGORITHM": simulated["jwt_algorithm"],
        "NETSUITE_CONCURRENCY": str(concurrency),
        "SMTP_HOST": simulated["smtp_host"],
        "SMTP_PORT": str(simulated["smtp_port"]),
        "SMTP_SECURITY": "none",
        "ERROR_EMAIL_FROM": "ipos-pipeline@example.com",
        "ERROR_EMAIL_TO": "operations@example.com",
    }
