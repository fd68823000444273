"""The ledger as one object: opens the database, brings its tables up to date, begins transactions.

Belongs here: units of work. Not here: connections (database.py), versions (versions.py), SQL on
single tables (the other modules).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.ledger.acknowledgements import Acknowledgements
from ipos_pipeline.ledger.counters import Counters
from ipos_pipeline.ledger.database import AT_THE_START, explained, open_engine, shown_url, writing
from ipos_pipeline.ledger.decisions import Decisions
from ipos_pipeline.ledger.documents import Documents
from ipos_pipeline.ledger.entries import Entries
from ipos_pipeline.ledger.figures import Figures
from ipos_pipeline.ledger.history import History
from ipos_pipeline.ledger.integration_errors import IntegrationErrors
from ipos_pipeline.ledger.log_records import LogRecords
from ipos_pipeline.ledger.mails import Mails
from ipos_pipeline.ledger.outages import Outages
from ipos_pipeline.ledger.overview import Overview
from ipos_pipeline.ledger.proofs import Proofs
from ipos_pipeline.ledger.restores import Restores
from ipos_pipeline.ledger.runs import Runs
from ipos_pipeline.ledger.selecting import Selecting
from ipos_pipeline.ledger.store_day_rows import StoreDayRows
from ipos_pipeline.ledger.store_days import StoreDays
from ipos_pipeline.ledger.told import Told
from ipos_pipeline.ledger.versions import (
    SCHEMA_VERSION,
    bring_up_to_date,
    refuse_other_version,
    version_as_it_is,
)

UNDER_WAY = (
    "Check that the database of IPOS_PIPELINE_LEDGER_URL runs, has room and lets us write. Nothing"
    " is lost: the next run looks up what was being sent."
)

OTHER_VERSION = (
    "Check IPOS_PIPELINE_LEDGER_URL. Runs make the ledger, and bring it to their program's version:"
    " start this program in that version."
)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One unit of work: everything done through it is committed together, or not at all."""

    documents: Documents
    entries: Entries
    acknowledgements: Acknowledgements
    counters: Counters
    errors: IntegrationErrors
    figures: Figures
    history: History
    log_records: LogRecords
    mails: Mails
    outages: Outages
    decisions: Decisions
    overview: Overview
    proofs: Proofs
    restores: Restores
    runs: Runs
    selecting: Selecting
    store_day_rows: StoreDayRows
    store_days: StoreDays
    told: Told


class LedgerStore:
    """The ledger on SQLite (WAL) or PostgreSQL. Use `open`; close it when done."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> LedgerStore:
        """Open the ledger; make the tables of an empty one, and migrate a file of SQLite.

        On PostgreSQL others may be at work with an older program: `upgrade` is a step of its own
        there (ADR 0022). Raises ConfigurationError for an unusable URL or a ledger of another
        version, and TransientError when the database cannot be reached.
        """
        engine = open_engine(url)
        try:
            with explained(url, "opened", AT_THE_START):
                bring_up_to_date(engine)
        except Exception:
            engine.dispose()
            raise
        return cls(engine)

    @classmethod
    def open_as_it_is(cls, url: str) -> LedgerStore:
        """Open a ledger that is there and of this program's version; nothing is made or migrated.

        Raises ConfigurationError for any other one, and TransientError as `open` does.
        """
        engine = open_engine(url)
        try:
            version = version_as_it_is(engine)
        except Exception:
            engine.dispose()
            raise
        if version == SCHEMA_VERSION:
            return cls(engine)
        engine.dispose()
        there = "is not there" if version is None else f"has version {version}"
        message = (
            f"The ledger {shown_url(url)} {there}; this program reads version {SCHEMA_VERSION}."
        )
        raise ConfigurationError(message, recovery=OTHER_VERSION)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    @contextmanager
    def write(self, actor: str) -> Iterator[Transaction]:
        """Begin a unit of work; `actor` (a run ID or a person) is named in the history.

        It waits for other writers and then sees everything they did; so what it reads stays true
        until it ends (ADR 0012). Never wait for another system inside. Raises TransientError or
        ConfigurationError when the database fails, or has been brought to another version.
        """
        telling = explained(self._engine.url, "written to", UNDER_WAY)
        with telling, writing(self._engine) as connection:
            refuse_other_version(connection)
            yield _transaction(connection, actor)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Begin a look at the ledger as it stood at one moment; it waits for nobody.

        Raises like `write`.
        """
        telling = explained(self._engine.url, "read", UNDER_WAY)
        with telling, self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(_ONE_MOMENT)
            yield _transaction(connection, actor="reader")


# PostgreSQL otherwise shows each statement what was committed meanwhile.
_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


def _transaction(connection: Connection, actor: str) -> Transaction:
    history = History(connection, actor)
    entries = Entries(connection, history)
    return Transaction(
        documents=Documents(connection, history),
        entries=entries,
        acknowledgements=Acknowledgements(connection, history),
        counters=Counters(connection),
        errors=IntegrationErrors(connection, history),
        figures=Figures(connection),
        history=history,
        log_records=LogRecords(connection),
        mails=Mails(connection),
        outages=Outages(connection, history),
        decisions=Decisions(connection, entries, history),
        overview=Overview(connection),
        proofs=Proofs(connection),
        restores=Restores(connection),
        runs=Runs(connection),
        selecting=Selecting(connection),
        store_day_rows=StoreDayRows(connection),
        store_days=StoreDays(connection),
        told=Told(connection, history),
    )
