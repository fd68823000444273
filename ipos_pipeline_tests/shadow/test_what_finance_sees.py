"""The night, the pages and the mails: a shop in shadow is never said to be proved, nor missed."""

from __future__ import annotations

from ipos_pipeline.domain.day_mail import mail_of_day
from ipos_pipeline.domain.day_report import DayReport, DayState, LocationDay
from ipos_pipeline.domain.day_report_html import day_report_html
from ipos_pipeline.domain.day_report_words import remarks, verdict
from ipos_pipeline_tests.builders import DAY, LOCATION, NOON, configuration, store_day_proof
from ipos_pipeline_tests.night.conftest import Night, night
from ipos_pipeline_tests.night.test_closing_days import HALF_PAST_FOUR, instance
from ipos_pipeline_tests.shadow.conftest import Beside, sold

__all__ = ["instance", "night"]

ZONE = configuration().zone
LIVE = LocationDay(LOCATION, "Dubai", ZONE, store_day_proof())
IN_SHADOW = LocationDay("DXB02", "Marina", ZONE, is_shadow=True)


def report(*shops: LocationDay) -> DayReport:
    return DayReport(DAY, NOON, ZONE, shops)


def test_the_night_runs_a_day_in_shadow_once_and_misses_no_proof_of_it(
    beside: Beside, night: Night
) -> None:
    beside.sell(sold(1))
    beside.run()
    night.at(HALF_PAST_FOUR)
    assert night.close_day() == {f"{DAY}|{LOCATION}": "nightly close"}
    beside.run()
    night.at(HALF_PAST_FOUR.replace(day=HALF_PAST_FOUR.day + 1))

    assert f"{DAY}|{LOCATION}" not in night.close_day(), "only the day that has closed since"
    checked = night.execute("standing_checks")
    closed = [
        one for one in checked.get_asset_check_evaluations() if one.check_name == "all_days_closed"
    ]
    assert [one.passed for one in closed] == [True]
    page = (night.data_dir / "reports" / f"{DAY}.html").read_text()
    assert "every shop is in shadow" in page
    assert "✓" not in page
    assert beside.writes() == []


def test_the_mail_of_the_day_says_shadow_and_not_proved(beside: Beside, night: Night) -> None:
    beside.sell(sold(1))
    beside.run()
    night.at(HALF_PAST_FOUR)

    assert night.execute("day_summary").success

    (mail,) = night.mails
    assert "every shop in shadow" in mail.subject
    assert "proved" not in mail.subject


def test_a_day_is_proved_by_the_shops_that_are_live_and_names_the_others() -> None:
    day = report(LIVE, IN_SHADOW)

    assert day.state == DayState.PROVED
    assert verdict(day).startswith("Proved: nothing differs; 1 invoice of 1 shop accounted for")
    assert remarks(day) == [
        "1 shop is in shadow: another script posts for it, and nothing of that is proved here."
    ]
    page = day_report_html(day)
    assert page.count("✓ proved") == 1
    assert "- in shadow" in page
    told = mail_of_day(day, page, other_days=[], posted_late={}).text
    assert "in shadow" in told


def test_a_proof_of_a_day_that_was_live_stays_what_it_was() -> None:
    """Going back to shadow takes no proof away."""
    assert LocationDay(LOCATION, "", ZONE, store_day_proof(), is_shadow=True).state == (
        DayState.PROVED
    )


def test_a_shadow_that_was_compared_counts_in_no_figure() -> None:
    in_shadow = store_day_proof(is_shadow=True)
    day = report(LIVE, LocationDay("DXB02", "", ZONE, in_shadow))

    assert day.of_state(DayState.SHADOW)
    assert day.proofs == [LIVE.proof]
    assert not in_shadow.is_proved
