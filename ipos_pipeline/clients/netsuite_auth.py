"""OAuth 2.0 client credentials with a signed assertion: how a request proves who we are.

Facts: netsuite_facts 7 (help section_162755359851, section_162790605110). RS256 is retired; PS256
and ES256 are offered here. Oracle answers `expires_in` as a number or as text.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey

from ipos_pipeline.clients.http import (
    Pacing,
    SecretAuth,
    header_text,
    lifetime_of,
    read,
    retry_after_seconds,
    retry_transient,
    shown_body,
)
from ipos_pipeline.domain.json_text import read_json
from ipos_pipeline.errors import (
    AuthenticationError,
    ConfigurationError,
    ThrottledError,
    TransientError,
)

JwtAlgorithm = Literal["PS256", "ES256"]

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 300
RENEW_BEFORE = timedelta(minutes=2)
UNAUTHORIZED = 401
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500


@dataclass(frozen=True)
class ClientCredentials:
    """What an integration's certificate mapping gives us; the key is never shown."""

    client_id: str
    certificate_id: str
    private_key_pem: str = field(repr=False)
    algorithm: JwtAlgorithm = "PS256"


class OAuth2ClientCredentials(SecretAuth):
    """Puts a bearer token on each request, renews it early, and once after a 401."""

    requires_response_body = False

    def __init__(
        self,
        credentials: ClientCredentials,
        *,
        base_url: str,
        client: httpx2.AsyncClient,
        clock: Callable[[], datetime],
        pacing: Pacing,
    ) -> None:
        self._credentials = credentials
        self._token_url = base_url + TOKEN_PATH
        self._client = client
        self._clock = clock
        self._pacing = pacing
        self._key = _private_key(credentials)
        self._token = ""
        self._sent = ""
        self._renew_at: datetime | None = None
        self._renewing = asyncio.Lock()

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Authorize a request; a refused token is renewed once, by one caller for all."""
        token = await self._current()
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == UNAUTHORIZED:
            request.headers["Authorization"] = f"Bearer {await self._current(refused=token)}"
            yield request

    def secrets(self) -> tuple[str, ...]:
        """Give the token, and the assertion that it was asked for with."""
        return self._token, self._sent

    async def _current(self, *, refused: str | None = None) -> str:
        async with self._renewing:
            is_old = self._renew_at is None or self._clock() >= self._renew_at
            if is_old or self._token == refused:
                await retry_transient(self._fetch, self._pacing)
            return self._token

    async def _fetch(self) -> None:
        now = self._clock()
        self._sent = self._assertion(now)
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._sent,
        }
        request = self._client.build_request("POST", self._token_url, data=form)
        response = await read(self._client, request, what="NetSuite token")
        message = f"NetSuite's token service answered {response.status_code}"
        if response.status_code == TOO_MANY_REQUESTS:
            raise ThrottledError(message, retry_after_seconds=retry_after_seconds(response))
        if response.status_code >= SERVER_ERROR:
            raise TransientError(message)
        try:
            answer = read_json(response.content)
            self._token = header_text(answer["access_token"])
            lifetime = lifetime_of(answer["expires_in"])
        except (ValueError, KeyError, TypeError):
            raise self._refused(response) from None
        self._renew_at = now + max(lifetime - RENEW_BEFORE, timedelta())

    def _refused(self, response: httpx2.Response) -> AuthenticationError:
        said = "something that may hold one" if response.is_success else shown_body(response)
        message = (
            f"NetSuite gave no usable token: {response.status_code} {said}"
            f" (client ID {self._credentials.client_id}, certificate"
            f" {self._credentials.certificate_id}, {self._credentials.algorithm})."
        )
        return AuthenticationError(
            message,
            recovery="Check NETSUITE_CLIENT_ID, NETSUITE_CERTIFICATE_ID, the private key and"
            " NETSUITE_JWT_ALGORITHM, and that the certificate has not expired or been removed.",
        )

    def _assertion(self, now: datetime) -> str:
        issued_at = int(now.timestamp())
        claims = {
            "iss": self._credentials.client_id,
            "scope": ["rest_webservices"],
            "aud": self._token_url,
            "iat": issued_at,
            "exp": issued_at + ASSERTION_SECONDS,
            "jti": uuid.uuid4().hex,
        }
        header = {
            "typ": "JWT",
            "alg": self._credentials.algorithm,
            "kid": self._credentials.certificate_id,
        }
        return jwt.encode(header, claims, self._key, algorithms=[self._credentials.algorithm])


def _private_key(credentials: ClientCredentials) -> Key:
    kind = ECKey if credentials.algorithm.startswith("ES") else RSAKey
    try:
        return kind.import_key(credentials.private_key_pem)
    except (ValueError, JoseError) as error:
        message = (
            f"NETSUITE_PRIVATE_KEY is not a private key that {credentials.algorithm} can use"
            f" ({type(error).__name__})."
        )
        raise ConfigurationError(
            message,
            recovery="Give a PEM private key: RSA of 3072 or 4096 bits for PS256, P-256 for ES256.",
        ) from None
