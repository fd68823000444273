"""One shop: simulators on real sockets, and the settings to reach them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from ipos_pipeline_tests.builders import LOCATION
from ipos_pipeline_tests.databases import ASKED, Databases, databases_on
from simulators.ipos import IposSimulator
from simulators.netsuite import Latency, NetSuiteSimulator
from simulators.serving import serve
from simulators.world import Sales, build_world, made_sales, stock_items

ROOT = Path(__file__).parents[2]
CLIENT_ID, CERTIFICATE_ID = "client-1", "certificate-1"
CREATE_SECONDS, SLOW_CREATE_SECONDS = 0.05, 0.5
CONCURRENCY = 4


@dataclass(frozen=True)
class Shop:
    """Both systems as objects to look into, and the environment for the pipeline's processes."""

    ipos: IposSimulator
    netsuite: NetSuiteSimulator
    environment: dict[str, str]

    @property
    def ledger_url(self) -> str:
        """URL of the ledger that the processes use."""
        file = Path(self.environment["IPOS_PIPELINE_DATA_DIR"]).resolve() / "ledger.db"
        return self.environment.get("IPOS_PIPELINE_LEDGER_URL", f"sqlite:///{file}")

    def sell(self, day: date, *, seed: int, invoices: int = 40) -> None:
        """Make up a day's sales and give them to IPOS."""
        made = made_sales(
            day, locations=[LOCATION], seed=seed, invoices_per_location=invoices
        ).invoices
        assert self.ipos.add_invoices(made) == len(made)

    def creates(self, status: int | None = None) -> int:
        """Count the requests that were to create a document, by the status of their answer."""
        return sum(
            one.method == "POST" and "/record/v1/cash" in one.path and status in (None, one.status)
            for one in self.netsuite.requests
        )

    @contextmanager
    def slow(self) -> Iterator[None]:
        """Let a run be in the middle of its documents for as long as a test looks at it."""
        usual = self.netsuite.latency
        self.netsuite.latency = Latency(base_seconds=SLOW_CREATE_SECONDS)
        try:
            yield
        finally:
            self.netsuite.latency = usual

    def lists_read(self) -> int:
        """Count the pages of invoices that IPOS was asked for."""
        return sum(one.path == "/api/invoices" for one in self.ipos.requests)


@contextmanager
def open_shop(
    folder: Path,
    first_day: date,
    *,
    databases: Databases | None = None,
    external_ids_unique: bool = True,
) -> Iterator[Shop]:
    """Serve a shop that has sold nothing yet, from `first_day` on; on the databases asked for."""
    key = ec.generate_private_key(ec.SECP256R1())
    netsuite = NetSuiteSimulator(
        latency=Latency(base_seconds=CREATE_SECONDS), external_ids_unique=external_ids_unique
    )
    public_pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    netsuite.register_client(CLIENT_ID, CERTIFICATE_ID, public_pem)
    ipos = IposSimulator()
    asked = nullcontext(databases) if databases else databases_on(ASKED)
    try:
        with asked as used, serve(ipos.app) as ipos_url, serve(netsuite.app) as netsuite_url:
            sales = Sales([LOCATION], [], stock_items())
            build_world(netsuite, ipos, ipos_base_url=ipos_url, sales=sales)
            environment = {
                **_settings(folder, first_day, used),
                "NETSUITE_BASE_URL": netsuite_url,
                "NETSUITE_PRIVATE_KEY": key.private_bytes(
                    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
                ).decode(),
            }
            yield Shop(ipos, netsuite, environment)
    finally:
        ipos.close()


def _settings(folder: Path, first_day: date, databases: Databases) -> dict[str, str]:
    home = folder / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "dagster.yaml", home)
    return {
        "DAGSTER_HOME": str(home),
        "IPOS_PIPELINE_DATA_DIR": str(folder / "data"),
        "IPOS_PIPELINE_START_DATE": first_day.isoformat(),
        "IPOS_PIPELINE_CLAIM_SECONDS": "1",
        "NETSUITE_ACCOUNT_ID": "1234567_SB1",
        "NETSUITE_CLIENT_ID": CLIENT_ID,
        "NETSUITE_CERTIFICATE_ID": CERTIFICATE_ID,
        "NETSUITE_JWT_ALGORITHM": "ES256",
        "NETSUITE_CONCURRENCY": str(CONCURRENCY),
        **databases.environment,
    }


def invoices_of(shop: Shop, day: date) -> list[dict[str, Any]]:
    """Give the invoices of a business day as IPOS holds them, void ones left out."""
    return [
        one
        for one in shop.ipos.invoices(LOCATION)
        if (one["BusinessDate"] or one["InvDate"][:10]) == day.isoformat() and not one["Void"]
    ]


def posted_total(invoice: dict[str, Any]) -> Decimal:
    """Work out what an invoice's sale less its refund must come to: round-off is not posted."""
    return Decimal(str(invoice["NetAmount"])) - Decimal(str(invoice["RoundOff"]))
