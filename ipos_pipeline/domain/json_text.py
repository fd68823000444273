"""JSON whose numbers keep their digits: `Decimal` when read, the same digits when written.

The one serializer of the package: payloads of both systems and what the ledger keeps of them.
"""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import simplejson

DEPTH_MAX = 50
"""Lists and objects inside each other; an invoice has three, NetSuite's answers six."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(text: str | bytes) -> Any:  # noqa: ANN401 - whatever the other side sent
    """Parse JSON; numbers with a point become `Decimal`. Raises ValueError for anything else.

    NaN is let through: it spoils one invoice, which is quarantined, not the whole page. So it is
    with a number that is too long for Python: it stays a text.
    """
    try:
        value = _parsed(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if _is_deeper_than(DEPTH_MAX, value):
        raise ValueError(_TOO_DEEP)
    return value


_TOO_DEEP = f"JSON that is nested more than {DEPTH_MAX} deep"


def _parsed(text: str | bytes) -> Any:  # noqa: ANN401
    """Parse it quickly; if that fails, once more with an eye on each number."""
    try:
        return simplejson.loads(text, use_decimal=True, allow_nan=True)
    except (ValueError, InvalidOperation):
        return simplejson.loads(text, parse_int=_whole_number, parse_float=_number, allow_nan=True)


def _whole_number(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:
        return digits


def _number(digits: str) -> Decimal | str:
    try:
        return Decimal(digits)
    except InvalidOperation:
        return digits


def _is_deeper_than(levels: int, value: object) -> bool:
    """Look level by level: what Python can just read, it might not be able to write again."""
    found = [value] if isinstance(value, dict | list) else []
    while found and levels:
        inside = (one.values() if isinstance(one, dict) else one for one in found)
        found = [one for some in inside for one in some if isinstance(one, dict | list)]
        levels -= 1
    return bool(found)


def write_json(value: Any) -> str:  # noqa: ANN401
    """Write JSON without spaces; a `Decimal` becomes a number with exactly its digits.

    Half of a surrogate pair, which UTF-8 cannot hold, is written as the escape it arrived as.
    """
    text = simplejson.dumps(
        value, use_decimal=True, ensure_ascii=False, separators=(",", ":"), allow_nan=True
    )
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def whole_number(value: object) -> int:
    """Read a whole number that may have arrived as text, as 7, "7" or 7.0.

    Raises ValueError for anything else, and for more than 18 digits: `int` would take hours over
    1e999999999.
    """
    match = _WHOLE.fullmatch(str(value))
    if match is None:
        raise ValueError(_NOT_WHOLE)
    return int(match[1])


_WHOLE = re.compile(r"([0-9]{1,18})(\.0+)?")
_NOT_WHOLE = "not a whole number of at most 18 digits"


def canonical_hash(value: Any) -> str:  # noqa: ANN401
    """Hash a value by its JSON with sorted keys and no spaces (SHA-256, hex)."""
    text = simplejson.dumps(
        value, use_decimal=True, sort_keys=True, separators=(",", ":"), allow_nan=True
    )
    return hashlib.sha256(text.encode()).hexdigest()
