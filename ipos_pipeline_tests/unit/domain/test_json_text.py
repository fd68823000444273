"""JSON keeps its digits and its letters, both ways."""

import hashlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipos_pipeline.domain.json_text import canonical_hash, read_json, write_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("digits", ["3.99", "3.990", "0.10", "100000000000000000.01", "1E-7"])
def test_a_number_keeps_its_digits(digits: str) -> None:
    assert write_json(read_json(f"[{digits}]")) == f"[{digits}]"


def test_a_number_with_a_point_is_never_a_float() -> None:
    assert isinstance(read_json("3.99"), Decimal)


@pytest.mark.parametrize(
    "text",
    ["قميص", "\u200fقميص\u200e", "👕🧥", "a\x00b\x1fc\n\t", "<b>&amp;</b>", "=1+1", "\u2028"],
)
def test_text_survives_unchanged(text: str) -> None:
    assert read_json(write_json([text]).encode()) == [text]


def test_arabic_stays_readable_in_what_we_write() -> None:
    assert write_json("قميص") == '"قميص"'


def test_half_a_surrogate_pair_can_be_stored_and_comes_back() -> None:
    """A till that cuts a name in the middle of an emoji sends this; UTF-8 cannot hold it."""
    raw = read_json(r'{"ItemName":"shirt \ud83d"}')
    text = write_json(raw)
    assert read_json(text.encode("utf-8")) == raw


@given(JSON)
def test_what_was_written_is_read_back(value: object) -> None:
    assert read_json(write_json(value)) == value


def test_nan_is_let_through_so_that_only_its_invoice_suffers() -> None:
    assert str(read_json('{"Qty": NaN}')["Qty"]).lower() == "nan"


@given(JSON)
def test_the_hash_is_that_of_json_with_sorted_keys_and_no_spaces(value: object) -> None:
    """The definition of interfaces.md, computed by another library."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    assert canonical_hash(value) == hashlib.sha256(text.encode()).hexdigest()


def test_the_hash_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical_hash({"a": 1, "b": 2}) == canonical_hash({"b": 2, "a": 1})


def test_the_hash_sees_every_digit() -> None:
    assert canonical_hash(read_json("3.990")) != canonical_hash(read_json("3.99"))
