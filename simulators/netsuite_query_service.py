"""The query service: `POST /services/rest/query/v1/suiteql`.

Source: Oracle help section_157909186990 (request, paging), section_156414087576 (row cap).
The codes for a missing `Prefer` header and wrong paging are assumptions.
"""

from typing import Any

from simulators.netsuite_answers import Answer, ErrorDetail, NetSuiteError, malformed_request
from simulators.netsuite_calls import Call
from simulators.suiteql import ROWS_MAX, Page, SuiteQL

_LIMIT_MAX = 1000


class QueryService:
    """Checks a query's envelope, runs it, and writes the page."""

    def __init__(self, suiteql: SuiteQL) -> None:
        self._suiteql = suiteql

    def answer(self, call: Call) -> Answer:
        """Answer a query; raises NetSuiteError 400."""
        if "transient" not in call.headers.get("Prefer", ""):
            detail = "The required request header 'Prefer' is missing or not 'transient'."
            raise NetSuiteError(400, ErrorDetail("INVALID_HEADER", detail, header="Prefer"))
        limit, offset = _paging(call)
        document = call.document()
        text, params = document.get("q"), document.get("params", [])
        if not isinstance(text, str) or not isinstance(params, list):
            raise malformed_request()
        page = self._suiteql.run(text, params, limit, offset)
        return Answer(200, _envelope(call.url, page, limit, offset))


def _paging(call: Call) -> tuple[int, int]:
    limit = _whole_number(call, "limit", _LIMIT_MAX)
    offset = _whole_number(call, "offset", 0)
    if not 1 <= limit <= _LIMIT_MAX:
        raise _wrong_parameter("limit", f"The limit must be between 1 and {_LIMIT_MAX}.")
    if offset % limit or not 0 <= offset < ROWS_MAX:
        message = f"The offset must be divisible by the limit and below {ROWS_MAX}."
        raise _wrong_parameter("offset", message)
    return limit, offset


def _whole_number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not text.isdecimal():
        raise _wrong_parameter(name, f"The {name} must be a whole number.")
    return int(text)


def _wrong_parameter(name: str, detail: str) -> NetSuiteError:
    return NetSuiteError(400, ErrorDetail("INVALID_PARAMETER", detail, query_param=name))


def _envelope(url: str, page: Page, limit: int, offset: int) -> dict[str, Any]:
    has_more = offset + len(page.rows) < page.total
    last = max(page.total - 1, 0) // limit * limit
    offsets = {"self": offset}
    if has_more:
        offsets |= {"next": offset + limit, "last": last}
    if offset:
        offsets |= {"first": 0, "prev": offset - limit}
    return {
        "links": [
            {"rel": rel, "href": f"{url}?limit={limit}&offset={at}"} for rel, at in offsets.items()
        ],
        "count": len(page.rows),
        "hasMore": has_more,
        "items": [{"links": [], **row} for row in page.rows],
        "offset": offset,
        "totalResults": page.total,
    }
