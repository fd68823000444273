"""`ipos-pipeline simulate`: start the simulated IPOS, NetSuite and mail server.

The simulators come with the repository, not with the installed package; they are started as a
process of their own and share no code with the pipeline.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ipos_pipeline.errors import ConfigurationError, TransientError

READY_FILE = "simulators.json"
START_SECONDS_MAX = 120
POLL_SECONDS = 0.1


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def simulate(options: tuple[str, ...]) -> int:
    """Start the simulated IPOS, NetSuite and mail server (see: simulate --help)."""
    return subprocess.run(command(options), check=False).returncode  # noqa: S603


def command(options: Sequence[str]) -> list[str]:
    """Build the command line. Raises ConfigurationError outside a clone of the repository."""
    if not Path("simulators", "__main__.py").exists():
        message = "The simulators are not here; they come with the repository."
        raise ConfigurationError(message, recovery="Run this command in the top folder of a clone.")
    return [sys.executable, "-m", "simulators", *options]


@contextmanager
def running_simulators(state: Path, options: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Start the simulators, wait until all answer, stop them at the end; gives simulators.json."""
    ready = state / READY_FILE
    ready.unlink(missing_ok=True)
    state.mkdir(parents=True, exist_ok=True)
    log_path = state / "simulators.log"
    with log_path.open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command line
            command(["--state", str(state), "--stop-with-parent", *options]),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_ready(process, ready, log_path)
            yield json.loads(ready.read_text())
        finally:
            process.terminate()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], ready: Path, log_path: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            message = f"The simulators did not start: {log_path.read_text().strip()[-500:]}"
            raise TransientError(message, recovery=f"Read {log_path}.")
        time.sleep(POLL_SECONDS)
