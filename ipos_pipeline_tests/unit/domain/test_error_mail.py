"""What a mail about errors says, and that there are words for every code."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ipos_pipeline.domain.configuration import CONFIGURATION, RECORDS
from ipos_pipeline.domain.error_mail import ErrorToTell, Shop, mail_of_error, mail_of_group
from ipos_pipeline.domain.error_words import ERROR_WORDS, words_for
from ipos_pipeline.domain.outage_mail import OutageToTell, mail_of_outage
from ipos_pipeline_tests.builders import DAY, LOCATION, NOON
from ipos_pipeline_tests.repository_text import error_codes

SHOP = Shop(LOCATION, "Dubai, Al Rigga", ("shop@example.com",), ZoneInfo("Asia/Dubai"))


def error(**changes: Any) -> ErrorToTell:
    usual: dict[str, Any] = {
        "id": 1,
        "external_id": "IPOS-DXB01-2026-S-10377-CS",
        "stage": "post",
        "location_code": LOCATION,
        "business_date": DAY,
        "number": "10377",
        "record_type": "cashSale",
        "code": "USER_ERROR",
        "message": "Please enter value(s) for: Account.",
        "next_step": "Correct it.",
        "attempts": 1,
        "first_failed_at": NOON,
        "next_attempt_at": NOON + timedelta(minutes=15),
        "amount": Decimal("1234.50"),
        "told_code": None,
        "thread_id": None,
    }
    return ErrorToTell(**{**usual, **changes})


def test_each_error_code_has_words_for_a_shop_manager() -> None:
    assert error_codes() <= ERROR_WORDS.keys()
    for words in ERROR_WORDS.values():
        assert words.sentence.endswith(".")
        assert len(words.headline) <= 40


def test_a_code_of_netsuite_that_nobody_foresaw_has_words_too() -> None:
    assert (
        words_for("SSS_MISSING_REQD_ARGUMENT").sentence == "NetSuite did not accept this invoice."
    )
    assert words_for("another").sentence != ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "by itself, from 2026-11-20 12:15 +04"),
        ({"next_attempt_at": None, "code": "unknown_item"}, "as soon as NetSuite has the item"),
        ({"next_attempt_at": None}, "only when a person asks for it"),
        ({"amount": None}, "unknown"),
        ({"number": None, "record_type": None}, "whole invoice"),
    ],
)
def test_a_mail_says_when_it_is_tried_again_and_what_is_not_known(
    changes: dict[str, Any], said: str
) -> None:
    assert said in mail_of_error(error(**changes), SHOP).text


def test_a_changed_reason_answers_the_first_mail() -> None:
    first = mail_of_error(error(), SHOP)
    second = mail_of_error(error(code="INVALID_CONTENT", told_code="USER_ERROR"), SHOP)
    assert second.subject == f"Re: {first.subject}"
    assert second.text.startswith("The reason has changed.")


def test_what_only_ipos_does_not_know_is_not_called_missing_in_netsuite() -> None:
    content = mail_of_error(error(stage="acknowledge", code="acknowledgement_refused"), SHOP)
    assert content.subject.endswith("in NetSuite, but IPOS does not know")


def test_a_long_list_is_attached_and_no_cell_of_it_is_a_formula() -> None:
    errors = [error(number="=cmd();=cmd()", message="+1", id=number) for number in range(60)]
    attached = mail_of_group(errors, SHOP).attachment
    assert attached is not None
    lines = attached.text.splitlines()
    assert len(lines) == 61
    assert lines[1].startswith('"\'=cmd();=cmd()",')
    assert lines[1].endswith(',"\'+1"')
    assert mail_of_group(errors[:50], SHOP).attachment is None


def test_an_outage_mail_says_that_nothing_is_lost_and_later_that_it_is_over() -> None:
    began = OutageToTell(1, "NetSuite", "No answer.", "Wait.", 1, NOON, None, None)
    over = OutageToTell(1, "NetSuite", "", "", 4, NOON, NOON + timedelta(hours=1), "<first@x>")
    assert "No invoice is lost" in mail_of_outage(began).text
    assert mail_of_outage(over).subject == f"Re: {mail_of_outage(began).subject}"
    assert "2026-11-20 09:00 UTC" in mail_of_outage(over).text


@pytest.mark.parametrize("named", ["DXB01 (record 1)", "DXB01", "record 3"])
def test_a_record_with_a_mistake_stops_its_location_only_and_nothing_of_it_need_work_again(
    named: str,
) -> None:
    system = f"{CONFIGURATION} {named}"
    began = mail_of_outage(OutageToTell(1, system, "Wrong.", "Correct it.", 1, NOON, None, None))
    over = mail_of_outage(OutageToTell(1, system, "", "", 4, NOON, NOON, "<first@x>"))

    assert began.subject.startswith(f"[IPOS to NetSuite] Invoices wait for {system} since ")
    assert over.subject == f"Re: {began.subject}"
    assert "Invoices of one location are not posted" in began.text
    assert "Other locations go on" in began.text
    assert "stops the pipeline" not in began.text
    assert "corrected, made inactive or deleted" in over.text
    assert "works again" not in over.text


def test_records_that_cannot_be_read_stop_all_locations_and_are_read_again_at_the_end() -> None:
    began = mail_of_outage(OutageToTell(1, RECORDS, "Denied.", "Allow.", 1, NOON, None, None))
    over = mail_of_outage(OutageToTell(1, RECORDS, "", "", 4, NOON, NOON, "<first@x>"))

    assert "the configuration records cannot be read" in began.text
    assert "Other locations" not in began.text
    assert "the configuration records are read again" in over.text
