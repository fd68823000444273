"""A location's configuration record: complete, typed, and silent about its credential."""

from typing import Any

import pytest
from pydantic import ValidationError

from ipos_pipeline_tests.builders import CREDENTIAL, configuration, configuration_values

LOGIN = {"auth_header": None, "auth_value": None, "token_url": "/t", "username": "u"}


def test_defaults_are_those_of_the_emirates() -> None:
    record = configuration()
    assert (record.timezone, record.day_cutoff_hour, record.profile) == ("Asia/Dubai", 0, "nested")
    assert (record.prices_include_tax, record.isinactive) == (True, False)
    assert record.closed_period == "queue"


@pytest.mark.parametrize("name", ["timezone", "day_cutoff_hour", "profile", "closed_period"])
def test_a_blank_field_counts_as_not_set(name: str) -> None:
    assert configuration(**{name: ""}) == configuration()


@pytest.mark.parametrize("name", ["returns_url", "subsidiary", "error_email", "token_url", "name"])
def test_a_blank_optional_field_is_none(name: str) -> None:
    assert getattr(configuration(**{name: "  "}), name) is None


def test_text_of_suiteql_is_read_as_what_it_means() -> None:
    record = configuration(isinactive="F", prices_include_tax="T", day_cutoff_hour="4")
    assert (record.isinactive, record.prices_include_tax, record.day_cutoff_hour) == (
        False,
        True,
        4,
    )


def test_internal_ids_may_be_numbers() -> None:
    assert configuration(customer=501) == configuration(customer="501")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("customer", "Walk-in"),
        ("tax_code", ""),
        ("location_code", ""),
        ("domain_url", "ipos.test"),
        ("domain_url", "ftp://ipos.test"),
        ("timezone", "Dubai"),
        ("day_cutoff_hour", 24),
        ("day_cutoff_hour", -1),
        ("auth_header", "X-Api-Key:"),
        ("auth_value", CREDENTIAL + "\n"),
        ("auth_value", "clé"),
        ("custmer", "501"),
        ("closed_period", "first open day"),
    ],
)
def test_a_wrong_field_is_named_without_its_value(name: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        configuration(**{name: value})
    assert [error["loc"] for error in caught.value.errors()] == [(name,)]
    assert CREDENTIAL not in str(caught.value)


@pytest.mark.parametrize("missing", ["auth_header", "auth_value"])
def test_half_a_header_is_no_credential(missing: str) -> None:
    with pytest.raises(ValidationError, match="no credential"):
        configuration(**{missing: None})


def test_a_login_is_a_credential_only_when_complete() -> None:
    assert configuration(**LOGIN, password=CREDENTIAL).username == "u"
    with pytest.raises(ValidationError, match="no credential"):
        configuration(**LOGIN)


@pytest.mark.parametrize("shown", [repr, str])
def test_the_credential_is_never_shown(shown: Any) -> None:
    record = configuration(**{**LOGIN, "auth_header": "K", "auth_value": "s3cr3t"}, password="pa55")
    assert "s3cr3t" not in shown(record)
    assert "pa55" not in shown(record)


def test_the_dates_that_we_write_are_not_read() -> None:
    values = configuration_values(last_sales_sync="2026-11-20T08:00:00Z", last_return_error=None)
    assert configuration(**values) == configuration()


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("8, 9", ("8", "9")),
        (" 8 \n\n9,\r\n8", ("8", "9")),
        ([8, "9"], ("8", "9")),
        (8, ("8",)),
        ("", ()),
        (None, ()),
    ],
)
def test_lists_are_read_as_people_type_them_into_one_field(
    given: object, read: tuple[str, ...]
) -> None:
    assert configuration(test_counters=given).test_counters == read


@pytest.mark.parametrize("given", [{"a": 1}, [True], [["8"]]])
def test_a_list_of_anything_else_is_refused(given: object) -> None:
    with pytest.raises(ValidationError):
        configuration(test_items=given if isinstance(given, list) else [given])


@pytest.mark.parametrize(
    ("given", "read"), [("T", True), ("F", False), (None, False), ("", False), (True, True)]
)
def test_whether_filtered_ones_are_acknowledged_is_no_unless_said(
    given: object, *, read: bool
) -> None:
    assert configuration(acknowledge_filtered=given).acknowledge_filtered is read
