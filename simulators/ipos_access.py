"""Who may read which location on the IPOS main server: fixed headers and login tokens."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

Profile = Literal["nested", "flat"]

TOKEN_LIFETIME = timedelta(hours=1)

_UNAUTHORIZED_PAGE = (
    "<!DOCTYPE html><html><head><title>401 - Unauthorized</title></head>"
    "<body><h2>401 - Unauthorized: Access is denied due to invalid credentials.</h2></body></html>"
)


@dataclass(frozen=True)
class Location:
    """A shop as the main server knows it: its credential and how it answers."""

    code: str
    auth_header: str | None = field(default=None, repr=False)
    auth_value: str | None = field(default=None, repr=False)
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    profile: Profile = "nested"
    separate_returns_feed: bool = False
    timezone: str = "Asia/Dubai"

    def wall_clock(self, moment: datetime) -> datetime:
        """Say what the shop's clock shows at an instant; without offset, as IPOS writes times."""
        return moment.astimezone(ZoneInfo(self.timezone)).replace(tzinfo=None)

    def opened_by(self, headers: Mapping[str, str]) -> bool:
        """Say whether the headers (names in lower case) carry this location's fixed credential."""
        if not self.auth_header or not self.auth_value:
            return False
        return _same(headers.get(self.auth_header.lower(), ""), self.auth_value)


class RefusedError(Exception):
    """A request that the server does not carry out; `message` is shown to the caller."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        page: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the HTTP status, the message and, where the body is no JSON, the HTML page."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.page = page
        self.headers = dict(headers or {})


class Access:
    """The locations of one main server and the tokens it has handed out.

    Does not imitate: users with several locations of their own, refresh tokens, lock-outs after
    wrong passwords. Several locations may share one credential, which then opens them all.
    """

    def __init__(self, *, clock: Callable[[], datetime], random: Random) -> None:
        """Start with no location. Tokens live on the given clock and are not kept in a file."""
        self._locations: dict[str, Location] = {}
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self._clock = clock
        self._random = random

    def add(self, location: Location) -> None:
        """Add a location, or replace the one with this code: its old credential is then dead."""
        self._locations[location.code] = location
        self._tokens = {
            token: grant for token, grant in self._tokens.items() if grant[0] != location.code
        }

    def location(self, code: str) -> Location:
        """Answer a location; LookupError where it was not added."""
        return self._locations[code]

    @property
    def codes(self) -> list[str]:
        """The codes of all locations, in the order in which they were added."""
        return list(self._locations)

    @property
    def secret_headers(self) -> set[str]:
        """The names, in lower case, of headers whose values are credentials."""
        named = (location.auth_header for location in self._locations.values())
        return {name.lower() for name in named if name}

    def authorize(self, headers: Mapping[str, str], code: str | None) -> Location:
        """Answer the location asked for, if the credential opens it.

        Without any credential the web server answers before the application, with a page [A].
        Raises RefusedError: 401 for a missing or wrong credential, 400 without a location,
        403 for a location that the credential does not open.
        """
        opened = self._opened_by(headers)
        if not opened:
            known = any(name in headers for name in self.secret_headers | {"authorization"})
            page = None if known else _UNAUTHORIZED_PAGE
            raise RefusedError(401, "Invalid credentials", page=page)
        if not code:
            raise RefusedError(400, "The location is missing")
        if code not in opened:
            raise RefusedError(403, f"The credential does not open location {code}")
        return self._locations[code]

    def rotate(self, code: str) -> Location:
        """Give a location a new header value or password; LookupError where it was not added."""
        location = self._locations[code]
        secret = f"{self._random.getrandbits(160):040x}"
        if location.auth_header:
            self.add(replace(location, auth_value=secret))
        else:
            self.add(replace(location, password=secret))
        return self._locations[code]

    def log_in(self, username: object, password: object, code: object) -> str:
        """Hand out a bearer token for one location; RefusedError 401 for a wrong login."""
        location = self._locations.get(str(code))
        if location is None or not location.username or not location.password:
            raise RefusedError(401, "Invalid user name or password")
        right_name = _same(str(username), location.username)
        if not (_same(str(password), location.password) and right_name):
            raise RefusedError(401, "Invalid user name or password")
        token = f"{self._random.getrandbits(160):040x}"
        self._tokens[token] = (location.code, self._clock() + TOKEN_LIFETIME)
        return token

    def revoke_tokens(self) -> None:
        """Forget every token, as a restart of the server does."""
        self._tokens.clear()

    def _opened_by(self, headers: Mapping[str, str]) -> set[str]:
        opened = {code for code, shop in self._locations.items() if shop.opened_by(headers)}
        scheme, _, token = headers.get("authorization", "").partition(" ")
        grant = self._tokens.get(token) if scheme.lower() == "bearer" else None
        if grant is not None and self._clock() < grant[1]:
            opened.add(grant[0])
        return opened


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
