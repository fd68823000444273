"""When a refused document is tried again without a person."""

from datetime import timedelta

import pytest

from ipos_pipeline.domain.problem import MASTER_DATA_CODES
from ipos_pipeline.domain.retry_policy import PERSON_CODES, REVIEW_AFTER, next_attempt_at
from ipos_pipeline_tests.builders import NOON


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 15), (2, 60), (3, 240), (4, 1440), (5, 1440), (50, 1440)]
)
def test_each_refusal_waits_longer_up_to_a_day(attempts: int, minutes: int) -> None:
    found = next_attempt_at("USER_ERROR", attempts=attempts, first_failed_at=NOON, now=NOON)
    assert found == NOON + timedelta(minutes=minutes)


@pytest.mark.parametrize("code", sorted(MASTER_DATA_CODES | PERSON_CODES))
def test_time_alone_does_not_help_these(code: str) -> None:
    assert next_attempt_at(code, attempts=1, first_failed_at=NOON, now=NOON) is None


def test_after_the_review_period_only_a_person_moves_it() -> None:
    last = NOON + REVIEW_AFTER
    before = last - timedelta(seconds=1)
    assert next_attempt_at("X", attempts=9, first_failed_at=NOON, now=before) is not None
    assert next_attempt_at("X", attempts=9, first_failed_at=NOON, now=last) is None
