"""Log lines: one JSON object each, on the standard error of the process that writes them.

Belongs here: how a line looks and where it goes. Not here: what is logged; each module has the
logger of its own name, and its lines hold names, codes and counts, never the words of IPOS,
NetSuite or a mail server (ADR 0024).
"""

from __future__ import annotations

import logging
import sys
from datetime import datetime
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor

LogFormat = Literal["json", "text", "off"]
LogLevel = Literal["debug", "info", "warning"]

TOP = "ipos_pipeline"
"""The logger above those of all our modules."""
FIRST = ("time", "level", "event", "run", "location", "day")
SILENT = logging.CRITICAL + 1

about = structlog.contextvars.bound_contextvars
"""What every line says that is written inside: `with about(run=..., location=...)`.

It holds for this thread and for the asynchronous tasks that are begun in it.
"""


def start_logging(form: LogFormat, level: LogLevel = "info") -> None:
    """Write the lines of this process from now on; the first call in a process decides."""
    top = logging.getLogger(TOP)
    if top.handlers:
        return
    top.propagate = False  # Dagster may keep what reaches the root as events of its database
    if form == "off":
        top.addHandler(logging.NullHandler())
        top.setLevel(SILENT)
        return
    handler = _StandardError()
    handler.setFormatter(_formatter(form))
    top.addHandler(handler)
    top.setLevel(level.upper())


def seconds_between(began: datetime, ended: datetime) -> float:
    """Write a span as lines show it."""
    return round((ended - began).total_seconds(), 3)


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at the time of the line."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The stream; Dagster puts a file in its place while a step runs."""
        return sys.stderr


def _formatter(form: LogFormat) -> logging.Formatter:
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False, timestamp_key="time", repr_native_str=True)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _in_order,
            renderer,
        ],
    )


def _in_order(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Put first what most lines have."""
    return {name: line.pop(name) for name in FIRST if name in line} | dict(line)
