"""What an IPOS answer means: a well-formed page, or a failure; never an empty list by mistake.

IPOS answers failures with status 200 too: HTML, half a JSON text, nothing at all, `Data: null`, or
a `Status` that says no (ipos_api.md, M21). Only a well-formed empty list is empty.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import httpx2

from ipos_pipeline.clients.http import SHOWN_BODY_MAX, retry_after_seconds, shown_body
from ipos_pipeline.domain.ipos_profile import IposProfile, SummaryNames
from ipos_pipeline.domain.json_text import read_json, whole_number
from ipos_pipeline.domain.money import round_money
from ipos_pipeline.domain.plain_text import one_line
from ipos_pipeline.domain.reconciliation import DaySummary
from ipos_pipeline.errors import AuthenticationError, ThrottledError, TransientError


@dataclass(frozen=True, slots=True)
class Page:
    """One page of raw invoices, lines inside; `total_records` only where IPOS counts."""

    invoices: list[Any]
    total_records: int | None


@dataclass(slots=True)
class ListPass:
    """How far one pass over the pages of a list has come; `seen` are hashes of invoices.

    A short page is not the end (IPOS caps the page size silently); an empty one is. The pass is
    whole if as many invoices came as the highest total IPOS gave meanwhile: none can have been
    skipped.
    """

    seen: set[str] = field(default_factory=set)
    pages: int = 0
    highest_total: int = 0
    is_at_end: bool = False
    is_whole: bool = False

    def note(self, shown: Collection[str], total_records: int | None) -> None:
        """Take in what one more page shows, and the total that IPOS gave with it."""
        self.pages += 1
        self.seen.update(shown)
        total = total_records or 0
        self.highest_total = max(self.highest_total, total)
        self.is_at_end = not shown or 0 < total <= len(self.seen)
        self.is_whole = (
            self.is_at_end and total_records is not None and len(self.seen) >= self.highest_total
        )


def json_of(response: httpx2.Response, *, what: str, holds_secret: bool = False) -> dict[str, Any]:
    """Read an answer's JSON object. Raises TransientError for anything that is not one.

    The message shows the beginning of the body unless that may hold a secret.
    """
    status = response.status_code
    if status in {httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN}:
        message = f"{what}: IPOS refused the credential ({status} {shown_body(response)})"
        raise AuthenticationError(
            message, recovery="Check the credential in the location's configuration record."
        )
    if status == httpx2.codes.TOO_MANY_REQUESTS:
        message = f"{what}: IPOS asks us to wait (429)"
        raise ThrottledError(message, retry_after_seconds=retry_after_seconds(response))
    if status != httpx2.codes.OK:
        message = f"{what}: IPOS answered {status} {shown_body(response)}"
        raise TransientError(message)
    try:
        body = read_json(response.content.decode("utf-8-sig"))
    except ValueError:
        body = None
    if not isinstance(body, dict):
        shown = "" if holds_secret else f": {shown_body(response)}"
        message = f"{what}: IPOS answered something that is not a JSON object{shown}"
        raise TransientError(message)
    return body


def page_of(body: dict[str, Any], profile: IposProfile, *, what: str) -> Page:
    """Read one page of the invoice list. Raises TransientError when IPOS reports a failure."""
    if profile.shape == "flat":
        return _flat_page(body, profile, what=what)
    refuse_failure(body, profile, what=what)
    invoices = body.get(profile.envelope.data)
    if not isinstance(invoices, list):
        raise _malformed(what, profile.envelope.data)
    return Page(invoices, _number_of(body, profile.envelope.total_records))


def refuse_failure(body: dict[str, Any], profile: IposProfile, *, what: str) -> None:
    """Raise TransientError when the envelope's status says no."""
    status = body.get(profile.envelope.status)
    if str(status) != str(profile.envelope.status_ok):
        shown, said = (
            one_line(str(one), SHOWN_BODY_MAX)
            for one in (status, body.get(profile.envelope.message))
        )
        message = f"{what}: IPOS reported a failure: status {shown}, {said!r}"
        raise TransientError(message)


def summary_of(body: dict[str, Any], profile: IposProfile, *, what: str) -> tuple[DaySummary, ...]:
    """Read IPOS's control totals of a day. Raises TransientError for any other answer."""
    refuse_failure(body, profile, what=what)
    data = body.get(profile.envelope.data)
    sides = ((profile.summary.sales, "SALE"), (profile.summary.returns, "RETURN"))
    try:
        return tuple(_side(data[name], doc_type, profile.summary) for name, doc_type in sides)  # type: ignore[index]
    except (KeyError, TypeError, ValueError, InvalidOperation):
        message = f"{what}: IPOS answered without counts and totals that can be read"
        raise TransientError(message) from None


def _side(side: dict[str, Any], doc_type: str, names: SummaryNames) -> DaySummary:
    return DaySummary(
        doc_type,
        count=whole_number(side[names.count]),
        total=round_money(Decimal(str(side[names.net_amount]))),
        first=_number_of(side, names.first),
        last=_number_of(side, names.last),
    )


def _number_of(values: dict[str, Any], name: str) -> int | None:
    """Read a number that may be missing, or something else."""
    try:
        return whole_number(values.get(name))
    except ValueError:
        return None


def _flat_page(body: dict[str, Any], profile: IposProfile, *, what: str) -> Page:
    """Put the lines of a .NET data set under their headers, by document type and number."""
    names = profile.envelope
    headers, lines = body.get(names.headers_table), body.get(names.lines_table)
    if not isinstance(headers, list):
        raise _malformed(what, names.headers_table)
    if not isinstance(lines, list):
        raise _malformed(what, names.lines_table)
    by_document: dict[tuple[str | None, str], list[Any]] = {}
    for line in lines:
        by_document.setdefault(_line_key(line, profile), []).append(line)
    return Page([_with_lines(header, by_document, profile) for header in headers], None)


def _line_key(line: Any, profile: IposProfile) -> tuple[str | None, str]:  # noqa: ANN401
    if not isinstance(line, dict):
        return None, ""
    doc_type = line.get(profile.header.doc_type)
    return (None if doc_type is None else str(doc_type)), str(line.get(profile.line.inv_no))


def _with_lines(
    header: Any,  # noqa: ANN401
    by_document: dict[tuple[str | None, str], list[Any]],
    profile: IposProfile,
) -> Any:  # noqa: ANN401
    if not isinstance(header, dict):
        return header
    number = str(header.get(profile.header.inv_no))
    doc_type = str(header.get(profile.header.doc_type))
    lines = by_document.get((doc_type, number), []) + by_document.get((None, number), [])
    return {**header, profile.envelope.lines: lines}


def _malformed(what: str, key: str) -> TransientError:
    return TransientError(f"{what}: IPOS answered without the list {key!r}")
