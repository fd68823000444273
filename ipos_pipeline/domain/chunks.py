"""Long lists in bounded pieces: databases and SuiteQL take only so many values at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def chunked(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of at most `size` values (itertools.batched comes with Python 3.12 only)."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk
