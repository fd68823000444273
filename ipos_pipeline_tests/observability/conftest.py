"""A pipeline whose log lines are read as whoever collects them reads them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from ipos_pipeline import logs
from ipos_pipeline_tests.pipeline.conftest import instance, pipeline

__all__ = ["instance", "pipeline"]

Line = dict[str, Any]
Capture = pytest.CaptureFixture[str]


def lines_in(text: str) -> list[Line]:
    """Read the lines of ours; Dagster writes its own beside them."""
    return [json.loads(line) for line in text.splitlines() if line.startswith('{"time": ')]


def of_event(lines: Iterable[Line], event: str) -> list[Line]:
    """Give the lines of one kind."""
    return [line for line in lines if line["event"] == event]


@pytest.fixture
def fresh_logging() -> Iterator[None]:
    """Let this test be the first in its process to say how is logged, and undo it afterwards."""
    top = logging.getLogger(logs.TOP)
    before = (top.handlers[:], top.level, top.propagate)
    top.handlers.clear()
    top.propagate = True  # or pytest adds a handler of its own
    yield
    top.handlers[:], top.propagate = before[0], before[2]
    top.setLevel(before[1])


@pytest.fixture
def log_lines(request: pytest.FixtureRequest, capsys: Capture) -> Callable[[], list[Line]]:
    """Give the lines that were written since they were last asked for."""
    request.getfixturevalue("fresh_logging")
    logs.start_logging("json", "debug")
    return lambda: lines_in(capsys.readouterr().err)
