"""The figures and the verdict of a day of all shops."""

from datetime import timedelta
from decimal import Decimal

import pytest

from ipos_pipeline.domain.day_report import (
    DayState,
    Delays,
    LocationDay,
    delays_of,
    figures_of,
)
from ipos_pipeline.domain.day_report_words import remarks, verdict
from ipos_pipeline.domain.difference_words import DIFFERENCE_WORDS
from ipos_pipeline.domain.store_day_proof import Difference, DifferenceKind, Side
from ipos_pipeline_tests.unit.domain.day_report_page import (
    SALES,
    absent,
    open_error,
    proof,
    report,
    shop,
    side,
    sold,
)

SET_ASIDE = Difference(DifferenceKind.SET_ASIDE, "IPOS-DXB01-2026-S-1", "a person decided")
NOTHING = proof(shown=0, landed=0, filtered_by_rule={}, ipos=Side(), ledger=Side(), netsuite=Side())
PROVED = shop()
DIFFERING = shop("DXB02", proof=proof(absent(1), absent(2)))
NOT_RECONCILED = shop("DXB03", proof=None)


@pytest.mark.parametrize(
    ("locations", "state", "said"),
    [
        (
            (PROVED, shop("DXB02")),
            DayState.PROVED,
            (
                "Proved: nothing differs; 24 invoices of 2 shops accounted for,"
                " 2,100.00 AED in NetSuite."
            ),
        ),
        ((PROVED, DIFFERING), DayState.DIFFERS, "2 things differ in 1 shop."),
        (
            (DIFFERING, shop("DXB04", proof=proof(absent(3)))),
            DayState.DIFFERS,
            "3 things differ in 2 shops.",
        ),
        ((shop(proof=proof(absent(3))),), DayState.DIFFERS, "1 thing differs in 1 shop."),
        (
            (PROVED, NOT_RECONCILED),
            DayState.NOT_RECONCILED,
            "Not proved: 1 of 2 shops was not reconciled; nothing differs in the others.",
        ),
        ((NOT_RECONCILED,), DayState.NOT_RECONCILED, "Not proved: no shop was reconciled."),
        ((), DayState.NOT_RECONCILED, "Not proved: the report has no shop."),
        (
            (shop(proof=NOTHING),),
            DayState.PROVED,
            "Proved: nothing differs; IPOS shows no invoice for 1 shop.",
        ),
    ],
)
def test_one_sentence_says_how_the_day_stands(
    locations: tuple[LocationDay, ...], state: DayState, said: str
) -> None:
    assert report(*locations).state == state
    assert verdict(report(*locations)) == said


def test_totals_that_do_not_agree_differ_although_no_document_does() -> None:
    """A proof that is not whole must never read as proved, whatever it can name."""
    short = shop(proof=proof(netsuite=side("1049.99")))
    assert verdict(report(short)) == "1 thing differs in 1 shop."


def test_what_a_person_has_set_aside_leaves_the_day_proved_and_is_told() -> None:
    aside = proof(
        SET_ASIDE,
        set_aside=1,
        ipos=side("1070.00"),
        set_aside_invoices_total=Decimal("20.00"),
    )
    assert report(shop(proof=aside)).state == DayState.PROVED
    assert remarks(report(shop(proof=aside))) == ["1 invoice was set aside by a person."]
    assert figures_of([aside]).unexplained == 0


def test_the_remarks_tell_what_the_verdict_leaves_out() -> None:
    day = report(DIFFERING, NOT_RECONCILED, shop(open_errors=(open_error(), open_error())))
    assert remarks(day) == ["1 of 3 shops was not reconciled.", "2 errors are open."]
    assert remarks(report(PROVED)) == []


def test_the_figures_of_all_shops_are_the_sums_of_each() -> None:
    other = proof(filtered_by_rule={"void": 1, "training": 4}, open_errors=2, quarantined=1)
    figures = figures_of([proof(), other])
    assert (figures.shown, figures.planned, figures.found) == (24, 20, 20)
    assert figures.filtered_by_rule == {"void": 3, "training": 4}
    assert (figures.open_errors, figures.quarantined) == (2, 1)
    assert figures.netsuite == Side(20, Decimal("2100.00"), Decimal("100.00"))
    assert figures.netsuite.net == Decimal("2000.00")


def test_a_tax_that_one_shop_does_not_know_is_not_known_of_all() -> None:
    unknown = proof(ipos=Side(10, SALES.gross, tax=None))
    assert figures_of([proof(), unknown]).ipos.tax is None
    assert figures_of([proof(), unknown]).ipos.net is None
    assert figures_of([]).ipos.tax == 0


def test_what_netsuite_lacks_is_what_is_not_accounted_for() -> None:
    lacking = proof(netsuite=side("1000.00"), set_aside_documents_total=Decimal("10.00"))
    assert figures_of([lacking]).unexplained == Decimal("40.00")


def test_percentiles_are_times_that_invoices_really_took() -> None:
    twenty = [sold(0, posted_after=minutes) for minutes in range(20, 0, -1)]
    assert delays_of(twenty) == Delays(
        reached=20,
        waiting=0,
        p50=timedelta(minutes=10),
        p95=timedelta(minutes=19),
        longest=timedelta(minutes=20),
    )
    one = timedelta(minutes=7)
    assert delays_of([sold(0, posted_after=7)]) == Delays(1, 0, one, one, one)


def test_what_is_not_in_netsuite_is_counted_and_has_no_time() -> None:
    assert delays_of([sold(0), sold(5, posted_after=None)]).waiting == 1
    assert delays_of([sold(0, posted_after=None)]) == Delays(0, 1)
    assert delays_of([]) == Delays(0, 0)


def test_a_till_whose_clock_is_ahead_sells_in_no_time_and_not_in_less() -> None:
    assert sold(0, posted_after=-3).delay == timedelta(0)


def test_each_kind_of_difference_has_words_and_a_next_step() -> None:
    assert set(DIFFERENCE_WORDS) == set(DifferenceKind)
    for words in DIFFERENCE_WORDS.values():
        assert words.next_step.endswith(".")
        assert len(words.headline) <= 60
