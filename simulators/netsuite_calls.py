"""One HTTP request as the simulated services see it, and what is remembered of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from starlette.requests import Request

from simulators.netsuite_answers import NetSuiteError, malformed_request
from simulators.netsuite_database import from_json

_REDACTED = "(redacted)"


@dataclass(frozen=True, slots=True)
class Call:
    """A request, fully read; `base_url` has scheme and host as the client called them."""

    method: str
    path: str
    path_params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str

    @property
    def url(self) -> str:
        """The address that was called, without its query."""
        return f"{self.base_url}{self.path}"

    def document(self) -> dict[str, Any]:
        """Read the body as a JSON object with exact numbers; raises NetSuiteError 400."""
        try:
            document = from_json(self.body)
        except ValueError as problem:
            raise malformed_request() from problem
        if not isinstance(document, dict):
            raise malformed_request()
        return document

    def line_count(self) -> int:
        """Count the item lines of the body, for its share of the latency."""
        try:
            return len(self.document()["item"]["items"])
        except (NetSuiteError, KeyError, TypeError):
            return 0  # no lines, or a body that is refused later


class RecordedRequest(NamedTuple):
    """What tests and people look at afterwards; `status` 0 means that no answer was given."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str
    status: int
    at: datetime


async def read_call(request: Request) -> Call:
    """Read a request to its end."""
    return Call(
        request.method,
        request.url.path,
        request.path_params,
        dict(request.query_params),
        request.headers,
        await request.body(),
        f"{request.url.scheme}://{request.url.netloc}",
    )


def recorded(call: Call, status: int, at: datetime) -> RecordedRequest:
    """Remember a call without its access token."""
    headers = {
        name: _REDACTED if name.lower() == "authorization" else value
        for name, value in call.headers.items()
    }
    body = call.body.decode(errors="replace")
    return RecordedRequest(call.method, call.path, dict(call.query), headers, body, status, at)
