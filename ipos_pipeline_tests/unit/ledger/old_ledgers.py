"""Ledgers of earlier revisions with believable rows in every table that they have.

The tables are read from the database itself, so that a later revision needs nothing here: only
columns whose words mean something to the program are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from pydantic import TypeAdapter

from ipos_pipeline.domain.json_text import write_json
from ipos_pipeline.domain.store_day_proof import StoreDayProof
from ipos_pipeline.ledger.versions import MIGRATIONS
from ipos_pipeline_tests.builders import DAY, LOCATION, NOON, raw_invoice, store_day_proof

ROWS = 2
"""Rows in each table: the first belongs to a posted document, the second to one to be posted."""

KEYS = [f"IPOS-{LOCATION}-2026-S-{number}" for number in (10376, 10377)]
STATUSES = {
    "posting_entry": ["posted", "pending"],
    "acknowledgement": ["due", "acknowledged"],
    "integration_error": ["closed", "open"],
}
WORDS: Mapping[str, list[Any]] = {
    "document_key": KEYS,
    "external_id": [f"{key}-CS" for key in KEYS],
    "location_code": [LOCATION] * ROWS,
    "business_date": [DAY] * ROWS,
    "source": ["ipos"] * ROWS,
    "state": ["planned"] * ROWS,
    "number": ["10376", "10377"],
    "payload": [write_json(raw_invoice(InvNo=number)) for number in (10376, 10377)],
    "record_type": ["cashSale"] * ROWS,
    "stage": ["post"] * ROWS,
    "internal_id": ["987", None],
    "filter_rule": [None] * ROWS,
    "claimed_by": [None] * ROWS,
    "claimed_at": [None] * ROWS,
    "latest_payload": [None] * ROWS,
    "latest_hash": [None] * ROWS,
    "replanned_payload": [None] * ROWS,
    "replanned_hash": [None] * ROWS,
    "content": [TypeAdapter(StoreDayProof).dump_json(store_day_proof()).decode()] * ROWS,
}
DAYS_OF_ROWS = [DAY, date(2026, 11, 19)]
KEYED_BY_DAY = {"store_day", "store_day_proof", "told_day"}


def migrations() -> Config:
    """Give Alembic's view of the ledger's migrations."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


REVISIONS = sorted(
    one.revision for one in ScriptDirectory.from_config(migrations()).walk_revisions()
)


def bring_to(engine: sqlalchemy.Engine, revision: str) -> None:
    """Make the tables as an earlier version of the program did."""
    config = migrations()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def fill(engine: sqlalchemy.Engine) -> None:
    """Put rows into every table that is there, parents first."""
    tables = sqlalchemy.MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                rows = [_row(table, number) for number in range(ROWS)]
                connection.execute(sqlalchemy.insert(table), rows)


def rows_of(engine: sqlalchemy.Engine, like: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Read every row of every table; `like` an earlier answer: only its tables and columns."""
    tables = sqlalchemy.MetaData()
    tables.reflect(engine)
    found = {}
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            if table.name == "alembic_version" or (like is not None and table.name not in like):
                continue
            names = like[table.name][0] if like else [one.name for one in table.columns]
            query = sqlalchemy.select(*(table.c[name] for name in names))
            found[table.name] = (names, sorted(map(tuple, connection.execute(query)), key=str))
    return found


def _row(table: sqlalchemy.Table, number: int) -> dict[str, Any]:
    return {
        column.name: _value(table, column, number)
        for column in table.columns
        if not (column.primary_key and isinstance(column.type, sqlalchemy.Integer))
        or column.foreign_keys
    }


def _value(table: sqlalchemy.Table, column: sqlalchemy.Column[Any], number: int) -> Any:
    if column.name == "location_code" and table.primary_key.columns.keys() == ["location_code"]:
        return (LOCATION, "DXB02")[number]
    if column.name == "status" and table.name in STATUSES:
        return STATUSES[table.name][number]
    if column.name == "business_date" and table.name in KEYED_BY_DAY:
        return DAYS_OF_ROWS[number]
    if column.name in WORDS:
        return WORDS[column.name][number]
    if column.foreign_keys:
        return number + 1  # the only keys that are no words are numbers that the database counts
    return _of_type(column.type.python_type, column.name, number)


def _of_type(kind: type, name: str, number: int) -> Any:
    values: dict[type, Any] = {
        int: 399 + number,
        float: 1.5 + number,
        Decimal: Decimal(399 + number),
        bool: bool(number),
        datetime: NOON,
        date: DAY,
        str: f"{name[:12]}-{number}",
    }
    return values[kind]
