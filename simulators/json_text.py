"""JSON with exact numbers: a fraction is a Decimal in both directions, never a float."""

from typing import Any

import simplejson


def to_json(value: object) -> str:
    """Write compact JSON; a Decimal becomes a number with its exact decimals."""
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str | bytes) -> Any:  # noqa: ANN401 - JSON is whatever it is
    """Read JSON; a number with a fraction becomes a Decimal.

    Raises simplejson.JSONDecodeError, which is a ValueError, where the text is no JSON.
    """
    return simplejson.loads(text, use_decimal=True)
