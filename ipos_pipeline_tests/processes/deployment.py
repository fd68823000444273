"""Webserver, daemon and code server as processes of their own on PostgreSQL, as in production.

Each has only the settings that it needs: what NetSuite and the ledger want is the code server's.
Belongs here: starting, killing, asking. Not here: what must be true afterwards (invariants.py).
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import httpx2
import yaml
from dagster._grpc.client import DagsterGrpcClient

from ipos_pipeline.defs.jobs import SYNC_INVOICES
from ipos_pipeline_tests.pipeline.processes import BIN, ROOT, wait_for
from ipos_pipeline_tests.ports import reserved_port
from ipos_pipeline_tests.processes.runs import in_a_process, inherited
from ipos_pipeline_tests.processes.shop import Shop

CODE_SERVER, DAEMON, WEBSERVER = "code server", "daemon", "webserver"
DAGSTERS_OWN = ("DAGSTER_HOME", "DAGSTER_POSTGRES_URL")
SILENT_AFTER_SECONDS = 40
END_SECONDS = 120

RUNS = """{ runsOrError { ... on Runs { results { runId jobName status
  tags { key value } } } } }"""
TICKS = """query($sensor: SensorSelector!) { sensorOrError(sensorSelector: $sensor) {
  ... on Sensor { sensorState { ticks { status runIds error { message } } } } } }"""
LAUNCH = """mutation($selector: JobOrPipelineSelector!, $tags: [ExecutionTag!]!) { launchRun(
  executionParams: {selector: $selector, mode: "default", executionMetadata: {tags: $tags}}) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { loadStatus
  locationOrLoadError { __typename } } } } }"""
SCHEDULES = """query($repository: RepositorySelector!) { schedulesOrError(
  repositorySelector: $repository) { ... on Schedules { results { scheduleState { id } } } } }"""
STOP_SCHEDULE = """mutation($id: String!) { stopRunningSchedule(id: $id) {
  ... on ScheduleStateResult { scheduleState { status } } } }"""
REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "ipos_pipeline"}


class WebserverError(Exception):
    """The webserver answered with errors."""


@dataclass
class Deployment:
    """The three processes, each the leader of a group that dies with it, as a container does."""

    folder: Path
    environment: Mapping[str, str]
    code_server_port: int
    webserver_port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start a process, or start it again."""
        commands = {
            CODE_SERVER: (
                *("dagster", "api", "grpc", "-m", "ipos_pipeline.definitions"),
                *("-h", "127.0.0.1", "-p", str(self.code_server_port)),
            ),
            DAEMON: ("dagster-daemon", "run", "-w", "workspace.yaml"),
            WEBSERVER: (
                *("dagster-webserver", "-w", "workspace.yaml"),
                *("-h", "127.0.0.1", "-p", str(self.webserver_port)),
            ),
        }
        program, *arguments = commands[name]
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [BIN / program, *arguments],
                env={**inherited(), **self._settings(name)},
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """End a process and all beneath it with SIGKILL, as when its container dies."""
        process = self.processes[name]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(END_SECONDS)

    def supervise(self) -> None:
        """Start again what has ended by itself, as a supervisor does."""
        for name, process in list(self.processes.items()):
            if process.poll() is not None:
                self.start(name)

    def stop(self) -> None:
        """End all that still runs."""
        for name in self.processes:
            with suppress(ProcessLookupError):
                self.kill(name)

    def log(self, name: str) -> Path:
        """Tell where a process writes."""
        return self.folder / f"{name.replace(' ', '_')}.log"

    def ask(self, query: str, **variables: object) -> Any:
        """Ask the webserver, as its pages do. Raises WebserverError."""
        url = f"http://127.0.0.1:{self.webserver_port}/graphql"
        answer = httpx2.post(url, json={"query": query, "variables": variables}, timeout=300).json()
        if "errors" in answer:
            raise WebserverError("; ".join(one["message"][:500] for one in answer["errors"]))
        return answer["data"]

    def runs(self) -> list[dict[str, Any]]:
        """List all runs, newest first."""
        found: list[dict[str, Any]] = self.ask(RUNS)["runsOrError"]["results"]
        return found

    def ticks(self, sensor: str) -> list[dict[str, Any]]:
        """List a sensor's ticks, newest first."""
        answer = self.ask(TICKS, sensor={"sensorName": sensor, **REPOSITORY})
        found: list[dict[str, Any]] = answer["sensorOrError"]["sensorState"]["ticks"]
        return found

    def launch(self, partition_key: str) -> None:
        """Start a run of a store-day, as a person does in the Launchpad: again if it fails."""
        selector = {**REPOSITORY, "pipelineName": SYNC_INVOICES}
        tags = [{"key": "dagster/partition", "value": partition_key}]

        def is_launched() -> bool:
            try:
                done = self.ask(LAUNCH, selector=selector, tags=tags)["launchRun"]
            except WebserverError:
                return False
            return bool(done["__typename"] == "LaunchRunSuccess")

        wait_for(is_launched, what="A run from the Launchpad")

    def let_sensors_tick(self) -> None:
        """Let the time until the next tick of each sensor be over."""
        in_a_process(_forget_last_ticks, self.environment)

    def is_serving(self) -> bool:
        """Say whether the webserver answers and has loaded the code location."""
        try:
            entries = self.ask(LOCATIONS)["workspaceOrError"].get("locationEntries", [])
        except (httpx2.TransportError, ValueError, WebserverError):
            return False
        loaded = [one["locationOrLoadError"] for one in entries]
        return loaded == [{"__typename": "RepositoryLocation"}]

    def is_code_server_up(self) -> bool:
        """Say whether the code server itself answers; the webserver may show what it was."""
        client = DagsterGrpcClient(host="127.0.0.1", port=self.code_server_port)
        return client.health_check_query() == "SERVING"

    def stop_schedules(self) -> None:
        """Leave it to the sensors what runs: at some minutes of a day a schedule would, too."""
        for one in self.ask(SCHEDULES, repository=REPOSITORY)["schedulesOrError"]["results"]:
            self.ask(STOP_SCHEDULE, id=one["scheduleState"]["id"])

    def _settings(self, name: str) -> dict[str, str]:
        if name == CODE_SERVER:
            return {**self.environment}
        return {
            **{one: self.environment[one] for one in DAGSTERS_OWN},
            "DAGSTER_CODE_SERVER_HOST": "127.0.0.1",
            "DAGSTER_EVENT_LOG_CONSUMER_DAEMON_INTERVAL_SECONDS": "1",
        }


@contextmanager
def deployed(folder: Path, shop: Shop) -> Iterator[Deployment]:
    """Start everything for a shop; its waits are shorter than those of our dagster.yaml."""
    ports = reserved_port(), reserved_port()
    shorten_waits(Path(shop.environment["DAGSTER_HOME"], "dagster.yaml"))
    workspace = yaml.safe_load((ROOT / "deploy" / "workspace.yaml").read_text(encoding="utf-8"))
    workspace["load_from"][0]["grpc_server"]["port"] = ports[0]
    (folder / "workspace.yaml").write_text(yaml.safe_dump(workspace), encoding="utf-8")
    started = Deployment(folder, shop.environment, *ports)
    try:
        started.start(CODE_SERVER)
        started.start(WEBSERVER)
        wait_for(started.is_serving, what="The code location in the webserver")
        started.stop_schedules()
        started.start(DAEMON)
        yield started
    finally:
        started.stop()


def shorten_waits(instance: Path) -> None:
    """Let a copy of our dagster.yaml notice what is dead in seconds, not in minutes."""
    settings = yaml.safe_load(instance.read_text(encoding="utf-8"))
    settings["run_launcher"]["config"]["silent_after_seconds"] = SILENT_AFTER_SECONDS
    settings["run_monitoring"]["poll_interval_seconds"] = 2
    settings["run_queue"]["user_code_failure_retry_delay"] = 2
    settings["run_queue"]["dequeue_interval_seconds"] = 1
    instance.write_text(yaml.safe_dump(settings), encoding="utf-8")


def _forget_last_ticks(instance: dg.DagsterInstance) -> None:
    for state in instance.all_instigator_state():
        data: Any = state.instigator_data
        if state.instigator_type.value == "SENSOR" and data is not None:
            anew = data._replace(last_tick_timestamp=None, last_tick_start_timestamp=None)
            instance.update_instigator_state(state.with_data(anew))
