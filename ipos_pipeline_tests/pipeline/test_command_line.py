"""The console script as people and scripts use it: exit codes, messages, no stack traces."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import httpx2
import pytest

from ipos_pipeline_tests.pipeline.processes import command, simulated

YESTERDAY = date(2026, 11, 19)
DAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory):  # noqa: ANN201
    with simulated(tmp_path_factory.mktemp("world"), [YESTERDAY, DAY]) as made:
        yield made


def test_sync_posts_the_named_locations_and_nothing_else(environment: dict[str, str]) -> None:
    done = command(
        ["ipos-pipeline", "sync", "--day", "2026-11-20", "--location", "DXB01"], environment
    )

    assert done.returncode == 0, done.stderr
    assert "DXB01" in done.stdout
    assert "SHJ01" not in done.stdout
    posted = httpx2.get(environment["SIMULATED_NETSUITE"] + "/_simulator/transactions").json()
    assert posted
    assert {one["externalId"].split("-")[1] for one in posted} == {"DXB01"}
    assert {one["tranDate"] for one in posted} == {"2026-11-20"}


def test_sync_as_a_dry_run_shows_what_it_would_post_and_posts_nothing(
    environment: dict[str, str],
) -> None:
    done = command(
        ["ipos-pipeline", "sync", "--day", "2026-11-20", "--location", "DXB02", "--dry-run"],
        environment,
    )

    assert done.returncode == 0, done.stderr
    assert "dry run: cash_sales: would create" in done.stderr
    posted = httpx2.get(environment["SIMULATED_NETSUITE"] + "/_simulator/transactions").json()
    assert not [
        one
        for one in posted
        if one["externalId"].startswith("IPOS-DXB02-2026") and one["tranDate"] == "2026-11-20"
    ]


def test_sync_without_a_location_runs_all_active_ones(environment: dict[str, str]) -> None:
    done = command(["ipos-pipeline", "sync", "--day", "2026-11-19"], environment)

    assert done.returncode == 0, done.stderr
    for code in ("DXB01", "DXB02", "AUH01", "SHJ01"):
        assert f"2026-11-19 {code} done" in done.stderr


def test_dagster_job_execute_does_one_registered_store_day(environment: dict[str, str]) -> None:
    """The documented line for scripts that know Dagster only."""
    command(["ipos-pipeline", "sync", "--day", "2026-11-20", "--location", "AUH01"], environment)

    done = command(
        [
            *("dagster", "job", "execute", "-m", "ipos_pipeline.definitions"),
            *("-j", "sync_invoices", "--tags", '{"dagster/partition": "2026-11-20|AUH01"}'),
        ],
        environment,
    )

    assert done.returncode == 0, done.stderr
    assert "RUN_SUCCESS" in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("arguments", "changes", "said"),
    [
        (["--day", "tomorrow"], {}, "does not match the format"),
        ([], {}, "Missing option '--day'"),
        (["--day", "2999-01-01"], {}, "2999-01-01 is not between"),
        (["--day", "2026-11-20", "--location", "XXX99"], {}, "'XXX99' has no active IPOS"),
        (["--day", "2026-11-20"], {"NETSUITE_CLIENT_ID": ""}, "NETSUITE_CLIENT_ID: is required"),
        (["--day", "2026-11-20"], {"DAGSTER_HOME": ""}, "DAGSTER_HOME is not set"),
        (
            ["--day", "2026-11-20"],
            {"IPOS_PIPELINE_START_DATE": "soon"},
            "IPOS_PIPELINE_START_DATE",
        ),
    ],
)
def test_wrong_use_and_wrong_settings_end_with_2_and_one_clear_message(
    environment: dict[str, str], arguments: list[str], changes: dict[str, str], said: str
) -> None:
    done = command(["ipos-pipeline", "sync", *arguments], {**environment, **changes})

    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_run_that_fails_ends_with_1_and_says_what_to_do(environment: dict[str, str]) -> None:
    closed_port = {"IPOS_PIPELINE_LEDGER_URL": "postgresql+psycopg2://x:y@127.0.0.1:9/ledger"}

    done = command(
        ["ipos-pipeline", "sync", "--day", "2026-11-20", "--location", "DXB01"],
        {**environment, **closed_port},
    )

    assert done.returncode == 1
    assert "cannot be opened" in done.stderr
    assert "What to do: Check IPOS_PIPELINE_LEDGER_URL" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [[], ["sync"], ["demo"]])
def test_every_command_teaches_with_help(environment: dict[str, str], arguments: list[str]) -> None:
    done = command(["ipos-pipeline", *arguments, "--help"], environment)

    assert done.returncode == 0
    assert "Usage: ipos-pipeline" in done.stdout


def test_simulate_outside_a_clone_says_where_the_simulators_are(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = command(["ipos-pipeline", "simulate"], environment, cwd=tmp_path)

    assert done.returncode == 2
    assert "top folder of a clone" in done.stderr
