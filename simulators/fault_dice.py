"""Drawing faults: by a seed, counted, and changeable while the simulator runs."""

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.faults import (
    AnswerWithheldError,
    ConnectionDroppedError,
    Faults,
    read_faults,
    shown_faults,
)
from simulators.json_text import from_json, to_json


class Requested(Protocol):
    """What the dice look at of a request."""

    @property
    def method(self) -> str:
        """GET, POST and so on."""
        ...

    @property
    def path(self) -> str:
        """The path without the query."""
        ...


class FaultDice:
    """Decides which faults happen to one simulator, and counts those that did.

    The same seed and the same order of requests give the same faults.
    """

    def __init__(self, faults: Faults, *, seed: int) -> None:
        self.faults = faults
        self.counts: Counter[str] = Counter()
        self.random = Random(seed)
        self._seed = seed

    def hits(self, fault: str, call: Requested) -> bool:
        """Draw one fault for one request; asked only where it can take effect."""
        probability: float = getattr(self.faults, fault)
        if not probability or self.faults.only not in f"{call.method} {call.path}":
            return False
        return self._drawn(fault, probability, self.random)

    def hits_document(self, fault: str, *key: object) -> bool:
        """Draw one fault for one document; the same key is always answered alike."""
        probability: float = getattr(self.faults, fault)
        if not probability:
            return False
        return self._drawn(fault, probability, self.random_of(fault, *key))

    def random_of(self, *key: object) -> Random:
        """Give the random numbers that belong to a key: the same ones each time."""
        return Random(repr((self._seed, *key)))

    def applies(self, fault: str) -> bool:
        """Count a fault that is certain, not drawn; False once `faults_max` is reached."""
        return self._drawn(fault, 1.0, self.random)

    def break_connection_before(self, call: Requested) -> None:
        """Raise ConnectionDroppedError or AnswerWithheldError instead of carrying a call out."""
        if self.hits("stalled", call):
            raise AnswerWithheldError
        if self.hits("connection_reset", call):
            raise ConnectionDroppedError

    def break_connection_after(self, call: Requested) -> None:
        """Raise ConnectionDroppedError or AnswerWithheldError instead of answering."""
        if self.hits("reply_stalled", call):
            raise AnswerWithheldError
        if self.hits("reply_lost", call):
            raise ConnectionDroppedError

    def throttle(self, call: Requested) -> Mapping[str, str] | None:
        """Give the headers of a 429, or None where there is none."""
        if self.hits("throttled", call):
            return {}
        if self.hits("throttled_with_retry_after", call):
            return {"Retry-After": str(self.faults.retry_after_seconds)}
        return None

    def extra_seconds(self, call: Requested) -> float:
        """Say how much longer than usual an answer takes."""
        return self.faults.slow_seconds if self.hits("slow", call) else 0.0

    def _drawn(self, fault: str, probability: float, random: Random) -> bool:
        faults_max = self.faults.faults_max
        if faults_max is not None and self.counts.total() >= faults_max:
            return False
        if random.random() >= probability:
            return False
        self.counts[fault] += 1
        return True


def faults_route(dice: FaultDice) -> Route:
    """Build `/_simulator/faults`: GET shows the faults and their counts, POST replaces them.

    Both bodies are JSON objects of field -> value; a POST that cannot be read is answered 400.
    """

    async def endpoint(request: Request) -> Response:
        if request.method == "POST":
            try:
                dice.faults = read_faults(from_json(await request.body()))
            except ValueError as error:
                return _json({"error": str(error)}, status=400)
        return _json({"faults": shown_faults(dice.faults), "counts": dict(dice.counts)})

    return Route("/_simulator/faults", endpoint, methods=["GET", "POST"])


def _json(value: object, *, status: int = 200) -> Response:
    return Response(to_json(value), status, media_type="application/json")
