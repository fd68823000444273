"""`/_simulator/...` of IPOS: look inside a running server and act as the shops do.

Needs no credential, is not recorded and meets no faults.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.ipos_wire import JsonObject
from simulators.json_text import from_json, to_json
from simulators.recording import RecordedRequest


class Inspected(Protocol):
    """What these pages need of a simulator."""

    @property
    def requests(self) -> list[RecordedRequest]:
        """The recorded requests, oldest first."""
        ...

    def invoices(self, location: str | None = None) -> list[JsonObject]:
        """Every invoice, of one location or of all."""
        ...

    def acknowledgements(self) -> list[JsonObject]:
        """Every accepted acknowledgement."""
        ...

    def summary(self) -> dict[str, JsonObject]:
        """Counts and amounts by location."""
        ...

    def add_invoices(self, invoices: Iterable[Mapping[str, Any]]) -> int:
        """Add invoices and say how many were new."""
        ...

    def edit_invoice(
        self, location: str, doc_type: str, inv_no: object, inv_date: str, **changes: object
    ) -> None:
        """Change an invoice; LookupError."""
        ...

    def delete_invoice(self, location: str, doc_type: str, inv_no: object, inv_date: str) -> None:
        """Remove an invoice; LookupError."""
        ...


def inspection_routes(simulator: Inspected) -> list[Route]:
    """Build the routes over one simulator."""

    def page(path: str, content: Callable[[Request], object]) -> Route:
        async def endpoint(request: Request) -> Response:
            return _json(content(request))

        return Route(f"/_simulator/{path}", endpoint, methods=["GET"])

    async def act(request: Request) -> Response:
        try:
            return _json(_acted(simulator, request.method, from_json(await request.body())))
        except LookupError as error:
            return _json({"Status": 0, "Message": str(error)}, status=404)
        except (TypeError, ValueError) as error:
            return _json({"Status": 0, "Message": str(error)}, status=400)

    return [
        page("invoices", lambda request: simulator.invoices(request.query_params.get("location"))),
        Route("/_simulator/invoices", act, methods=["POST", "PATCH", "DELETE"]),
        page("acknowledgements", lambda _: simulator.acknowledgements()),
        page("requests", lambda _: [made.as_json() for made in simulator.requests]),
        page("summary", lambda _: simulator.summary()),
    ]


def _acted(simulator: Inspected, method: str, body: Any) -> JsonObject:  # noqa: ANN401 - as sent
    """Add, edit or delete invoices.

    POST an invoice or a list of them; PATCH or DELETE with `LocationCode`, `DocType`, `InvNo` and
    `InvDate`, and for PATCH the fields to change in `Changes`.
    """
    if method == "POST":
        added = simulator.add_invoices([body] if isinstance(body, dict) else body)
        return {"Status": 1, "Message": "OK", "Added": added}
    key = [body[name] for name in ("LocationCode", "DocType", "InvNo", "InvDate")]
    if method == "PATCH":
        simulator.edit_invoice(*key, **body["Changes"])
    else:
        simulator.delete_invoice(*key)
    return {"Status": 1, "Message": "OK"}


def _json(value: object, *, status: int = 200) -> Response:
    return Response(to_json(value), status_code=status, media_type="application/json")
