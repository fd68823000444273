"""All three send the same documents, and the ratios are what their names say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from rich.console import Console

from benchmarks.side_by_side import (
    Landed,
    Round,
    Sent,
    by_netsuite_package,
    by_posting_step,
    landed_scene,
    measure,
    one_after_the_other,
    rows_of,
)
from benchmarks.simulated import Scene
from benchmarks.stopwatch import Cost

A_FEW = Scene(6, locations=1, lines=3)

uses_package = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""The package calls parts of httpx and oauthlib that these give up."""


@pytest.fixture
def landed() -> Iterator[Landed]:
    with landed_scene(A_FEW) as one:
        yield one


def in_netsuite(landed: Landed) -> dict[str, Any]:
    """Read what the simulated account holds: external ID -> total."""
    address = f"{landed.simulated['netsuite_base_url']}/_simulator/transactions"
    return {one["externalId"]: one["total"] for one in httpx2.get(address).json()}


def sent(documents: int, wall_seconds: float, cpu_seconds: float) -> Sent:
    return Sent(documents, Cost(cpu_seconds, wall_seconds))


def ids_of(landed: Landed) -> set[str]:
    return {one["externalId"] for one in landed.documents()}


def test_the_posting_step_brings_all_documents_to_netsuite(landed: Landed) -> None:
    expected = ids_of(landed)

    sent = by_posting_step(landed)

    assert sent.documents == A_FEW.invoices
    assert in_netsuite(landed).keys() == expected


def test_the_sequential_client_sends_a_sample_of_the_same_documents(landed: Landed) -> None:
    first_two = {one["externalId"] for one in landed.documents()[:2]}

    sent = one_after_the_other(landed, sample=2)

    assert sent.documents == 2
    assert in_netsuite(landed).keys() == first_two


@uses_package
def test_the_package_brings_all_documents_to_netsuite(landed: Landed) -> None:
    sent = by_netsuite_package(landed)

    assert sent.documents == A_FEW.invoices
    assert in_netsuite(landed).keys() == ids_of(landed)


@uses_package
def test_a_measurement_compares_the_three() -> None:
    rows = measure(Console(quiet=True), scene=A_FEW, rounds=1, sample=2)

    assert all(row.figure > 0 for row in rows)
    assert [row.least for row in rows[-2:]] == [12, 1]


def test_documents_are_the_same_each_time_simulators_start(landed: Landed) -> None:
    """Or the three would not send the same."""
    with landed_scene(A_FEW) as another:
        assert another.documents() == landed.documents()


def test_ratios_are_medians_of_the_rounds_and_not_of_the_rates() -> None:
    """A slow moment of the machine slows all of one round."""
    quick, slow = (
        Round(ours=sent(100, s, s / 10), package=sent(100, 2 * s, s), sequential=sent(10, s, s))
        for s in (1.0, 4.0)
    )
    odd = Round(ours=sent(100, 1, 1), package=sent(100, 1, 1), sequential=sent(10, 10, 1))

    rows = {(row.what, row.unit): row.figure for row in rows_of([quick, slow, odd])}

    assert rows["posting step / package netsuite", "x"] == 2
    assert rows["posting step / sequential client", "x"] == 10
    assert rows["posting step", "documents/s"] == 100
    assert rows["posting step", "CPU ms a document"] == 4
