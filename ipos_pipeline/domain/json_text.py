"""JSON whose numbers keep their digits: `Decimal` when read, the same digits when written.

The one serializer of the package: payloads of both systems and what the ledger keeps of them.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import simplejson

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(text: str | bytes) -> Any:  # noqa: ANN401 - whatever the other side sent
    """Parse JSON; numbers with a point become `Decimal`. Raises ValueError for anything else.

    NaN is let through: it spoils one invoice, which is quarantined, not the whole page.
    """
    return simplejson.loads(text, use_decimal=True, allow_nan=True)


def write_json(value: Any) -> str:  # noqa: ANN401
    """Write JSON without spaces; a `Decimal` becomes a number with exactly its digits.

    Half of a surrogate pair, which UTF-8 cannot hold, is written as the escape it arrived as.
    """
    text = simplejson.dumps(
        value, use_decimal=True, ensure_ascii=False, separators=(",", ":"), allow_nan=True
    )
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def canonical_hash(value: Any) -> str:  # noqa: ANN401
    """Hash a value by its JSON with sorted keys and no spaces (SHA-256, hex)."""
    text = simplejson.dumps(
        value, use_decimal=True, sort_keys=True, separators=(",", ":"), allow_nan=True
    )
    return hashlib.sha256(text.encode()).hexdigest()
