"""What a NetSuite answer means: status and `o:errorCode` together decide what the caller does next.

Facts: netsuite_facts 4. How REST words a duplicate external ID is in no source, so every wording
of "already exists" counts. So it is with closed accounting periods: seen were "The transaction date
you specified is not within the date range of your accounting period." (public integrations, over
SOAP and REST) and "The transaction date is not within an open accounting period." (a form); each
sentence of a closed or locked period counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx2

from ipos_pipeline.clients.http import retry_after_seconds, shown_body, text_of
from ipos_pipeline.domain.json_text import read_json
from ipos_pipeline.domain.netsuite_refusals import next_step_for
from ipos_pipeline.domain.plain_text import one_line
from ipos_pipeline.errors import (
    AlreadyExistsError,
    AuthenticationError,
    ClosedPeriodError,
    ConfigurationError,
    InDoubtError,
    PipelineError,
    RejectedError,
    ThrottledError,
    TransientError,
)

THROTTLE_CODES = frozenset({"CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED"})
PERMISSION_CODES = frozenset({"INSUFFICIENT_PERMISSION"})

_ALREADY_EXISTS = re.compile(r"already exists|DUP_RCRD|duplicate .*external ?id", re.IGNORECASE)
_CLOSED_PERIOD = re.compile(
    r"not within (the date range of your|an open) accounting period"
    r"|\b(closed|locked) (accounting |posting )?period"
    r"|\bperiod\b.{0,60}\b(is|has been|are) (closed|locked)",
    re.IGNORECASE,
)

CODE_MAX = 100
"""Characters of a code that are kept; NetSuite's own have at most half as many."""

_NAMED_FIELD = re.compile(r"for the following field: (\w+)")

_REFUSED_LOGIN = (
    "Find the attempt in NetSuite's Login Audit Trail: it gives the reason that NetSuite's answer"
    " leaves out. Then run ipos-pipeline check-connections."
)


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """One entry of `o:errorDetails`."""

    code: str
    detail: str
    path: str | None


def error_details(response: httpx2.Response) -> list[ErrorDetail]:
    """Read the documented error body; anything else has no details."""
    try:
        body = read_json(response.content)
    except ValueError:
        return []
    details: Any = body.get("o:errorDetails") if isinstance(body, dict) else None
    if not isinstance(details, list):
        return []
    return [
        ErrorDetail(
            code=one_line(str(one.get("o:errorCode") or "UNKNOWN"), CODE_MAX),
            detail=str(one.get("detail") or ""),
            path=_path(one),
        )
        for one in details
        if isinstance(one, dict)
    ]


def _path(detail: dict[str, Any]) -> str | None:
    """Give what NetSuite says is at fault; each of these is optional, its sentence comes last."""
    named = _NAMED_FIELD.search(str(detail.get("detail") or ""))
    said = (detail.get(name) for name in ("o:errorPath", "o:errorUrl", "o:errorQueryParam"))
    return next((str(one) for one in said if one), named[1] if named else None)


def says_no_such_record(response: httpx2.Response) -> bool:
    """Tell whether NetSuite looked for one record and did not find it.

    An unknown record type is answered with the same code; only its text tells (an assumption).
    """
    return response.status_code == httpx2.codes.NOT_FOUND and any(
        one.code == "NONEXISTENT_ID" and not one.detail.startswith("Record type")
        for one in error_details(response)
    )


def is_overload(response: httpx2.Response) -> bool:
    """Tell whether NetSuite has too much to do: fewer requests at once, please."""
    status = response.status_code
    if status in {httpx2.codes.TOO_MANY_REQUESTS, httpx2.codes.SERVICE_UNAVAILABLE}:
        return True
    return status == httpx2.codes.BAD_REQUEST and any(
        detail.code in THROTTLE_CODES for detail in error_details(response)
    )


def error_of(response: httpx2.Response, *, what: str, is_write: bool) -> PipelineError:
    """Turn an answer that is not a success into the error its caller must deal with."""
    status = response.status_code
    details = error_details(response)
    codes = {detail.code for detail in details}
    said = "; ".join(f"{detail.code}: {detail.detail}" for detail in details)
    message = f"{what}: NetSuite answered {status} {said or shown_body(response)}"
    if status == httpx2.codes.UNAUTHORIZED:
        return AuthenticationError(message, recovery=_REFUSED_LOGIN)
    if status == httpx2.codes.TOO_MANY_REQUESTS or codes & THROTTLE_CODES:
        return ThrottledError(message, retry_after_seconds=retry_after_seconds(response))
    if status == httpx2.codes.FORBIDDEN or codes & PERMISSION_CODES:
        return ConfigurationError(
            message, recovery="Give the integration's role the permission that NetSuite names."
        )
    if not details or status >= httpx2.codes.INTERNAL_SERVER_ERROR:
        return InDoubtError(message) if is_write else TransientError(message)
    if not is_write:
        return ConfigurationError(
            message, recovery="Check the role's permissions, and the field names in the settings."
        )
    return _rejection(response, details, message)


def _rejection(
    response: httpx2.Response, details: list[ErrorDetail], message: str
) -> RejectedError:
    kind = _kind_of(details)
    code = details[0].code
    return kind(
        message,
        code=code,
        status=response.status_code,
        path=details[0].path,
        response=text_of(response),
        recovery=next_step_for(code) if kind is RejectedError else kind.recovery,
    )


def _kind_of(details: list[ErrorDetail]) -> type[RejectedError]:
    if any(_ALREADY_EXISTS.search(f"{one.code} {one.detail}") for one in details):
        return AlreadyExistsError
    if any(_CLOSED_PERIOD.search(one.detail) for one in details):
        return ClosedPeriodError
    return RejectedError


def json_object(response: httpx2.Response) -> dict[str, Any] | None:
    """Read a body that is to be a JSON object, or None where it is not."""
    try:
        body = read_json(response.content)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def page_of(response: httpx2.Response) -> dict[str, Any]:
    """Read a SuiteQL answer; anything but the documented shape is a failed read."""
    if not response.is_success:
        raise error_of(response, what="SuiteQL", is_write=False)
    try:
        page = read_json(response.content)
        if isinstance(page["items"], list) and isinstance(page["hasMore"], bool):
            return page  # type: ignore[no-any-return]
    except (ValueError, KeyError, TypeError):
        pass
    raise error_of(response, what="SuiteQL", is_write=False)
