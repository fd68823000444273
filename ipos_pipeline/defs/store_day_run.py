"""One store-day in one run: what the work of an asset needs, whoever started it.

The same functions serve a run of one store-day, whose assets Dagster executes, and a run of many
(group_runs.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg
import pandas as pd

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.dry_run import is_dry_run, mark_dry_run
from ipos_pipeline.defs.parquet_io import frame_at, frame_path, store_frame, stored_frame
from ipos_pipeline.defs.partitions import ONLY_NEW_TAG, StoreDay
from ipos_pipeline.defs.reporting import Metadata, tag_location
from ipos_pipeline.domain.shadow import is_shadow
from ipos_pipeline.logs import about, seconds_between

log = logging.getLogger(__name__)

Made = TypeVar("Made", dg.MaterializeResult, tuple[dg.MaterializeResult, dg.MaterializeResult])


@dataclass(frozen=True, slots=True)
class StoreDayRun:
    """A store-day, the run that deals with it, and how.

    A dry run writes nothing to NetSuite or IPOS. One for what is only new may build on what the
    run before it has read. One of many leaves to their run what is about all of them.
    """

    store_day: StoreDay
    connections: Connections
    instance: dg.DagsterInstance
    log: logging.Logger
    run_id: str
    is_dry: bool = False
    is_only_new: bool = False
    is_one_of_many: bool = False

    @classmethod
    def of(cls, context: dg.AssetExecutionContext, connections: Connections) -> StoreDayRun:
        """Take it from the run of one partition, and tag that run with what it is."""
        store_day, is_dry = StoreDay.of(context.partition_key), is_dry_run(context)
        tag_location(context, store_day.location_code)
        if is_dry:
            mark_dry_run(context)
        return cls(
            store_day,
            connections,
            context.instance,
            context.log,
            context.run.run_id,
            is_dry=is_dry,
            is_only_new=context.run.tags.get(ONLY_NEW_TAG) == "true",
        )

    @property
    def is_shadow(self) -> bool:
        """Whether another script posts the store-day. Raises ConfigurationError without a record.

        Shadow outranks a dry run, which writes no less.
        """
        configuration = self.connections.configuration(self.store_day.location_code)
        return is_shadow(configuration, self.store_day.day)

    @property
    def named(self) -> dict[str, str]:
        """The store-day as log lines name it."""
        return {"location": self.store_day.location_code, "day": self.store_day.day.isoformat()}

    def do(self, work: Callable[[StoreDayRun], Made]) -> Made:
        """Do the work of an asset; log how it ended, and of every line inside whose it is."""
        with about(run=self.run_id, **self.named):
            began = self.connections.clock()
            try:
                made = work(self)
            except Exception as error:
                cause = error.__cause__ if isinstance(error, dg.Failure) else error
                what = {"step": work.__name__, "error": type(cause or error).__name__}
                log.warning("step_failed", extra=what)
                raise
            seconds = seconds_between(began, self.connections.clock())
            counts = _counts((made,) if isinstance(made, dg.MaterializeResult) else made)
            what = {"step": work.__name__}
            log.info("step_finished", extra={**what, "seconds": seconds, "counts": counts})
            return made

    def frame_before(self, asset: str) -> pd.DataFrame | None:
        """Load the frame that the last run of the store-day has stored, if there is one."""
        return stored_frame(self._path(asset))

    def frame(self, asset: str, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Load the frame of an asset that this one follows, or only the columns that it reads.

        Raises dagster.Failure without one.
        """
        return frame_at(self._path(asset), asset, columns=columns)

    def store_frame(self, asset: str, frame: pd.DataFrame) -> Metadata:
        """Store the frame of an asset as the I/O manager does; gives what is shown of it."""
        return store_frame(self._path(asset), frame, run=self.run_id)

    def _path(self, asset: str) -> Path:
        return frame_path(self.connections.settings.data_dir, asset, self.store_day)


def _counts(results: Sequence[dg.MaterializeResult]) -> dict[str, Any]:
    """Give the numbers that Dagster shows of what was made; those of several outputs by name."""
    counts: dict[str, Any] = {}
    for one in results:
        of = f"{one.asset_key.to_user_string()}_" if one.asset_key else ""
        shown = ((name.rpartition("/")[2], count) for name, count in (one.metadata or {}).items())
        counts |= {of + name: count for name, count in shown if isinstance(count, int)}
    return counts
