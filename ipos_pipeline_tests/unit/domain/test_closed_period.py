"""Where a document goes whose day is closed, and in which words a person is asked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ipos_pipeline.domain.closed_period import closed_period, first_open_day, posted_under
from ipos_pipeline.domain.netsuite_record import NetSuiteRecord, RecordType

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)
SOLD = date(2026, 10, 31)


def record(record_type: RecordType = "cashSale") -> NetSuiteRecord:
    return NetSuiteRecord(
        record_type=record_type,
        external_id="IPOS-DXB01-2026-S-10377-CS",
        entity_id="501",
        tran_date=SOLD,
        location_id="11",
        subsidiary_id=None,
        currency_id="1",
        account_id="129",
        memo="IPOS SALE 10377",
        lines=(),
        total=Decimal("3.99"),
    )


@pytest.mark.parametrize(
    ("open_starts", "today", "found"),
    [
        ([NOVEMBER, DECEMBER], date(2026, 12, 5), NOVEMBER),
        ([DECEMBER, NOVEMBER], date(2026, 12, 5), NOVEMBER),
        ([DECEMBER], date(2026, 12, 1), DECEMBER),
        ([OCTOBER, NOVEMBER], date(2026, 11, 1), NOVEMBER),
        ([NOVEMBER], date(2026, 10, 31), None),
        ([OCTOBER], date(2026, 11, 20), None),
        ([], date(2026, 11, 20), None),
    ],
)
def test_the_first_open_day_is_the_earliest_later_one_and_never_in_the_future(
    open_starts: list[date], today: date, found: date | None
) -> None:
    assert first_open_day(open_starts, after=SOLD, not_after=today) == found


@pytest.mark.parametrize(
    ("record_type", "memo"),
    [
        ("cashSale", "IPOS SALE 10377 (sold 2026-10-31)"),
        ("cashRefund", "IPOS SALE 10377 (returned 2026-10-31)"),
    ],
)
def test_under_another_day_only_date_and_memo_are_others(
    record_type: RecordType, memo: str
) -> None:
    before = record(record_type)

    body = posted_under(before, NOVEMBER).to_payload()

    assert body == {**before.to_payload(), "tranDate": "2026-11-01", "memo": memo}


def test_the_next_step_says_what_the_policy_leaves_to_do() -> None:
    queued = closed_period(SOLD, "queue", "NetSuite answered 400.")
    stuck = closed_period(SOLD, "first_open_day", "NetSuite answered 400.")

    assert queued.code == stuck.code == "closed_period"
    assert all("2026-10-31 is closed" in one.message for one in (queued, stuck))
    assert all("NetSuite answered 400." in one.message for one in (queued, stuck))
    assert "first_open_day" in queued.next_step
    assert "no open day" in stuck.message
    assert "first_open_day" not in stuck.next_step
