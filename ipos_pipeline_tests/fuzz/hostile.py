"""What may arrive from outside: every kind of text, number and JSON, the nasty ones more often.

`told` runs a parser and gives its value, or our error. Anything else fails the test that called it,
and so does a parser that takes long.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import simplejson
from hypothesis import settings
from hypothesis import strategies as st

from ipos_pipeline.errors import PipelineError

T = TypeVar("T")

SECRET = "pl4nted-s3cret-w0rd"  # noqa: S105 - made up
SECONDS_MAX = 5.0
"""Seconds of the processor: far more than any of these inputs needs, and far less than a hang."""


def few(share: int = 5) -> settings:
    """Have fewer examples of what is slow: a fifth of the profile's, or another share."""
    return settings(max_examples=max(settings().max_examples // share, 5))


def told(parse: Callable[[], T], *, secret: str = SECRET) -> T | PipelineError:
    """Give what a parser makes of its input: a value, or an error that a person can read.

    `secret` is in no error, where the parser can know that it is one.
    """
    began = time.thread_time()
    try:
        answer: T | PipelineError = parse()
    except PipelineError as error:
        answer = error
    if isinstance(answer, PipelineError):
        assert answer.message.strip()
        assert answer.recovery.strip()
        assert secret not in f"{answer} {answer.recovery} {answer.__dict__}"
    assert time.thread_time() - began < SECONDS_MAX
    return answer


NUMBERS = [
    *("0", "-0", "1", "-1", "7.5", "1e5", "-1e-5", "1E+2", "0.1", "12345678901234.5"),
    *("1e400", "-1e400", "1e-400", "1e999999999", "1e-999999999", "-1e999999999"),
    *("1e99999999999999999999", "1e-99999999999999999999", "NaN", "Infinity", "-Infinity"),
    *("9" * 18, "9" * 19, "9" * 30, "9" * 5000, "0." + "3" * 5000, "-100", "2147483648"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809", "999999999999.99"),
]
"""Numbers as JSON texts: most of them are more than some type can hold."""
TEXTS = [
    *("", " ", "\0", "a\0b", "\ud800", "a\udfff", "\u202eback", "\ufeff", "é", "٣", "²", "😀"),
    *(
        "null",
        "true",
        "NaN",
        "1e999999999",
        "Infinity",
        "-",
        "--",
        "0x10",
        "1_000",
        "+7",
        "9" * 5000,
    ),
    *("2026-11-20", "2026-11-20T11:07:33", "0001-01-01", "9999-12-31T23:59:59", "2026-02-30"),
    *("2026-11-20T11:07:33+23:59", "2026-11-20T24:00:00", "-2026-11-20", "20261120", "1-1-1"),
    *("'; DROP TABLE x; --", '"', "\\", "%", "%s", "{0}", "{inv_no}", "a\r\nBcc: x@example.com"),
    *(
        SECRET,
        "x" * 190 + SECRET,
        "x" * 285 + SECRET,
        f"\\{SECRET}",
        "x" * 400,
        "<b>&amp;</b>",
        "/../..",
        "//evil.test/",
        "https://evil.test",
        "\x1b[31m",
        "\n",
    ),
]

hostile_text = st.sampled_from(TEXTS) | st.text(st.characters(exclude_categories=()), max_size=20)
hostile_number = st.sampled_from(NUMBERS).map(simplejson.RawJSON)
hostile_scalar = (
    hostile_number
    | hostile_text
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals(allow_nan=False, allow_infinity=False)
)
hostile_json = st.recursive(
    hostile_scalar,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(hostile_text, inner, max_size=4),
    max_leaves=8,
)
"""A value that JSON can hold, as `written` writes it."""
hostile_bytes = (
    st.binary(max_size=60)
    | hostile_json.map(lambda value: written(value).encode())
    | st.sampled_from(
        [
            *(b"", b"\xef\xbb\xbf{}", b"{", b"[" * 10_000, b'{"a":' * 10_000, b"null", b"\xff\xfe"),
            *(b"<html>busy</html>", b'{"a": 1, "a": 2}', b"1e999999999", b"9" * 5000, b'"\\ud800"'),
        ]
    )
)


def written(value: Any) -> str:
    """Write JSON as a careless server does: any number, halves of characters as escapes."""
    return str(simplejson.dumps(value, use_decimal=True, allow_nan=True))
