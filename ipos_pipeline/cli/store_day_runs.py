"""Runs of the job `sync_invoices` in this process, on the Dagster instance of `DAGSTER_HOME`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from ipos_pipeline.cli.output import console, progress, say, shown
from ipos_pipeline.domain.plain_text import one_line
from ipos_pipeline.errors import ConfigurationError, TransientError

if TYPE_CHECKING:
    import dagster as dg

PROBLEMS_NAMED = 10
"""Problems of a dry run that are named for each posting asset; Dagster shows all of them."""
WIDTH = 80
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True)
class RunResult:
    """What became of one run; `problems` tells what failed and what to do, step by step.

    `previews`: of a dry run, in some lines for each posting asset, what would be posted.
    """

    location_code: str
    day: date
    is_success: bool
    problems: tuple[str, ...]
    previews: tuple[str, ...] = ()


@contextmanager
def dagster_instance(environment: Mapping[str, str]) -> Iterator[dg.DagsterInstance]:
    """Open the instance of `DAGSTER_HOME`.

    Raises ConfigurationError if that is not set up, TransientError if its storage does not open.
    """
    home = environment.get("DAGSTER_HOME", "").strip()
    if not home or not Path(home).is_absolute():
        message = "DAGSTER_HOME is not set to an absolute path."
        raise ConfigurationError(
            message, recovery="Set it to a folder that holds a copy of dagster.yaml."
        )
    Path(home).mkdir(parents=True, exist_ok=True)
    with _opened(home) as instance:
        yield instance


def _opened(home: str) -> dg.DagsterInstance:
    import dagster as dg  # noqa: PLC0415 - half a second that only these commands need
    from dagster_postgres.utils import DagsterPostgresException  # noqa: PLC0415

    try:
        return dg.DagsterInstance.from_config(home)
    except (SQLAlchemyError, DagsterPostgresException) as error:
        message = f"Dagster's storage cannot be opened ({type(error).__name__})."
        raise TransientError(
            message, recovery="Check DAGSTER_POSTGRES_URL and that the database runs."
        ) from None  # the cause may show a part of the password


def run_store_days(
    instance: dg.DagsterInstance,
    location_codes: Iterable[str],
    days: Iterable[date],
    *,
    is_dry: bool = False,
) -> list[RunResult]:
    """Run each store-day, one after the other, with progress on a terminal."""
    from ipos_pipeline.definitions import build_definitions  # noqa: PLC0415
    from ipos_pipeline.defs.jobs import SYNC_INVOICES  # noqa: PLC0415

    job = build_definitions(os.environ).resolve_job_def(SYNC_INVOICES)
    store_days = [(code, day) for day in days for code in location_codes]
    results: list[RunResult] = []
    with progress() as bar:
        task = bar.add_task("Store-days", total=len(store_days))
        for code, day in store_days:
            bar.update(task, description=f"{day} {code}")
            result = _run(job, instance, code, day, is_dry=is_dry)
            results.append(result)
            bar.advance(task)
            _tell(result)
    return results


def run_chosen(codes_by_day: Mapping[date, Sequence[str]]) -> bool:
    """Run some store-days on the instance of `DAGSTER_HOME`; tell whether all runs succeeded."""
    from ipos_pipeline.defs.partitions import LOCATIONS  # noqa: PLC0415

    with dagster_instance(os.environ) as instance:
        runs: list[RunResult] = []
        for day, codes in codes_by_day.items():
            instance.add_dynamic_partitions(LOCATIONS, list(codes))
            runs += run_store_days(instance, codes, [day])
    return all(run.is_success for run in runs)


def run_reference_data(instance: dg.DagsterInstance) -> None:
    """Materialize the configuration records and the catalogue."""
    from ipos_pipeline.definitions import build_definitions  # noqa: PLC0415
    from ipos_pipeline.defs.jobs import REFRESH_REFERENCE_DATA  # noqa: PLC0415

    job = build_definitions(os.environ).resolve_job_def(REFRESH_REFERENCE_DATA)
    job.execute_in_process(instance=instance, run_config=QUIET)


def _run(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    location_code: str,
    day: date,
    *,
    is_dry: bool,
) -> RunResult:
    import dagster as dg  # noqa: PLC0415

    from ipos_pipeline.defs.dry_run import DRY_RUN_CONFIG, DRY_RUN_TAG  # noqa: PLC0415

    dry_tag = {DRY_RUN_TAG: "true"} if is_dry else {}
    done = job.execute_in_process(
        instance=instance,
        partition_key=dg.MultiPartitionKey({"day": day.isoformat(), "location": location_code}),
        tags={"ipos/location": location_code, **dry_tag},
        run_config=QUIET | DRY_RUN_CONFIG if is_dry else QUIET,
        raise_on_error=False,
    )
    problems = tuple(
        _problem(event.step_failure_data) for event in done.all_events if event.is_step_failure
    )
    previews = tuple(
        preview_in_words(event.materialization)
        for event in done.get_asset_materialization_events()
        if "would_create" in event.materialization.metadata
    )
    return RunResult(location_code, day, done.success, problems, previews)


def preview_in_words(materialization: dg.AssetMaterialization) -> str:
    """Tell in some lines what a dry run found of one posting asset; its metadata has all of it."""
    said: dict[str, Any] = {name: value.value for name, value in materialization.metadata.items()}
    asset, count = materialization.asset_key.to_user_string(), said["problems"]
    first = (
        f"{asset}: would create {said['would_create']} of {said['would_create_total']} in all,"
        f" take over {said['would_take_over']}; {count} problem{'' if count == 1 else 's'}"
    )
    lines = [first]
    for row in said["problem_list"].records[:PROBLEMS_NAMED]:
        lines += _problem_in_words(row.data)
    if count > PROBLEMS_NAMED:
        lines.append(f"    and {count - PROBLEMS_NAMED} more: problem_list of {asset} in Dagster")
    return "\n".join(lines)


def _problem_in_words(row: Mapping[str, Any]) -> tuple[str, str]:
    """Name a document and what stands in its way, in two lines that fit a terminal."""
    named, why = f"{row['external_id']}: {row['code']}", str(row["message"])
    return "    " + one_line(named, WIDTH - 4), "      " + one_line(why, WIDTH - 6)


def _problem(failure: Any) -> str:  # noqa: ANN401 - Dagster does not export its type
    """Tell a failed step in its own words, and what to do about it."""
    said = failure.user_failure_data
    if said is None or said.description is None:
        return failure.error.message.strip() if failure.error else "The run failed."
    recovery = said.metadata.get("recovery")
    return f"{said.description} What to do: {recovery.value}" if recovery else said.description


def _tell(result: RunResult) -> None:
    if result.is_success:
        say(f"{result.day} {result.location_code} done")
        for preview in result.previews:
            say(f"  dry run: {preview}")
        return
    console.print(Text(shown(f"{result.day} {result.location_code} failed"), style="red"))
    for problem in dict.fromkeys(result.problems):
        say(f"  {problem}")
