"""Fixtures that every kind of test shares: keys, simulators in this process, a ledger."""

import gc
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import HealthCheck, settings

from ipos_pipeline.connections import Connections
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline_tests.databases import ASKED, KINDS, ledger_on
from ipos_pipeline_tests.postgres import PostgresServer, shared_server, stop_shared_server
from ipos_pipeline_tests.simulated_world import Clock, SimulatedWorld, simulated_world


def pytest_configure() -> None:
    """Let no property fail because the machine is busy, nor now and then.

    The suite tries the same examples each time that the same code is tested whole: Hypothesis also
    draws from the constants of the modules that are loaded. `make fuzz` looks for others, and for
    more.
    """
    settings.register_profile(
        "shared machine",
        deadline=None,
        derandomize="IPOS_FUZZ_EXAMPLES" not in os.environ,
        max_examples=int(os.environ.get("IPOS_FUZZ_EXAMPLES", "100")),
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("shared machine")
    _forget_the_terminal()
    _let_processes_be_interrupted()


def _forget_the_terminal() -> None:
    """Have all output as wide and as plain as where nobody looks."""
    for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        os.environ.pop(name, None)


def _let_processes_be_interrupted() -> None:
    """Started in the background of a script, a process ignores SIGINT, and so do its children.

    Dagster's code server takes a SIGTERM for a SIGINT, and so would not end.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what is loaded by now and stays to the end."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Stop the PostgreSQL server of this process."""
    stop_shared_server()


@dataclass(frozen=True)
class SigningKey:
    """A key pair as PEM text, and the algorithm it signs with."""

    algorithm: str
    private_pem: str
    public_pem: bytes


def _signing_key(algorithm: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> SigningKey:
    return SigningKey(
        algorithm,
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )


@pytest.fixture(scope="session")
def ec_key() -> SigningKey:
    """A P-256 key, for ES256."""
    return _signing_key("ES256", ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def rsa_key() -> SigningKey:
    """An RSA key of the smallest size NetSuite takes, for PS256; slow to make."""
    return _signing_key("PS256", rsa.generate_private_key(65537, 3072))


@pytest.fixture
def clock() -> Clock:
    """A clock for tests that need no world."""
    return Clock()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of an empty ledger in a file, for what is about SQLite itself."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture(params=KINDS)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database without tables, of each kind."""
    with ledger_on(request.param, tmp_path, has_tables=False) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    """A real PostgreSQL server of this test process alone, for what is about PostgreSQL itself."""
    return shared_server()


@pytest.fixture
def postgres_programs(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the server's own programs, such as pg_dump, found first on PATH."""
    folder = postgres_server.programs()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[LedgerStore]:
    """An empty ledger."""
    store = LedgerStore.open(ledger_url)
    yield store
    store.close()


@pytest.fixture
def world_ledger_url(tmp_path: Path) -> Iterator[str]:
    """URL of the world's ledger on the kind of database asked for; a module may give both."""
    with ledger_on(ASKED, tmp_path) as url:
        yield url


@pytest.fixture
def world(ec_key: SigningKey, world_ledger_url: str) -> Iterator[SimulatedWorld]:
    """Both simulators, consistent with each other, without invoices."""
    with simulated_world(
        private_key_pem=ec_key.private_pem,
        public_key_pem=ec_key.public_pem,
        algorithm=ec_key.algorithm,
        ledger_url=world_ledger_url,
    ) as built:
        yield built


@pytest.fixture
def connections(world: SimulatedWorld) -> Iterator[Connections]:
    """The product's connections to that world."""
    with world.connections() as opened:
        yield opened
