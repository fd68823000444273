"""Accounting periods: calendar months that take documents, or do not.

Documented: years and quarters are periods too, base periods are neither (help section_0818065706);
to a role that may not override it, a locked period is a closed one (help chapter_N2394992).
Assumptions: the fiscal year is the calendar year; periods are closed in order, so that closing one
closes all before it and reopening one all after it; a lock is of one period alone. The column names
of `accountingperiod` are those of public queries.
Not imitated: dates without a period (before 2020, from 2036 on: always open), adjustment periods,
locks of single subsidiaries or of payables and payroll alone, tasks of the period close, the
override permission, and the account's preference that moves a document into another period by
itself and leaves its date.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from simulators.netsuite_database import Database

_YEARS = range(2020, 2036)
_BASE = "isyear = 'F' AND isquarter = 'F'"
_KINDS = {1: "month", 3: "quarter", 12: "year"}

PERIODS_VIEW = """
    SELECT id, periodname, CAST(startdate AS BLOB) AS startdate, CAST(enddate AS BLOB) AS enddate,
        closed, locked AS alllocked, locked AS arlocked, locked AS aplocked, isyear, isquarter,
        'F' AS isadjust, CASE WHEN isyear = 'F' AND isquarter = 'F' THEN 'T' ELSE 'F' END
        AS isposting
    FROM ns_period
"""


class AccountingPeriods:
    """The account's periods, kept in its database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO ns_period VALUES (?, ?, ?, ?, ?, ?, 'F', 'F')",
                [(number, *period) for number, period in enumerate(_periods(), start=1)],
            )

    def close(self, day: date) -> None:
        """Close the month of a day and all periods that end before."""
        self._set("closed = 'T'", "enddate <= ?", day)

    def lock(self, day: date) -> None:
        """Lock the transactions of a day's month; the period stays open."""
        self._set("locked = 'T'", f"enddate = ? AND {_BASE}", day)

    def reopen(self, day: date) -> None:
        """Open and unlock the month of a day and all periods that end later."""
        self._set("closed = 'F', locked = 'F'", "enddate >= ?", day)

    def takes(self, tran_date: str) -> bool:
        """Tell whether a document may be dated so (ISO)."""
        refusing = self._database.rows(
            f"SELECT 1 FROM ns_period WHERE {_BASE} AND ? BETWEEN startdate AND enddate"
            " AND (closed = 'T' OR locked = 'T')",
            (tran_date,),
        )
        return not refusing

    def _set(self, what: str, where: str, day: date) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                f"UPDATE ns_period SET {what} WHERE {where}", (_last_day(day, 1).isoformat(),)
            )


def _periods() -> Iterator[tuple[str, str, str, str, str]]:
    """Give each period's name, first and last day, and whether it is a year or a quarter."""
    for months, kind in _KINDS.items():
        for year in _YEARS:
            for month in range(1, 13, months):
                first = date(year, month, 1)
                last = _last_day(first, months)
                name = {"year": f"FY {year}", "quarter": f"Q{month // 3 + 1} {year}"}.get(
                    kind, first.strftime("%b %Y")
                )
                flags = ("T" if kind == "year" else "F", "T" if kind == "quarter" else "F")
                yield name, first.isoformat(), last.isoformat(), *flags


def _last_day(day: date, months: int) -> date:
    """Give the last day of the stretch of months that begins with a day's month."""
    beyond = day.month - 1 + months
    return date(day.year + beyond // 12, beyond % 12 + 1, 1) - timedelta(days=1)
