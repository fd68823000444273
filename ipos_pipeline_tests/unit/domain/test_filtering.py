"""Which invoices no customer made, and those of which only a part is a test."""

from typing import Any

import pytest

from ipos_pipeline.domain.filtering import filter_rule_of, mixed_test_items
from ipos_pipeline.domain.ipos_profile import NESTED, HeaderNames, IposProfile
from ipos_pipeline_tests.builders import configuration, raw_invoice, raw_line, read_invoice

TRAINING = IposProfile(header=HeaderNames(training="Training"))
RECORD = {"test_counters": "8,9", "test_items": "T1\nT2"}


def rule(raw: dict[str, Any], *, profile: IposProfile = NESTED) -> str | None:
    invoice = read_invoice(raw, profile=profile)
    return filter_rule_of(invoice, configuration=configuration(**RECORD), profile=profile)


def problem_code(raw: dict[str, Any]) -> str | None:
    problem = mixed_test_items(
        read_invoice(raw), configuration=configuration(**RECORD), profile=NESTED
    )
    return None if problem is None else problem.code


def items(*barcodes: str | None, **changes: Any) -> dict[str, Any]:
    lines = [raw_line(at, PrimaryBarcode=one) for at, one in enumerate(barcodes, start=1)]
    return raw_invoice(*lines, **changes)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (items("1"), None),
        (items("1", Void=True), "void"),
        (items("1", CounterNo=9), "test_counter"),
        (items("1", CounterNo=" 8 "), "test_counter"),
        (items("1", CounterNo=89), None),
        (items("1", CounterNo=None), None),
        (items("T1"), "test_items"),
        (items("T1", "T2", "T1"), "test_items"),
        (items("T1", "1"), None),
        (items(None), None),
        (items("T1", "1", Void=True), "void"),
    ],
)
def test_the_first_rule_that_fits_is_named(raw: dict[str, Any], expected: str | None) -> None:
    assert rule(raw) == expected


@pytest.mark.parametrize(
    ("flag", "expected"),
    [(True, "training"), (1, "training"), ("true", "training"), (False, None), (None, None)],
)
def test_training_is_known_by_the_vendors_flag(flag: object, expected: str | None) -> None:
    assert rule(items("1", Training=flag), profile=TRAINING) == expected
    assert rule(items("1", Training=flag)) is None, "no word for it, no rule"


def test_a_line_of_quantity_zero_decides_nothing_beside_others() -> None:
    """It is not posted, so it neither makes a test of a sale nor a sale of a test."""
    nothing = raw_line(2, Qty=0, NetRate=0)
    test = raw_line(1, PrimaryBarcode="T1")
    assert rule(raw_invoice(test, nothing)) == "test_items"
    assert problem_code(raw_invoice(raw_line(1), {**nothing, "PrimaryBarcode": "T1"})) is None
    assert rule(raw_invoice({**test, "Qty": 0, "NetRate": 0})) == "test_items"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (items("T1", "1"), "mixed_test_items"),
        (items("T1", None), "mixed_test_items"),
        (items("T1", "T2"), None),
        (items("1", "2"), None),
    ],
)
def test_only_an_invoice_of_both_kinds_is_mixed(raw: dict[str, Any], code: str | None) -> None:
    assert problem_code(raw) == code


def test_an_item_is_known_by_the_field_that_finds_it() -> None:
    by_barcode = IposProfile(item_key="barcode")
    raw = raw_invoice(raw_line(Barcode="T1", PrimaryBarcode="1"))
    assert rule(raw, profile=by_barcode) == "test_items"
    assert rule(raw) is None
