"""A NetSuite account over HTTP: tokens, record service, SuiteQL, concurrency, latency.

Belongs here: the way of one request from arrival to answer. Not here: what the account holds
(netsuite_account.py), who may call (netsuite_auth.py, netsuite_tba.py), what each service answers
(netsuite_record_service.py, netsuite_query_service.py).
"""

import asyncio
import math
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from simulators.fault_dice import FaultDice, faults_route
from simulators.faults import NO_FAULTS, Faults
from simulators.netsuite_account import SimulatedAccount
from simulators.netsuite_answers import (
    Answer,
    DuplicateRecordError,
    NetSuiteError,
    concurrency_answer,
    invalid_login_answer,
    user_error,
)
from simulators.netsuite_auth import TokenService
from simulators.netsuite_calls import QUERY_PATH, Call, read_call, recorded
from simulators.netsuite_database import Database
from simulators.netsuite_faults import NetSuiteFaults
from simulators.netsuite_index import SearchIndex
from simulators.netsuite_inspection import inspection_routes
from simulators.netsuite_query_service import QueryService
from simulators.netsuite_record_service import RecordService
from simulators.netsuite_tba import SignedAccess
from simulators.recording import REQUESTS_KEPT, RecordedRequest
from simulators.suiteql import SuiteQL

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105

_RECORD_PATH = "/services/rest/record/v1/{type}"
# A read costs this share of the base latency (assumption: no published number).
_READ_SHARE = 0.25

Operation = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a request takes: a base and a share per line, with a log-normal spread.

    `sigma` is the standard deviation of the logarithm, so the median stays as given.
    """

    base_seconds: float = 0.0
    per_line_seconds: float = 0.0
    sigma: float = 0.0

    def seconds(self, call: Call, *, writes: bool, rng: random.Random) -> float:
        """Draw the time that one request takes."""
        if not writes:
            return self.base_seconds * _READ_SHARE
        lines = call.line_count() if self.per_line_seconds else 0
        median = self.base_seconds + self.per_line_seconds * lines
        return median * math.exp(self.sigma * rng.gauss()) if self.sigma else median


def utc_now() -> datetime:
    """Read the machine's clock."""
    return datetime.now(UTC)


class NetSuiteSimulator(SimulatedAccount):
    """One stateful account; on the same database file a restarted one has the same state.

    A write takes effect at the end of its latency, so a client that gave up waiting may find
    nothing at first and the record a moment later, as with the real system. It works unless
    `faults` say otherwise; they may be replaced while it runs, and those that happened are counted
    by name in `fault_counts`. With `external_ids_unique=False` it is an account that NetSuite does
    not offer, which takes an external ID twice: to see what a client's own safeguards are worth.
    Not imitated: RESTlets, SOAP, asynchronous requests and batches, metadata-catalog,
    governance limits, roles and permissions, more than one form, record types other than cash
    sales, cash refunds and custom records (lists are read through SuiteQL only).
    """

    def __init__(
        self,
        *,
        account_id: str = "1234567_SB1",
        database: str = ":memory:",
        slots: int = 15,
        latency: Latency | None = None,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        seed: int = 0,
        faults: Faults = NO_FAULTS,
        external_ids_unique: bool = True,
    ) -> None:
        self.account_id = account_id
        self.slots = slots
        self.latency = latency or Latency()
        # How REST answers a taken external ID is in no source: tests may vary it.
        self.duplicate_answer = user_error("This record already exists").to_answer()
        self._clock = clock
        self._sleep = sleep
        self._rng = random.Random(seed)
        self._dice = FaultDice(faults, seed=seed)
        self._faults = NetSuiteFaults(self._dice, clock)
        self._requests: deque[RecordedRequest] = deque(maxlen=REQUESTS_KEPT)
        self._in_progress = 0
        self.most_in_progress = 0
        stored = Database(database, external_ids_unique=external_ids_unique)
        super().__init__(stored, clock)
        self._tokens = TokenService(self._database, account_id, clock)
        self._signed = SignedAccess(self._database, account_id, clock)
        self._records = RecordService(self._cash, self._custom, self._lists)
        self._queries = QueryService(SuiteQL(self._database))
        self._index = SearchIndex(self._database, clock)
        # Without Starlette's error pages, so that a broken connection reaches the server.
        self.app = Router([*self._routes(), *inspection_routes(self), faults_route(self._dice)])

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
        """The recorded requests, oldest first, the last 25,000."""
        return list(self._requests)

    def register_client(self, client_id: str, certificate_id: str, public_key_pem: bytes) -> None:
        """Map a certificate (or its public key) to an integration; ValueError if too weak."""
        self._tokens.register_client(client_id, certificate_id, public_key_pem)

    def register_token(
        self, consumer_key: str, consumer_secret: str, token_id: str, token_secret: str
    ) -> None:
        """Let an integration sign in with TBA; a known pair of key and ID gets these secrets."""
        self._signed.register_token(consumer_key, consumer_secret, token_id, token_secret)

    def revoke_tokens(self) -> None:
        """Make every access token issued so far worthless."""
        self._tokens.revoke_tokens()

    def _routes(self) -> list[Route]:
        one = f"{_RECORD_PATH}/{{key}}"
        records, queries = self._records, self._queries
        return [
            Route(TOKEN_PATH, self._token_endpoint, methods=["POST"]),
            self._route(QUERY_PATH, "POST", queries.answer, writes=False),
            self._route(_RECORD_PATH, "POST", records.create, writes=True),
            self._route(one, "GET", records.read, writes=False),
            self._route(one, "PATCH", records.update, writes=True),
            self._route(one, "PUT", records.upsert, writes=True),
            self._route(one, "DELETE", records.delete, writes=True),
        ]

    def _route(self, path: str, method: str, operation: Operation, *, writes: bool) -> Route:
        async def endpoint(request: Request) -> Response:
            call = await read_call(request)
            return await self._serve(call, operation, writes=writes)

        return Route(path, endpoint, methods=[method])

    async def _token_endpoint(self, request: Request) -> Response:
        call = await read_call(request)
        answer = self._faults.token(call) or self._tokens.answer(call.body, call.url)
        self._requests.append(recorded(call, answer.status, self._clock()))
        return answer.to_response()

    async def _serve(self, call: Call, operation: Operation, *, writes: bool) -> Response:
        """Take one request from arrival to answer; one that is cut short is kept as status 0."""
        at, status, seconds = self._clock(), 0, 0.0
        try:
            answer = self._faults.before(call) or self._refusal(call)
            if answer is None:
                seconds = self.latency.seconds(call, writes=writes, rng=self._rng)
                done = await self._execute_in_slot(call, operation, seconds)
                answer = self._faults.after(call, done)
            status = answer.status
            return answer.to_response()
        finally:
            took = (self._clock() - at).total_seconds()
            self._requests.append(
                recorded(call, status, at, took_seconds=took, latency_seconds=seconds)
            )

    def _refusal(self, call: Call) -> Answer | None:
        """Decide whether the request is turned away before anything is executed."""
        if self._dice.hits("tokens_revoked", call):
            self.revoke_tokens()
        is_good = self._tokens.accepts(call.headers.get("Authorization")) or self._signed.accepts(
            call
        )
        if not is_good or self._dice.hits("unauthorized", call):
            return invalid_login_answer(self.account_id)
        if self._in_progress >= self.slots:
            return concurrency_answer()
        return None

    async def _execute_in_slot(
        self, call: Call, operation: Operation, usual_seconds: float
    ) -> Answer:
        self._in_progress += 1
        self.most_in_progress = max(self.most_in_progress, self._in_progress)
        try:
            await self._sleep(usual_seconds + self._dice.extra_seconds(call))
            return self._execute(call, operation)
        finally:
            self._in_progress -= 1

    def _execute(self, call: Call, operation: Operation) -> Answer:
        self._index.catch_up()
        try:
            self._faults.refuse_forbidden(call)
            answer = operation(call)
        except DuplicateRecordError:
            return self._faults.duplicate(call, self.duplicate_answer)
        except NetSuiteError as refused:
            return refused.to_answer()
        self._delay_index(call, answer)
        return answer

    def _delay_index(self, call: Call, answer: Answer) -> None:
        """Hide a new cash sale or refund from searches for a while, where that is a fault."""
        lag_seconds = self.faults.index_lag_seconds
        is_created = call.method == "POST" and not call.is_query and "Location" in answer.headers
        if (
            not (lag_seconds and is_created)
            or self._cash.type_named(call.path_params["type"]) is None
        ):
            return
        if self._dice.applies("index_lag_seconds"):
            self._index.delay(answer.headers["Location"].rpartition("/")[2], lag_seconds)
