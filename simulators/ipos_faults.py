"""What each fault does to the IPOS main server, between decision, execution and answer.

Belongs here: faults of calls. Not here: when an invoice arrives (ipos_arrivals.py), what broken
content looks like (ipos_broken_content.py).
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from starlette.responses import Response

from simulators.fault_dice import FaultDice
from simulators.faults import ConnectionDroppedError
from simulators.ipos_access import RefusedError
from simulators.ipos_broken_content import break_content, make_odd
from simulators.ipos_operations import (
    NO_END,
    Acknowledge,
    Acknowledged,
    Call,
    ListInvoices,
    Operation,
    Outcome,
    Page,
    Summarise,
)
from simulators.ipos_store import Selection
from simulators.ipos_wire import Row, identity_text, nested_invoice, without_lines
from simulators.json_text import from_json, to_json

_SERVER_ERRORS = {
    500: "500 - Internal server error.",
    502: "502 - Web server received an invalid response while acting as a gateway.",
    503: "503 - Service Unavailable",
}
_ERROR_PAGE = "<!DOCTYPE html><html><body><h2>{}</h2></body></html>"
_LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>IPOS</title></head>"
    "<body><form action='/login'>Your session has ended. Please sign in.</form></body></html>"
)
_TIMEOUT_MESSAGE = "Execution Timeout Expired. The timeout period elapsed."
_PAGES_MAX = 10_000
_SHORTEST_SHARE, _LONGEST_SHARE = 0.3, 0.9


class IposFaults:
    """The faults of one main server; without any set, every method hands back what it was given."""

    def __init__(self, dice: FaultDice) -> None:
        self._dice = dice

    def before(self, call: Call) -> None:
        """Raise RefusedError, or end the connection, instead of carrying a call out."""
        self._dice.break_connection_before(call)
        if self._dice.hits("server_error", call):
            raise self._server_error()
        headers = self._dice.throttle(call)
        if headers is not None:
            raise RefusedError(429, "Too many requests", headers=headers)
        if self._dice.hits("status_zero", call):
            raise RefusedError(200, _TIMEOUT_MESSAGE)

    def change(self, operation: Operation, call: Call, locations: Collection[str]) -> Operation:
        """Make another operation of the one that was asked for."""
        if not isinstance(operation, ListInvoices):
            return operation
        selection = self._other_location(operation.selection, call, locations)
        if self._dice.hits("dates_ignored", call):
            selection = replace(selection, start="", end=NO_END)
        if self._dice.hits("unstable_order", call):
            selection = replace(selection, order=self._dice.random.randrange(1, 1_000_000))
        return self._cut(replace(operation, selection=selection), call)

    def execute(
        self, operation: Operation, call: Call, execute: Callable[[Operation], Outcome]
    ) -> Outcome:
        """Carry an operation out by `execute`; an acknowledgement perhaps not exactly once."""
        if not isinstance(operation, Acknowledge):
            return self._content(execute(operation), operation)
        if self._dice.hits("acknowledgement_lost", call):
            raise ConnectionDroppedError
        if self._dice.hits("acknowledgement_ignored", call):
            return Acknowledged([True] * len(operation.documents))
        outcome = execute(operation)
        if self._dice.hits("acknowledgement_twice", call):
            outcome = execute(operation)
        if self._dice.hits("acknowledgement_reply_lost", call):
            raise ConnectionDroppedError
        return outcome

    def answer(self, text: str, operation: Operation, call: Call) -> Response:
        """Send an answer, or what is left of it; raises RefusedError or ends the connection."""
        self._dice.break_connection_after(call)
        if self._dice.hits("server_error_after", call):
            raise self._server_error()
        if self._dice.hits("html_page", call):
            return Response(_LOGIN_PAGE, media_type="text/html")
        if self._dice.hits("no_content", call):
            return Response(status_code=204)
        return Response(self._body(text, operation, call), media_type="application/json")

    def _server_error(self) -> RefusedError:
        status = self._dice.random.choice(list(_SERVER_ERRORS))
        page = _ERROR_PAGE.format(_SERVER_ERRORS[status])
        return RefusedError(status, _SERVER_ERRORS[status], page=page)

    def _other_location(
        self, selection: Selection, call: Call, locations: Collection[str]
    ) -> Selection:
        others = [code for code in locations if code != selection.location]
        if not others or not self._dice.hits("other_location", call):
            return selection
        return replace(selection, location=self._dice.random.choice(others))

    def _cut(self, operation: ListInvoices, call: Call) -> ListInvoices:
        """Change where the page begins and how long it is (M3, M5, M6)."""
        size, cap = operation.page_size, self._dice.faults.page_size_cap
        if cap is not None and cap < size and self._dice.applies("page_size_cap"):
            size = cap
        offset = (operation.page - 1) * size
        limit = size
        if self._dice.faults.short_page:
            offset, limit = self._short_page(operation, size)
        if operation.page > 1 and self._dice.hits("repeated_row", call):
            offset, limit = offset - 1, limit + 1
        selection = replace(operation.selection, offset=offset, limit=limit)
        return replace(operation, page_size=size, selection=selection)

    def _short_page(self, operation: ListInvoices, size: int) -> tuple[int, int]:
        """Answer offset and length of a page, where this page or one before it may be short.

        How long a page is belongs to its number and the seed, so that no invoice falls between
        two pages. `TotalPages` goes on counting full pages.
        """
        location, probability = operation.location.code, self._dice.faults.short_page
        offset = 0
        for number in range(1, min(operation.page, _PAGES_MAX)):
            offset += self._length(location, number, size, probability)
        length = self._length(location, operation.page, size, probability)
        if length < size:
            self._dice.applies("short_page")
        return offset, length

    def _length(self, location: str, number: int, size: int, probability: float) -> int:
        random = self._dice.random_of("short_page", location, number)
        if random.random() >= probability:
            return size
        return max(1, int(size * random.uniform(_SHORTEST_SHARE, _LONGEST_SHARE)))

    def _content(self, outcome: Outcome, operation: Operation) -> Outcome:
        """Spoil invoices of a page; the stored ones stay as they are (M11)."""
        faults = self._dice.faults
        if not isinstance(outcome, Page) or not (faults.broken_invoice or faults.odd_invoice):
            return outcome
        location = operation.location.code if isinstance(operation, ListInvoices) else ""
        return Page(outcome.total, [self._spoiled(row, location) for row in outcome.rows])

    def _spoiled(self, row: Row, location: str) -> Row:
        invoice = from_json(nested_invoice(*row))
        key = (location, *(identity_text(invoice.get(k)) for k in ("DocType", "InvNo", "InvDate")))
        if self._dice.hits_document("broken_invoice", *key):
            break_content(invoice, self._dice.random_of("break", *key))
        elif self._dice.hits_document("odd_invoice", *key):
            make_odd(invoice, self._dice.random_of("odd", *key))
        else:
            return row
        return without_lines(invoice)

    def _body(self, text: str, operation: Operation, call: Call) -> bytes:
        if self._dice.hits("empty_body", call):
            return b""
        if isinstance(operation, ListInvoices | Summarise) and self._dice.hits("null_data", call):
            text = _null_data(operation)
        body = text.encode()
        if self._dice.hits("truncated", call):
            return body[: len(body) // 2]
        if self._dice.hits("byte_order_mark", call):
            return b"\xef\xbb\xbf" + body
        return body


def _null_data(operation: ListInvoices | Summarise) -> str:
    if isinstance(operation, ListInvoices) and operation.location.profile == "flat":
        return to_json({"Table": None, "Table1": None})
    return to_json({"Status": 1, "Message": "OK", "Data": None})
