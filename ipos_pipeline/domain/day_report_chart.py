"""The chart of a day: how many invoices were sold, and how many were in NetSuite, at each time.

Two rising lines. The gap between them is what waited: its width is the delay, its height how many
invoices waited at that time. Belongs here: where each thing is drawn, in pixels. Not here: its
ink (templates/day_chart.svg.jinja).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ipos_pipeline.domain.day_report import InvoiceMoment

SPAN_MAX = timedelta(hours=36)
"""The widest time axis: what reaches NetSuite later is counted in words, not drawn."""

HOUR_STEPS = (1, 2, 3, 6, 12)
TIME_STEPS_MAX = 8
COUNT_STEPS_MAX = 5

Point = tuple[int, int]


class Frame(NamedTuple):
    """The size of the picture, and the edges of what is drawn in it, in pixels from top left."""

    width: int = 640
    height: int = 300
    left: int = 56
    right: int = 604
    top: int = 44
    bottom: int = 244


FRAME = Frame()


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where, in pixels, and its label."""

    at: int
    label: str


@dataclass(frozen=True, slots=True)
class DayChart:
    """A chart, ready to be drawn; a line is its corners from the left, each step going right, up.

    `later` counts the invoices that reached NetSuite after the end of the time axis.
    """

    zone_name: str
    times: tuple[Tick, ...]
    counts: tuple[Tick, ...]
    sold: tuple[Point, ...]
    posted: tuple[Point, ...]
    later: int


def draw_day(invoices: Sequence[InvoiceMoment], zone: ZoneInfo) -> DayChart | None:
    """Draw invoices over the time of day in a zone; None if there are none."""
    if not invoices:
        return None
    sold = sorted(invoice.sold_at for invoice in invoices)
    posted = sorted(one.reached_at for one in invoices if one.reached_at is not None)
    marks = _time_marks(sold[0], max(sold[-1:] + posted[-1:]), zone)
    begin, end = marks[0], marks[-1]
    heights = _count_marks(len(sold))

    def x(moment: datetime) -> int:
        return _between(FRAME.left, FRAME.right, (moment - begin) / (end - begin))

    def y(number: int) -> int:
        return _between(FRAME.bottom, FRAME.top, number / heights[-1])

    return DayChart(
        zone_name=str(zone),
        times=tuple(Tick(x(mark), _time_label(mark, zone)) for mark in marks),
        counts=tuple(Tick(y(number), f"{number:,}") for number in heights),
        sold=_corners((one for one in sold if one <= end), x, y),
        posted=_corners((one for one in posted if one <= end), x, y),
        later=sum(one > end for one in posted),
    )


def _corners(
    moments: Iterable[datetime], x: Callable[[datetime], int], y: Callable[[int], int]
) -> tuple[Point, ...]:
    """Give the corners of a rising line: one for each pixel in which it rises, whatever the day."""
    heights = {FRAME.left: y(0)}
    for number, moment in enumerate(moments, start=1):
        heights[x(moment)] = y(number)
    return tuple(heights.items())


def _time_marks(first: datetime, last: datetime, zone: ZoneInfo) -> list[datetime]:
    """Give whole hours of a zone, evenly spaced, from before the first to after the last."""
    span = min(last - first, SPAN_MAX)
    hours = math.ceil(span / timedelta(hours=1))
    step = next((one for one in HOUR_STEPS if hours <= one * TIME_STEPS_MAX), HOUR_STEPS[-1])
    local = first.astimezone(zone)
    whole = local.replace(hour=local.hour - local.hour % step, minute=0, second=0, microsecond=0)
    begin = whole.astimezone(UTC)
    steps = max(1, math.ceil((first + span - begin) / timedelta(hours=step)))
    return [begin + timedelta(hours=step) * number for number in range(steps + 1)]


def _time_label(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%H:%M}" if local.hour else f"{local.day} {local:%b}"


def _count_marks(highest: int) -> list[int]:
    """Give round numbers from zero to the highest or above: 0, 20, 40, 60."""
    rounds = (base * 10**power for power in count() for base in (1, 2, 5))
    step = next(one for one in rounds if highest <= one * COUNT_STEPS_MAX)
    return list(range(0, highest + step, step))


def _between(start: int, end: int, part: float) -> int:
    return round(start + (end - start) * part)
