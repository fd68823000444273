"""Starting all simulators in one process, on one state directory.

The directory holds `netsuite.sqlite`, `ipos.sqlite`, `mails/`, the private keys and the TBA token,
`ports.json` (so that a restart has the same addresses) and, while they run, `simulators.json` with
all addresses and with what to sign in.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from simulators.faults import NO_FAULTS, Faults
from simulators.inbox import SmtpInbox
from simulators.ipos import IposSimulator
from simulators.json_text import from_json, to_json
from simulators.netsuite import Latency, NetSuiteSimulator
from simulators.serving import open_port, serve_socket
from simulators.world import Sales, World, build_world, configurations, reopen_world

Algorithm = Literal["ES256", "PS256"]

HOST = "127.0.0.1"
ACCOUNT_ID = "1234567_SB1"
READY_FILE = "simulators.json"


@dataclass(frozen=True)
class Ports:
    """The port of each simulator; 0 is a free one."""

    ipos: int = 0
    netsuite: int = 0
    smtp: int = 0


@dataclass(frozen=True)
class Settings:
    """How to run; `sales` is called only where the state directory holds no world yet.

    The IDs are those that NetSuite would show for the key; without them they follow from it.
    """

    state: Path
    sales: Callable[[], Sales]
    ports: Ports = Ports()
    algorithm: Algorithm = "ES256"
    latency: Latency = field(default_factory=Latency)
    slots: int = 15
    seed: int = 0
    ipos_faults: Faults = NO_FAULTS
    netsuite_faults: Faults = NO_FAULTS
    client_id: str | None = None
    certificate_id: str | None = None
    host: str = HOST


@dataclass(frozen=True)
class Identity:
    """With what the pipeline signs in to NetSuite."""

    client_id: str
    certificate_id: str
    private_key_file: Path
    public_key_pem: bytes


@dataclass(frozen=True)
class TbaToken:
    """The other way to sign in; names are those of `simulators.json`."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    token_id: str
    token_secret: str = field(repr=False)


@dataclass(frozen=True)
class Addresses:
    """Where the simulators answer; URLs have no slash at the end."""

    ipos_url: str
    netsuite_url: str
    smtp_host: str
    smtp_port: int


@contextmanager
def running(settings: Settings) -> Iterator[dict[str, Any]]:
    """Run all simulators while the context lasts; yield what `simulators.json` says.

    Raises OSError where a port is taken or a file cannot be read or written, ValueError for sales
    that cannot be read.
    """
    settings.state.mkdir(parents=True, exist_ok=True)
    ports = _remembered(settings)
    ready_file = settings.state / READY_FILE
    with ExitStack() as stack:
        ipos_socket = stack.enter_context(open_port(settings.host, ports.ipos))
        netsuite_socket = stack.enter_context(open_port(settings.host, ports.netsuite))
        ready_file.unlink(missing_ok=True)  # of a process that was killed
        inbox = SmtpInbox(settings.host, ports.smtp, directory=settings.state / "mails")
        stack.enter_context(inbox)
        netsuite = NetSuiteSimulator(
            account_id=ACCOUNT_ID,
            database=str(settings.state / "netsuite.sqlite"),
            slots=settings.slots,
            latency=settings.latency,
            seed=settings.seed,
            faults=settings.netsuite_faults,
        )
        ipos = IposSimulator(
            database=str(settings.state / "ipos.sqlite"),
            seed=settings.seed,
            faults=settings.ipos_faults,
        )
        stack.callback(ipos.close)
        ipos_url = stack.enter_context(serve_socket(ipos.app, ipos_socket))
        netsuite_url = stack.enter_context(serve_socket(netsuite.app, netsuite_socket))
        identity = _identity(settings)
        netsuite.register_client(
            identity.client_id, identity.certificate_id, identity.public_key_pem
        )
        token = _tba_token(settings)
        netsuite.register_token(**asdict(token))
        world = _world(netsuite, ipos, ipos_url, settings)
        addresses = Addresses(ipos_url, netsuite_url, inbox.host, inbox.port)
        _remember(settings, addresses)
        ready = {**_ready(settings, addresses, identity, world), **asdict(token)}
        _write(ready_file, to_json(ready).encode())
        stack.callback(ready_file.unlink, missing_ok=True)
        yield ready


def _world(
    netsuite: NetSuiteSimulator, ipos: IposSimulator, ipos_url: str, settings: Settings
) -> World:
    if configurations(netsuite):
        return reopen_world(netsuite, ipos, ipos_base_url=ipos_url)
    sales = settings.sales()
    return build_world(netsuite, ipos, ipos_base_url=ipos_url, sales=sales, seed=settings.seed)


def _ready(
    settings: Settings, addresses: Addresses, identity: Identity, world: World
) -> dict[str, Any]:
    return {
        "netsuite_base_url": addresses.netsuite_url,
        "netsuite_account_id": ACCOUNT_ID,
        "client_id": identity.client_id,
        "certificate_id": identity.certificate_id,
        "private_key_file": str(identity.private_key_file.resolve()),
        "jwt_algorithm": settings.algorithm,
        "ipos_base_url": addresses.ipos_url,
        "smtp_host": addresses.smtp_host,
        "smtp_port": addresses.smtp_port,
        "locations": list(world.locations),
        "first_day": world.first_day and world.first_day.isoformat(),
        "last_day": world.last_day and world.last_day.isoformat(),
        "pid": os.getpid(),
    }


def _identity(settings: Settings) -> Identity:
    """Read the key of the algorithm, made at the first start (RSA with 3072 bits or EC P-256)."""
    path = settings.state / f"private_key_{settings.algorithm}.pem"
    if not path.exists():
        made = _new_key(settings.algorithm)
        _write(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key = load_pem_private_key(path.read_bytes(), password=None)
    public_key_pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    fingerprint = sha256(public_key_pem).hexdigest()
    return Identity(
        settings.client_id or fingerprint,
        settings.certificate_id or f"certificate-{fingerprint[:16]}",
        path,
        public_key_pem,
    )


def _tba_token(settings: Settings) -> TbaToken:
    """Read the TBA token, made at the first start."""
    path = settings.state / "tba_token.json"
    if not path.exists():
        made = {one.name: secrets.token_hex(32) for one in fields(TbaToken)}
        _write(path, to_json(made).encode())
    return TbaToken(**from_json(path.read_text()))


def _new_key(algorithm: Algorithm) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


def _remembered(settings: Settings) -> Ports:
    """Answer the ports that were asked for, and for the others those of the last run, if any."""
    path = settings.state / "ports.json"
    last = Ports(**from_json(path.read_text())) if path.exists() else Ports()
    asked = settings.ports
    return Ports(
        ipos=asked.ipos or last.ipos,
        netsuite=asked.netsuite or last.netsuite,
        smtp=asked.smtp or last.smtp,
    )


def _remember(settings: Settings, addresses: Addresses) -> None:
    ports = Ports(
        ipos=_port(addresses.ipos_url),
        netsuite=_port(addresses.netsuite_url),
        smtp=addresses.smtp_port,
    )
    _write(settings.state / "ports.json", to_json(asdict(ports)).encode())


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


def _write(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or nothing; only the owner may read it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.replace(path)
