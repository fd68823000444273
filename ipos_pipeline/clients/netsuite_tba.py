"""Token-based authentication (TBA): OAuth 1.0a, each request signed with HMAC-SHA256.

The second way to sign in, for integrations that have it already; Oracle takes no new ones from
2027.1 on. Facts: netsuite_facts 7 (help section_1534941295), RFC 5849. Bodies are never forms here,
so that only method, address and query are signed. How a request proves who we are otherwise:
netsuite_auth.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

import httpx2

from ipos_pipeline.clients.http import SecretAuth

SIGNATURE_METHOD = "HMAC-SHA256"
NONCE_BYTES = 16


@dataclass(frozen=True)
class TbaCredentials:
    """An integration's consumer and the token of its user and role; secrets are never shown."""

    account_id: str
    consumer_key: str
    consumer_secret: str = field(repr=False)
    token_id: str
    token_secret: str = field(repr=False)

    @property
    def realm(self) -> str:
        """The account as TBA writes it: `1234567_SB1`, whatever the address looks like."""
        return self.account_id.replace("-", "_").upper()


class TokenBasedAuthentication(SecretAuth):
    """Signs each request, and once more after a 401, which too many requests at once also give."""

    def __init__(
        self,
        credentials: TbaCredentials,
        *,
        clock: Callable[[], datetime],
        new_nonce: Callable[[], str] = lambda: secrets.token_hex(NONCE_BYTES),
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._new_nonce = new_nonce

    def secrets(self) -> tuple[str, ...]:
        """Give what a signature is made of."""
        own = self._credentials
        return own.consumer_secret, own.token_secret, own.consumer_key, own.token_id

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Sign a request; no signature is ever sent twice."""
        self._sign(request)
        response = yield request
        if response.status_code == httpx2.codes.UNAUTHORIZED:
            self._sign(request)
            yield request

    def _sign(self, request: httpx2.Request) -> None:
        request.headers["Authorization"] = authorization_header(
            request,
            self._credentials,
            nonce=self._new_nonce(),
            timestamp=int(self._clock().timestamp()),
        )


def authorization_header(
    request: httpx2.Request, credentials: TbaCredentials, *, nonce: str, timestamp: int
) -> str:
    """Sign a request; `timestamp` is in seconds since 1970, `nonce` new for each request."""
    protocol = {
        "oauth_consumer_key": credentials.consumer_key,
        "oauth_token": credentials.token_id,
        "oauth_signature_method": SIGNATURE_METHOD,
        "oauth_timestamp": str(timestamp),
        "oauth_nonce": nonce,
        "oauth_version": "1.0",
    }
    parameters = [*request.url.params.multi_items(), *protocol.items()]
    signed = signature(
        signature_base_string(request.method, request.url, parameters),
        consumer_secret=credentials.consumer_secret,
        token_secret=credentials.token_secret,
    )
    shown = {"realm": credentials.realm, **protocol, "oauth_signature": signed}
    return "OAuth " + ", ".join(f'{name}="{encoded(value)}"' for name, value in shown.items())


def signature_base_string(
    method: str, url: httpx2.URL, parameters: Iterable[tuple[str, str]]
) -> str:
    """Write what is signed (RFC 5849, 3.4.1): method, address without query, sorted parameters."""
    path = url.raw_path.partition(b"?")[0].decode("ascii")
    address = f"{url.scheme}://{url.netloc.decode('ascii')}{path}"
    pairs = sorted((encoded(name), encoded(value)) for name, value in parameters)
    normalized = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join(encoded(part) for part in (method.upper(), address, normalized))


def signature(base_string: str, *, consumer_secret: str, token_secret: str) -> str:
    """Sign a base string with HMAC-SHA256 (RFC 5849, 3.4.2, with the longer hash)."""
    key = f"{encoded(consumer_secret)}&{encoded(token_secret)}"
    digest = hmac.new(key.encode("ascii"), base_string.encode("ascii"), hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def encoded(text: str) -> str:
    """Percent-encode all but letters, digits and `-._~` (RFC 5849, 3.6)."""
    return quote(text, safe="")
