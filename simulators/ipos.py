"""The IPOS main server, imitated over HTTP as this project assumes it to be.

Belongs here: the application, its routes and what a test or a person may do from outside.
Not here: the operations (ipos_operations.py), credentials (ipos_access.py), storage (ipos_store.py)
and the JSON texts (ipos_wire.py).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from random import Random
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.ipos_access import Access, Location, Profile, RefusedError
from simulators.ipos_operations import Call, Endpoint, answer, decide, execute
from simulators.ipos_store import Identity, IposStore
from simulators.ipos_wire import JsonObject, from_json, net_total, stored_form, to_json
from simulators.recording import REQUESTS_KEPT, RecordedRequest, without_secrets


class IposSimulator:
    """One main server for many locations: invoice lists, acknowledgements, day summaries, tokens.

    No IPOS API document is public, so every path, name and envelope is an assumption; those of
    more weight are marked [A] where they are made. Does not imitate: the location servers (an
    invoice is simply added), counters and cashiers, stock, payments, a limit of calls, the other
    vendors' field names, and none of the failures that happen in the field: it answers correctly.
    """

    def __init__(
        self,
        *,
        database: str = ":memory:",
        page_size_max: int = 200,
        latency_seconds: float = 0.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        seed: int = 0,
    ) -> None:
        """Open the database; `latency_seconds` pass before each answer, by `sleep`."""
        self.store = IposStore(database)
        self.access = Access(clock=clock, random=Random(seed))
        self.page_size_max = page_size_max
        self._latency_seconds = latency_seconds
        self._clock = clock
        self._sleep = sleep
        self._requests: deque[RecordedRequest] = deque(maxlen=REQUESTS_KEPT)
        self.app = Starlette(routes=self._routes())

    @property
    def requests(self) -> list[RecordedRequest]:
        """The recorded requests, oldest first, the last 100,000; those for inspection are not."""
        return list(self._requests)

    def add_location(
        self,
        code: str,
        *,
        auth_header: str | None = None,
        auth_value: str | None = None,
        username: str | None = None,
        password: str | None = None,
        profile: Profile = "nested",
        separate_returns_feed: bool = False,
        timezone: str = "Asia/Dubai",
    ) -> None:
        """Add a shop, or change it: then the old credential and its tokens are dead."""
        self.access.add(
            Location(
                code=code,
                auth_header=auth_header,
                auth_value=auth_value,
                username=username,
                password=password,
                profile=profile,
                separate_returns_feed=separate_returns_feed,
                timezone=timezone,
            )
        )

    def add_invoice(self, invoice: Mapping[str, Any], *, location: str | None = None) -> int:
        """Add one invoice; see `add_invoices`."""
        return self.add_invoices([invoice], location=location)

    def add_invoices(
        self, invoices: Iterable[Mapping[str, Any]], *, location: str | None = None
    ) -> int:
        """Add invoices as they are on the wire, well-formed or not; answer how many were new.

        They are listed under `location`, or else under the `LocationCode` of each. One that is
        known already (location, type, number and time) is left as it is.
        """
        return self.store.add(
            stored_form(invoice, location=code, arrived=self._wall_clock(code))
            for invoice in invoices
            for code in [location or str(invoice["LocationCode"])]
        )

    def edit_invoice(
        self,
        location: str,
        doc_type: str,
        inv_no: object,
        inv_date: str,
        **changes: object,
    ) -> None:
        """Change fields of an invoice, named as on the wire; `ModifiedOn` follows by itself.

        An acknowledged invoice is shown again only with `Posted=0`. LookupError if unknown.
        """
        now = self._wall_clock(location)
        modified = {"ModifiedOn": now.isoformat(timespec="seconds")}
        identity = _identity(location, doc_type, inv_no, inv_date)
        self.store.edit(identity, {**modified, **changes}, arrived=now)

    def delete_invoice(self, location: str, doc_type: str, inv_no: object, inv_date: str) -> None:
        """Remove an invoice without a trace; LookupError if unknown."""
        self.store.delete(_identity(location, doc_type, inv_no, inv_date))

    def acknowledgements(self) -> list[JsonObject]:
        """Answer every accepted document, oldest first; repetitions have `Repeated` true."""
        return self.store.acknowledgements()

    def invoices(self, location: str | None = None) -> list[JsonObject]:
        """Answer the invoices as on the wire, with `Posted`, `ErpId` and `ErpRefundId`."""
        return list(self.store.invoices(location))

    def posted(self, location: str | None = None) -> list[JsonObject]:
        """Answer the invoices that are acknowledged; see `invoices`."""
        return [invoice for invoice in self.store.invoices(location) if invoice["Posted"]]

    def summary(self) -> dict[str, JsonObject]:
        """Answer for each location: `invoices`, `acknowledged` (counts) and `net_amount`."""
        return _totals(self.store)

    def days(self) -> tuple[date, date] | tuple[None, None]:
        """Answer the first and the last business day that has an invoice, if any has."""
        days = self.store.days()
        if days is None:
            return None, None
        return date.fromisoformat(days[0]), date.fromisoformat(days[1])

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    def _wall_clock(self, code: str) -> datetime:
        try:
            location = self.access.location(code)
        except LookupError:
            location = Location(code)
        return location.wall_clock(self._clock())

    def _routes(self) -> list[Route]:
        return [
            Route("/api/invoices", self._endpoint("invoices"), methods=["GET"]),
            Route("/api/returns", self._endpoint("returns"), methods=["GET"]),
            Route("/api/acknowledge", self._endpoint("acknowledge"), methods=["POST"]),
            Route("/api/summary", self._endpoint("summary"), methods=["GET"]),
            Route("/api/token", self._endpoint("token"), methods=["POST"]),
            Route("/_simulator/invoices", self._inspect_invoices, methods=["GET"]),
            Route("/_simulator/invoices", self._act, methods=["POST", "PATCH", "DELETE"]),
            Route("/_simulator/acknowledgements", self._inspect_acknowledgements),
            Route("/_simulator/requests", self._inspect_requests),
            Route("/_simulator/summary", self._inspect_summary),
        ]

    def _endpoint(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            call = await _read_call(endpoint, request)
            response = self._respond(call)
            if self._latency_seconds:
                await self._sleep(self._latency_seconds)
            self._record(call, response)
            return response

        return serve

    def _respond(self, call: Call) -> Response:
        """Decide, execute, answer: the one place where a fault can be drawn for a call."""
        try:
            operation = decide(call, self.access, page_size_max=self.page_size_max)
            outcome = execute(operation, self.store, self.access, at=self._clock())
            return _json(answer(operation, outcome))
        except RefusedError as refused:
            return _refusal(refused)

    def _record(self, call: Call, response: Response) -> None:
        self._requests.append(
            RecordedRequest(
                method=call.method,
                path=call.path,
                query=call.query,
                headers=without_secrets(call.headers, self.access.secret_headers),
                body=call.body if call.endpoint != "token" else "<redacted>",
                status=response.status_code,
                at=self._clock(),
            )
        )

    async def _inspect_invoices(self, request: Request) -> Response:
        return _json(to_json(self.invoices(request.query_params.get("location"))))

    async def _inspect_acknowledgements(self, _request: Request) -> Response:
        return _json(to_json(self.acknowledgements()))

    async def _inspect_requests(self, _request: Request) -> Response:
        return _json(to_json([request.as_json() for request in self.requests]))

    async def _inspect_summary(self, _request: Request) -> Response:
        return _json(to_json(self.summary()))

    async def _act(self, request: Request) -> Response:
        """Add, edit or delete invoices of a running simulator, as the shops do.

        POST an invoice or a list of them; PATCH or DELETE with `LocationCode`, `DocType`, `InvNo`
        and `InvDate`, and for PATCH the fields to change in `Changes`.
        """
        try:
            return _json(to_json(self._acted(request.method, from_json(await _text(request)))))
        except LookupError as error:
            return _json(to_json({"Status": 0, "Message": str(error)}), status=404)
        except (TypeError, ValueError) as error:
            return _json(to_json({"Status": 0, "Message": str(error)}), status=400)

    def _acted(self, method: str, body: Any) -> JsonObject:  # noqa: ANN401 - JSON as sent
        if method == "POST":
            added = self.add_invoices([body] if isinstance(body, dict) else body)
            return {"Status": 1, "Message": "OK", "Added": added}
        key = [body[name] for name in ("LocationCode", "DocType", "InvNo", "InvDate")]
        if method == "PATCH":
            self.edit_invoice(*key, **body["Changes"])
        else:
            self.delete_invoice(*key)
        return {"Status": 1, "Message": "OK"}


def _identity(location: str, doc_type: str, inv_no: object, inv_date: str) -> Identity:
    document = {"DocType": doc_type, "InvNo": inv_no, "InvDate": inv_date}
    return Identity.of(location, document)


def _totals(store: IposStore) -> dict[str, JsonObject]:
    headers: dict[str, list[JsonObject]] = {}
    acknowledged: dict[str, int] = {}
    for location, is_posted, header in store.headers_by_location():
        headers.setdefault(location, []).append(header)
        acknowledged[location] = acknowledged.get(location, 0) + is_posted
    return {
        location: {
            "invoices": len(documents),
            "acknowledged": acknowledged[location],
            "net_amount": net_total(documents),
        }
        for location, documents in sorted(headers.items())
    }


async def _read_call(endpoint: Endpoint, request: Request) -> Call:
    return Call(
        endpoint=endpoint,
        method=request.method,
        path=request.url.path,
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=await _text(request),
    )


async def _text(request: Request) -> str:
    return (await request.body()).decode("utf-8", errors="replace")


def _json(body: str, *, status: int = 200) -> Response:
    return Response(body, status_code=status, media_type="application/json")


def _refusal(refused: RefusedError) -> Response:
    if refused.page is not None:
        return Response(refused.page, status_code=refused.status, media_type="text/html")
    body = to_json({"Status": 0, "Message": refused.message})
    return _json(body, status=refused.status)
