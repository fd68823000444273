"""The memory of a simulator: every request it answered, without secrets."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

REQUESTS_KEPT = 25_000
"""All of a day with 20,000 invoices, in some 100 MB; what is older is forgotten."""

_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})


@dataclass(frozen=True)
class RecordedRequest:
    """A request as it came in, the status it was answered with, and when (UTC).

    `status` 0 means that no answer was given. NetSuite's also say what they took from arrival to
    answer, and which part of it was drawn as the account's latency.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str
    status: int
    at: datetime
    took_seconds: float = 0.0
    latency_seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Answer the request as a JSON object."""
        return {**asdict(self), "at": self.at.isoformat()}


def without_secrets(headers: Mapping[str, str], secret_names: Iterable[str] = ()) -> dict[str, str]:
    """Replace the values of credential headers; `secret_names` are further ones, lower case."""
    secret = _SECRET_HEADERS | frozenset(secret_names)
    return {name: "<redacted>" if name in secret else value for name, value in headers.items()}
