"""Many store-days in one run: each is done as in a run of its own, and one holds up no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import httpx2
import pytest

from ipos_pipeline.clients.http import Pacing
from ipos_pipeline.connections import Connections
from ipos_pipeline.definitions import build_definitions
from ipos_pipeline.defs.assets import ASSETS
from ipos_pipeline.defs.nightly import close_day_of_many_schedule, close_day_schedule
from ipos_pipeline.defs.partitions import LOCATIONS
from ipos_pipeline.defs.sensors import store_days_sensor
from ipos_pipeline.defs.starting import SYNC_GROUP, group_request, running_store_days
from ipos_pipeline.domain.failed_run import job_system
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.settings.configuration_records import RECORD_TYPE
from ipos_pipeline.steps.watching_outages import note_outage
from ipos_pipeline_tests.pipeline.processes import simulated
from simulators.world import SHOPS

DAY = datetime.now(UTC).date() - timedelta(days=2)
"""The simulators run by the real clock, and a tick looks back 60 days at most."""
INVOICES = 5
ASSET_NAMES = ["sale_lines", "refund_lines", *(asset.name for asset in ASSETS)]
PACING = Pacing(attempts_max=2, first_delay_seconds=0.01)
NOWHERE = "http://127.0.0.1:9"
"""The port of the discard protocol: nobody listens there."""


@dataclass
class Group:
    """Four shops with five invoices each, on real sockets, and an instance that knows them."""

    environment: dict[str, str]
    instance: dg.DagsterInstance

    def connect(self) -> Connections:
        return Connections(self.environment, pacing=PACING)

    def run(self, *codes: str, only_new: bool = False) -> dg.ExecuteInProcessResult:
        """Run the store-days of some shops, or of all, in one run."""
        asked = group_request([(code, DAY) for code in codes or SHOPS], "test", only_new=only_new)
        definitions = build_definitions(self.environment, connect=self.connect)
        return definitions.resolve_job_def(SYNC_GROUP).execute_in_process(
            instance=self.instance, run_config=asked.run_config, raise_on_error=False
        )

    def tick(self) -> list[dg.RunRequest]:
        """Evaluate the sensor as the daemon does."""
        with (
            self.connect() as connections,
            dg.build_sensor_context(
                instance=self.instance, resources={"connections": connections}
            ) as context,
        ):
            answer = store_days_sensor(context)
        return list(answer.run_requests or []) if isinstance(answer, dg.SensorResult) else []

    def night(self, schedule: dg.ScheduleDefinition) -> list[dg.RunRequest]:
        """Evaluate a schedule as the daemon does."""
        with (
            self.connect() as connections,
            dg.build_schedule_context(
                instance=self.instance, resources={"connections": connections}
            ) as context,
        ):
            answer = schedule(context)
        return [] if isinstance(answer, dg.SkipReason) else list(answer)

    def materialized(self, asset: str) -> set[str]:
        """Give the locations of which an asset is materialized."""
        keys = self.instance.get_materialized_partitions(dg.AssetKey(asset))
        return {key.partition("|")[2] for key in keys}

    def posted(self) -> int:
        """Count what NetSuite has."""
        answer = httpx2.get(self.environment["SIMULATED_NETSUITE"] + "/_simulator/summary")
        return sum(group["count"] for group in answer.json())

    def proved(self) -> set[str]:
        """Give the locations whose store-day is proved."""
        with self.connect() as connections, connections.ledger.read() as work:
            return {code for code, one in work.proofs.of_day(DAY).items() if one.is_proved}

    def move_ipos(self, code: str, url: str) -> str:
        """Point the record of a shop to another address; give the one it had."""
        with self.connect() as connections:
            record = connections.record(code)
            values = {"custrecord_ipos_domain_url": url}
            assert record.internal_id
            connections.wait_for(
                connections.netsuite.update_record(RECORD_TYPE, record.internal_id, values)
            )
            return record.configuration.domain_url

    def break_netsuite(self, **faults: Any) -> None:
        """Have the simulated NetSuite fail."""
        url = self.environment["SIMULATED_NETSUITE"] + "/_simulator/faults"
        httpx2.post(url, json=faults).raise_for_status()


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    """Four shops that have sold, and the product that has not run yet."""
    with (
        simulated(tmp_path, [DAY], invoices_per_location=INVOICES) as environment,
        dg.DagsterInstance.ephemeral() as instance,
    ):
        instance.add_dynamic_partitions(LOCATIONS, list(SHOPS))
        yield Group(environment | {"NETSUITE_CONCURRENCY": "3"}, instance)


@pytest.fixture
def on_disk(group: Group) -> Iterator[Group]:
    """The same with an instance on disk, as schedules open it themselves."""
    with dg.instance_for_test() as made:
        made.add_dynamic_partitions(LOCATIONS, list(SHOPS))
        yield replace(group, instance=made)


def store_days_of(request: dg.RunRequest) -> list[str]:
    """Give the partition keys of a run of many store-days."""
    asked: list[str] = request.run_config["ops"]["sync_store_days"]["config"]["store_days"]
    return asked


def shown(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """Give the metadata of the run's one output."""
    [output] = [event for event in result.all_events if event.is_successful_output]
    return {name: value.value for name, value in output.step_output_data.metadata.items()}


def failures(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Give what happened, by store-day."""
    rows = [row.data for row in shown(result)["failures"].records]
    return {row["store_day"]: row["what_happened"] for row in rows}


def test_every_store_day_is_posted_proved_and_materialized_by_one_run(group: Group) -> None:
    result = group.run()

    assert result.success
    assert group.posted() == len(SHOPS) * INVOICES
    assert group.proved() == set(SHOPS)
    assert all(group.materialized(name) == set(SHOPS) for name in ASSET_NAMES)
    counts = {"store_days": 4, "failed": 0, "not_begun": 0}
    assert shown(result).items() >= counts.items()
    assert failures(result) == {}


def test_each_check_is_evaluated_once_over_all_store_days(group: Group) -> None:
    result = group.run()

    evaluations = result.get_asset_check_evaluations()
    names = [(one.asset_key.to_user_string(), one.check_name) for one in evaluations]
    assert len(names) == len(set(names)) == sum(len(asset.checks) for asset in ASSETS) + 1
    assert all(one.passed for one in evaluations)
    assert {one.metadata["store_days"].value for one in evaluations} == {4}


def test_a_frame_is_the_same_whether_a_store_day_ran_alone_or_with_others(group: Group) -> None:
    group.run()
    data = Path(group.environment["IPOS_PIPELINE_DATA_DIR"])
    of_group = {path: path.read_bytes() for path in data.glob(f"*/{DAY}/DXB01.parquet")}

    key = dg.MultiPartitionKey({"day": DAY.isoformat(), "location": "DXB01"})
    definitions = build_definitions(group.environment, connect=group.connect)
    alone = definitions.resolve_job_def("sync_invoices").execute_in_process(
        instance=group.instance, partition_key=key
    )

    assert alone.success
    assert len(of_group) == len(ASSET_NAMES)
    assert {path: path.read_bytes() for path in of_group} == of_group


def test_a_shop_whose_ipos_does_not_answer_holds_up_no_other(group: Group) -> None:
    group.move_ipos("DXB02", NOWHERE)

    result = group.run()

    others = set(SHOPS) - {"DXB02"}
    assert result.success
    assert group.posted() == len(others) * INVOICES
    assert all(group.materialized(name) == others for name in ASSET_NAMES)
    assert shown(result)["failed"] == 1
    assert list(failures(result)) == [f"{DAY}|DXB02"]
    run = group.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags["ipos/failed"] == f"{DAY}|DXB02"


def test_a_shop_that_failed_among_others_is_run_by_itself_until_it_works(group: Group) -> None:
    right = group.move_ipos("DXB02", NOWHERE)
    group.environment |= {
        "IPOS_PIPELINE_GROUP_ABOVE": "1",
        "IPOS_PIPELINE_LOOK_BACK_DAYS": "60",
    }
    group.run("DXB02", "AUH01")
    group.move_ipos("DXB02", right)

    alone = [one.partition_key for one in group.tick() if one.partition_key]

    assert alone == [f"{DAY}|DXB02"]


def test_what_all_shops_share_fails_the_run_and_the_rest_is_left_to_the_next(group: Group) -> None:
    group.environment["NETSUITE_CONCURRENCY"] = "1"
    group.run("DXB01")  # so that the configuration is not what cannot be read
    group.break_netsuite(server_error=1.0, only="POST /services/rest/record")

    result = group.run("DXB02", "AUH01", "SHJ01")

    assert not result.success
    assert group.posted() == INVOICES
    group.break_netsuite()
    assert group.run("DXB02", "AUH01", "SHJ01").success
    assert group.posted() == len(SHOPS) * INVOICES


def test_a_defect_in_one_store_day_is_its_failure_alone(group: Group) -> None:
    """A frame's folder that is a file stands for whatever nobody foresaw."""
    data = Path(group.environment["IPOS_PIPELINE_DATA_DIR"])
    (data / "raw_invoices" / f"{DAY}" / "DXB02.parquet").mkdir(parents=True)

    result = group.run()

    assert result.success
    assert group.proved() == set(SHOPS) - {"DXB02"}
    assert "unexpected" in failures(result)[f"{DAY}|DXB02"]


def test_that_such_a_run_was_killed_is_over_when_the_next_has_come_to_its_end(group: Group) -> None:
    killed = PipelineError("The run ended without a word.")
    killed.system = job_system(SYNC_GROUP)
    with group.connect() as connections:
        note_outage(connections.ledger, killed, run="killed", at=connections.clock())

    group.run("DXB01")

    with group.connect() as connections, connections.ledger.read() as work:
        assert work.outages.open_systems() == set()


def test_above_a_number_of_locations_a_tick_starts_groups_of_nearly_one_size(
    group: Group,
) -> None:
    group.environment |= {
        "IPOS_PIPELINE_LOOK_BACK_DAYS": "60",
        "IPOS_PIPELINE_GROUP_ABOVE": "3",
        "IPOS_PIPELINE_GROUP_SIZE": "3",
    }

    requests = group.tick()

    assert {one.job_name for one in requests} == {SYNC_GROUP}
    assert [len(store_days_of(one)) for one in requests] == [2, 2]


def test_up_to_that_number_each_store_day_has_its_own_run(group: Group) -> None:
    group.environment |= {"IPOS_PIPELINE_LOOK_BACK_DAYS": "60", "IPOS_PIPELINE_GROUP_ABOVE": "4"}

    assert sorted(str(one.partition_key) for one in group.tick()) == sorted(
        f"{DAY}|{code}" for code in SHOPS
    )


def test_above_that_number_closed_days_share_the_runs_of_the_night(on_disk: Group) -> None:
    on_disk.environment |= {"IPOS_PIPELINE_GROUP_ABOVE": "3", "IPOS_PIPELINE_GROUP_SIZE": "3"}

    of_many = on_disk.night(close_day_of_many_schedule)

    assert [len(store_days_of(one)) for one in of_many] == [2, 2]
    assert {key.partition("|")[2] for one in of_many for key in store_days_of(one)} == set(SHOPS)
    assert on_disk.night(close_day_schedule) == []


def test_up_to_that_number_each_closed_day_has_a_run_of_its_own(on_disk: Group) -> None:
    on_disk.environment |= {"IPOS_PIPELINE_GROUP_ABOVE": "4"}

    assert on_disk.night(close_day_of_many_schedule) == []
    assert len(on_disk.night(close_day_schedule)) == len(SHOPS)


def test_what_a_group_is_busy_with_is_not_started_again(group: Group) -> None:
    asked = group_request([("DXB01", DAY), ("AUH01", DAY)], "test")
    group.instance.add_run(
        dg.DagsterRun(
            job_name=SYNC_GROUP, run_config=asked.run_config, status=dg.DagsterRunStatus.STARTED
        )
    )

    assert running_store_days(group.instance) == {("DXB01", DAY), ("AUH01", DAY)}
