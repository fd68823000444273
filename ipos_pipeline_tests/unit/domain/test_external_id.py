"""External IDs: the one thing that keeps an invoice from being posted twice."""

import hashlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipos_pipeline.domain.external_id import (
    DocTypeLetter,
    document_key,
    escape,
    location_prefix,
    raw_key,
)
from ipos_pipeline_tests.builders import invoice, raw_invoice, read_invoice

Parts = tuple[str, DocTypeLetter, int, str]
LETTERS: list[DocTypeLetter] = ["S", "R"]
PARTS: st.SearchStrategy[Parts] = st.tuples(
    st.text(min_size=1, max_size=8),
    st.sampled_from(LETTERS),
    st.integers(min_value=2000, max_value=2099),
    st.text(min_size=1, max_size=8),
)


def key_of(parts: Parts) -> str:
    location, doc_type, year, number = parts
    return document_key(location=location, year=year, doc_type=doc_type, inv_no=number)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("10377", "IPOS-DXB01-2026-S-10377-CS"),
        ("INV/7", "IPOS-DXB01-2026-S-INV_2F7-CS"),
        ("INV_7", "IPOS-DXB01-2026-S-INV_5F7-CS"),
        ("A-1", "IPOS-DXB01-2026-S-A_2D1-CS"),
        ("ف", "IPOS-DXB01-2026-S-_D9_81-CS"),
    ],
)
def test_a_number_is_escaped_byte_by_byte(number: str, expected: str) -> None:
    assert invoice(InvNo=number).sale_external_id == expected


def test_a_refund_differs_from_its_sale_by_the_suffix_alone() -> None:
    read = invoice(InvNo=7)
    assert read.refund_external_id == "IPOS-DXB01-2026-S-7-CR"


def test_a_return_document_has_the_letter_r() -> None:
    assert invoice(DocType="RETURN").document_key == "IPOS-DXB01-2026-R-10377"


def test_the_year_is_that_of_inv_date_on_the_shops_clock() -> None:
    """20:30 UTC on New Year's Eve is next year in Dubai, whatever business day it belongs to."""
    raw = raw_invoice(InvDate="2026-12-31T20:30:00Z", BusinessDate="2026-12-31")
    assert read_invoice(raw).document_key == "IPOS-DXB01-2027-S-10377"


def test_a_number_and_its_text_are_the_same_invoice() -> None:
    assert invoice(InvNo=10377).document_key == invoice(InvNo=" 10377 ").document_key


@given(PARTS, PARTS)
def test_different_invoices_never_share_a_key(one: Parts, other: Parts) -> None:
    assert (key_of(one) == key_of(other)) == (one == other)


@given(PARTS)
def test_a_key_holds_only_characters_that_netsuite_allows(parts: Parts) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", key_of(parts) + "-CS")


@given(st.text(), st.text())
def test_the_beginning_of_one_location_is_never_that_of_another(one: str, other: str) -> None:
    """Reconciliation finds a location's records by it: DXB1 must not find those of DXB10."""
    key = document_key(location=other, year=2026, doc_type="S", inv_no="1")
    assert key.startswith(location_prefix(one)) == (one == other)


@given(st.text())
def test_an_escaped_part_never_holds_the_separator(part: str) -> None:
    assert "-" not in escape(part)


def test_what_cannot_be_read_gets_a_key_of_its_content() -> None:
    raw = {"b": 1, "a": ["x", None]}
    text = json.dumps(raw, sort_keys=True, separators=(",", ":"))
    digits = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert raw_key(location="DXB01", raw=raw) == f"IPOS-DXB01-RAW-{digits}"
