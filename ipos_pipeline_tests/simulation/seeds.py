"""Storms by seed, on a ledger that is copied from a template; also the command `make storms`."""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from random import SystemRandom

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from rich.console import Console
from rich.progress import track

from ipos_pipeline.connections import Connections
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline_tests.simulated_world import SimulatedWorld, simulated_world
from ipos_pipeline_tests.simulation.restoring import RestoredStorm
from ipos_pipeline_tests.simulation.storm import Connect, Storm
from ipos_pipeline_tests.simulation.weather import Weather
from simulators.catalogue import stock_items
from simulators.world import Sales

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - only where it is there
SHOWN_MAX = 5


@lru_cache
def _keys() -> tuple[str, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public


@lru_cache
def _template() -> Path:
    """Make an empty ledger once; copying it is cheaper than making another one."""
    folder = Path(tempfile.mkdtemp(prefix="storm-template-"))
    LedgerStore.open(f"sqlite:///{folder / 'ledger.db'}").close()
    return folder / "ledger.db"


@contextmanager
def sqlite_ledger() -> Iterator[str]:
    """Give the URL of an empty ledger in memory's file system, where there is one."""
    base = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=base) as folder:
        path = Path(folder) / "ledger.db"
        shutil.copy(_template(), path)
        yield f"sqlite:///{path}"


@contextmanager
def storm_world(
    weather: Weather, ledger_url: str, *, seed: int, external_ids_unique: bool = True
) -> Iterator[SimulatedWorld]:
    """Build the world that a storm hits."""
    private, public = _keys()
    with simulated_world(
        private_key_pem=private,
        public_key_pem=public,
        algorithm="ES256",
        ledger_url=ledger_url,
        sales=Sales(weather.shops, [], stock_items()),
        external_ids_unique=external_ids_unique,
        seed=seed,
    ) as world:
        yield world


def run_storm(
    seed: int,
    ledger_url: str,
    *,
    connect: Connect = Connections,
    external_ids_unique: bool = True,
    with_restore: bool = False,
) -> Storm:
    """Run the storm of one seed; its violations are in the result."""
    weather = Weather(seed, search_lags=external_ids_unique)
    with storm_world(
        weather, ledger_url, seed=seed, external_ids_unique=external_ids_unique
    ) as world:
        if with_restore:
            storm: Storm = RestoredStorm(world, weather, connect, seed=seed)
        else:
            storm = Storm(world, weather, connect)
        storm.run()
    return storm


def run_seed(seed: int, *, with_restore: bool = False) -> tuple[int, list[str], Counter[str]]:
    """Run one storm on SQLite; for worker processes.

    One in which the ledger is restored runs against an account that takes an external ID twice.
    """
    with sqlite_ledger() as url:
        storm = run_storm(
            seed, url, external_ids_unique=not with_restore, with_restore=with_restore
        )
    return seed, storm.violations, storm.counts


def main() -> int:
    """Run many storms on all cores and sum up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, help="how many storms (default: 500)")
    parser.add_argument("--start", type=int, help="first seed (default: drawn)")
    parser.add_argument(
        "--restore", action="store_true", help="restore an older backup in each of them"
    )
    options = parser.parse_args()
    start = options.start if options.start is not None else SystemRandom().randrange(10**9)
    began, console = time.monotonic(), Console(stderr=True)
    totals: Counter[str] = Counter()
    failed: list[int] = []
    with multiprocessing.Pool() as pool:
        seeds = range(start, start + options.seeds)
        run = partial(run_seed, with_restore=options.restore)
        results = pool.imap_unordered(run, seeds, chunksize=4)
        for seed, violations, counts in track(
            results, total=options.seeds, description="Storms", console=console
        ):
            totals += counts
            if violations:
                failed.append(seed)
                console.print(f"[red]seed {seed}[/]", *violations[:SHOWN_MAX], sep="\n  ")
    told = ", ".join(f"{n:,} {name}" for name, n in sorted(totals.items()))
    console.print(f"{told}; {time.monotonic() - began:.0f} s", highlight=False)
    for seed in failed[:SHOWN_MAX]:
        how = " RESTORE=1" if options.restore else ""
        console.print(f"Replay: make storms SEEDS=1 START={seed}{how}", highlight=False)
    print(f"{options.seeds} storms from seed {start}, {len(failed)} with violations")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
