"""Lines in order, and the split from only the columns that it reads."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ipos_pipeline.domain.line_frames import RAW_LINES, TO_SPLIT, frame_of, order_of, split_lines

KEYS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2)), max_size=40)


@given(KEYS, st.integers(1, 40))
def test_lines_that_are_alike_stay_in_the_order_they_had(
    keys: list[tuple[str, int]], piece: int
) -> None:
    """A document may use a line number twice; frames come in pieces."""
    rows = [{"document_key": key, "sl_no": number} for key, number in keys]
    schema = pa.schema([("document_key", pa.string()), ("sl_no", pa.int64())])
    pieces = [rows[at : at + piece] for at in range(0, len(rows), piece)] or [[]]
    lines = pa.concat_tables([pa.Table.from_pylist(one, schema=schema) for one in pieces])

    order = order_of(lines, "document_key", "sl_no").to_pylist()

    assert order == sorted(range(len(keys)), key=keys.__getitem__)


def test_the_split_needs_only_the_columns_that_it_says() -> None:
    rows = [
        {"document_key": "b", "sl_no": 1, "state": "planned", "qty": 2, "base_quantity": 2},
        {"document_key": "b", "sl_no": 2, "state": "planned", "qty": -1, "base_quantity": -1},
        {"document_key": "a", "sl_no": 1, "state": "planned", "qty": 1, "base_quantity": 1},
        {"document_key": "c", "sl_no": 1, "state": "held", "qty": 1, "base_quantity": 1},
        {"document_key": "d", "sl_no": 1, "state": "planned", "qty": 0, "base_quantity": 0},
    ]
    raw_lines = frame_of([{"net_rate": 5, **row} for row in rows], RAW_LINES)

    whole, needed = split_lines(raw_lines), split_lines(raw_lines[TO_SPLIT])

    assert [side.to_dict("records") for side in needed] == [
        side.to_dict("records") for side in whole
    ]
    assert [list(side["document_key"]) for side in needed] == [["a", "b"], ["b"]]
