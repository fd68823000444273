"""One HTTP request as the simulated services see it, and what is remembered of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request

from simulators.json_text import from_json
from simulators.netsuite_answers import NetSuiteError, malformed_request
from simulators.recording import RecordedRequest, without_secrets

QUERY_PATH = "/services/rest/query/v1/suiteql"


@dataclass(frozen=True, slots=True)
class Call:
    """A request, fully read; `base_url` has scheme and host as the client called them.

    `raw_path` and `raw_query` are what stood on the wire, which is what a client signs.
    """

    method: str
    path: str
    path_params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    raw_path: str
    raw_query: str

    @property
    def url(self) -> str:
        """The address that was called, without its query."""
        return f"{self.base_url}{self.path}"

    @property
    def is_query(self) -> bool:
        """Say whether it asks the query service."""
        return self.path == QUERY_PATH

    def query_text(self) -> str:
        """Read the text of a query, "" where there is none."""
        try:
            return str(self.document().get("q", ""))
        except NetSuiteError:
            return ""  # refused later

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
        request.scope["raw_path"].partition(b"?")[0].decode("latin-1"),
        request.scope["query_string"].decode("latin-1"),
    )


def recorded(
    call: Call,
    status: int,
    at: datetime,
    *,
    took_seconds: float = 0.0,
    latency_seconds: float = 0.0,
) -> RecordedRequest:
    """Remember a call without its access token or signature."""
    return RecordedRequest(
        method=call.method,
        path=call.path,
        query=dict(call.query),
        headers=without_secrets(call.headers),
        body=call.body.decode(errors="replace"),
        status=status,
        at=at,
        took_seconds=took_seconds,
        latency_seconds=latency_seconds,
    )
