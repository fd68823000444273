"""Runs of the job `sync_invoices` as processes of their own, which can be killed.

Most come from a fork server that has everything imported, which makes them cheap; the others are
`dagster job execute`, as a person or a scheduler starts it.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import dagster as dg

from ipos_pipeline.cli.store_day_runs import QUIET, dagster_instance
from ipos_pipeline.definitions import build_definitions
from ipos_pipeline.defs.jobs import SYNC_INVOICES
from ipos_pipeline.defs.partitions import LOCATIONS, ONLY_NEW_TAG, StoreDay
from ipos_pipeline_tests.builders import LOCATION

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])
END_SECONDS_MAX = 600
INHERITED = ("PATH", "HOME", "PYTHONPATH")


class Run(Protocol):
    """A process that runs one store-day."""

    def kill(self) -> None:
        """End it with SIGKILL."""

    def is_over(self) -> bool:
        """Say whether it has ended."""
        ...

    def end(self) -> int:
        """Wait for its end and give its exit code."""
        ...


class ForkedRun:
    """A process of the fork server; `is_tick`: as a tick starts it, for what is new."""

    def __init__(self, environment: Mapping[str, str], day: date, *, is_tick: bool = False) -> None:
        tags = {ONLY_NEW_TAG: "true"} if is_tick else {}
        self._process = CONTEXT.Process(target=_run, args=[dict(environment), day, tags])
        self._process.start()

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()
        self._process.join()

    def is_over(self) -> bool:
        """Say whether it has ended."""
        return self._process.exitcode is not None

    def end(self) -> int:
        """Wait for its end and give its exit code."""
        self._process.join(END_SECONDS_MAX)
        assert self._process.exitcode is not None, f"no end within {END_SECONDS_MAX} s"
        return self._process.exitcode


class DagsterJobExecute:
    """The command line that interfaces for scripts name; its output goes to a file."""

    def __init__(self, environment: Mapping[str, str], day: date) -> None:
        partition = StoreDay(LOCATION, day).partition_key
        with Path(environment["DAGSTER_HOME"], "job_execute.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(Path(sys.executable).with_name("dagster")), "job", "execute"),
                    *("-m", "ipos_pipeline.definitions", "-j", SYNC_INVOICES),
                    *("--tags", f'{{"dagster/partition": "{partition}"}}'),
                ],
                env={**inherited(), **environment},
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()
        self._process.wait()

    def is_over(self) -> bool:
        """Say whether it has ended."""
        return self._process.poll() is not None

    def end(self) -> int:
        """Wait for its end and give its exit code."""
        return self._process.wait(END_SECONDS_MAX)


def inherited() -> dict[str, str]:
    """Give what a process needs of this one's environment; nothing that is a setting."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def set_up(environment: Mapping[str, str]) -> None:
    """Make Dagster's tables and register the shop, as the sensor does."""
    in_a_process(_register, environment)


def last_look(environment: Mapping[str, str]) -> dict[str, Any]:
    """Read Dagster's own storage: how many runs, and of the last one status, step and failures."""
    return in_a_process(_look, environment)


def in_a_process(function: Any, environment: Mapping[str, str]) -> Any:
    """Call a function of this package with Dagster's instance, in a process of its own."""
    receiver, sender = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_answer, args=[function, dict(environment), sender])
    process.start()
    sender.close()
    try:
        return receiver.recv()
    finally:
        process.join()


def _answer(function: Any, environment: dict[str, str], sender: Any) -> None:
    os.environ.update(environment)
    with dagster_instance(environment) as instance:
        sender.send(function(instance))


def _register(instance: dg.DagsterInstance) -> None:
    instance.add_dynamic_partitions(LOCATIONS, [LOCATION])


def _look(instance: dg.DagsterInstance) -> dict[str, Any]:
    runs = instance.get_runs()
    last = runs[0]
    steps = instance.all_logs(last.run_id, of_type=dg.DagsterEventType.STEP_START)
    failures = instance.all_logs(last.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    return {
        "runs": len(runs),
        "status": last.status.value,
        "step": steps[-1].step_key if steps else "before the first step",
        "failures": [_said(one.get_dagster_event().step_failure_data) for one in failures],
    }


def _said(failure: Any) -> str:
    """Give the sentence of a failed step, or the end of its error where nobody wrote one."""
    if failure.user_failure_data is not None and failure.user_failure_data.description:
        return str(failure.user_failure_data.description)
    return failure.error.to_string()[-500:] if failure.error else "no reason given"


def _run(environment: dict[str, str], day: date, tags: dict[str, str]) -> None:
    os.environ.update(environment)
    with dagster_instance(environment) as instance:
        job = build_definitions(environment).resolve_job_def(SYNC_INVOICES)
        done = job.execute_in_process(
            instance=instance,
            partition_key=dg.MultiPartitionKey({"day": day.isoformat(), "location": LOCATION}),
            tags=tags,
            run_config=QUIET,
            raise_on_error=False,
        )
    sys.exit(0 if done.success else 1)
