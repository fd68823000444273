"""`ipos-pipeline demo`: a day of four shops from IPOS to NetSuite, all systems simulated."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich import box
from rich.table import Table

from ipos_pipeline.cli.output import console, money, results
from ipos_pipeline.cli.reconcile import prove
from ipos_pipeline.cli.simulate import running_simulators
from ipos_pipeline.connections import Connections, utc_now
from ipos_pipeline.domain.store_day_proof import StoreDayProof
from ipos_pipeline.steps.summarising import StoreDaySummary, summarise

FAILED = 1
DEMO = Path(".demo")
MAILS = DEMO / "simulators" / "mails"
SHOPS_ZONE = ZoneInfo("Asia/Dubai")
UI_PORT = "3000"


@click.command()
@click.option("--ui", is_flag=True, help="Show the finished demo in Dagster's UI instead.")
@click.option("--port", default=UI_PORT, show_default=True, help="Port of Dagster's UI.")
@click.option(
    "--invoices-per-location", default=40, show_default=True, help="How much each shop sells."
)
@click.option("--unknown-item", is_flag=True, help="Let the shops sell an item NetSuite lacks.")
def demo(*, ui: bool, port: str, invoices_per_location: int, unknown_item: bool) -> int:
    """Post a whole day of four shops from a simulated IPOS to a simulated NetSuite.

    Everything is made anew in the folder .demo: simulators, ledger, Dagster instance. At the end a
    table compares IPOS, ledger and NetSuite. Then look at it with: make ui

    With --unknown-item the day is not proved, and the exit code is 1: see the mail it makes.
    """
    if ui:
        return _show_ui(port)
    shutil.rmtree(DEMO, ignore_errors=True)
    day = utc_now().astimezone(SHOPS_ZONE).date() - timedelta(days=1)
    console.print(f"Sales of {day}, four shops. Starting IPOS, NetSuite and a mail server.")
    options = ["--day", day.isoformat(), "--invoices-per-location", str(invoices_per_location)]
    options += ["--unknown-item"] if unknown_item else []
    simulators = running_simulators(DEMO / "simulators", options)
    with simulators as simulated, _demo_environment(simulated):
        return _post_and_compare(day)


Compared = list[tuple[StoreDaySummary, StoreDayProof]]


def _post_and_compare(day: date) -> int:
    from ipos_pipeline.cli.store_day_runs import (  # noqa: PLC0415
        dagster_instance,
        run_reference_data,
        run_store_days,
    )
    from ipos_pipeline.defs.partitions import LOCATIONS  # noqa: PLC0415

    with Connections(os.environ) as connections, dagster_instance(os.environ) as instance:
        configurations = connections.configurations()
        codes = sorted(configurations)
        instance.add_dynamic_partitions(LOCATIONS, codes)
        console.print("Posting through Dagster, one run for each shop:")
        run_reference_data(instance)
        runs = run_store_days(instance, codes, [day])
        compared = [
            (summarise(connections.ledger, code, day), prove(connections, configuration, day))
            for code, configuration in sorted(configurations.items())
        ]
    results.print(_table(compared))
    is_proved = all(run.is_success for run in runs) and all(one.is_proved for _, one in compared)
    _say_what_next(is_proved=is_proved)
    return 0 if is_proved else FAILED


def _table(compared: Compared) -> Table:
    """Lay out one row for each shop and one for all; fits into 80 columns."""
    void = sum(sides.filtered for _, sides in compared)
    table = Table(
        title="From IPOS to NetSuite (totals in AED, sales less refunds)",
        caption=f"Void invoices are landed, never posted: {void}.",
        box=box.SIMPLE_HEAD,
        padding=0,
        show_footer=True,
    )
    rows = [_cells(summary, sides) for summary, sides in compared]
    names = ("Shop", "Invoices", "Cash\nsales", "Cash\nrefunds", "Acknow-\nledged")
    for i, name in enumerate((*names, "Open\nerrors", "\nIPOS", "\nLedger", "\nNetSuite")):
        shown = _shown(sum(row[i] for row in rows)) if i else "All"
        table.add_column(name, justify="right" if i else "left", no_wrap=True, footer=shown)
    for (summary, _), row in zip(compared, rows, strict=True):
        table.add_row(summary.location_code, *(_shown(cell) for cell in row[1:]))
    return table


def _cells(summary: StoreDaySummary, sides: StoreDayProof) -> list[int | Decimal]:
    return [
        0,
        summary.invoices,
        summary.cash_sales,
        summary.cash_refunds,
        summary.acknowledged,
        summary.open_errors,
        sides.ipos.gross,
        sides.ledger.gross,
        sides.netsuite.gross,
    ]


def _shown(cell: int | Decimal) -> str:
    return money(cell) if isinstance(cell, Decimal) else str(cell)


def _say_what_next(*, is_proved: bool) -> None:
    if is_proved:
        console.print("[green]IPOS, ledger and NetSuite agree on every document, to the cent.[/]")
    else:
        console.print("[red]The day is not proved:[/] look at the open errors and differences.")
    console.print("Next: [bold]make ui[/] opens Dagster on these data; then look at")
    console.print(f"  http://127.0.0.1:{UI_PORT}/asset-groups  assets, partitions, checks")
    console.print(f"  {DEMO / 'data'}  the same as Parquet files, and the ledger (SQLite)")
    console.print(f"  {MAILS}  mails about what failed; none if nothing did")


@contextmanager
def _demo_environment(simulated: Mapping[str, Any]) -> Iterator[None]:
    """Point the settings of this process, and of those it starts, to the simulators."""
    home = (DEMO / "dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy("dagster.yaml", home)
    os.environ.update(
        {
            "DAGSTER_HOME": str(home),
            "IPOS_PIPELINE_DATA_DIR": str((DEMO / "data").resolve()),
            "NETSUITE_ACCOUNT_ID": simulated["netsuite_account_id"],
            "NETSUITE_BASE_URL": simulated["netsuite_base_url"],
            "NETSUITE_CLIENT_ID": simulated["client_id"],
            "NETSUITE_CERTIFICATE_ID": simulated["certificate_id"],
            "NETSUITE_PRIVATE_KEY_FILE": simulated["private_key_file"],
            "NETSUITE_JWT_ALGORITHM": simulated["jwt_algorithm"],
            "SMTP_HOST": simulated["smtp_host"],
            "SMTP_PORT": str(simulated["smtp_port"]),
            "SMTP_SECURITY": "none",
            "ERROR_EMAIL_FROM": "ipos-pipeline@example.com",
            "ERROR_EMAIL_TO": "operations@example.com",
        }
    )
    yield


def _show_ui(port: str) -> int:
    if not DEMO.exists():
        console.print("There is no demo yet: run `make demo` first.")
        return FAILED
    with running_simulators(DEMO / "simulators", []) as simulated, _demo_environment(simulated):
        console.print(f"Dagster's UI: http://127.0.0.1:{port}   End with Ctrl-C.")
        dagster = Path(sys.executable).with_name("dagster")
        workspace = Path("workspace.yaml").resolve()
        try:
            return subprocess.run(  # noqa: S603 - our own command line
                [dagster, "dev", "-w", workspace, "-p", port, "-h", "127.0.0.1"],
                check=False,
                cwd=DEMO,  # beside another dagster.yaml Dagster warns
            ).returncode
        except KeyboardInterrupt:
            return 0
