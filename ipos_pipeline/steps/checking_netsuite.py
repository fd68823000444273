"""Looking at NetSuite: the sign-in, its certificate, and each permission that the role needs.

Nothing is written. That a role may create a record is inferred from being allowed to open one
(clients/netsuite.py:NetSuiteClient.check_record_type). Which permission a table or record type
needs is collected from public notes, not from Oracle (netsuite_facts 6).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.finding import Seen, failed, ok, warning
from ipos_pipeline.errors import AuthenticationError, ConfigurationError

CERTIFICATE_WARNING = timedelta(days=60)
"""NetSuite's own first mail about a certificate's end comes as early (netsuite_facts 7)."""

CONFIGURATION = "customrecord_ipos_configuration"
INTEGRATION_LOG = "customrecord_ipos_integration_log"


@dataclass(frozen=True, slots=True)
class Needed:
    """A table or record type and the permission that opens it; `filled` tables are never empty."""

    name: str
    permission: str
    columns: str = "id"
    filled: bool = False


RECORD_TYPES = (
    Needed("cashSale", "Transactions > Cash Sale (Full)"),
    Needed("cashRefund", "Transactions > Cash Sale Refund (Full)"),
    Needed(INTEGRATION_LOG, "Custom Record > IPOS Integration Log (Full)"),
)
CONFIGURATION_RECORD = Needed(CONFIGURATION, "Custom Record > IPOS Configuration (Edit)")


def tables(item_field: str) -> list[Needed]:
    """List the tables that SuiteQL must show us, with the columns that are read."""
    return [
        Needed(
            "transaction",
            "Transactions > Find Transaction (View), Cash Sale and Cash Sale Refund (Full)",
            "id, externalid, type, foreigntotal",
        ),
        Needed("transactionline", "Transactions > Find Transaction (View)", "transaction"),
        Needed(
            "item", "Lists > Items (View)", f"id, itemid, {item_field}, itemtype, isinactive", True
        ),
        Needed("customer", "Lists > Customers (View)", "id, isinactive", filled=True),
        Needed("location", "Lists > Locations (View)", "id, isinactive", filled=True),
        Needed(INTEGRATION_LOG, "Custom Record > IPOS Integration Log (Full)"),
    ]


ACCOUNTING_PERIODS = Needed(
    "accountingperiod",
    "Setup > Manage Accounting Periods (View)",
    "id, startdate, closed, alllocked, arlocked, isyear, isquarter, isadjust",
    filled=True,
)
"""Read only for locations that post under the first open day."""

CONFIGURATION_TABLE = Needed(CONFIGURATION, CONFIGURATION_RECORD.permission, filled=True)


async def ask_sign_in(netsuite: NetSuiteClient) -> Seen:
    """Send one request: whoever is refused a table has been let in before.

    Raises AuthenticationError or TransientError.
    """
    try:
        await netsuite.has_row("transaction", "id")
    except AuthenticationError:
        raise
    except ConfigurationError:
        pass
    return ok("NetSuite lets us in.")


async def ask_table(netsuite: NetSuiteClient, table: Needed) -> Seen:
    """Read the first row of a table."""
    try:
        has_row = await netsuite.has_row(table.name, table.columns)
    except AuthenticationError:
        raise
    except ConfigurationError as error:
        return refused(table, error.message)
    return table_seen(table, has_row=has_row)


def table_seen(table: Needed, *, has_row: bool) -> Seen:
    """Judge a table that was shown; without permission it may also be shown as empty."""
    if has_row or not table.filled:
        return ok("It can be read.")
    return warning(
        "It can be read and shows nothing.",
        f"Unless it is really empty: give the integration's role {table.permission}.",
    )


async def ask_record_type(netsuite: NetSuiteClient, record_type: Needed) -> Seen:
    """Open a record that does not exist."""
    try:
        await netsuite.check_record_type(record_type.name)
    except AuthenticationError:
        raise
    except ConfigurationError as error:
        return refused(record_type, error.message)
    return ok("Such records can be opened, and so probably written.")


def refused(needed: Needed, message: str) -> Seen:
    """Judge a table or record type that NetSuite does not show us."""
    advice = f"Give the integration's role {needed.permission}."
    if needed.name == "item":
        advice += " If a field was not found: correct NETSUITE_ITEM_FIELD."
    if needed.name.startswith("customrecord"):
        advice += " If the record type does not exist: create it in NetSuite."
    return failed(message, advice)


async def ask_certificate(file: Path | None, now: datetime) -> Seen:
    """Read when the integration's certificate ends."""
    if file is None:
        return warning(
            "It cannot be told when it ends: NETSUITE_CERTIFICATE_FILE is not set.",
            "Set it to the PEM file of the certificate, or note the day it ends.",
        )
    try:
        ends_at = await asyncio.to_thread(certificate_end, file)
    except (OSError, ValueError) as error:
        return failed(
            f"{file} is not a certificate that can be read ({type(error).__name__}).",
            "Point NETSUITE_CERTIFICATE_FILE to the PEM file of the certificate, not of the key.",
        )
    return certificate_seen(ends_at, now)


def certificate_end(file: Path) -> datetime:
    """Read when a certificate ends. Raises OSError or ValueError if the file holds none."""
    return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc


def certificate_seen(ends_at: datetime, now: datetime) -> Seen:
    """Judge the end of a certificate."""
    advice = (
        "Make a new certificate, map it in NetSuite (OAuth 2.0 Client Credentials Setup), then"
        " change NETSUITE_CERTIFICATE_ID and the private key."
    )
    if ends_at <= now:
        return failed(f"It ended on {ends_at.date()}: NetSuite gives no more tokens.", advice)
    days = (ends_at - now).days
    if ends_at - now <= CERTIFICATE_WARNING:
        return warning(f"It ends on {ends_at.date()}, in {days} days.", advice)
    return ok(f"It ends on {ends_at.date()}, in {days} days.")
