"""The table of what really happens at an IPOS, and that nothing in it goes without a test."""

import ast
import re
from pathlib import Path

import pytest

REALITIES = {
    1: "late invoices",
    2: "a shop offline, then a burst",
    3: "duplicates across pages",
    4: "pages that shift, unstable order",
    5: "short pages in the middle of a list",
    6: "a page size that is capped silently",
    7: "a date filter that is ignored silently",
    8: "exchanges",
    9: "the same number at two shops, in sales and returns, next year",
    10: "zero quantity, free items, discounts of 100 % or on the header alone",
    11: "nulls, missing keys, numbers as text, extra keys",
    12: "prices with or without tax",
    13: "round-off, header and lines that differ by cents",
    14: "every kind of text",
    15: "invoices of very many lines",
    16: "items that NetSuite does not have or cannot post",
    17: "edited, voided or deleted after it was fetched",
    18: "gaps in the number sequence",
    19: "wrong clocks, future dates",
    20: "trading after midnight",
    21: "failures that look like answers",
    22: "slow, stalled, reset or throttled requests",
    23: "acknowledgements that are lost, repeated or ignored",
    26: "rotated credentials, another shop's data",
    29: "a new shop",
}
"""Numbers as in the faults of the simulators (`simulators/faults.py`)."""


def numbers_tested() -> dict[int, list[str]]:
    """Give the tests of this package by the M numbers with which their docstrings begin."""
    tested: dict[int, list[str]] = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                beginning = re.match(r"(M\d+(?:, M\d+)*): ", ast.get_docstring(node) or "")
                for number in re.findall(r"\d+", beginning[1]) if beginning else []:
                    tested.setdefault(int(number), []).append(node.name)
    return tested


@pytest.mark.parametrize("number", REALITIES, ids=lambda number: f"M{number}")
def test_each_reality_has_a_test(number: int) -> None:
    assert numbers_tested().get(number), f"nothing tests M{number}: {REALITIES[number]}"


def test_no_test_claims_a_reality_that_is_not_in_the_table() -> None:
    assert numbers_tested().keys() <= REALITIES.keys()
