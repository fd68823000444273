"""A benchmark reaches its own simulators only, and says how production is set up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.runs import MEMORY, installed
from benchmarks.simulated import Scene
from ipos_pipeline_tests.repository_text import ROOT


def test_what_the_caller_has_set_for_a_product_of_their_own_is_put_away_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a benchmark would write to the ledger of whoever runs it."""
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql://of-the-caller")
    monkeypatch.setenv("IPOS_PIPELINE_LEDGER_URL", "postgresql://of-the-caller")
    before = dict(os.environ)

    with installed(Scene(1, locations=1, lines=1), tmp_path) as simulated:
        assert "DAGSTER_POSTGRES_URL" not in os.environ
        assert "IPOS_PIPELINE_LEDGER_URL" not in os.environ
        assert os.environ["NETSUITE_BASE_URL"] == simulated["netsuite_base_url"]

    assert dict(os.environ) == before


def test_memory_is_measured_with_what_the_example_environment_says() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()

    assert [
        f"{name}={value}" for name, value in MEMORY.items() if f"{name}={value}" not in lines
    ] == []
