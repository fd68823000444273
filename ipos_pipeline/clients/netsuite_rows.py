"""What the rows of a SuiteQL answer mean: keys are lower case, values are text.

Belongs here: text in, values out. Not here: the queries (netsuite.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from ipos_pipeline.domain.json_text import whole_number
from ipos_pipeline.domain.money import round_money
from ipos_pipeline.domain.netsuite_item import NetSuiteItem
from ipos_pipeline.domain.plain_text import one_line
from ipos_pipeline.errors import TransientError

SHOWN_MAX = 100
INTERNAL_ID = re.compile(r"-?[0-9]{1,18}")
"""Some of NetSuite's own records have negative ones."""


@dataclass(frozen=True, slots=True)
class NetSuiteTransaction:
    """One cash sale or refund as SuiteQL shows it; `total` in AED, positive on refunds too."""

    internal_id: str
    external_id: str
    type: str
    total: Decimal
    tran_date: date
    modified: str = ""
    """Date of the last change as text in NetSuite's time zone; only where it was asked for."""
    memo: str = ""


def text_row(row: object) -> dict[str, str]:
    """Read a row: numbers as text too, what is empty or no text left out.

    Raises TransientError for what is no row. A column that a query names and no answer may lack
    is asked for with `of`.
    """
    if not isinstance(row, dict):
        message = f"SuiteQL gave a row that is no object but {type(row).__name__}"
        raise TransientError(message)
    return {
        name: str(value)
        for name, value in row.items()
        if isinstance(value, str | int | Decimal) and not isinstance(value, bool)
    }


def of(row: Mapping[str, str], name: str) -> str:
    """Give a column's value. Raises TransientError where it is missing."""
    try:
        return row[name]
    except KeyError:
        message = f"SuiteQL gave a row without {name!r}"
        raise TransientError(message) from None


def id_of(row: Mapping[str, str]) -> str:
    """Give a row's internal ID. Raises TransientError for none."""
    given = of(row, "id")
    if INTERNAL_ID.fullmatch(given):
        return given
    message = f"SuiteQL gave {one_line(given, SHOWN_MAX)!r} as an internal ID"
    raise TransientError(message)


def transaction_of(row: Mapping[str, str]) -> NetSuiteTransaction:
    """Read a row of `transaction`. Raises TransientError for a date or total that is none."""
    return NetSuiteTransaction(
        id_of(row),
        of(row, "externalid"),
        of(row, "type"),
        abs(amount_of(row.get("foreigntotal", "0"))),
        date_of(of(row, "dated")),
        row.get("modified", ""),
        row.get("memo", ""),
    )


def date_of(text: str) -> date:
    """Read a date that was asked for as `YYYY-MM-DD`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"SuiteQL gave {one_line(text, SHOWN_MAX)!r} as a date"
        raise TransientError(message) from None


def amount_of(text: str) -> Decimal:
    """Read an amount, rounded to the two places of AED."""
    try:
        return round_money(Decimal(text))
    except InvalidOperation:
        message = f"SuiteQL gave {one_line(text, SHOWN_MAX)!r} as an amount"
        raise TransientError(message) from None


def count_of(text: str) -> int:
    """Read a count."""
    try:
        return whole_number(text)
    except ValueError:
        message = f"SuiteQL gave {one_line(text, SHOWN_MAX)!r} as a count"
        raise TransientError(message) from None


def item_of(row: Mapping[str, str]) -> NetSuiteItem:
    """Read a row of `item`, its barcode under that name."""
    return NetSuiteItem(
        internal_id=id_of(row),
        barcode=of(row, "barcode"),
        itemid=row.get("itemid", ""),
        itemtype=row.get("itemtype", ""),
        isinactive=row.get("isinactive") == "T",
    )
