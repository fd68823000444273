"""Which store-days are in shadow, and what a comparison says of each document."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from ipos_pipeline.domain.filtering import filter_rule_of
from ipos_pipeline.domain.ipos_profile import NESTED
from ipos_pipeline.domain.mapping import FieldMapping, Incumbent
from ipos_pipeline.domain.shadow import as_live, is_guarded, is_shadow
from ipos_pipeline.domain.shadow_comparison import (
    OurDocument,
    ShadowComparison,
    TheirDocument,
    compare,
)
from ipos_pipeline_tests.builders import DAY, KEY, LOCATION, NOON, configuration, invoice

ONE_DAY = timedelta(days=1)
BEFORE, AFTER = DAY - ONE_DAY, DAY + ONE_DAY


@pytest.mark.parametrize(
    ("record", "in_shadow"),
    [
        ({}, (False, False, False)),
        ({"mode": ""}, (False, False, False)),
        ({"mode": "live", "live_from": ""}, (False, False, False)),
        ({"mode": "shadow"}, (True, True, True)),
        ({"mode": "shadow", "live_from": DAY}, (True, True, True)),
        ({"mode": "live", "live_from": f"{DAY}"}, (True, False, False)),
        ({"live_from": f" {DAY} "}, (True, False, False)),
    ],
)
def test_a_location_in_shadow_and_days_before_the_first_live_one_are(
    record: dict[str, Any], in_shadow: tuple[bool, ...]
) -> None:
    one = configuration(**record)

    assert tuple(is_shadow(one, day) for day in (BEFORE, DAY, AFTER)) == in_shadow
    assert not is_shadow(as_live(one), BEFORE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "LIVE"},
        {"mode": "off"},
        {"mode": "shadow "},
        {"mode": False},
        {"mode": 1},
        {"live_from": "20.11.2026"},
        {"live_from": "2026-11-20T00:00:00"},
        {"live_from": 20261120},
        {"live_from": "2026-13-01"},
        {"live_from": True},
    ],
)
def test_a_word_or_a_day_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    """Never silently live."""
    with pytest.raises(ValidationError):
        configuration(**wrong)


def test_the_first_week_of_live_days_is_guarded() -> None:
    one = configuration(live_from=DAY)
    days = [DAY - ONE_DAY, DAY, DAY + 6 * ONE_DAY, DAY + 7 * ONE_DAY]

    assert [is_guarded(one, day) for day in days] == [False, True, True, False]
    assert not is_guarded(configuration(), DAY)


def test_what_another_rule_keeps_out_is_not_called_shadow() -> None:
    """Else it would be compared as if it were to be posted."""
    one = configuration(mode="shadow")
    rules = [
        filter_rule_of(read, configuration=one, profile=NESTED)
        for read in (invoice(), invoice(Void=True))
    ]

    assert rules == ["shadow", "void"]


@pytest.mark.parametrize(
    ("key", "written"),
    [("{inv_no}", "10377"), ("{location_code}/{doc_type} {inv_no}", "DXB01/SALE 10377")],
)
def test_the_key_of_the_script_is_a_template(key: str, written: str) -> None:
    incumbent = Incumbent(field="memo", key=key)

    assert incumbent.key_of(KEY, number="10377", location_code=LOCATION) == written


@pytest.mark.parametrize(
    "wrong",
    [
        {"field": "memo; DROP TABLE transaction"},
        {"field": "entity"},
        {"field": "custbody_Big"},
        {"field": "memo", "key": "IPOS"},
        {"field": "memo", "key": "{inv_no}{counter_no}"},
        {"field": "memo", "key": "{inv_no"},
        {"field": "memo", "key": "{inv_no.__class__}"},
        {"key": "{inv_no}"},
    ],
)
def test_a_field_or_a_key_that_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    """The field is part of a query."""
    with pytest.raises(ValidationError):
        FieldMapping.model_validate({"incumbent": wrong})


def ours(key: str = "1", total: str | None = "3.99", **changes: Any) -> OurDocument:
    amount = None if total is None else Decimal(total)
    usual = {"is_refund": False, "sold_at": NOON - timedelta(hours=50)}
    return OurDocument(f"ours {key}", key, total=amount, **{**usual, **changes})


def theirs(key: str = "1", total: str = "3.99", id_: str = "7", **changes: Any) -> TheirDocument:
    usual: dict[str, Any] = {"is_refund": False, "tran_date": DAY}
    return TheirDocument(id_, key, total=Decimal(total), **{**usual, **changes})


def found(
    us: list[OurDocument], them: list[TheirDocument], **landed: str | None
) -> list[tuple[str, str]]:
    findings = compare(us, them, landed=landed, at=NOON)
    return [(one.kind, one.subject) for one in findings]


def test_a_document_is_the_same_by_key_kind_and_total() -> None:
    refund = ours("2", "-1.00", is_refund=True)

    assert found([ours(), refund], [theirs(), theirs("2", "-1.00", is_refund=True)]) == [
        ("same", "ours 1"),
        ("same", "ours 2"),
    ]


def test_a_sale_is_not_found_in_a_refund_with_its_key() -> None:
    assert found([ours()], [theirs(total="-3.99", is_refund=True)]) == [
        ("only_ours", "ours 1"),
        ("only_in_netsuite", "1"),
    ]


def test_the_extra_copies_are_told_and_counted_beside_the_document_itself() -> None:
    findings = compare([ours()], [theirs(), theirs(id_="8")], landed={}, at=NOON)

    assert [one.kind for one in findings] == ["same", "twice_in_netsuite"]
    assert findings[1].internal_ids == ("7", "8")
    comparison = ShadowComparison(LOCATION, DAY, NOON, is_compared=True, findings=tuple(findings))
    assert (comparison.ours_total, comparison.theirs_total) == (Decimal("3.99"), Decimal("7.98"))
    assert not comparison.is_same


def test_what_we_could_not_post_is_told_even_where_the_script_has() -> None:
    (one,) = compare(
        [ours(total=None, is_refund=None, problem="tax_regime: x")], [theirs()], landed={}, at=NOON
    )

    assert (one.kind, one.detail) == ("would_fail", "tax_regime: x")
    assert (one.theirs, one.internal_ids) == (Decimal("3.99"), ("7",))


def test_the_scripts_document_of_another_store_day_is_left_to_that_day() -> None:
    """It may date by the day of posting."""
    here = {"9": None, "8": "we would not post it: void"}
    findings = compare([], [theirs("9"), theirs("8"), theirs("")], landed=here, at=NOON)

    assert [(one.key, one.detail) for one in findings] == [
        ("8", "we would not post it: void"),
        ("", "IPOS has not shown us such an invoice as not acknowledged"),
    ]


def test_what_was_not_compared_is_never_the_same() -> None:
    nothing = ShadowComparison(LOCATION, date(2026, 1, 1), NOON, is_compared=False, findings=())

    assert nothing.differing == ()
    assert not nothing.is_same
