"""The proof of a store-day: what differs, by name, and nothing else."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from ipos_pipeline.domain.reconciliation import (
    DaySummary,
    ExpectedDocument,
    FoundDocument,
    LandedInvoice,
    ShownInvoice,
    UnreadInvoice,
    booked_twice,
    documents_differ,
    invoices_differ,
    landed_differ,
    number_gaps,
    summary_differs,
)
from ipos_pipeline.domain.store_day_proof import Difference
from ipos_pipeline_tests.builders import DAY, KEY

TOTAL = Decimal("3.99")
SALE = f"{KEY}-CS"
MEMO = "IPOS SALE 10377"
SHOWN = ShownInvoice(KEY, TOTAL, DAY, net_amount=TOTAL, memo=MEMO, content_hash="as landed")
LANDED = LandedInvoice(KEY, TOTAL, frozenset({"as landed"}))
EXPECTED = ExpectedDocument(SALE, KEY, TOTAL, DAY, internal_id="987", modified="2026-11-20 12:00")
FOUND = FoundDocument(SALE, "987", TOTAL, DAY, modified="2026-11-20 12:00")
NEXT_DAY = DAY + timedelta(days=1)


def told(differences: list[Difference]) -> list[tuple[str, str]]:
    return [(str(one.kind), one.subject) for one in differences]


def test_a_day_that_agrees_has_no_differences() -> None:
    assert invoices_differ([SHOWN], {KEY: LANDED}, day=DAY) == []
    assert landed_differ([LANDED]) == []
    assert documents_differ([EXPECTED], [FOUND]) == []
    assert booked_twice([EXPECTED], [FOUND], [], shown=[SHOWN]) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        ([replace(EXPECTED, internal_id=None)], [], "not_posted"),
        ([replace(EXPECTED, internal_id=None, is_in_doubt=True)], [], "in_doubt"),
        ([replace(EXPECTED, internal_id=None, error="unknown_item: no item")], [], "open_error"),
        ([replace(EXPECTED, internal_id=None, is_set_aside=True)], [], "set_aside"),
        ([replace(EXPECTED, is_withdrawn=True)], [], "withdrawn"),
        ([EXPECTED], [], "absent_in_netsuite"),
        ([replace(EXPECTED, internal_id=None)], [FOUND], "not_settled"),
        ([EXPECTED], [replace(FOUND, total=Decimal("3.98"))], "total_differs"),
        ([EXPECTED], [replace(FOUND, total=-TOTAL)], "total_differs"),
        ([EXPECTED], [replace(FOUND, tran_date=NEXT_DAY)], "wrong_day"),
        ([EXPECTED], [replace(FOUND, modified="2026-11-20 18:00")], "changed_in_netsuite"),
        ([], [FOUND], "not_in_ledger"),
    ],
)
def test_each_difference_of_a_document_has_a_name(
    ours: list[ExpectedDocument], theirs: list[FoundDocument], kind: str
) -> None:
    assert told(documents_differ(ours, theirs)) == [(kind, SALE)]


def test_totals_are_compared_by_value_not_by_digits() -> None:
    ours = replace(EXPECTED, total=Decimal("4.00"))
    assert documents_differ([ours], [replace(FOUND, total=Decimal(4))]) == []


def test_a_change_in_netsuite_is_told_only_where_the_first_sight_is_known() -> None:
    later = replace(FOUND, modified="2026-11-21 09:00")
    assert documents_differ([replace(EXPECTED, modified=None)], [later]) == []


def test_one_difference_does_not_hide_another() -> None:
    others = [replace(FOUND, external_id="B"), replace(FOUND, external_id="A")]
    assert told(documents_differ([EXPECTED], others)) == [
        ("absent_in_netsuite", SALE),
        ("not_in_ledger", "A"),
        ("not_in_ledger", "B"),
    ]


@pytest.mark.parametrize(
    ("shown", "landed", "kind"),
    [
        (SHOWN, None, "not_landed"),
        (None, LANDED, "not_shown"),
        (replace(SHOWN, is_void=True), LANDED, "void_in_ipos"),
        (replace(SHOWN, content_hash="edited"), LANDED, "edited_in_ipos"),
        (SHOWN, replace(LANDED, total=Decimal("4.00")), "ipos_total_differs"),
        (replace(SHOWN, business_date=NEXT_DAY), LANDED, "wrong_day"),
        (
            replace(SHOWN, is_acknowledged=True),
            replace(LANDED, is_settled=False),
            "acknowledged_not_posted",
        ),
    ],
)
def test_each_difference_of_an_invoice_has_a_name(
    shown: ShownInvoice | None, landed: LandedInvoice | None, kind: str
) -> None:
    differences = invoices_differ(
        [shown] if shown else [], {KEY: landed} if landed else {}, day=DAY
    )

    assert told(differences) == [(kind, KEY)]


def test_an_invoice_whose_total_differs_is_told_with_both() -> None:
    landed = replace(LANDED, total=Decimal("4.00"))
    (difference,) = invoices_differ([SHOWN], {KEY: landed}, day=DAY)
    assert difference.detail == "IPOS 3.99, ledger 4.00"


@pytest.mark.parametrize(
    ("shown", "landed"),
    [
        (replace(SHOWN, total=None), LANDED),
        (SHOWN, replace(LANDED, total=None)),
        (replace(SHOWN, is_void=True), replace(LANDED, total=None, is_filtered=True)),
    ],
)
def test_what_has_no_total_on_one_side_is_not_compared(
    shown: ShownInvoice, landed: LandedInvoice
) -> None:
    assert invoices_differ([shown], {KEY: landed}, day=DAY) == []


@pytest.mark.parametrize(
    ("landed", "kind"),
    [
        (replace(LANDED, held_because="round_off: too much", is_settled=False), "open_error"),
        (replace(LANDED, held_because="round_off: too much", is_set_aside=True), "set_aside"),
        (replace(LANDED, is_acknowledged=True, is_settled=False), "acknowledged_not_posted"),
    ],
)
def test_what_the_ledger_itself_has_not_closed_is_told(landed: LandedInvoice, kind: str) -> None:
    assert told(landed_differ([landed])) == [(kind, KEY)]


def test_an_acknowledgement_that_both_sides_know_of_is_told_once() -> None:
    landed = replace(LANDED, is_acknowledged=True, is_settled=False)
    shown = replace(SHOWN, is_acknowledged=True)
    assert invoices_differ([shown], {KEY: landed}, day=DAY) == []


def test_another_record_with_an_invoices_memo_is_the_same_sale_twice() -> None:
    other = FoundDocument("", "55", TOTAL, DAY, memo=MEMO)
    (twice,) = booked_twice([EXPECTED], [FOUND], [other], shown=[SHOWN])
    assert (twice.kind, twice.subject) == ("twice_in_netsuite", SALE)
    assert "55" in twice.detail


@pytest.mark.parametrize(
    "other",
    [
        FoundDocument("", "55", -TOTAL, DAY, memo=MEMO),
        FoundDocument("", "55", TOTAL, DAY, memo="by hand"),
        FoundDocument("", "987", TOTAL, DAY, memo=MEMO),
    ],
    ids=["a refund", "another memo", "our own record"],
)
def test_other_records_of_the_day_are_nobodys_twins(other: FoundDocument) -> None:
    assert booked_twice([EXPECTED], [FOUND], [other], shown=[SHOWN]) == []


def test_a_memo_that_two_invoices_share_proves_nothing() -> None:
    shown = [SHOWN, replace(SHOWN, document_key="another")]
    other = FoundDocument("", "55", TOTAL, DAY, memo=MEMO)
    assert booked_twice([EXPECTED], [FOUND], [other], shown=shown) == []


def test_one_external_id_with_two_records_and_one_record_for_two_documents_are_told() -> None:
    copies = [FOUND, replace(FOUND, internal_id="988")]
    refund = replace(EXPECTED, external_id=f"{KEY}-CR", total=-TOTAL)
    assert told(booked_twice([EXPECTED], copies, [], shown=[])) == [("twice_in_netsuite", SALE)]
    assert told(booked_twice([EXPECTED, refund], [FOUND], [], shown=[])) == [
        ("twice_in_netsuite", f"{KEY}-CR")
    ]


@pytest.mark.parametrize(
    ("numbers", "gaps"),
    [
        ([], []),
        (["7"], []),
        (["7", "8", "9"], []),
        (["9", "7"], ["SALE 8"]),
        (["7", "11", "12", "14"], ["SALE 8 to 10", "SALE 13"]),
        (["7", "A-8", "9"], ["SALE 8"]),
    ],
)
def test_absent_numbers_of_a_sequence_are_named(numbers: list[str], gaps: list[str]) -> None:
    found = number_gaps(("SALE", number) for number in numbers)
    assert [one.subject for one in found] == gaps
    assert {one.kind for one in found} <= {"number_gap"}


def test_sales_and_returns_have_sequences_of_their_own() -> None:
    assert number_gaps([("SALE", "1"), ("RETURN", "9")]) == []


def test_numbers_that_a_shop_shares_with_others_are_no_sequence() -> None:
    assert number_gaps([("SALE", "7"), ("SALE", "11"), ("SALE", "16")]) == []


def test_the_ends_of_a_sequence_are_missed_where_ipos_tells_them() -> None:
    found = number_gaps([("SALE", "8"), ("SALE", "9")], {"SALE": (7, 10)})
    assert [one.subject for one in found] == ["SALE 7", "SALE 10"]


def test_control_totals_that_the_list_does_not_reach_are_a_difference() -> None:
    summary = DaySummary("SALE", 2, Decimal("7.98"))
    (difference,) = summary_differs([summary], [SHOWN])
    assert (difference.kind, difference.subject) == ("summary_differs", "SALE")
    assert "2 with 7.98" in difference.detail
    assert "1 with 3.99" in difference.detail


def test_control_totals_leave_void_invoices_out() -> None:
    void = replace(SHOWN, document_key="void", is_void=True)
    assert summary_differs([DaySummary("SALE", 1, TOTAL)], [SHOWN, void]) == []


UNREAD = UnreadInvoice("IPOS-DXB01-RAW-1", "Qty: must be a number", "SALE", "10378", TOTAL)


def test_control_totals_count_what_cannot_be_read() -> None:
    """The quarantine is told already; that the list is whole is a question of its own."""
    both = DaySummary("SALE", 2, 2 * TOTAL)
    assert summary_differs([both], [SHOWN], [UNREAD]) == []
    assert told(summary_differs([both], [SHOWN], [])) == [("summary_differs", "SALE")]
    assert (
        summary_differs([DaySummary("SALE", 1, TOTAL)], [SHOWN], [replace(UNREAD, is_void=True)])
        == []
    )


def test_an_invoice_that_does_not_even_tell_its_amount_leaves_the_counts_to_compare() -> None:
    nameless = replace(UNREAD, net_amount=None)
    assert summary_differs([DaySummary("SALE", 2, Decimal(50))], [SHOWN], [nameless]) == []
    assert summary_differs([DaySummary("SALE", 3, Decimal(50))], [SHOWN], [nameless]) != []


@pytest.mark.parametrize("decided", [{"is_set_aside": True}, {"is_withdrawn": True}])
def test_what_a_person_booked_instead_of_ours_is_there_once(decided: dict[str, bool]) -> None:
    ours = replace(EXPECTED, internal_id=None, **decided)
    by_hand = FoundDocument("", "55", TOTAL, DAY, memo=MEMO)
    assert booked_twice([ours], [], [by_hand], shown=[SHOWN]) == []
