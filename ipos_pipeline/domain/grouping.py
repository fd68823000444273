"""Which store-days share a run: a decision over those that are due.

Belongs here: that decision. Not here: what is due (due.py), running many (defs/group_runs.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.domain.due import StoreDayKey


@dataclass(frozen=True, slots=True)
class Runs:
    """Store-days that have a run of their own, with the reason, and groups that share one."""

    alone: Mapping[StoreDayKey, str]
    groups: tuple[tuple[StoreDayKey, ...], ...] = ()


def runs_of(
    due: Mapping[StoreDayKey, str],
    *,
    above: int,
    group_size: int,
    in_trouble: AbstractSet[str],
) -> Runs:
    """Decide how store-days are run: alone, or in groups where many locations are due.

    Up to `above` locations each store-day has its own run, which is easier to look at. A location
    `in_trouble` has its own then too, so that its failure is its own, unless more than `above` are:
    that is no single location's trouble. Groups are of one size, or nearly: several of them run at
    once, and the last should not be left over.
    """
    if len({code for code, _ in due}) <= above:
        return Runs(due)
    by_itself = in_trouble if len(in_trouble) <= above else frozenset()
    alone = {key: why for key, why in due.items() if key[0] in by_itself}
    shared = sorted(due.keys() - alone.keys(), key=lambda key: (key[1], key[0]), reverse=True)
    if not shared:
        return Runs(alone)
    groups = -(-len(shared) // group_size)
    return Runs(alone, tuple(map(tuple, chunked(shared, -(-len(shared) // groups)))))
