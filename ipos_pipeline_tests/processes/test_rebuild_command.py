"""`ipos-pipeline rebuild-ledger` as a person uses it after the ledger is lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ipos_pipeline_tests.builders import LOCATION
from ipos_pipeline_tests.databases import lose_ledger
from ipos_pipeline_tests.processes.invariants import broken_when_quiet
from ipos_pipeline_tests.processes.runs import ForkedRun, inherited, set_up
from ipos_pipeline_tests.processes.shop import Shop, invoices_of, open_shop

DAY = date(2026, 1, 2)
RANGE = ("--from", "2026-01-02", "--to", "2026-01-02")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A day is posted; then the ledger is gone."""
    with open_shop(tmp_path_factory.mktemp("shop"), DAY) as opened:
        set_up(opened.environment)
        opened.sell(DAY, seed=3, invoices=10)
        assert ForkedRun(opened.environment, DAY).end() == 0
        lose_ledger(opened.ledger_url)
        yield opened


def rebuild(shop: Shop, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("ipos-pipeline")
    return subprocess.run(
        [program, "rebuild-ledger", *arguments],
        env={**inherited(), **shop.environment, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def cells(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Give the numbers of the one row of the table."""
    (row,) = [line for line in done.stdout.splitlines() if LOCATION in line]
    return row.replace("│", " ").split()[2:]


def test_it_finds_in_netsuite_what_the_lost_ledger_knew(shop: Shop) -> None:
    creates = shop.creates()
    invoices, documents = len(invoices_of(shop, DAY)), len(shop.netsuite.transactions())

    done = rebuild(shop, *RANGE)

    assert done.returncode == 0, done.stderr
    landed, acknowledged, planned, posted, found, *rest = map(int, cells(done))
    assert landed >= invoices, "void invoices are landed too"
    assert acknowledged == invoices
    assert (planned, posted, found) == (documents, documents, documents)
    assert rest == [0, 0, 0]
    assert shop.creates() == creates
    assert list(broken_when_quiet(shop, DAY)) == []


def test_what_cannot_be_made_again_is_named_and_ends_with_1(shop: Shop) -> None:
    lose_ledger(shop.ledger_url)
    gone = next(one for one in invoices_of(shop, DAY) if one["DocType"] == "SALE")
    shop.ipos.delete_invoice(LOCATION, "SALE", gone["InvNo"], gone["InvDate"])

    done = rebuild(shop, *RANGE, "--location", LOCATION)

    assert done.returncode == 1
    assert f"2026-01-02 {LOCATION}: only in NetSuite: IPOS-DXB01-2026-S-{gone['InvNo']}-C" in (
        " ".join(done.stderr.split())
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing option '--from'"),
        (("--from", "2026-01-02", "--to", "2026-01-01"), "the last day lies before the first"),
        ((*RANGE, "--location", "XXX99"), "'XXX99' has no active IPOS"),
    ],
)
def test_wrong_use_ends_with_2(shop: Shop, arguments: tuple[str, ...], said: str) -> None:
    done = rebuild(shop, *arguments)

    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
