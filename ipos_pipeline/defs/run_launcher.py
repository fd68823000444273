"""Runs whose process is gone, noticed by their silence, on whichever machine they ran.

Dagster's own launcher relies on the code server to tell of a run that died. A code server that dies
with its runs tells nothing, nor does one whose look came while the database was down: the run is
shown as started, and its store-day blocked, for hours. So a run gives signs of life in its own log,
and Dagster's run monitoring takes one that is silent as dead.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus

if TYPE_CHECKING:
    from dagster._serdes import ConfigurableClassData

SIGN_OF_LIFE = "The run is at work."
SIGNS_MISSED = 5
"""How many signs of life may be missing before a run counts as dead."""


class WatchedRunLauncher(DefaultRunLauncher):
    """Launches runs beneath the code server, and tells run monitoring which of them are silent.

    `silent_after_seconds`: how long a living run may write nothing into its log. The clocks of the
    machines must agree to a fraction of it.
    """

    def __init__(
        self, silent_after_seconds: int, inst_data: ConfigurableClassData | None = None
    ) -> None:
        super().__init__(inst_data)
        self._silent_after_seconds = silent_after_seconds

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """One number, in `dagster.yaml`."""
        return {"silent_after_seconds": dg.Field(int)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """Build it from `dagster.yaml`."""
        return cls(config_value["silent_after_seconds"], inst_data)

    @property
    def seconds_between_signs(self) -> float:
        """How often a run has to give a sign of life."""
        return self._silent_after_seconds / SIGNS_MISSED

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes: run monitoring asks for each run that is started."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Take a run as dead if the last event in its log is too old."""
        last = self._instance.get_records_for_run(run.run_id, limit=1, ascending=False).records
        silent_for = time.time() - last[0].timestamp if last else 0
        if silent_for <= self._silent_after_seconds:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        said = f"no sign of life for {silent_for:.0f} s: its process or its machine is gone"
        return CheckRunHealthResult(WorkerStatus.FAILED, said)


@contextmanager
def signs_of_life(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[None]:
    """Give signs of life while a run is at work, where its launcher watches for them."""
    launcher = _watching_launcher(instance)
    if launcher is None:
        yield
        return
    is_over = Event()

    def give_signs() -> None:
        while not is_over.wait(launcher.seconds_between_signs):
            with suppress(Exception):  # the run notices by itself that Dagster's database is away
                instance.report_engine_event(SIGN_OF_LIFE, run)

    thread = Thread(target=give_signs, name="signs of life", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _watching_launcher(instance: dg.DagsterInstance) -> WatchedRunLauncher | None:
    """Give the launcher if it is ours. Another is not even built: Kubernetes' asks for its cluster.

    Kubernetes knows by itself which of its jobs are dead.
    """
    data = instance.get_ref().run_launcher_data if instance.is_persistent else None
    if data is None or data.class_name != WatchedRunLauncher.__name__:
        return None
    launcher = instance.run_launcher
    return launcher if isinstance(launcher, WatchedRunLauncher) else None
