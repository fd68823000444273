"""What each fault does to a NetSuite account, before and after a request is carried out.

The texts of gateways and of the maintenance page are assumptions; how REST words a taken external
ID and a missing permission is in no source, so several forms are possible.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from simulators.fault_dice import FaultDice
from simulators.netsuite_answers import (
    Answer,
    ErrorDetail,
    NetSuiteError,
    concurrency_answer,
    error_answer,
    unknown_table,
)
from simulators.netsuite_calls import Call

_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_HTML = "text/html"
_STATUSES = {500: "", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}
_TITLE = "NetSuite is temporarily unavailable"
_DUPLICATES = (
    (400, "USER_ERROR", "This record already exists"),
    (400, "DUP_RCRD", "This record already exists"),
    (400, "INVALID_CONTENT", "A record with this external ID already exists."),
    (409, "USER_ERROR", "This record already exists"),
)
_SUITEQL_FAILURES = ("500", "page", "half")


class NetSuiteFaults:
    """The faults of one account; without any set, every answer is handed back as it was given."""

    def __init__(self, dice: FaultDice, clock: Callable[[], datetime]) -> None:
        self._dice = dice
        self._clock = clock

    def before(self, call: Call) -> Answer | None:
        """Answer instead of carrying a call out, or end the connection; None goes on."""
        self._dice.break_connection_before(call)
        closed = self.maintenance()
        if closed is not None:
            return closed
        if self._dice.hits("server_error", call):
            return self._server_error()
        headers = self._dice.throttle(call)
        if headers is not None:
            return replace(concurrency_answer(), headers=headers)
        if self._dice.hits("request_limit", call):
            return _error(400, "SSS_REQUEST_LIMIT_EXCEEDED", "Request limit exceeded.")
        return None

    def refuse_forbidden(self, call: Call) -> None:
        """Raise NetSuiteError for a record type or table without permission."""
        for name in self._dice.faults.forbidden:
            if name.lower() == call.path_params.get("type", "").lower():
                self._dice.applies("forbidden")
                detail = f"Permission Violation: You need the '{name}' permission."
                raise NetSuiteError(403, ErrorDetail("INSUFFICIENT_PERMISSION", detail))
            if call.is_query and re.search(
                rf"\b{re.escape(name)}\b", call.query_text(), re.IGNORECASE
            ):
                self._dice.applies("forbidden")
                raise unknown_table(name)

    def after(self, call: Call, answer: Answer) -> Answer:
        """Answer what was done, or something else, or end the connection."""
        self._dice.break_connection_after(call)
        if self._dice.hits("server_error_after", call):
            return self._server_error()
        if self._dice.hits("html_page", call):
            return _page(200, _TITLE)
        if call.is_query and self._dice.hits("suiteql_failure", call):
            return self._broken_query(answer)
        if "Location" in answer.headers:
            answer = self._other_location_header(call, answer)
        if answer.body is not None and self._dice.hits("truncated", call):
            return _half(answer)
        return answer

    def duplicate(self, call: Call, usual: Answer) -> Answer:
        """Answer a taken external ID."""
        if not self._dice.hits("duplicate_reworded", call):
            return usual
        return _error(*self._dice.random.choice(_DUPLICATES))

    def token(self, call: Call) -> Answer | None:
        """Answer instead of the token endpoint; None goes on."""
        closed = self.maintenance()
        if closed is not None:
            return closed
        if self._dice.hits("token_error", call):
            return _error(500, "UNEXPECTED_ERROR", "An unexpected error occurred.")
        if self._dice.hits("token_refused", call):
            return Answer(400, {"error": "invalid_client"})
        return None

    def maintenance(self) -> Answer | None:
        """Answer with the maintenance page while its window is open."""
        window = self._dice.faults.maintenance
        if window is None or not window.holds(self._clock()):
            return None
        if not self._dice.applies("maintenance"):
            return None
        status = self._dice.random.choice(self._dice.faults.maintenance_statuses)
        return _page(status, "Scheduled maintenance")

    def _server_error(self) -> Answer:
        status = self._dice.random.choice(list(_STATUSES))
        if status != 500:  # noqa: PLR2004 - only this one comes from NetSuite, not from a gateway
            return _page(status, _STATUSES[status])
        number = f"{self._dice.random.getrandbits(48):x}"
        message = f"An unexpected error occurred. Error ID: {number}"
        return _error(500, "UNEXPECTED_ERROR", message)

    def _broken_query(self, answer: Answer) -> Answer:
        match self._dice.random.choice(_SUITEQL_FAILURES):
            case "500":
                return _error(500, "UNEXPECTED_ERROR", "An unexpected error occurred.")
            case "page":
                return _page(200, _TITLE)
        return _half(answer)

    def _other_location_header(self, call: Call, answer: Answer) -> Answer:
        headers = dict(answer.headers)
        if self._dice.hits("location_missing", call):
            del headers["Location"]
        elif self._dice.hits("location_relative", call):
            headers["Location"] = urlsplit(headers["Location"]).path
        return replace(answer, headers=headers)


def _error(status: int, code: str, detail: str) -> Answer:
    return error_answer(status, ErrorDetail(code, detail))


def _page(status: int, title: str) -> Answer:
    return Answer(status, media_type=_HTML, text=_PAGE.format(title))


def _half(answer: Answer) -> Answer:
    text = answer.to_text()
    return replace(answer, text=text[: len(text) // 2])
