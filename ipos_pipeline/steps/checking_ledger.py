"""Is the ledger fit for work: what each look at it means, and what to do.

Belongs here: judging. Not here: how it is looked at (ledger/inspection.py), the ledger among the
other connections (checking_connections.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Connection

from ipos_pipeline.domain.finding import Finding, Seen, Verdict, failed, not_tried, ok, warning
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.ledger.database import explained
from ipos_pipeline.ledger.inspection import (
    Room,
    broken_rules,
    damage,
    looked_at,
    room,
    schema_differences,
)
from ipos_pipeline.ledger.versions import SCHEMA_VERSION, ledger_version
from ipos_pipeline.steps.checking_connections import ledger_seen, seen_of

FREE_MIN = 100 * 1024**2
"""Bytes; a ledger that grows by some hundred invoices a day and shop needs them in a month."""

NAMED_MAX = 5
RESTORE = "Keep a copy as it is, then `ipos-pipeline db restore` of the newest good backup."
DEFECT = "Give this line to the data team; do not change rows by hand."
Look = Callable[[Connection], Seen]


def check_ledger(url: str, *, on_done: Callable[[Finding], None]) -> list[Finding]:
    """Look at the ledger in every way that needs neither IPOS nor NetSuite; it is not changed."""
    found = []
    for one in _findings(url):
        on_done(one)
        found.append(one)
    return found


def _findings(url: str) -> Iterator[Finding]:
    try:
        version = ledger_version(url)
    except PipelineError as error:
        yield Finding("version", "open it, begin to write", seen_of(error))
        return
    seen = ledger_seen(version, url)
    yield Finding("version", "open it, begin to write", seen)
    with looked_at(url) as connection:
        for name, tried, look in _looks(url):
            is_sensible = version == SCHEMA_VERSION or name in {"database", "room"}
            seen_now = _seen(look, connection, url) if is_sensible else _later(seen)
            yield Finding(name, tried, seen_now)


def _looks(url: str) -> Iterator[tuple[str, str, Look]]:
    yield "database", "what it says of its own pages, indexes, references", _whole
    yield "tables", "columns and indexes against the program's", _as_planned
    yield "rules", "what may never be in it, whatever happens", _in_order
    yield "room", "size, and what is free beside it", lambda one: room_seen(room(one, url))


def _seen(look: Look, connection: Connection, url: str) -> Seen:
    """Look; what the database cannot answer is a finding, and the others are still looked at."""
    try:
        with explained(url, "looked at", RESTORE):
            return look(connection)
    except PipelineError as error:
        connection.rollback()
        return seen_of(error)


def _later(version: Seen) -> Seen:
    if version.verdict == Verdict.OK:
        return not_tried("It has no tables yet.", "The first run makes them.")
    return not_tried("Its tables are those of another version.", version.advice)


def _whole(connection: Connection) -> Seen:
    found = damage(connection)
    return failed(_told(found), RESTORE) if found else ok("Nothing is damaged.")


def _as_planned(connection: Connection) -> Seen:
    found = schema_differences(connection)
    if not found:
        return ok("The tables are those of the program.")
    advice = "Somebody changed them by hand: undo that, or restore the newest good backup."
    return failed(_told(found), advice)


def _in_order(connection: Connection) -> Seen:
    found = broken_rules(connection)
    if not found:
        return ok("Every row keeps the rules.")
    told = [f"not true: {one.rule} ({one.count}: {', '.join(one.examples)})" for one in found]
    return failed(_told(told), DEFECT)


def _told(problems: list[str]) -> str:
    others = len(problems) - NAMED_MAX
    more = f"; and {others} more" if others > 0 else ""
    return "; ".join(problems[:NAMED_MAX]) + more + "."


def room_seen(there: Room) -> Seen:
    """Judge how much room is left: an upgrade or a backup may need as much as the ledger has."""
    taken = f"It takes {_megabytes(there.taken)}"
    if there.free is None:
        return ok(f"{taken}; what is free on the database's machine is not visible from here.")
    seen = f"{taken}; {_megabytes(there.free)} are free."
    if there.free < max(FREE_MIN, there.taken):
        return warning(seen, "Make room: an upgrade or a backup may need as much as it takes now.")
    return ok(seen)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
