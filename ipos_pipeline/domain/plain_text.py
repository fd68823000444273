"""Text from outside, made harmless for a line of a mail, a header or a text field.

Item names, invoice numbers and NetSuite's messages may hold line breaks, control characters, marks
that turn the reading direction, or halves of characters.
"""

from __future__ import annotations

import re
import unicodedata

_DIRECTION_MARKS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_SPACES = re.compile(r"\s+")
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")
_NOT_SHOWN = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})


def one_line(text: str, length_max: int) -> str:
    """Give text as one line of at most so many characters, an ellipsis where it was cut.

    Line breaks and tabs become spaces, other control characters and halves of characters the
    replacement character; marks of direction are left out, so that no word can hide another.
    """
    visible = "".join(map(_harmless, text))
    line = _SPACES.sub(" ", visible).strip()
    return line if len(line) <= length_max else line[: length_max - 1] + "…"


def is_storable(text: str) -> bool:
    """Tell whether every database takes a text: no NUL, no half of a surrogate pair."""
    return not _NOT_STORABLE.search(text)


def _harmless(character: str) -> str:
    if character in _DIRECTION_MARKS:
        return ""
    if character.isspace():
        return " "
    return "\ufffd" if unicodedata.category(character) in _NOT_SHOWN else character
