"""The migration of a shop: two days beside the script, then live, and nothing posted twice."""

from __future__ import annotations

from ipos_pipeline_tests.builders import DAY, LOCATION
from ipos_pipeline_tests.pipeline.conftest import checks_of
from ipos_pipeline_tests.pipeline.test_sensors import requested, tick
from ipos_pipeline_tests.shadow.conftest import (
    EXCHANGE,
    FIRST_DAY,
    SECOND_DAY,
    Beside,
    key,
    metadata_of,
    sold,
    unknown_item,
    warnings_of,
)
from simulators.incumbent import Mistakes

UNREADABLE = sold(9, FIRST_DAY, InvDate="yesterday")


def test_two_days_in_shadow_write_nothing_and_name_every_difference_then_the_third_is_posted(
    beside: Beside,
) -> None:
    """What finance must be able to rely on: first no trace of us, then each sale once."""
    beside.be_on(FIRST_DAY)
    beside.mistakes = Mistakes(missed={3}, doubled={4}, wrong={5})
    beside.sell(sold(1, FIRST_DAY))
    beside.incumbent.take_a_turn()  # before anybody of us looked
    beside.sell(*(sold(number, FIRST_DAY) for number in (2, 3, 4, 5)), unknown_item(6, FIRST_DAY))
    beside.sell(sold(7, FIRST_DAY, 11, *EXCHANGE), sold(8, FIRST_DAY, Void=True), UNREADABLE)
    beside.run(FIRST_DAY)
    beside.incumbent.take_a_turn()
    shadow = beside.run(FIRST_DAY)
    beside.be_on(SECOND_DAY)
    beside.sell(sold(11, SECOND_DAY), sold(12, SECOND_DAY))
    beside.run(SECOND_DAY)
    beside.incumbent.take_a_turn()
    beside.run(SECOND_DAY)

    assert beside.writes() == []
    assert beside.ours_in_netsuite() == []
    found = beside.kinds(FIRST_DAY)
    assert found.pop("would_fail")[0] == key(6)
    assert found == {
        "only_ours": [key(3)],
        "twice_in_netsuite": [key(4)],
        "total_differs": [key(5)],
        "only_in_netsuite": ["1"],
    }
    assert beside.kinds(SECOND_DAY) == {}
    assert warnings_of(shadow) == {"no_missing_invoices", "no_differences_in_shadow"}
    assert requested(tick(beside.pipeline)) == []

    beside.be_on(DAY)
    beside.pipeline.world.change_record(mode="live", live_from=f"{DAY}")
    beside.sell(sold(13, DAY), sold(14, SECOND_DAY, 20))
    to_run = requested(tick(beside.pipeline))
    assert set(to_run) == {f"{DAY}|{LOCATION}", f"{SECOND_DAY}|{LOCATION}"}
    live = beside.run(DAY)
    for day in (FIRST_DAY, SECOND_DAY, DAY):
        beside.run(day)

    assert beside.ours_in_netsuite() == [key(13)]
    assert all(checks_of(live).values())
    assert metadata_of(live, "store_day_reconciliation")["is_proved"] is True
    assert beside.kinds(SECOND_DAY) == {"only_ours": [key(14)]}, "the script has to post it still"
    assert requested(tick(beside.pipeline)) == []
