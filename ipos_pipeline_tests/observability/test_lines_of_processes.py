"""Log lines of real runs: whose they are when store-days share a process, and where they go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ipos_pipeline_tests.observability.conftest import Line, lines_in, of_event
from ipos_pipeline_tests.pipeline.processes import command, simulated
from ipos_pipeline_tests.pipeline.test_group_runs import DAY, INVOICES, Group, group
from ipos_pipeline_tests.postgres import dump_of
from ipos_pipeline_tests.processes.runs import DagsterJobExecute, inherited, set_up
from simulators.world import SHOPS

__all__ = ["group"]


def test_store_days_that_share_a_process_are_told_apart(
    group: Group, log_lines: Callable[[], list[Line]]
) -> None:
    """Four threads work at once; each line must name the shop that it is about."""
    result = group.run()

    lines = log_lines()
    posted = of_event(lines, "document_posted")
    assert len(posted) == len(SHOPS) * INVOICES == group.posted()
    for line in posted:
        assert line["external_id"].split("-")[1] == line["location"]
    for event in ("store_day_started", "store_day_ended"):
        of_each = of_event(lines, event)
        assert sorted(line["location"] for line in of_each) == sorted(SHOPS)
    named = [line for line in lines if "location" in line]
    assert {(line["run"], line["day"]) for line in named} == {(result.run_id, DAY.isoformat())}


def test_lines_reach_standard_error_and_dagsters_files_and_never_its_database(
    tmp_path: Path,
) -> None:
    """A line for each document must not become a row of Dagster's events."""
    with simulated(tmp_path, [DAY], invoices_per_location=2) as environment:
        home = Path(environment["DAGSTER_HOME"])
        set_up(environment)

        assert DagsterJobExecute(environment, DAY).end() == 0

        said = lines_in((home / "job_execute.log").read_text())
        (captured,) = home.glob("storage/*/compute_logs/*.err")
        shown = command(["ipos-pipeline", "status", "--json"], inherited() | environment)
        kept = _kept_by_dagster(environment)
    assert len(of_event(said, "document_posted")) == 2
    assert (said[0]["event"], said[-1]["event"]) == ("run_started", "run_ended")
    of_steps = lines_in(captured.read_text())
    assert of_event(of_steps, "document_posted") == of_event(said, "document_posted")
    assert shown.returncode == 0
    assert lines_in(shown.stderr) == []
    assert "PIPELINE_SUCCESS" in kept, "this is not where Dagster keeps events"
    assert "document_posted" not in kept


def _kept_by_dagster(environment: Mapping[str, str]) -> str:
    """Read everything that Dagster has in its database, of whichever kind."""
    if url := environment.get("DAGSTER_POSTGRES_URL"):
        return dump_of(url)
    files = Path(environment["DAGSTER_HOME"]).rglob("*.db")
    return "".join(file.read_bytes().decode("latin-1") for file in files)
