"""Fixtures that every kind of test shares: keys, simulators in this process, a ledger."""

import os
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
from ipos_pipeline_tests.postgres import PostgresServer
from ipos_pipeline_tests.simulated_world import Clock, SimulatedWorld, simulated_world


def pytest_configure() -> None:
    """Let no property fail because the machine is busy."""
    settings.register_profile(
        "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("shared machine")


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
    """URL of an empty ledger in a file."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    """URL of an empty ledger on each kind of database."""
    if request.param == "sqlite":
        return sqlite_url
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new_database()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A real PostgreSQL server of this test process alone."""
    with PostgresServer.running(tmp_path_factory.mktemp("postgres")) as server:
        yield server


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
def world_ledger_url(sqlite_url: str) -> str:
    """URL of the world's ledger; a module may give another kind of database."""
    return sqlite_url


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
