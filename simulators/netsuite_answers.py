"""The form of NetSuite's answers: status, headers, and the documented error body.

Source: Oracle help section_156570709583 (error body), subsect_158521885412 (401), 2026.1.
Not imitated: `o:errorUrl`, error texts in other languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.responses import Response

from simulators.json_text import to_json

SINGULAR = "application/vnd.oracle.resource+json; type=singular"
ERROR = "application/vnd.oracle.resource+json; type=error"
JSON = "application/json"

_RFC_SECTIONS = {
    400: "10.4.1",
    401: "10.4.2",
    403: "10.4.4",
    404: "10.4.5",
    405: "10.4.6",
    500: "10.5.1",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP; a body of None is an empty one.

    `text` is sent instead of the body where that is no JSON.
    """

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON
    text: str | None = None

    def to_text(self) -> str:
        """Write the body; Decimals become JSON numbers with their exact digits."""
        if self.text is not None:
            return self.text
        return "" if self.body is None else to_json(self.body)

    def to_response(self) -> Response:
        """Write it as an HTTP response."""
        if self.body is None and self.text is None:
            return Response(status_code=self.status, headers=dict(self.headers))
        headers = dict(self.headers)
        return Response(self.to_text(), self.status, headers=headers, media_type=self.media_type)


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """One entry of `o:errorDetails`, with the place it concerns if there is one."""

    code: str
    detail: str
    path: str | None = None
    header: str | None = None
    query_param: str | None = None

    def to_payload(self) -> dict[str, str]:
        """Write it with NetSuite's property names, leaving out what is not set."""
        named = {
            "detail": self.detail,
            "o:errorCode": self.code,
            "o:errorPath": self.path,
            "o:errorHeader": self.header,
            "o:errorQueryParam": self.query_param,
        }
        return {name: value for name, value in named.items() if value is not None}


class NetSuiteError(Exception):
    """A request that NetSuite refuses; nothing was changed."""

    def __init__(self, status: int, *details: ErrorDetail) -> None:
        super().__init__("; ".join(detail.detail for detail in details))
        self.status = status
        self.details = details

    def to_answer(self) -> Answer:
        """Write it in the documented error form."""
        return error_answer(self.status, *self.details)


class DuplicateRecordError(Exception):
    """A record with this external ID exists already; the caller decides what that looks like."""


def error_answer(
    status: int, *details: ErrorDetail, headers: Mapping[str, str] | None = None
) -> Answer:
    """Build an error answer with any number of details."""
    return Answer(status, _error_body(status, *details), headers or {}, ERROR)


def _error_body(status: int, *details: ErrorDetail) -> dict[str, object]:
    section = _RFC_SECTIONS.get(status, "10")
    return {
        "type": f"https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec{section}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "o:errorDetails": [detail.to_payload() for detail in details],
    }


def invalid_login_answer(account_id: str) -> Answer:
    """Answer a missing, unknown or expired access token."""
    challenge = (
        f'Bearer realm="{account_id}", error="invalid_token",'
        ' error_description="Invalid login attempt."'
    )
    detail = ErrorDetail(
        "INVALID_LOGIN",
        "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI"
        " at Setup > Users/Roles > User Management > View Login Audit Trail.",
    )
    return error_answer(401, detail, headers={"WWW-Authenticate": challenge})


def concurrency_answer() -> Answer:
    """Answer a request over the account's concurrency, with the two oddities of Oracle's sample.

    The title says "Bad Request" and a stray `o:errorCode` stands at the top level.
    """
    detail = ErrorDetail(
        "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked."
    )
    body = {**_error_body(429, detail), "title": "Bad Request", "o:errorCode": "USER_ERROR"}
    return Answer(429, body, media_type=ERROR)


def user_error(detail: str) -> NetSuiteError:
    """Refuse for a reason that the account's own rules give."""
    return NetSuiteError(400, ErrorDetail("USER_ERROR", detail))


def malformed_request() -> NetSuiteError:
    """Refuse a body that is not the JSON object it should be."""
    detail = "The request could not be understood by the server due to malformed syntax."
    return NetSuiteError(400, ErrorDetail("INVALID_REQUEST", detail))


def missing_record() -> NetSuiteError:
    """Refuse an internal or external ID that does not exist in this record type."""
    return NetSuiteError(404, ErrorDetail("NONEXISTENT_ID", "Record does not exist."))


def invalid_query(reason: str) -> NetSuiteError:
    """Refuse a query in the form NetSuite is known to use for an unknown table."""
    detail = (
        "Invalid search query. Detailed unprocessed description follows."
        f" Search error occurred: {reason}"
    )
    return NetSuiteError(400, ErrorDetail("INVALID_PARAMETER", detail))


def unknown_table(name: str) -> NetSuiteError:
    """Refuse a table that does not exist, or that the role may not see."""
    return invalid_query(f"Record '{name}' was not found.")


def invalid_value(field_name: str, value: object, path: str) -> ErrorDetail:
    """Name a value that is unknown, inactive, or of the wrong kind: one wording for all."""
    detail = (
        "Error while accessing resource: You have entered an Invalid Field Value"
        f" {value} for the following field: {field_name}"
    )
    return ErrorDetail("INVALID_CONTENT", detail, path)
