"""Facts of a ledger as a database: is it whole, are its tables as planned, which rows break a rule.

Belongs here: reading, of either kind of database. Not here: what to do about it
(steps/checking_ledger.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from ipos_pipeline.ledger.schema import metadata
from ipos_pipeline.ledger.store import AT_THE_START, database_url, explained, open_engine

EXAMPLES_MAX = 3
"""Documents that a broken rule names; the others are counted."""

_CONFIRMED = "acknowledgement.status = 'acknowledged'"
_UNSETTLED = "entry.status NOT IN ('posted', 'set_aside', 'withdrawing', 'withdrawn')"
_STATUSES = (
    "'pending', 'sending', 'in_doubt', 'posted', 'rejected', 'set_aside', 'withdrawing',"
    " 'withdrawn'"
)

# Each query gives the subjects that break the rule. A person may have a confirmed document planned
# once more, whose entry is then younger than the confirmation; or have IPOS told of one with a side
# that is set aside.
_RULES = {
    "every entry has a status that the program knows": (
        f"SELECT external_id FROM posting_entry WHERE status NOT IN ({_STATUSES})"
    ),
    "what is posted has NetSuite's internal ID, and nothing else has": (
        "SELECT external_id FROM posting_entry"
        " WHERE (internal_id IS NOT NULL) <> (status IN ('posted', 'withdrawing'))"
    ),
    "no two entries are settled as one NetSuite record": (
        "SELECT min(external_id) FROM posting_entry WHERE internal_id IS NOT NULL"
        " GROUP BY record_type, internal_id HAVING count(*) > 1"
    ),
    "what is being sent names its run and the time": (
        "SELECT external_id FROM posting_entry"
        " WHERE status = 'sending' AND (claimed_by IS NULL OR claimed_at IS NULL)"
    ),
    "what was refused is an error on the list, or is tried again": (
        "SELECT entry.external_id FROM posting_entry AS entry WHERE entry.status = 'rejected'"
        " AND entry.next_attempt_at IS NULL AND NOT EXISTS (SELECT 1 FROM integration_error"
        " WHERE integration_error.external_id = entry.external_id"
        " AND integration_error.status = 'open')"
    ),
    "no error about posting is open for what is posted": (
        "SELECT entry.external_id FROM posting_entry AS entry JOIN integration_error"
        " ON integration_error.external_id = entry.external_id WHERE entry.status = 'posted'"
        " AND integration_error.status = 'open' AND integration_error.stage IN ('map', 'post')"
    ),
    "an entry is of the location of its invoice": (
        "SELECT entry.external_id FROM posting_entry AS entry JOIN source_document"
        " ON source_document.document_key = entry.document_key"
        " WHERE entry.location_code <> source_document.location_code"
    ),
    "IPOS has confirmed only what was settled before": (
        "SELECT acknowledgement.document_key FROM acknowledgement JOIN posting_entry AS entry"
        f" ON entry.document_key = acknowledgement.document_key WHERE {_CONFIRMED}"
        f" AND {_UNSETTLED} AND entry.updated_at < acknowledgement.acknowledged_at"
        " AND NOT EXISTS (SELECT 1 FROM posting_entry AS other WHERE"
        " other.document_key = entry.document_key AND other.status = 'set_aside')"
    ),
}


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that some rows break: how many, and a few of them."""

    rule: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that the ledger takes, and that are free beside it; None: on another machine."""

    taken: int
    free: int | None


@contextmanager
def looked_at(url: str) -> Iterator[Connection]:
    """Open a ledger as it is, whatever its version; raises like `LedgerStore.open`."""
    engine = open_engine(url)
    try:
        with explained(url, "looked at", AT_THE_START), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def damage(connection: Connection) -> list[str]:
    """Say what the database itself finds wrong with its pages, indexes and references."""
    if connection.dialect.name == "sqlite":
        said = connection.exec_driver_sql("PRAGMA integrity_check").scalars()
        found = [line for line in said if line != "ok"]
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        return found + [f"a row of {one[0]} refers to none of {one[2]}" for one in orphans]
    unfit = connection.exec_driver_sql(
        "SELECT 'the index ' || indexrelid::regclass || ' is not valid' FROM pg_index"
        " WHERE NOT (indisvalid AND indisready)"
        " UNION ALL SELECT 'the constraint ' || conname || ' was never verified'"
        " FROM pg_constraint WHERE NOT convalidated"
        " UNION ALL SELECT checksum_failures || ' pages with a wrong checksum'"
        " FROM pg_stat_database WHERE datname = current_database() AND checksum_failures > 0"
    )
    return [str(one) for one in unfit.scalars()]


def schema_differences(connection: Connection) -> list[str]:
    """Say in what the tables differ from schema.py; tables of others do not count."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - slow, and rarely needed
    from alembic.migration import MigrationContext  # noqa: PLC0415

    options = {"compare_type": True, "include_object": _is_ours}
    found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    return [_in_words(one) for one in found]


def _is_ours(_object: object, name: str | None, kind: str, is_there: object, _ours: object) -> bool:
    return not (kind == "table" and is_there and name not in metadata.tables)


def _in_words(difference: Any) -> str:  # noqa: ANN401 - Alembic's tuples, or a list of them
    first = difference[0] if isinstance(difference, list) else difference
    names = [getattr(one, "name", one) for one in first[1:]]
    shown = [one for one in names if isinstance(one, str)]
    return f"{str(first[0]).replace('_', ' ')}: {'.'.join(shown)}"


def broken_rules(connection: Connection) -> list[Broken]:
    """List the rules that rows of the ledger break: none, whatever has happened to it."""
    broken = []
    for rule, query in _RULES.items():
        subjects = list(connection.execute(text(query)).scalars())
        if subjects:
            broken.append(Broken(rule, len(subjects), tuple(subjects[:EXAMPLES_MAX])))
    return broken


def room(connection: Connection, url: str) -> Room:
    """Tell how large the ledger is, and how much room is left where it lies."""
    if connection.dialect.name == "postgresql":
        size = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar()
        return Room(int(size or 0), None)
    path = Path(database_url(url).database or ".")
    return Room(path.stat().st_size, shutil.disk_usage(path.parent).free)
