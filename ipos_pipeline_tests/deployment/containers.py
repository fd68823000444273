"""The containers of deploy/compose.yaml as plain processes: their commands, with paths mapped.

Each gets the arguments and the environment that its container would have, and nothing else. A
folder takes the place of volumes, secrets and configs, a loopback address that of the network.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ipos_pipeline_tests.deployment import dockerfile
from ipos_pipeline_tests.deployment.compose import project, services, settings_of_demo
from ipos_pipeline_tests.pipeline.processes import BIN, wait_for
from ipos_pipeline_tests.processes.runs import inherited
from ipos_pipeline_tests.repository_text import ROOT

HEALTH_SECONDS_MAX = 60
ONCE_SECONDS_MAX = 120
START_SECONDS_MAX = 180
OF_THE_IMAGE = ("PATH", "PYTHONPATH")
"""What an image says about where its own files lie."""


def loopback_address() -> str:
    """Give an address of this machine that no other test process uses: ports there are free."""
    return f"127.77.{os.getpid() // 254 % 256}.{os.getpid() % 254 + 1}"


@dataclass
class Containers:
    """All services of the project, below one folder; `mapped` says what stands for what."""

    folder: Path
    mapped: dict[str, str]
    log_of: dict[str, Path] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def here(self, text: str) -> str:
        """Put what is on this machine in the place of what is in a container."""
        for inside, outside in self.mapped.items():
            text = text.replace(inside, outside)
        return text

    def arguments(self, words: list[str]) -> list[str]:
        """Map a command; its program is that of this environment, if it has it."""
        program = BIN / words[0]
        return [str(program) if program.exists() else words[0], *map(self.here, words[1:])]

    def environment(self, name: str) -> dict[str, str]:
        """Give the variables of a service, which win over its settings file and its image."""
        service = services()[name]
        image = dockerfile.environment(_target(service)) if _target(service) else {}
        settings = settings_of_demo() if "env_file" in service else {}
        given = {**image, **settings, **service.get("environment", {})}
        mapped = {key: self.here(one) for key, one in given.items() if key not in OF_THE_IMAGE}
        if mapped.get("DAGSTER_CODE_SERVER_HOST") == "code":
            mapped["DAGSTER_CODE_SERVER_HOST"] = self.mapped["127.0.0.1"]
        if "PYTHONPATH" in image:
            mapped["PYTHONPATH"] = str(ROOT)
        return {**inherited(), "TMPDIR": str(self.folder / "tmp"), **mapped}

    def run_once(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a service that ends by itself."""
        return self.execute(name, services()[name]["command"])

    def is_healthy(self, name: str) -> bool:
        """Run a service's health check."""
        service = services()[name]
        check = service["healthcheck"]["test"][1:] if "healthcheck" in service else None
        words = check or dockerfile.health_check(_target(service))
        return self.execute(name, words, seconds=HEALTH_SECONDS_MAX).returncode == 0

    @contextmanager
    def started(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a service while the context lasts, from the moment it is healthy."""
        service = services()[name]
        words = service.get("command") or dockerfile.command(_target(service))
        log_path = self.log_of[name] = self.folder / f"{name}.log"
        with log_path.open("wb") as log, ExitStack() as stack:
            process = subprocess.Popen(
                self.arguments(words),
                env=self.environment(name),
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
            self.processes[name] = process
            stack.callback(_end, process)
            wait_for(
                lambda: self.is_healthy(name) or process.poll() is not None,
                what=f"health of {name}",
                seconds=START_SECONDS_MAX,
            )
            assert process.poll() is None, log_path.read_text()[-2000:]
            yield process

    def execute(
        self, name: str, words: list[str], *, seconds: float = ONCE_SECONDS_MAX
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as `docker compose exec` or `run` would in a service's container."""
        return subprocess.run(
            self.arguments(words),
            env=self.environment(name),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )


def prepared(folder: Path, *, secrets: dict[str, str]) -> Containers:
    """Lay out volumes, secrets and configs."""
    for name in ("dagster", "data", "simulators", "secrets", "tmp"):
        (folder / name).mkdir()
    for name, secret in secrets.items():
        (folder / "secrets" / name).write_text(secret)
        (folder / "secrets" / name).chmod(0o400)
    assert secrets.keys() == project()["secrets"].keys()
    (folder / "dagster" / "dagster.yaml").symlink_to(ROOT / "dagster.yaml")
    key = folder / "simulators" / "private_key_ES256.pem"
    key.symlink_to(folder / "secrets" / "netsuite_private_key")
    address = loopback_address()
    mapped = {
        "/var/lib/ipos-pipeline": str(folder),
        "/run/secrets": str(folder / "secrets"),
        "/etc/ipos-pipeline/workspace.yaml": str(ROOT / "deploy" / "workspace.yaml"),
        "127.0.0.1": address,
        "0.0.0.0": address,  # noqa: S104 - what a container listens on
    }
    return Containers(folder, mapped)


def _target(service: dict[str, Any]) -> str:
    """Name the stage of our Dockerfile that a service runs; none for PostgreSQL."""
    image = str(service["image"])
    ours = {"ipos-pipeline": "pipeline", "ipos-pipeline-simulators": "simulators"}
    return ours.get(image.partition(":")[0], "")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(120)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
