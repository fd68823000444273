"""OAuth 2.0 client credentials: signed assertion in, access token out.

Source: Oracle help section_162755359851, section_162790605110, subsect_158521832417.
Which error code answers which fault of an assertion is an assumption: identity and signature
`invalid_client`, times, audience and replay `invalid_grant`, form and algorithm `invalid_request`.
Not imitated: roles and permissions, the certificate's own expiry, tokens that
are JWTs (these are opaque), rate limits of the token endpoint.
"""

import secrets
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import simplejson
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError

from simulators.netsuite_answers import Answer
from simulators.netsuite_database import Database

ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_SECONDS = 3600
# The text says "less than 60 minutes", Oracle's own sample has exactly this.
ASSERTION_SECONDS_MAX = 3600
RSA_BITS_MIN = 3072


class _RefusedError(Exception):
    """The token request is refused with one of OAuth's error codes."""


class TokenService:
    """Registered certificates, the assertions seen, and the tokens that are good now."""

    def __init__(self, database: Database, account_id: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._account_id = account_id
        self._clock = clock
        self._keys = {
            (client_id, certificate_id): _import_public_key(pem.encode())
            for client_id, certificate_id, pem in database.rows("SELECT * FROM ns_client")
        }
        self._tokens: dict[str, float] = dict(database.rows("SELECT * FROM ns_token"))

    def register_client(self, client_id: str, certificate_id: str, public_key_pem: bytes) -> None:
        """Map a certificate or public key to an integration.

        Raises ValueError for an RSA key that NetSuite would refuse (below 3072 bits).
        """
        self._keys[client_id, certificate_id] = _import_public_key(public_key_pem)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO ns_client VALUES (?, ?, ?)",
                (client_id, certificate_id, public_key_pem.decode()),
            )

    def accepts(self, authorization: str | None) -> bool:
        """Tell whether an `Authorization` header carries a token that is good now."""
        scheme, _, token = (authorization or "").partition(" ")
        expires_at = self._tokens.get(token) if scheme.lower() == "bearer" else None
        return expires_at is not None and expires_at > self._clock().timestamp()

    def revoke_tokens(self) -> None:
        """Make every token issued so far worthless."""
        self._tokens.clear()
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM ns_token")

    def answer(self, form: bytes, token_url: str) -> Answer:
        """Answer a token request; `token_url` is the address that was really called."""
        fields = {name: values[-1] for name, values in parse_qs(form.decode("latin-1")).items()}
        try:
            self._check_grant(fields)
            client_id, claims = self._verified_claims(fields["client_assertion"])
            self._check_claims(claims, token_url)
            self._spend_assertion(client_id, claims)
        except _RefusedError as refusal:
            return self._refusal(str(refusal))
        body = {
            "access_token": self._issue_token(),
            "expires_in": str(TOKEN_SECONDS),
            "token_type": "Bearer",
        }
        return Answer(200, body)

    def _check_grant(self, fields: Mapping[str, str]) -> None:
        grant_type = fields.get("grant_type")
        if grant_type is not None and grant_type != "client_credentials":
            raise _RefusedError("unsupported_grant_type")
        form_is_right = fields.get("client_assertion_type") == ASSERTION_TYPE
        if grant_type is None or not form_is_right or "client_assertion" not in fields:
            raise _RefusedError("invalid_request")

    def _verified_claims(self, assertion: str) -> tuple[str, Mapping[str, Any]]:
        """Check algorithm, certificate and signature; return the client and its claims."""
        try:
            unverified = jws.extract_compact(assertion.encode())
            header, claims = unverified.headers(), simplejson.loads(unverified.payload)
            identity = (claims["iss"], header["kid"])
        except (JoseError, ValueError, KeyError, TypeError) as problem:
            raise _RefusedError("invalid_request") from problem
        if header.get("alg") not in ALGORITHMS:
            raise _RefusedError("invalid_request")
        key = self._keys.get(identity)
        if key is None:
            raise _RefusedError("invalid_client")
        try:
            return identity[0], jwt.decode(assertion, key, algorithms=ALGORITHMS).claims
        except JoseError as problem:
            raise _RefusedError("invalid_client") from problem

    def _check_claims(self, claims: Mapping[str, Any], token_url: str) -> None:
        issued_at, expires_at = claims.get("iat"), claims.get("exp")
        if not isinstance(issued_at, int) or not isinstance(expires_at, int):
            raise _RefusedError("invalid_request")
        now = self._clock().timestamp()
        timely = issued_at <= now < expires_at
        if not timely or expires_at - issued_at > ASSERTION_SECONDS_MAX:
            raise _RefusedError("invalid_grant")
        if claims.get("aud") not in (token_url, [token_url]):
            raise _RefusedError("invalid_grant")
        scope = claims.get("scope", "")
        scopes = scope if isinstance(scope, list) else str(scope).replace(",", " ").split()
        if "rest_webservices" not in scopes:
            raise _RefusedError("invalid_scope")

    def _spend_assertion(self, client_id: str, claims: Mapping[str, Any]) -> None:
        """Refuse an assertion that was used before; one without `jti` cannot be recognised."""
        if "jti" not in claims:
            return
        try:
            with self._database.transaction() as connection:
                connection.execute(
                    "INSERT INTO ns_assertion VALUES (?, ?)", (client_id, str(claims["jti"]))
                )
        except sqlite3.IntegrityError as problem:
            raise _RefusedError("invalid_grant") from problem

    def _issue_token(self) -> str:
        token = secrets.token_urlsafe(32)
        expires_at = self._clock().timestamp() + TOKEN_SECONDS
        with self._database.transaction() as connection:
            connection.execute("INSERT INTO ns_token VALUES (?, ?)", (token, expires_at))
        self._tokens[token] = expires_at
        return token

    def _refusal(self, error: str) -> Answer:
        if error != "invalid_client":
            return Answer(400, {"error": error})
        challenge = {"WWW-Authenticate": f'Basic realm="{self._account_id}"'}
        return Answer(401, {"error": error}, challenge)


def _import_public_key(pem: bytes) -> jwk.RSAKey | jwk.ECKey:
    """Read a public key, or the one inside an X.509 certificate."""
    if b"BEGIN CERTIFICATE" in pem:
        certificate = x509.load_pem_x509_certificate(pem)
        pem = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    else:
        public_key = load_pem_public_key(pem)
    if isinstance(public_key, EllipticCurvePublicKey):
        return jwk.ECKey.import_key(pem)
    if not isinstance(public_key, RSAPublicKey) or public_key.key_size < RSA_BITS_MIN:
        message = "NetSuite takes RSA keys of 3072 or 4096 bits, or EC keys"
        raise ValueError(message)
    return jwk.RSAKey.import_key(pem)
