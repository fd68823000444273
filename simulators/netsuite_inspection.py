"""`/_simulator/...`: what the simulated account holds, as JSON, for people and outside checks.

Needs no token, takes no slot and is not recorded.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.netsuite_answers import Answer
from simulators.recording import RecordedRequest


class Inspected(Protocol):
    """What these pages need to read of a simulator."""

    @property
    def requests(self) -> list[RecordedRequest]:
        """The recorded requests, oldest first."""
        ...

    def transactions(self) -> list[dict[str, Any]]:
        """Every cash sale and refund."""
        ...

    def custom_records(self, script_id: str) -> list[dict[str, Any]]:
        """Every custom record of a type."""
        ...


def inspection_routes(simulator: Inspected) -> list[Route]:
    """Build the routes over one simulator."""

    def page(path: str, content: Callable[[Request], object]) -> Route:
        async def endpoint(request: Request) -> Response:
            return Answer(200, content(request)).to_response()

        return Route(f"/_simulator/{path}", endpoint)

    return [
        page("transactions", lambda _: simulator.transactions()),
        page("requests", lambda _: [made.as_json() for made in simulator.requests]),
        page("summary", lambda _: summary(simulator.transactions())),
        page(
            "custom-records/{script_id}",
            lambda request: simulator.custom_records(request.path_params["script_id"]),
        ),
    ]


def summary(transactions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Count and add up the transactions per type and location."""
    groups: dict[tuple[str, str], list[Decimal]] = {}
    for transaction in transactions:
        key = (transaction["type"], transaction.get("location", ""))
        groups.setdefault(key, []).append(transaction["total"])
    return [
        {"type": type_, "location": location, "count": len(totals), "total": sum(totals)}
        for (type_, location), totals in sorted(groups.items())
    ]
