"""Token-based authentication (TBA): OAuth 1.0a signatures, verified strictly.

Source: Oracle help section_1534941295; RFC 5849, with HMAC-SHA256. Assumptions: a request may be
five minutes off the account's clock, `oauth_version` must be there, the 401 looks as with OAuth
2.0; `oauth_body_hash`, which clients in use send (Python's authlib), is signed like the other
parameters and not compared with the body. Not imitated: HMAC-SHA1 (retired), the three-step flow
that hands out tokens, signed forms, roles and their permissions.
"""

import hmac
import re
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import parse_qsl, quote_plus, unquote

from simulators.netsuite_calls import Call
from simulators.netsuite_database import Database

CLOCK_SECONDS_MAX = 300

_METHOD = "HMAC-SHA256"
_FIELDS = {
    "realm",
    "oauth_consumer_key",
    "oauth_token",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_version",
    "oauth_signature",
}
_BODY_HASH = "oauth_body_hash"
_FIELD = re.compile(r'\s*(\w+)="([^"]*)"\s*')


class SignedAccess:
    """The registered tokens of one account, and the nonces that were used with them."""

    def __init__(self, database: Database, account_id: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._account_id = account_id
        self._clock = clock
        self._secrets: dict[tuple[str, str], tuple[str, str]] = {
            (consumer_key, token_id): (consumer_secret, token_secret)
            for consumer_key, consumer_secret, token_id, token_secret in database.rows(
                "SELECT consumer_key, consumer_secret, token_id, token_secret FROM ns_tba_token"
            )
        }

    def register_token(
        self, consumer_key: str, consumer_secret: str, token_id: str, token_secret: str
    ) -> None:
        """Let an integration in as the user and role of a token; replaces the pair's secrets."""
        self._secrets[consumer_key, token_id] = (consumer_secret, token_secret)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO ns_tba_token VALUES (?, ?, ?, ?)",
                (consumer_key, token_id, consumer_secret, token_secret),
            )

    def accepts(self, call: Call) -> bool:
        """Tell whether a call is signed as it should be; its nonce is then spent."""
        given = _header_fields(call.headers.get("Authorization") or "")
        if given.keys() - {_BODY_HASH} != _FIELDS:
            return False
        if not self._is_for_us(given) or not self._is_timely(given):
            return False
        known = self._secrets.get((given["oauth_consumer_key"], given["oauth_token"]))
        if known is None:
            return False
        expected = _signature(_base_string(call, given), known)
        is_right = hmac.compare_digest(expected.encode(), given["oauth_signature"].encode())
        return is_right and self._spend_nonce(given)

    def _is_for_us(self, given: Mapping[str, str]) -> bool:
        return (
            given["realm"] == self._account_id
            and given["oauth_signature_method"] == _METHOD
            and given["oauth_version"] == "1.0"
        )

    def _is_timely(self, given: Mapping[str, str]) -> bool:
        timestamp = given["oauth_timestamp"]
        if not re.fullmatch(r"[0-9]{1,12}", timestamp):
            return False
        return abs(int(timestamp) - self._clock().timestamp()) <= CLOCK_SECONDS_MAX

    def _spend_nonce(self, given: Mapping[str, str]) -> bool:
        names = ("oauth_consumer_key", "oauth_token", "oauth_timestamp", "oauth_nonce")
        try:
            with self._database.transaction() as connection:
                connection.execute(
                    "INSERT INTO ns_tba_nonce VALUES (?, ?, ?, ?)", [given[name] for name in names]
                )
        except sqlite3.IntegrityError:
            return False
        return True


def _header_fields(authorization: str) -> dict[str, str]:
    """Read `OAuth name="value", ...`; empty for anything else, a repeated name included."""
    scheme, _, rest = authorization.partition(" ")
    matches = [_FIELD.fullmatch(part) for part in rest.split(",")]
    named = [(match[1], unquote(match[2])) for match in matches if match is not None]
    is_whole = scheme.lower() == "oauth" and len({name for name, _ in named}) == len(matches)
    return dict(named) if is_whole else {}


def _base_string(call: Call, given: Mapping[str, str]) -> str:
    """Put together what the client should have signed, from the request as it came in."""
    signed = {name: given[name] for name in given.keys() - {"realm", "oauth_signature"}}
    pairs = [*parse_qsl(call.raw_query, keep_blank_values=True), *signed.items()]
    quoted = sorted((_quoted(name), _quoted(value)) for name, value in pairs)
    normal = "&".join(f"{name}={value}" for name, value in quoted)
    return f"{call.method}&{_quoted(call.base_url.lower() + call.raw_path)}&{_quoted(normal)}"


def _signature(base_string: str, known: tuple[str, str]) -> str:
    key = "&".join(_quoted(secret) for secret in known)
    return b64encode(hmac.digest(key.encode(), base_string.encode(), "sha256")).decode()


def _quoted(text: str) -> str:
    return quote_plus(text, safe="").replace("+", "%20")
