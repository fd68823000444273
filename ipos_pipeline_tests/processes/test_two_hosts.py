"""Run workers on two hosts: they share PostgreSQL and the NetSuite account, and no folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ipos_pipeline_tests.builders import LOCATION
from ipos_pipeline_tests.postgres import PostgresServer
from ipos_pipeline_tests.processes.invariants import broken_when_quiet, is_quiet
from ipos_pipeline_tests.processes.runs import ForkedRun, last_look, set_up
from ipos_pipeline_tests.processes.shop import ROOT, Databases, Shop, open_shop

FIRST, SECOND = date(2026, 6, 1), date(2026, 6, 2)
SLOTS = 4
INVOICES = 80
REFUSED_SHARE_MAX = 0.1

Host = Mapping[str, str]


@pytest.fixture
def shop(tmp_path: Path, postgres_server: PostgresServer) -> Iterator[Shop]:
    """NetSuite gives the account four requests at once; each host is set up for all four."""
    plain = postgres_server.new_database().replace("+psycopg2", "")
    databases = Databases(postgres_server.new_database(), plain)
    with open_shop(tmp_path, FIRST, databases=databases, external_ids_unique=False) as opened:
        opened.netsuite.slots = SLOTS
        opened.environment["IPOS_PIPELINE_CLAIM_SECONDS"] = "60"  # both hosts live
        set_up(opened.environment)
        yield opened


@pytest.fixture
def hosts(shop: Shop, tmp_path: Path) -> tuple[Host, Host]:
    home = tmp_path / "other" / "dagster"
    home.mkdir(parents=True)
    shutil.copy(ROOT / "dagster.yaml", home)
    folders = {"DAGSTER_HOME": str(home), "IPOS_PIPELINE_DATA_DIR": str(tmp_path / "other/data")}
    return shop.environment, {**shop.environment, **folders}


def rows_of_frame(host: Host, day: date) -> int:
    folder = Path(host["IPOS_PIPELINE_DATA_DIR"], "raw_invoices", day.isoformat())
    return int(pq.read_metadata(folder / f"{LOCATION}.parquet").num_rows)


def test_two_hosts_post_different_store_days_at_once_and_share_the_slots(
    shop: Shop, hosts: tuple[Host, Host]
) -> None:
    for day in (FIRST, SECOND):
        shop.sell(day, seed=1, invoices=INVOICES)

    runs = [ForkedRun(host, day) for host, day in zip(hosts, (FIRST, SECOND), strict=True)]
    codes = [run.end() for run in runs]

    assert codes == [0, 0], last_look(shop.environment)
    for day in (FIRST, SECOND):
        assert list(broken_when_quiet(shop, day)) == []
        assert is_quiet(shop, day)
    assert shop.creates(204) == len(shop.netsuite.transactions())
    assert shop.creates(429) <= REFUSED_SHARE_MAX * shop.creates()
    assert shop.netsuite.most_in_progress <= SLOTS


def test_a_store_day_goes_on_at_the_host_that_has_no_frame_or_an_old_one(
    shop: Shop, hosts: tuple[Host, Host]
) -> None:
    """What a run builds on is the ledger; a frame only spares it some reading."""
    one, other = hosts
    for seed, host in enumerate((one, other, one), start=1):
        shop.sell(FIRST, seed=seed, invoices=5 * 2**seed)  # so that no number comes twice

        code = ForkedRun(host, FIRST, is_tick=True).end()

        assert code == 0, last_look(host)
        assert list(broken_when_quiet(shop, FIRST)) == []
        assert rows_of_frame(host, FIRST) == lines_sold(shop)
    assert rows_of_frame(other, FIRST) < rows_of_frame(one, FIRST)


def lines_sold(shop: Shop) -> int:
    """Count the lines of all invoices, void ones too: they are landed like the others."""
    return sum(len(one["Lines"]) for one in shop.ipos.invoices(LOCATION))
