"""From shadow to live and back: nothing is posted by both, and no run is started in vain."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine, text

from ipos_pipeline_tests.builders import DAY, LOCATION, raw_line
from ipos_pipeline_tests.errors_workflow.conftest import Operation
from ipos_pipeline_tests.operators.conftest import Command
from ipos_pipeline_tests.pipeline.conftest import checks_of, failure_of
from ipos_pipeline_tests.pipeline.test_sensors import requested, tick
from ipos_pipeline_tests.shadow.conftest import (
    EXCHANGE,
    FIRST_DAY,
    SECOND_DAY,
    Beside,
    key,
    map_incumbent,
    metadata_of,
    sold,
)
from simulators.faults import Faults

TODAY = f"{DAY}|{LOCATION}"


def go_live(beside: Beside, live_from: object = DAY) -> None:
    beside.pipeline.world.change_record(mode="live", live_from=f"{live_from}")


def go_back(beside: Beside) -> None:
    beside.pipeline.world.change_record(mode="shadow", live_from=None)


def statuses(beside: Beside) -> dict[str, str]:
    """Read what the ledger holds of each entry."""
    engine = create_engine(beside.pipeline.world.environment["IPOS_PIPELINE_LEDGER_URL"])
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT external_id, status FROM posting_entry")).all()
    engine.dispose()
    return {row[0]: row[1] for row in rows}


def acknowledged(beside: Beside) -> list[Any]:
    return sorted(one["InvNo"] for one in beside.pipeline.world.ipos.acknowledgements())


def test_what_was_landed_in_shadow_is_posted_at_the_next_tick_without_a_new_invoice(
    beside: Beside,
) -> None:
    """A quiet shop must not wait for its next sale, nor for the night."""
    beside.sell(sold(1), sold(2, DAY, 11, *EXCHANGE))
    beside.run()
    assert requested(tick(beside.pipeline)) == []
    go_live(beside)

    assert requested(tick(beside.pipeline)) == [TODAY]
    result = beside.run()

    assert beside.ours_in_netsuite() == [key(1), key(2, "-CR"), key(2)]
    assert acknowledged(beside) == [1, 2]
    assert all(checks_of(result).values())
    assert requested(tick(beside.pipeline)) == []


def test_what_the_script_has_acknowledged_is_never_posted_again(beside: Beside) -> None:
    """IPOS lists it no longer: that is how we know, without a field of the script."""
    del beside.pipeline.environment["NETSUITE_MAPPING_FILE"]
    beside.sell(sold(1))
    beside.run()
    beside.incumbent.take_a_turn()
    beside.sell(sold(2))
    go_live(beside)

    result = beside.run()
    beside.run()

    assert beside.ours_in_netsuite() == [key(2)]
    assert metadata_of(result, "raw_invoices")["filtered"] == "shadow: 1"
    assert all(checks_of(result).values())


def test_days_before_the_first_live_one_stay_in_shadow(beside: Beside) -> None:
    beside.sell(sold(1, SECOND_DAY), sold(2))
    go_live(beside)

    beside.run(SECOND_DAY)
    beside.run()

    assert beside.ours_in_netsuite() == [key(2)]
    assert requested(tick(beside.pipeline)) == []


def test_an_earlier_first_day_takes_over_what_the_script_has_left(beside: Beside) -> None:
    """The script is switched off, and an upload was late: only what IPOS still lists is posted."""
    beside.sell(sold(1, FIRST_DAY), sold(2, FIRST_DAY))
    beside.run(FIRST_DAY)
    beside.incumbent.take_a_turn(most=1)
    beside.run(FIRST_DAY)
    go_live(beside)
    assert requested(tick(beside.pipeline)) == []
    go_live(beside, FIRST_DAY)

    assert requested(tick(beside.pipeline)) == [f"{FIRST_DAY}|{LOCATION}"]
    beside.run(FIRST_DAY)

    assert beside.ours_in_netsuite() == [key(2)]


def test_live_without_a_first_day_posts_nothing_that_was_in_shadow_and_says_what_to_write(
    beside: Beside, operation: Operation
) -> None:
    """Else every day the script still works on would be posted by both."""
    beside.sell(sold(1))
    beside.run()
    beside.pipeline.world.change_record(mode="live")
    beside.sell(sold(2))

    assert requested(tick(beside.pipeline)) == [TODAY]
    what, to_do = failure_of(beside.pipeline.run())

    assert "was in shadow and is live now, and live_from of its record is empty" in what
    assert "2026-12-01, into live_from" in to_do
    assert beside.ours_in_netsuite() == []
    go_live(beside)
    beside.run()
    assert beside.ours_in_netsuite() == [key(1), key(2)]
    assert operation.tick() == []


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("mode", "Shadow", "custrecord_ipos_mode: Input should be 'live' or 'shadow'"),
        ("mode", "off", "custrecord_ipos_mode: Input should be 'live' or 'shadow'"),
        ("live_from", "01.12.2026", "custrecord_ipos_live_from: must be a day such as 2026-12-01"),
        ("live_from", "2026-02-30", "custrecord_ipos_live_from"),
    ],
)
def test_a_word_that_is_none_stops_the_location_and_never_means_live(
    beside: Beside, field: str, value: str, told: str
) -> None:
    beside.sell(sold(1))
    beside.pipeline.world.change_record(**{field: value})

    what, _ = failure_of(beside.pipeline.run())

    assert told in what
    assert requested(tick(beside.pipeline)) == []
    assert beside.writes() == []


def test_going_back_leaves_what_is_posted_and_tells_ipos_of_it(beside: Beside) -> None:
    """Untold, the script would post it a second time; nothing else of the day is written."""
    go_live(beside)
    beside.sell(sold(1))
    beside.pipeline.world.change_record(acknowledge_url="/api/nowhere")
    assert not beside.pipeline.run().success, "posted, and IPOS could not be told"
    beside.pipeline.world.change_record(acknowledge_url="/api/acknowledge")
    go_back(beside)
    assert requested(tick(beside.pipeline)) == [TODAY]
    beside.sell(sold(2))

    result = beside.run()

    assert beside.ours_in_netsuite() == [key(1)]
    assert acknowledged(beside) == [1]
    assert metadata_of(result, "store_day_reconciliation")["documents_in_netsuite"] == 1
    assert requested(tick(beside.pipeline)) == []


def test_going_back_settles_what_was_sent_and_sends_nothing_of_what_waits(beside: Beside) -> None:
    go_live(beside)
    beside.pipeline.world.netsuite.faults = Faults(reply_lost=1.0, only="/record/v1/cash")
    beside.sell(sold(1))
    beside.pipeline.run()
    assert statuses(beside) == {key(1): "in_doubt"}
    beside.pipeline.world.netsuite.faults = Faults()
    go_back(beside)
    written = len(beside.writes())

    beside.run()

    assert statuses(beside) == {key(1): "posted"}
    assert beside.writes()[written:] == ["POST /api/acknowledge"]


def test_what_was_refused_while_live_waits_in_shadow_without_a_run(beside: Beside) -> None:
    """IPOS lists it no longer, so nothing plans it anew; a person may set it aside."""
    go_live(beside)
    beside.sell(sold(1, DAY, 11, raw_line(PrimaryBarcode="999")))
    beside.run()
    beside.pipeline.world.netsuite.add_item("9001", "SKU-9001", upccode="999")
    go_back(beside)
    beside.incumbent.take_a_turn()
    written = beside.writes()
    beside.run()

    assert requested(tick(beside.pipeline)) == []
    assert statuses(beside) == {key(1): "rejected"}
    assert beside.writes() == written
    assert beside.ours_in_netsuite() == []


def test_what_ipos_still_lists_is_in_shadow_again_and_posted_when_it_is_live_again(
    beside: Beside,
) -> None:
    go_live(beside)
    beside.sell(sold(1, DAY, 11, raw_line(PrimaryBarcode="999")))
    beside.run()
    go_back(beside)
    beside.run()
    assert statuses(beside) == {}
    assert beside.pipeline.open_errors() == []
    beside.pipeline.world.netsuite.add_item("9001", "SKU-9001", upccode="999")
    go_live(beside)

    assert requested(tick(beside.pipeline)) == [TODAY]
    beside.run()

    assert beside.ours_in_netsuite() == [key(1)]


def post_without_telling_ipos(beside: Beside, **changes: Any) -> None:
    """Have the script post what it must not, and be slow to tell IPOS."""
    beside.incumbent.take_a_turn()
    for one in beside.pipeline.world.ipos.posted(LOCATION):
        beside.pipeline.world.ipos.edit_invoice(
            LOCATION, one["DocType"], one["InvNo"], one["InvDate"], Posted=0, **changes
        )


def test_what_the_script_has_posted_of_a_live_day_waits_for_a_person_who_takes_it_over(
    beside: Beside, command: Command
) -> None:
    """It was not stopped in time: our copy would be the second."""
    go_live(beside)
    beside.sell(sold(1), sold(2, DAY, 11, *EXCHANGE))
    post_without_telling_ipos(beside)
    beside.sell(sold(3))

    beside.run()

    assert beside.ours_in_netsuite() == [key(3)]
    errors = beside.pipeline.open_errors()
    assert {one.code for one in errors} == {"posted_by_incumbent"}
    assert [one.external_id for one in errors] == [key(1), key(2, "-CR"), key(2)]
    theirs = [one for one in beside.pipeline.world.netsuite.transactions() if not one["externalId"]]
    assert f"internal ID {theirs[0]['id']} of {DAY} with 3.99, otherrefnum '1'" in errors[0].message

    for error in errors:
        internal_id = error.message.split("internal ID ")[1].split()[0]
        named = ("--external-id", error.external_id, "--netsuite-id", internal_id)
        said = ("errors", "mark-posted", *named, "--reason", "the script's", "--yes")
        assert command(*said).code == 0
    closing = metadata_of(beside.run(), "store_day_reconciliation")
    assert closing["is_proved"] is True
    listed = beside.pipeline.world.ipos.posted(LOCATION)
    assert [one["InvNo"] for one in listed] == [1, 2, 3]


def test_what_a_person_deletes_of_the_script_is_posted_at_the_next_attempt(beside: Beside) -> None:
    go_live(beside)
    beside.sell(sold(1))
    post_without_telling_ipos(beside)
    beside.run()
    (theirs,) = beside.pipeline.world.netsuite.transactions()
    beside.pipeline.world.netsuite.delete_transaction(theirs["id"])
    beside.pipeline.world.clock.advance(3600)

    beside.run()

    assert beside.ours_in_netsuite() == [key(1)]


@pytest.mark.parametrize(("days", "is_looked_for"), [(6, True), (7, False)])
def test_the_scripts_documents_are_looked_for_in_the_first_week(
    beside: Beside, days: int, *, is_looked_for: bool
) -> None:
    """By the business day: an error that waits longer for a person is still guarded."""
    first = DAY.replace(day=DAY.day - days)
    beside.pipeline.world.change_record(mode="live", live_from=f"{first}")
    beside.sell(sold(1))

    before = count_queries(beside, "otherrefnum")
    beside.run()

    assert (count_queries(beside, "otherrefnum") > before) is is_looked_for


def count_queries(beside: Beside, word: str) -> int:
    asked = beside.pipeline.world.netsuite.requests
    return sum(one.path.endswith("/suiteql") and word in one.body for one in asked)


def test_the_shop_goes_live_without_a_field_of_the_script_too(
    beside: Beside, tmp_path_factory: pytest.TempPathFactory
) -> None:
    del beside.pipeline.environment["NETSUITE_MAPPING_FILE"]
    go_live(beside)
    beside.sell(sold(1))

    beside.run()

    assert beside.ours_in_netsuite() == [key(1)]
    map_incumbent(beside.pipeline, tmp_path_factory.mktemp("mapping"), field="memo")
    assert beside.run().success
