"""Looking at many dependencies at once: one that fails, or hangs, hides none of the others.

Belongs here: running probes, and those on this machine. Not here: what is asked of NetSuite
(checking_netsuite.py) and for each location (checking_locations.py), Dagster (cli/).
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ipos_pipeline.clients.mail import MailClient, MailServer
from ipos_pipeline.domain.finding import Finding, Seen, failed, ok, warning
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.ledger.database import database_url
from ipos_pipeline.ledger.versions import SCHEMA_VERSION, ledger_version

PROBE_SECONDS = 60


@dataclass(frozen=True)
class Probe:
    """One dependency and how to look at it; `ask` may raise PipelineError instead of answering."""

    dependency: str
    tried: str
    ask: Callable[[], Awaitable[Seen]]


async def run_probes(
    probes: Iterable[Probe],
    *,
    on_done: Callable[[Finding], None],
    timeout_seconds: float = PROBE_SECONDS,
) -> list[Finding]:
    """Run probes at the same time; the findings are in their order, `on_done` in any."""

    async def run(probe: Probe) -> Finding:
        found = Finding(probe.dependency, probe.tried, await _seen(probe, timeout_seconds))
        on_done(found)
        return found

    return await asyncio.gather(*(run(probe) for probe in probes))


async def _seen(probe: Probe, timeout_seconds: float) -> Seen:
    try:
        async with asyncio.timeout(timeout_seconds):
            return await probe.ask()
    except PipelineError as error:
        return seen_of(error)
    except TimeoutError:
        return failed(
            f"No answer within {timeout_seconds:g} seconds.",
            "Check the network, and that the other side is up.",
        )
    except Exception as error:  # noqa: BLE001 - a defect in one probe must not hide the others
        return failed(
            f"The check itself broke ({type(error).__name__}).",
            "Give this line to the data team; nothing is known about the dependency.",
        )


def seen_of(error: PipelineError) -> Seen:
    """Tell an error as a finding."""
    return failed(error.message, error.recovery)


def settings_seen(auth: str, foreign_host: str | None) -> Seen:
    """Judge settings that are complete; invoices and the sign-in go to whatever they name."""
    message = f"The environment is complete; NetSuite by {auth}."
    if foreign_host is None:
        return ok(message)
    return warning(
        f"{message} NETSUITE_BASE_URL leads to {foreign_host}, not to the account's own host.",
        "If that is not meant so: unset NETSUITE_BASE_URL.",
    )


async def ask_ledger(url: str) -> Seen:
    """Open the ledger and begin to write, without making or migrating its tables."""
    return ledger_seen(await asyncio.to_thread(ledger_version, url), url)


def ledger_seen(version: str | None, url: str) -> Seen:
    """Judge a ledger's version, None if it has no tables yet."""
    if version is None:
        return ok(f"It opens and can be written to; the first run makes version {SCHEMA_VERSION}.")
    if version == SCHEMA_VERSION:
        return ok(f"It opens and can be written to; version {version}.")
    if version > SCHEMA_VERSION:
        return failed(
            f"It has version {version}; this program knows {SCHEMA_VERSION} at most.",
            "Run a version of ipos_pipeline at least as new as the ledger.",
        )
    upgrade = "Back it up, then run `ipos-pipeline db upgrade`; older programs cannot use it then."
    if database_url(url).get_backend_name() == "sqlite":
        next_run = f"It has version {version}; the next run brings it to {SCHEMA_VERSION}."
        return warning(next_run, upgrade)
    return failed(f"It has version {version}; this program works with {SCHEMA_VERSION}.", upgrade)


async def ask_data_folder(folder: Path) -> Seen:
    """Write a file there and remove it; a folder that is not there yet is not made."""
    return await asyncio.to_thread(_data_folder_seen, folder)


def _data_folder_seen(folder: Path) -> Seen:
    folder = folder.resolve()
    existing = next(one for one in (folder, *folder.parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        return failed(
            f"{existing} cannot be written to ({error.strerror}).",
            "Give this user the right to write there, or correct IPOS_PIPELINE_DATA_DIR.",
        )
    if existing == folder:
        return ok(f"{folder} can be written to.")
    return ok(f"{folder} is not there yet; the first run can make it.")


async def ask_mail_server(server: MailServer | None, ca_file: Path | None = None) -> Seen:
    """Connect, encrypt and sign in as if to send; no mail is sent."""
    if server is None:
        return warning(
            "SMTP_HOST is not set: no error is mailed to anyone.",
            "Set SMTP_HOST, ERROR_EMAIL_FROM and ERROR_EMAIL_TO as .env.example shows.",
        )
    await asyncio.to_thread(MailClient(server, ca_file=ca_file).check)
    return mail_seen(server)


def mail_seen(server: MailServer) -> Seen:
    """Judge a mail server that let us in."""
    name = f"{server.host}:{server.port}"
    if server.security == "none" and server.username is not None:
        return warning(
            f"{name} let us in, but the password travelled unencrypted.",
            "Set SMTP_SECURITY to starttls or tls.",
        )
    how = "unencrypted" if server.security == "none" else f"encrypted by {server.security}"
    return ok(f"{name} is ready for mails, {how}.")
