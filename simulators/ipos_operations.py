"""The operations of the IPOS main server: what a call asks for, what it does, what it answers.

`decide` reads and checks the call, `execute` touches the store, `answer` writes the body. They are
kept apart so that a fault can be placed between any two of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, cast

from simplejson import JSONDecodeError

from simulators.ipos_access import TOKEN_LIFETIME, Access, Location, RefusedError
from simulators.ipos_store import IposStore, Selection
from simulators.ipos_wire import (
    JsonObject,
    Row,
    day_summary,
    flat_page,
    nested_page,
    normal_time,
)
from simulators.json_text import from_json, to_json

Endpoint = Literal["invoices", "returns", "acknowledge", "summary", "token"]

DOCUMENTS_PER_CALL_MAX = 50

NO_END = "~"  # sorts after every time


@dataclass(frozen=True)
class Call:
    """A request, read completely; header names are in lower case."""

    endpoint: Endpoint
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class ListInvoices:
    """Show one page of a location's invoices; `page` counts from 1."""

    location: Location
    selection: Selection
    page: int
    page_size: int


@dataclass(frozen=True)
class Acknowledge:
    """Mark documents as created in the ERP."""

    location: Location
    documents: tuple[JsonObject, ...]


@dataclass(frozen=True)
class Summarise:
    """Show the control totals of a business day."""

    location: Location
    day: str


@dataclass(frozen=True)
class LogIn:
    """Exchange a user name and a password for a token."""

    username: object
    password: object
    location_code: object


Operation = ListInvoices | Acknowledge | Summarise | LogIn


@dataclass(frozen=True)
class Page:
    """What a list request found: how many match, and the texts of those on the page."""

    total: int
    rows: list[Row]


@dataclass(frozen=True)
class Acknowledged:
    """For each document of the call, in its order, whether it is known."""

    known: list[bool]


@dataclass(frozen=True)
class DayHeaders:
    """The headers of a business day."""

    headers: list[JsonObject]


@dataclass(frozen=True)
class Token:
    """A token that was handed out."""

    text: str


Outcome = Page | Acknowledged | DayHeaders | Token


def decide(call: Call, access: Access, *, page_size_max: int) -> Operation:
    """Check a call and say what it asks for; RefusedError where it may not or cannot be done."""
    match call.endpoint:
        case "invoices" | "returns":
            return _list_invoices(call, access, page_size_max)
        case "acknowledge":
            return _acknowledge(call, access)
        case "summary":
            location = access.authorize(call.headers, call.query.get("location"))
            return Summarise(location, _day(call.query.get("date")))
        case "token":
            login = _json_object(call.body)
            names = ("UserName", "Password", "LocationCode")
            return LogIn(*(login.get(name) for name in names))


def execute(operation: Operation, store: IposStore, access: Access, *, at: datetime) -> Outcome:
    """Carry an operation out at the instant `at`, which decides what is visible."""
    match operation:
        case ListInvoices(selection=selection):
            return Page(*store.page(selection, at=at))
        case Acknowledge(location=location, documents=documents):
            return Acknowledged(
                [store.acknowledge(location.code, document, at=at) for document in documents]
            )
        case Summarise(location=location, day=day):
            return DayHeaders(store.day_headers(location.code, day, at=at))
        case LogIn(username=username, password=password, location_code=code):
            return Token(access.log_in(username, password, code))


def answer(operation: Operation, outcome: Outcome) -> str:
    """Write the JSON body for what was done."""
    match operation, outcome:
        case ListInvoices(location=Location(profile="flat")), Page(rows=rows):
            return flat_page(rows)
        case ListInvoices(page=page, page_size=page_size), Page(total=total, rows=rows):
            return nested_page(rows, page=page, page_size=page_size, total=total)
        case Acknowledge(documents=documents), Acknowledged(known=known):
            return _acknowledge_answer(documents, known)
        case Summarise(location=location, day=day), DayHeaders(headers=headers):
            return to_json({"Status": 1, "Data": day_summary(location.code, day, headers)})
        case LogIn(), Token(text=text):
            seconds = int(TOKEN_LIFETIME.total_seconds())
            return to_json({"access_token": text, "expires_in": seconds})
    message = f"{operation} does not lead to {outcome}"
    raise AssertionError(message)


def _list_invoices(call: Call, access: Access, page_size_max: int) -> ListInvoices:
    """Read the query of a list request.

    A `pageSize` above the maximum is capped without a word, `posted` is 0 unless given, and a
    missing `from` or `to` leaves that side open [A].
    """
    location = access.authorize(call.headers, call.query.get("location"))
    if call.endpoint == "returns" and not location.separate_returns_feed:
        raise RefusedError(404, f"Location {location.code} has no returns feed")
    posted = call.query.get("posted", "0")
    if posted not in ("0", "all"):
        raise RefusedError(400, f"posted is 0 or all, not {posted}")
    asked = _integer(call, "pageSize", default=page_size_max)
    if asked < 1:
        raise RefusedError(400, "pageSize is at least 1")
    page, page_size = _integer(call, "page", default=1), min(asked, page_size_max)
    selection = Selection(
        location=location.code,
        start=_moment(call, "from", default=""),
        end=_moment(call, "to", default=NO_END),
        offset=(page - 1) * page_size,
        limit=page_size,
        only_unposted=posted == "0",
        returns=call.endpoint == "returns" if location.separate_returns_feed else None,
    )
    return ListInvoices(location, selection, page, page_size)


def _acknowledge(call: Call, access: Access) -> Acknowledge:
    """Read an acknowledgement; too many documents are refused with status 200, as IPOS does [A]."""
    body = _json_object(call.body)
    location = access.authorize(call.headers, body.get("LocationCode"))
    documents = body.get("Documents")
    if not isinstance(documents, list) or not all(isinstance(one, dict) for one in documents):
        raise RefusedError(400, "Documents is a list of objects")
    if len(documents) > DOCUMENTS_PER_CALL_MAX:
        raise RefusedError(200, f"At most {DOCUMENTS_PER_CALL_MAX} documents a call")
    return Acknowledge(location, tuple(documents))


def _acknowledge_answer(documents: tuple[JsonObject, ...], known: list[bool]) -> str:
    results = [
        {
            "DocType": document.get("DocType"),
            "InvNo": document.get("InvNo"),
            "Status": int(is_known),
            "Message": "OK" if is_known else "Invalid invoice",
        }
        for document, is_known in zip(documents, known, strict=True)
    ]
    return to_json({"Status": 1, "Message": "OK", "Results": results})


def _json_object(body: str) -> JsonObject:
    try:
        value: Any = from_json(body)
    except JSONDecodeError as error:
        raise RefusedError(400, "The body is no JSON") from error
    if not isinstance(value, dict):
        raise RefusedError(400, "The body is no JSON object")
    return cast("JsonObject", value)


def _integer(call: Call, name: str, *, default: int) -> int:
    try:
        return int(call.query.get(name, default))
    except ValueError as error:
        raise RefusedError(400, f"{name} is no whole number") from error


def _moment(call: Call, name: str, *, default: str) -> str:
    text = call.query.get(name)
    if text is None:
        return default
    moment = normal_time(text)
    if moment is None:
        raise RefusedError(400, f"{name} is no date and time")
    return moment


def _day(text: str | None) -> str:
    try:
        return date.fromisoformat(text or "").isoformat()
    except ValueError as error:
        raise RefusedError(400, "date is no day") from error
