"""SuiteQL, as far as SQLite can speak for it: one SELECT over the views of suiteql_views.py.

Imitated: the lower-case keys, strings for every value, absent nulls, raw dates in the user's
format, TO_CHAR/TO_DATE, BUILTIN.DF on the columns that have a label, paging, the 100,000-row cap.
Assumptions: texts and codes of errors other than an unknown table; the user's date format is
DD/MM/YYYY; date-times are UTC. Not imitated: permissions, row limits by hand (ROWNUM, TOP, FETCH),
analytic functions, Oracle's empty string (it is not null here), the limit of 1,000 list members.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from simulators.netsuite_answers import NetSuiteError, invalid_query, unknown_table
from simulators.netsuite_database import Database

ROWS_MAX = 100_000
_USER_DATE_FORMAT = "DD/MM/YYYY"
# Enough to lose no cent, few enough to hide binary fractions.
_PLACES_SHOWN = 9

_KEYWORDS_TEXT = """
ALL AND AS ASC BETWEEN BY CASE CROSS DESC DISTINCT ELSE END ESCAPE EXISTS FIRST FROM FULL GROUP
HAVING IN INNER IS JOIN LAST LEFT LIKE NOT NULL NULLS ON OR ORDER OUTER RIGHT SELECT THEN UNION
WHEN WHERE
"""
_KEYWORDS = frozenset(_KEYWORDS_TEXT.split())
_SAME_IN_SQLITE = """
ABS AVG COALESCE COUNT LENGTH LOWER MAX MIN NULLIF REPLACE ROUND SUBSTR SUM TRIM UPPER
"""
_FUNCTIONS = {
    **{name: name for name in _SAME_IN_SQLITE.split()},
    "NVL": "COALESCE",
    "TO_CHAR": "TO_CHAR",
    "TO_DATE": "TO_DATE",
    "TO_TIMESTAMP": "TO_DATE",
}
_TOKEN = re.compile(
    r"(?P<space>\s+|--[^\n]*|/\*.*?\*/)|(?P<text>'(?:[^']|'')*')|(?P<quoted>\"[^\"]*\")"
    r"|(?P<df>BUILTIN\s*\.\s*DF\s*\(\s*(?P<column>[\w.]+)\s*\))"
    r"|(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<sign>\|\||<>|!=|<=|>=|[-+*/(),.=<>?])",
    re.IGNORECASE | re.DOTALL,
)
_DATE_PART = re.compile(r"YYYY|HH|MM|DD|MI|SS")
# Where each part stands in the stored text YYYY-MM-DDTHH:MM:SS.
_DATE_SLICES = {
    "YYYY": slice(0, 4),
    "MM": slice(5, 7),
    "DD": slice(8, 10),
    "HH": slice(11, 13),
    "MI": slice(14, 16),
    "SS": slice(17, 19),
}


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a result, as NetSuite writes them, and how many there are in all."""

    rows: list[dict[str, str]]
    total: int


class SuiteQL:
    """Answers queries on one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.connection() as connection:
            connection.create_function("TO_CHAR", -1, to_char, deterministic=True)
            connection.create_function("TO_DATE", 2, to_date, deterministic=True)

    def run(self, text: str, params: Sequence[object], limit: int, offset: int) -> Page:
        """Answer one page of a query; raises NetSuiteError 400 for what is not understood."""
        sql = translate(text)
        bound = [float(param) if isinstance(param, Decimal) else param for param in params]
        # Translated text holds only known words, bracketed names and no statement end.
        page = f"SELECT * FROM ({sql}) LIMIT {ROWS_MAX}"
        try:
            with self._database.connection() as connection:
                counted = connection.execute(f"SELECT COUNT(*) FROM ({page})", bound)
                total = int(counted.fetchone()[0])
                shown = f"SELECT * FROM ({page}) LIMIT {limit} OFFSET {offset}"
                cursor = connection.execute(shown, bound)
                names = _result_keys([column[0] for column in cursor.description])
                rows = [_shown_row(names, row) for row in cursor]
        except (sqlite3.Error, OverflowError) as problem:
            raise _explained(str(problem)) from problem
        return Page(rows, total)


def translate(text: str) -> str:
    """Turn SuiteQL into SQLite's SQL: names into brackets, functions by a list of known ones."""
    tokens = [match for match in _tokens(text) if match.lastgroup != "space"]
    if not tokens or tokens[0].group().upper() != "SELECT":
        reason = "Only a single SELECT is allowed."
        raise invalid_query(reason)
    followers = [*(match.group() for match in tokens[1:]), ""]
    return " ".join(
        _translate_token(match, follower) for match, follower in zip(tokens, followers, strict=True)
    )


def to_char(*arguments: object) -> str | None:
    """Write a date by an Oracle format (YYYY, MM, DD, HH24, MI, SS), or a number as text."""
    value = arguments[0]
    if value is None:
        return None
    if not isinstance(value, bytes):
        return _shown(value)
    date_format = str(arguments[1]) if len(arguments) > 1 else _USER_DATE_FORMAT
    return _format_date(value, date_format)


def to_date(text: object, date_format: object) -> bytes | None:
    """Read a date by an Oracle format into the form that the views hold, else ValueError."""
    if text is None:
        return None
    pieces = dict.fromkeys(_DATE_SLICES, "00")
    pattern = _date_pattern(date_format)
    for match in _DATE_PART.finditer(pattern):
        pieces[match.group()] = str(text)[match.start() : match.end()]
    if not all(piece.isdecimal() for piece in pieces.values()):
        message = f"{text} is no date in the format {date_format}"
        raise ValueError(message)
    day = f"{pieces['YYYY']}-{pieces['MM']}-{pieces['DD']}"
    if "HH" not in pattern:
        return day.encode()
    return f"{day}T{pieces['HH']}:{pieces['MI']}:{pieces['SS']}".encode()


def _tokens(text: str) -> Iterator[re.Match[str]]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            reason = f"Invalid or unsupported search at {text[position : position + 20]!r}"
            raise invalid_query(reason)
        yield match
        position = match.end()


def _translate_token(match: re.Match[str], follower: str) -> str:
    text = match.group()
    if match.group("df"):
        *table, column = match.group("column").lower().split(".")
        return "(" + ".".join([*(f"[{name}]" for name in table), f"[{column}$df]"]) + ")"
    if match.group("quoted"):
        return f"[{text[1:-1].lower()}]"
    if not match.group("word"):
        return text
    if text.upper() in _KEYWORDS:
        return text
    if follower == "(":
        if text.upper() not in _FUNCTIONS:
            reason = f"Unknown identifier '{text}'. Available functions: {sorted(_FUNCTIONS)}"
            raise invalid_query(reason)
        return _FUNCTIONS[text.upper()]
    if text.lower().startswith(("ns_", "sqlite_")):
        raise unknown_table(text)
    return f"[{text.lower()}]"


def _explained(problem: str) -> NetSuiteError:
    kind, _, name = problem.partition(": ")
    bare = name.rpartition(".")[2]
    if kind == "no such table":
        return unknown_table(bare)
    if kind == "no such column":
        return invalid_query(f"Field '{bare}' was not found.")
    return invalid_query(f"Invalid or unsupported search ({problem})")


def _result_keys(names: Sequence[str]) -> list[str]:
    """Name the columns as NetSuite does: lower case, `expr1` for a nameless expression there."""
    return [
        name.lower() if re.fullmatch(r"[\w$]+", name) else f"expr{position}"
        for position, name in enumerate(names, start=1)
    ]


def _shown_row(names: Sequence[str], row: Sequence[object]) -> dict[str, str]:
    return {
        name: _shown(value)
        for name, value in zip(names, row, strict=True)
        if value is not None and not name.endswith("$df")
    }


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return _format_date(value, _USER_DATE_FORMAT)
    if isinstance(value, float):
        exact = Decimal(repr(value)).quantize(Decimal(1).scaleb(-_PLACES_SHOWN))
        return format(exact.normalize() + 0, "f")
    return str(value)


def _format_date(value: bytes, date_format: str) -> str:
    stored = value.decode() if b"T" in value else f"{value.decode()}T00:00:00"
    return _DATE_PART.sub(
        lambda part: stored[_DATE_SLICES[part.group()]], _date_pattern(date_format)
    )


def _date_pattern(date_format: object) -> str:
    """Write an Oracle format so that each part is as wide as what it stands for."""
    return str(date_format).replace("HH24", "HH").replace('"', "")
