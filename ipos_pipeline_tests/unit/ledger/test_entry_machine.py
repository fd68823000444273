"""Any sequence of calls on entries: the ledger never leaves the table of legal moves."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ipos_pipeline.ledger.entry import LEGAL_MOVES, Status
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline_tests.builders import (
    DAY,
    LOCATION,
    NOON,
    keys,
    posting_entry,
    sales_of,
    source_document,
)
from ipos_pipeline_tests.unit.ledger.moves import MOVE_TO

DOCUMENTS = keys(2)
ENTRIES = sales_of(DOCUMENTS)


class EntryMachine(RuleBasedStateMachine):
    """Compares two entries with a model that knows nothing but the table."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = LedgerStore.open("sqlite://")
        self.model = dict.fromkeys(ENTRIES, Status.PENDING)
        self.events = dict.fromkeys(ENTRIES, 0)
        with self.ledger.write("landing") as work:
            work.documents.add([source_document(key) for key in DOCUMENTS])
            work.entries.plan([posting_entry(one) for one in ENTRIES], at=NOON)

    @rule(external_id=st.sampled_from(ENTRIES), status=st.sampled_from(Status))
    def move(self, external_id: str, status: Status) -> None:
        is_legal = status in LEGAL_MOVES[self.model[external_id]]
        with self.ledger.write("run") as work:
            assert bool(MOVE_TO[status](work, external_id)) is is_legal
        if is_legal:
            self.model[external_id] = status
            self.events[external_id] += 1

    @invariant()
    def statuses_are_those_of_the_model(self) -> None:
        with self.ledger.read() as work:
            found = {one.external_id: one for one in work.entries.of_day(LOCATION, DAY)}
        assert {key: one.status for key, one in found.items()} == self.model

    @invariant()
    def only_what_netsuite_has_has_an_internal_id(self) -> None:
        with self.ledger.read() as work:
            for one in work.entries.of_day(LOCATION, DAY):
                assert (one.internal_id is not None) == (
                    one.status in {Status.POSTED, Status.WITHDRAWING}
                )

    @invariant()
    def the_history_grows_with_each_move_and_ends_with_the_status(self) -> None:
        with self.ledger.read() as work:
            for external_id, count in self.events.items():
                events: list[Any] = work.history.of(external_id)
                assert len(events) == count
                if events:
                    assert events[-1]["kind"] == self.model[external_id]

    def teardown(self) -> None:
        self.ledger.close()


TestEntries = EntryMachine.TestCase
TestEntries.settings = settings(max_examples=20, stateful_step_count=15)
