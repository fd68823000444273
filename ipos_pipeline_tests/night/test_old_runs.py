"""Old runs go each night; that a store-day is materialized, and checked, Dagster never forgets."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from ipos_pipeline.defs.assets import ASSETS
from ipos_pipeline.defs.old_runs import DELETE_OLD_RUNS
from ipos_pipeline.defs.partitions import LOCATIONS
from ipos_pipeline_tests.builders import DAY, LOCATION, raw_invoice
from ipos_pipeline_tests.pipeline.conftest import Pipeline
from ipos_pipeline_tests.postgres import PostgresServer
from ipos_pipeline_tests.repository_text import ROOT
from simulators.faults import NO_FAULTS, Faults, Window

NEXT_DAY = DAY + timedelta(days=1)
NAMES = ("sale_lines", "refund_lines", *(asset.name for asset in ASSETS))


@pytest.fixture(params=["sqlite", "postgresql"])
def instance(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    """An instance as in production: our dagster.yaml, on either kind of database."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        monkeypatch.setenv("DAGSTER_POSTGRES_URL", server.new_database())
    home = tmp_path / "dagster"
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    shutil.copy(ROOT / "dagster.yaml", home)
    with dg.DagsterInstance.from_config(str(home)) as opened:
        opened.add_dynamic_partitions(LOCATIONS, [LOCATION])
        yield opened


def delete_old_runs(pipeline: Pipeline, *, in_days: int) -> dg.ExecuteInProcessResult:
    """Run the job so many days from now: Dagster dates its runs by the machine's clock."""
    pipeline.world.clock.now = datetime.now(UTC) + timedelta(days=in_days)
    job = pipeline.definitions.resolve_job_def(DELETE_OLD_RUNS)
    return job.execute_in_process(instance=pipeline.instance)


def materialized(instance: dg.DagsterInstance) -> dict[str, set[str]]:
    return {name: set(instance.get_materialized_partitions(dg.AssetKey(name))) for name in NAMES}


def files_of(home: Path, run_id: str) -> list[Path]:
    return [path for path in home.rglob("*") if run_id in path.name]


def test_the_newest_run_of_each_store_day_stays_and_all_others_go(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice()])
    first, second, other_day = (pipeline.run(day) for day in (DAY, DAY, NEXT_DAY))
    now = pipeline.world.clock.now
    down = Window(now, now + timedelta(hours=1))
    pipeline.world.netsuite.faults = Faults(maintenance=down)
    failed = pipeline.run()
    pipeline.world.netsuite.faults = NO_FAULTS
    assert files_of(tmp_path / "dagster", first.run_id)
    before = materialized(pipeline.instance)

    delete_old_runs(pipeline, in_days=89)
    assert len(pipeline.instance.get_run_ids()) == 5
    delete_old_runs(pipeline, in_days=91)

    left = set(pipeline.instance.get_run_ids())
    assert not left & {first.run_id, failed.run_id}
    assert {second.run_id, other_day.run_id} <= left
    assert materialized(pipeline.instance) == before
    assert files_of(tmp_path / "dagster", first.run_id) == []
