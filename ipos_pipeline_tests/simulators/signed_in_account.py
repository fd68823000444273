"""A small simulated account with a signed-in client, shared by the NetSuite simulator's tests."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2
import simplejson
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc import jwk, jwt

from simulators.in_process import InProcessTransport
from simulators.netsuite import TOKEN_PATH, NetSuiteSimulator

BASE_URL = "https://1234567-sb1.suitetalk.test"
TOKEN_URL = BASE_URL + TOKEN_PATH
RECORDS = "/services/rest/record/v1"
SUITEQL = "/services/rest/query/v1/suiteql"
SALES = f"{RECORDS}/cashSale"
REFUNDS = f"{RECORDS}/cashRefund"
Send = Callable[..., Awaitable[httpx2.Response]]
STRICT = {"X-NetSuite-PropertyNameValidation": "Error"}


class Clock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Read the time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move the time on."""
        self.now += timedelta(seconds=seconds)


@functools.cache
def private_key(kind: str) -> Any:
    """Make a key once per process: `EC` (P-256) or `RSA` (3072 bits, slow)."""
    if kind == "EC":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 3072)


def public_pem(kind: str) -> bytes:
    """Write the public half of a key."""
    public_key = private_key(kind).public_key()
    pem: bytes = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def assertion(
    clock: Clock, *, algorithm: str = "ES256", kid: str = "cert-ec", **claims: object
) -> str:
    """Sign a client assertion; a claim given as None is left out."""
    kind = "EC" if algorithm.startswith("ES") else "RSA"
    pem = private_key(kind).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = jwk.ECKey.import_key(pem) if kind == "EC" else jwk.RSAKey.import_key(pem)
    issued_at = int(clock().timestamp())
    usual: dict[str, object] = {
        "iss": "client-1",
        "scope": ["rest_webservices"],
        "aud": TOKEN_URL,
        "iat": issued_at,
        "exp": issued_at + 300,
    }
    sent = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    header = {"alg": algorithm, "kid": kid, "typ": "JWT"}
    return jwt.encode(header, sent, key, algorithms=[algorithm])


def token_form(client_assertion: str) -> dict[str, str]:
    """Build the form of a token request."""
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": client_assertion,
    }


class Account:
    """A filled simulator and a client whose calls carry a good token unless told otherwise."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.simulator = NetSuiteSimulator(clock=self.clock, **settings)
        fill(self.simulator)
        self.authorization = f"Bearer {self.token(assertion(self.clock)).json()['access_token']}"

    def token(self, client_assertion: str) -> httpx2.Response:
        """Ask for a token."""
        return self.call("POST", TOKEN_PATH, data=token_form(client_assertion), signed=False)

    def call(self, method: str, path: str, **request: Any) -> httpx2.Response:
        """Make one call and wait for it."""

        async def one(send: Send) -> httpx2.Response:
            return await send(method, path, **request)

        answer: httpx2.Response = self.run(one)
        return answer

    def run(self, work: Callable[[Send], Awaitable[Any]]) -> Any:
        """Run asynchronous work that gets a `send(method, path, ...)`."""

        async def inside() -> Any:
            transport = InProcessTransport({BASE_URL: self.simulator.app})
            async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as client:

                async def send(method: str, path: str, **request: Any) -> httpx2.Response:
                    return await client.request(method, path, **self._prepared(request))

                return await work(send)

        return asyncio.run(inside())

    def post(self, path: str, document: object, **headers: str) -> httpx2.Response:
        """Send a document with these headers."""
        return self.call("POST", path, json=document, headers=headers)

    def query(self, text: str, *params: object, page: str = "") -> httpx2.Response:
        """Ask a SuiteQL query."""
        body = {"q": text, "params": list(params)}
        return self.call("POST", SUITEQL + page, json=body, headers={"Prefer": "transient"})

    def rows(self, text: str, *params: object) -> list[dict[str, str]]:
        """Ask a SuiteQL query that must succeed, and return its items without their links."""
        answer = self.query(text, *params)
        assert answer.status_code == 200, answer.text
        return [
            {name: value for name, value in item.items() if name != "links"}
            for item in answer.json()["items"]
        ]

    def _prepared(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add the token, and write `json` with exact decimals."""
        signed = {"Authorization": self.authorization} if request.pop("signed", True) else {}
        if "json" in request:
            request["content"] = to_json(request.pop("json"))
        return {**request, "headers": {**signed, **request.get("headers", {})}}


def fill(simulator: NetSuiteSimulator) -> None:
    """Give the account one of everything, and one inactive item and one service."""
    simulator.register_client("client-1", "cert-ec", public_pem("EC"))
    simulator.add_subsidiary(1, "Retail LLC")
    simulator.add_customer(5, "Walk-in customer", externalid="walk-in", subsidiary=1)
    simulator.add_location(11, "Dubai Mall")
    simulator.add_currency(2, "UAE Dirham", "AED")
    simulator.add_account(90, "Cash in transit")
    simulator.add_tax_code(7, "VAT 5%", Decimal("0.05"))
    simulator.add_item(100, "SHIRT", upccode="6291000000017", custitem_old_code="S-1")
    simulator.add_item(101, "SHOES", externalid="shoes")
    simulator.add_item(102, "GONE", isinactive=True)
    simulator.add_item(103, "ALTERATION", itemtype="Service")


def to_json(document: object) -> str:
    """Write JSON with exact decimals."""
    return simplejson.dumps(document, use_decimal=True)


def document(external_id: str | None = "IPOS-1", **changes: object) -> dict[str, Any]:
    """Build a good cash sale or refund of one line; a change to None leaves the field out."""
    usual: dict[str, object] = {
        "externalId": external_id,
        "entity": {"id": "5"},
        "tranDate": "2026-11-20",
        "location": {"id": "11"},
        "currency": {"id": "2"},
        "account": {"id": "90"},
        "item": {"items": [line()]},
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def line(**changes: object) -> dict[str, Any]:
    """Build a good line; a change to None leaves the field out."""
    usual: dict[str, object] = {
        "item": {"id": "100"},
        "quantity": 2,
        "grossAmt": Decimal("10.50"),
        "price": {"id": "-1"},
        "taxCode": {"id": "7"},
        "location": {"id": "11"},
        "description": "Shirt",
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def details(answer: httpx2.Response) -> list[dict[str, str]]:
    """Read the error details of an answer."""
    found: list[dict[str, str]] = answer.json()["o:errorDetails"]
    return found
