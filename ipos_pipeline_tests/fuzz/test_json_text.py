"""The one reader and writer of JSON: what it takes, it keeps to the last digit."""

from __future__ import annotations

import time

from hypothesis import given

from ipos_pipeline.domain.json_text import canonical_hash, read_json, write_json
from ipos_pipeline_tests.fuzz.hostile import (
    SECONDS_MAX,
    hostile_bytes,
    hostile_json,
    written,
)


@given(hostile_bytes)
def test_any_bytes_are_a_value_or_no_json(content: bytes) -> None:
    began = time.thread_time()
    try:
        value = read_json(content)
    except ValueError:
        value = None
    write_json(value).encode()
    canonical_hash(value)
    assert time.thread_time() - began < SECONDS_MAX


@given(hostile_json)
def test_what_is_read_is_written_and_read_again_as_the_same(value: object) -> None:
    read = read_json(written(value))
    again = read_json(write_json(read).encode())

    assert write_json(again) == write_json(read)
    assert canonical_hash(again) == canonical_hash(read)
