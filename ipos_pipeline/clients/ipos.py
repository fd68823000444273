"""The IPOS main server, seen from one location: its invoice list, its counts, acknowledgements.

Belongs here: HTTP, paging, credentials. Not here: what an invoice means (domain/ipos_invoice.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from urllib.parse import urljoin

import httpx2

from ipos_pipeline.clients.http import (
    SHOWN_BODY_MAX,
    Pacing,
    answered_at,
    header_text,
    lifetime_of,
    read,
    retry_transient,
)
from ipos_pipeline.clients.ipos_pages import (
    ListPass,
    Page,
    json_of,
    page_of,
    refuse_failure,
    summary_of,
)
from ipos_pipeline.domain.business_day import business_day_bounds
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.failed_run import ipos_system
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.domain.json_text import canonical_hash, whole_number, write_json
from ipos_pipeline.domain.plain_text import one_line
from ipos_pipeline.domain.reconciliation import DaySummary
from ipos_pipeline.errors import (
    AuthenticationError,
    PipelineError,
    TransientError,
    trouble_of,
    without,
)

PAGES_MAX = 10_000
PASSES_MAX = 6
"""How often a list that moves while it is read is read again."""

Which = Literal["unacknowledged", "all"]


@dataclass(frozen=True, slots=True)
class RawInvoice:
    """One invoice as IPOS sent it, the hash of its content, and from which of the two feeds.

    What our own acknowledgement changes on it is not content.
    """

    raw: Any
    content_hash: str
    from_returns_feed: bool
    is_acknowledged: bool = False
    """IPOS's own flag; false where the vendor's list has none."""


@dataclass(frozen=True, slots=True)
class AcknowledgedDocument:
    """What IPOS is told of one invoice: the internal IDs of its NetSuite records.

    `doc_type` and `inv_date` are as IPOS wrote them.
    """

    document_key: str
    doc_type: str
    inv_no: Any
    inv_date: str
    erp_id: str
    erp_refund_id: str | None


class IposClient:
    """One location of the main server.

    `last_answered_at` is what its own clock showed when it last answered, if it said so.
    """

    def __init__(
        self,
        client: httpx2.AsyncClient,
        *,
        configuration: IposConfiguration,
        profile: IposProfile,
        clock: Callable[[], datetime],
        pacing: Pacing,
    ) -> None:
        self._client = client
        self._configuration = configuration
        self._profile = profile
        self._pacing = pacing
        self._clock = clock
        self.last_answered_at: datetime | None = None
        self._token: str | None = None
        self._token_until: datetime | None = None

    async def invoices(self, day: date, which: Which) -> AsyncIterator[list[RawInvoice]]:
        """Read a business day's whole list page by page, of both feeds where the location has two.

        Each distinct version is given once; of two versions of an invoice the later one was read
        later. Only when the pages come to their end was the whole list read: raises TransientError
        after any of them, also if the list keeps changing.
        """
        for url, is_returns in ((self._invoices_url, False), (self._returns_url, True)):
            if url is not None:
                async for raws in self._whole_list(url, day, which):
                    yield [
                        RawInvoice(
                            raw,
                            content_hash,
                            from_returns_feed=is_returns,
                            is_acknowledged=self._is_acknowledged(raw),
                        )
                        for content_hash, raw in raws.items()
                    ]

    async def count(self, day: date, which: Which) -> int:
        """Count a business day's invoices with the cheapest call there is."""
        urls = filter(None, (self._invoices_url, self._returns_url))
        return sum([await self._count(url, day, which) for url in urls])

    async def day_summary(self, day: date) -> tuple[DaySummary, ...] | None:
        """Read IPOS's own control totals of a business day; None where the record names no URL."""
        path = self._configuration.summary_url
        if path is None:
            return None
        names = self._profile.parameters
        what = self._what(f"summary of {day}")
        parameters = {
            names.location: self._configuration.location_code,
            names.summary_date: day.isoformat(),
        }
        with self._named():
            body = await self._ask("GET", self._url(path), params=parameters, what=what)
            return summary_of(body, self._profile, what=what)

    async def acknowledge(self, documents: Sequence[AcknowledgedDocument]) -> dict[str, str]:
        """Tell IPOS that NetSuite has these; returns document key -> why IPOS refused it.

        Safe to repeat. At most `documents_max` a call.
        """
        body = {
            self._profile.acknowledge.location_code: self._configuration.location_code,
            self._profile.acknowledge.documents: [self._told(one) for one in documents],
        }
        path = self._configuration.acknowledge_url or self._profile.paths.acknowledge
        with self._named():
            answer = await self._ask("POST", self._url(path), content=write_json(body))
            refuse_failure(answer, self._profile, what=self._what("acknowledgement"))
        return self._refusals(documents, answer)

    @property
    def system(self) -> str:
        """The name of this location's IPOS in errors and outages."""
        return ipos_system(self._configuration.location_code)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Name this IPOS in whatever error passes through, and hide our credential if it is there.

        Servers are known to repeat a key that they refuse.
        """
        with trouble_of(self.system):
            try:
                yield
            except PipelineError as error:
                error.hide(self._secrets())
                raise

    def _secrets(self) -> Iterator[str]:
        for one in (self._configuration.auth_value, self._configuration.password):
            if one is not None:
                yield one.get_secret_value()
                yield one.get_secret_value().split()[-1]  # "Basic" or "Bearer" may be left out
        if self._token is not None:
            yield self._token

    @property
    def _invoices_url(self) -> str:
        return self._url(self._configuration.invoices_url or self._profile.paths.invoices)

    @property
    def _returns_url(self) -> str | None:
        path = self._configuration.returns_url
        return self._url(path) if path else None

    def _url(self, path: str) -> str:
        """Join the domain with a path; a configuration may also hold a whole address."""
        if "://" in path:
            return path
        return urljoin(self._configuration.domain_url + "/", path.lstrip("/"))

    def _what(self, thing: str) -> str:
        return f"IPOS {thing} of {self._configuration.location_code}"

    async def _count(self, url: str, day: date, which: Which) -> int:
        page = await self._page(url, day, which, page_number=1, page_size=1)
        if page.total_records is None:
            return sum([len(raws) async for raws in self._whole_list(url, day, which)])
        return page.total_records

    async def _whole_list(self, url: str, day: date, which: Which) -> AsyncIterator[dict[str, Any]]:
        """Read the list until one pass was whole or a re-read adds nothing; give what is new of it.

        The list may move while it is read: acknowledging and late uploads shift its pages, so what
        one pass skipped the next one finds (M3 to M5). Gives raw invoices by content hash.
        """
        given: set[str] = set()
        for _ in range(PASSES_MAX):
            known = len(given)
            one_pass = ListPass()
            while not one_pass.is_at_end:
                raws = await self._next_page(one_pass, url, day, which)
                fresh = {key: raw for key, raw in raws.items() if key not in given}
                given.update(fresh)
                if fresh:
                    yield fresh
            if one_pass.is_whole or len(given) == known:
                return
        with self._named():
            message = f"{self._what('list')} for {day} changed each time it was read"
            raise TransientError(message)

    async def _next_page(
        self, one_pass: ListPass, url: str, day: date, which: Which
    ) -> dict[str, Any]:
        """Read the page that comes next in a pass; gives raw invoices by content hash."""
        number = one_pass.pages + 1
        page = await self._page(
            url, day, which, page_number=number, page_size=self._profile.page_size
        )
        raws = {self._content_hash(raw): raw for raw in page.invoices}
        one_pass.note(raws, page.total_records)
        with self._named():
            if page.total_records and not one_pass.seen:
                message = (
                    f"{self._what('list')} for {day} counts {page.total_records} invoices"
                    " and shows none"
                )
                raise TransientError(message)
            if number >= PAGES_MAX and not one_pass.is_at_end:
                message = f"{self._what('list')} for {day} has no end after {PAGES_MAX} pages"
                raise TransientError(message)
        return raws

    async def _page(
        self, url: str, day: date, which: Which, *, page_number: int, page_size: int
    ) -> Page:
        start, end = business_day_bounds(day, cutoff_hour=self._configuration.day_cutoff_hour)
        names = self._profile.parameters
        parameters = {
            names.location: self._configuration.location_code,
            names.start: start.isoformat(),
            names.end: end.isoformat(),
            names.page: page_number,
            names.page_size: page_size,
            names.posted: names.unacknowledged if which == "unacknowledged" else names.all,
        }
        what = self._what(f"list for {day}, page {page_number}")
        with self._named():
            body = await self._ask("GET", url, params=parameters, what=what)
            return page_of(body, self._profile, what=what)

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        what: str | None = None,
        **parts: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """Send a request that may be repeated, as all of IPOS's may."""
        about = what or self._what("request")

        async def send() -> httpx2.Response:
            headers = {"Accept": "application/json", **await self._credential()}
            if "content" in parts:
                headers["Content-Type"] = "application/json"
            request = self._client.build_request(method, url, headers=headers, **parts)
            response = await read(self._client, request, what=about)
            self.last_answered_at = answered_at(response)
            return response

        async def ask() -> dict[str, Any]:
            response = await send()
            if response.status_code == httpx2.codes.UNAUTHORIZED and self._token_until is not None:
                self._token_until = None  # tokens end early when IPOS is started again
                response = await send()
            return json_of(response, what=about)

        return await retry_transient(ask, self._pacing)

    async def _credential(self) -> dict[str, str]:
        configuration = self._configuration
        if configuration.auth_header and configuration.auth_value:
            return {configuration.auth_header: configuration.auth_value.get_secret_value()}
        now = self._clock()
        if self._token_until is None or now >= self._token_until:
            await self._log_in(now)
        return {"Authorization": f"Bearer {self._token}"}

    async def _log_in(self, now: datetime) -> None:
        names, configuration = self._profile.token, self._configuration
        password = configuration.password.get_secret_value() if configuration.password else ""
        login = {
            names.username: configuration.username,
            names.password: password,
            names.location_code: configuration.location_code,
        }
        what = self._what("token")
        request = self._client.build_request(
            "POST",
            self._url(configuration.token_url or ""),
            content=write_json(login),
            headers={"Content-Type": "application/json"},
        )
        response = await read(self._client, request, what=what)
        answer = json_of(response, what=what, holds_secret=True)
        try:
            token = answer[names.access_token]
            self._token = header_text(token if isinstance(token, str) else str(whole_number(token)))
            lifetime = lifetime_of(answer.get(names.expires_in) or 0)
        except (KeyError, ValueError):
            message = f"{what}: IPOS answered without a usable {names.access_token!r}"
            raise AuthenticationError(message) from None
        self._token_until = now + lifetime

    def _content_hash(self, raw: Any) -> str:  # noqa: ANN401 - whatever IPOS sent
        names = self._profile.acknowledge
        told = {names.posted, names.erp_id, names.erp_refund_id}
        if isinstance(raw, dict):
            raw = {name: value for name, value in raw.items() if name not in told}
        return canonical_hash(raw)

    def _is_acknowledged(self, raw: Any) -> bool:  # noqa: ANN401
        flag = raw.get(self._profile.acknowledge.posted) if isinstance(raw, dict) else None
        return str(flag).lower() in {"1", "true"}

    def _told(self, document: AcknowledgedDocument) -> dict[str, Any]:
        names = self._profile.acknowledge
        told = {
            names.doc_type: document.doc_type,
            names.inv_no: document.inv_no,
            names.inv_date: document.inv_date,
            names.erp_id: document.erp_id,
            names.status: names.status_posted,
        }
        if document.erp_refund_id is not None:
            told[names.erp_refund_id] = document.erp_refund_id
        return told

    def _refusals(
        self, documents: Sequence[AcknowledgedDocument], answer: dict[str, Any]
    ) -> dict[str, str]:
        """Match results by type and number; a document without a result is not confirmed."""
        names, envelope = self._profile.acknowledge, self._profile.envelope
        results = answer.get(names.results)
        confirmed: dict[tuple[str, str], Any] = {}
        for result in results if isinstance(results, list) else []:
            if isinstance(result, dict):
                key = (str(result.get(names.doc_type)), str(result.get(names.inv_no)))
                confirmed[key] = result
        refusals = {}
        for document in documents:
            result = confirmed.get((document.doc_type, str(document.inv_no)))
            if result is None:
                refusals[document.document_key] = "IPOS gave no result for it"
            elif str(result.get(envelope.status)) != str(envelope.status_ok):
                said = one_line(str(result.get(envelope.message)), SHOWN_BODY_MAX)
                refusals[document.document_key] = without(self._secrets(), said)
        return refusals
