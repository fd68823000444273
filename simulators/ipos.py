"""The IPOS main server, imitated over HTTP as this project assumes it to be.

Belongs here: the application, its routes and what a test may do from outside.
Not here: the operations (ipos_operations.py), their faults (ipos_faults.py), credentials
(ipos_access.py), storage (ipos_store.py), JSON texts (ipos_wire.py), pages for people
(ipos_inspection.py).
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from random import Random
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from simulators.fault_dice import FaultDice, faults_route
from simulators.faults import NO_FAULTS, Faults
from simulators.ipos_access import Access, Location, Profile, RefusedError
from simulators.ipos_arrivals import Addressed, Arrivals
from simulators.ipos_faults import IposFaults
from simulators.ipos_inspection import inspection_routes
from simulators.ipos_operations import Call, Endpoint, Operation, Outcome, answer, decide, execute
from simulators.ipos_store import Identity, IposStore
from simulators.ipos_wire import JsonObject, net_total, stored_form
from simulators.json_text import to_json
from simulators.recording import REQUESTS_KEPT, RecordedRequest, without_secrets


class IposSimulator:
    """One main server for many locations: invoice lists, acknowledgements, day summaries, tokens.

    No IPOS API document is public, so every path, name and envelope is an assumption; those of
    more weight are marked [A] where they are made. Does not imitate: the location servers (an
    invoice is simply added), counters and cashiers, stock, payments, a limit of calls, the other
    vendors' field names. It answers correctly unless `faults` say otherwise; they may be replaced
    while it runs, and those that happened are counted by name in `fault_counts`.
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
        faults: Faults = NO_FAULTS,
    ) -> None:
        """Open the database; `latency_seconds` pass before each answer, by `sleep`."""
        self.store = IposStore(database)
        self.access = Access(clock=clock, random=Random(seed))
        self.page_size_max = page_size_max
        self._dice = FaultDice(faults, seed=seed)
        self._faults = IposFaults(self._dice)
        self._arrivals = Arrivals(self._dice)
        self._latency_seconds = latency_seconds
        self._clock = clock
        self._sleep = sleep
        self._requests: deque[RecordedRequest] = deque(maxlen=REQUESTS_KEPT)
        # Without Starlette's error pages, so that a broken connection reaches the server.
        self.app = Router(self._routes())

    @property
    def faults(self) -> Faults:
        """What goes wrong from now on."""
        return self._dice.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._dice.faults = faults

    @property
    def fault_counts(self) -> Counter[str]:
        """How often each fault has happened."""
        return self._dice.counts

    @property
    def requests(self) -> list[RecordedRequest]:
        """The recorded requests, oldest first, the last 25,000; those for inspection are not."""
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

    def rotate_credential(self, code: str) -> str:
        """Change a shop's header value or password and answer the new one; the old one is dead."""
        location = self.access.rotate(code)
        return str(location.auth_value if location.auth_header else location.password)

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
        addressed: Iterable[Addressed] = (
            (invoice, location or str(invoice["LocationCode"])) for invoice in invoices
        )
        if self._arrivals.are_disturbed:
            addressed, late = self._arrivals.disturb(addressed, self._location, at=self._clock())
            self.store.hold_back(late)
        return self.store.add(
            stored_form(invoice, location=code, arrived=self._wall_clock(code))
            for invoice, code in addressed
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

    def void_invoice(self, location: str, doc_type: str, inv_no: object, inv_date: str) -> None:
        """Cancel an invoice at the till: it stays in the list; LookupError if unknown."""
        self.edit_invoice(location, doc_type, inv_no, inv_date, Void=True)

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

    def _location(self, code: str) -> Location:
        try:
            return self.access.location(code)
        except LookupError:
            return Location(code)

    def _wall_clock(self, code: str) -> datetime:
        return self._location(code).wall_clock(self._clock())

    def _routes(self) -> list[Route]:
        return [
            Route("/api/invoices", self._endpoint("invoices"), methods=["GET"]),
            Route("/api/returns", self._endpoint("returns"), methods=["GET"]),
            Route("/api/acknowledge", self._endpoint("acknowledge"), methods=["POST"]),
            Route("/api/summary", self._endpoint("summary"), methods=["GET"]),
            Route("/api/token", self._endpoint("token"), methods=["POST"]),
            *inspection_routes(self),
            faults_route(self._dice),
        ]

    def _endpoint(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            call = await _read_call(endpoint, request)
            status = 0
            try:
                response = self._respond(call)
                seconds = self._latency_seconds + self._dice.extra_seconds(call)
                if seconds:
                    await self._sleep(seconds)
                status = response.status_code
                return response
            finally:
                self._record(call, status)

        return serve

    def _respond(self, call: Call) -> Response:
        """Decide, execute, answer; a fault may step between any two of them."""
        try:
            self._faults.before(call)
            asked = decide(call, self.access, page_size_max=self.page_size_max)
            operation = self._faults.change(asked, call, self.access.codes)
            outcome = self._faults.execute(operation, call, self._execute)
            return self._faults.answer(answer(operation, outcome), operation, call)
        except RefusedError as refused:
            return _refusal(refused)

    def _execute(self, operation: Operation) -> Outcome:
        return execute(operation, self.store, self.access, at=self._clock())

    def _record(self, call: Call, status: int) -> None:
        self._requests.append(
            RecordedRequest(
                method=call.method,
                path=call.path,
                query=call.query,
                headers=without_secrets(call.headers, self.access.secret_headers),
                body=call.body if call.endpoint != "token" else "<redacted>",
                status=status,
                at=self._clock(),
            )
        )


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
        body=(await request.body()).decode("utf-8", errors="replace"),
    )


def _refusal(refused: RefusedError) -> Response:
    if refused.page is not None:
        return Response(refused.page, status_code=refused.status, media_type="text/html")
    return Response(
        to_json({"Status": 0, "Message": refused.message}),
        status_code=refused.status,
        headers=refused.headers,
        media_type="application/json",
    )
