"""The queue: oldest first, one sender for each mail, nothing forgotten."""

from datetime import timedelta

import pytest

from ipos_pipeline.ledger.mails import SENDING_LEASE, QueuedMail
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline_tests.builders import NOON

LATER = NOON + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _three_mails(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        for number in (1, 2, 3):
            work.mails.add(
                message_id=f"<{number}@x>",
                sender="pipeline@example.com",
                recipients=("a@example.com", "b@example.com"),
                subject="Hello",
                content=f"mail {number}",
                at=NOON,
            )


def test_the_oldest_goes_first_and_is_handed_out_once(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        first = work.mails.take_due(at=NOON)
        assert first == QueuedMail(
            first.id if first else 0,
            "pipeline@example.com",
            ("a@example.com", "b@example.com"),
            "mail 1",
            attempts=1,
        )
        others = [work.mails.take_due(at=NOON) for _ in range(3)]
        assert [one.content if one else None for one in others] == ["mail 2", "mail 3", None]
        assert not work.mails.is_due(at=NOON)
        assert work.mails.queued() == (3, None)


def test_what_a_dead_sender_took_is_due_again_after_the_lease(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        for _ in range(3):
            work.mails.take_due(at=NOON)
        again = work.mails.take_due(at=NOON + SENDING_LEASE)
        assert again is not None
        assert (again.content, again.attempts) == ("mail 1", 2)


def test_what_was_sent_is_kept_and_never_handed_out_again(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        for _ in range(3):
            taken = work.mails.take_due(at=NOON)
            assert taken is not None
            work.mails.sent(taken.id, at=NOON)
        assert work.mails.take_due(at=LATER) is None
        assert work.mails.queued() == (0, None)


def test_a_server_that_is_down_lets_all_wait_and_says_why(ledger: LedgerStore) -> None:
    with ledger.write("run-1") as work:
        work.mails.all_wait(problem="no answer", at=NOON, until=LATER)
        assert not work.mails.is_due(at=NOON)
        assert work.mails.queued() == (3, "no answer")
        assert work.mails.is_due(at=LATER)
