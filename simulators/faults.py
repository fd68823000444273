"""What can go wrong with a simulated system: one value that says how often and when.

Belongs here: the knobs, and the two ways in which no answer comes. Not here: the drawing
(fault_dice.py), what a fault does to IPOS (ipos_faults.py) or to NetSuite (netsuite_faults.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Annotated, Any, NamedTuple, Self

Probability = Annotated[float, "0 to 1"]

_SECONDS_PER_HOUR = 3600.0


class Window(NamedTuple):
    """A stretch of time from `start` to before `end`, both with an offset."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Say whether the moment lies inside."""
        return self.start <= moment < self.end

    @classmethod
    def read(cls, texts: tuple[str, str] | list[str]) -> Self:
        """Read two ISO times; ValueError where one is none or has no offset."""
        start, end = (datetime.fromisoformat(text) for text in texts)
        if start.tzinfo is None or end.tzinfo is None:
            message = "the times of a window need an offset"
            raise ValueError(message)
        return cls(start, end)


class ConnectionDroppedError(Exception):
    """The connection ends without an answer; what was done before stays done."""


class AnswerWithheldError(Exception):
    """The connection stays open and silent, until the client gives up."""


@dataclass(frozen=True, kw_only=True)
class Faults:
    """How often each fault happens to a simulator; without arguments, none does.

    A probability is for each request, and for an `..._invoice` or a late upload for each invoice;
    then it depends on the invoice and the seed alone and stays. What is no probability is certain
    and does not look at `only`. A simulator ignores the knobs of the other system; token requests
    of NetSuite meet only the faults of tokens and maintenance. `M` numbers are those of "Failures
    that really happen" in the assumed IPOS API, `[F]` is documented NetSuite behaviour, the rest
    are assumptions. Raises ValueError for a probability that is none.
    """

    # --- Which requests, and for how long
    only: str = ""  # requests whose "METHOD /path" contains this text
    faults_max: int | None = None  # after so many faults in all, everything works

    # --- Both systems, before anything is done (M22)
    stalled: Probability = 0.0  # no answer ever comes: the client's time-out ends it
    connection_reset: Probability = 0.0
    server_error: Probability = 0.0  # 500, 502, 503, and of NetSuite also 504
    throttled: Probability = 0.0  # 429 without Retry-After
    throttled_with_retry_after: Probability = 0.0
    retry_after_seconds: int = 30

    # --- Both systems, after it was done (M21 to M23)
    slow: Probability = 0.0  # done and answered, but late
    slow_seconds: float = 90.0
    reply_lost: Probability = 0.0  # the connection ends without the answer
    reply_stalled: Probability = 0.0  # the answer never comes
    server_error_after: Probability = 0.0
    html_page: Probability = 0.0  # a web page with status 200 instead of the answer
    truncated: Probability = 0.0  # half of the body, where the answer has one

    # --- IPOS: what is listed
    late_upload: Probability = 0.0  # M1: of each invoice added from now on
    late_upload_seconds_max: float = 72 * _SECONDS_PER_HOUR
    offline: Mapping[str, Window] = field(default_factory=dict)  # M2: location -> no uploads
    repeated_row: Probability = 0.0  # M3: a page begins with the last invoice of the page before
    unstable_order: Probability = 0.0  # M4: this page is cut from a list in another order
    short_page: Probability = 0.0  # M5: of each page number; what is cut off follows on the next
    page_size_cap: int | None = None  # M6: no page is longer, whatever was asked
    dates_ignored: Probability = 0.0  # M7: `from` and `to` have no effect
    broken_invoice: Probability = 0.0  # M11: cannot be understood
    odd_invoice: Probability = 0.0  # M11: strange, but everything is there
    clock_skew_seconds: Mapping[str, float] = field(default_factory=dict)  # M19: location -> shift
    other_location: Probability = 0.0  # M26: another shop's invoices, right address

    # --- IPOS: the answer is no list (M21)
    status_zero: Probability = 0.0  # 200 with Status 0 and a message; nothing was done
    empty_body: Probability = 0.0
    no_content: Probability = 0.0  # 204
    null_data: Probability = 0.0  # lists and day summaries
    byte_order_mark: Probability = 0.0  # a good answer after a byte order mark

    # --- IPOS: acknowledgements (M23)
    acknowledgement_lost: Probability = 0.0  # not applied, no answer
    acknowledgement_reply_lost: Probability = 0.0  # applied, no answer
    acknowledgement_twice: Probability = 0.0  # applied twice, answered once
    acknowledgement_ignored: Probability = 0.0  # answered Status 1, not applied

    # --- NetSuite: access
    unauthorized: Probability = 0.0  # 401 for a good token [F]
    tokens_revoked: Probability = 0.0  # 401 until the client has a new token
    token_error: Probability = 0.0  # 500 of the token endpoint
    token_refused: Probability = 0.0  # 400 invalid_client of the token endpoint
    request_limit: Probability = 0.0  # 400 SSS_REQUEST_LIMIT_EXCEEDED, nothing done
    forbidden: tuple[str, ...] = ()  # record types and tables without permission
    maintenance: Window | None = None  # a web page for everything
    maintenance_statuses: tuple[int, ...] = (200, 503)  # of that page; each as likely

    # --- NetSuite: answers
    duplicate_reworded: Probability = 0.0  # another wording of "already exists"
    location_missing: Probability = 0.0  # 204 without Location
    location_relative: Probability = 0.0  # Location without scheme and host
    suiteql_failure: Probability = 0.0  # 500, a web page, or half an answer
    index_lag_seconds: float = 0.0  # SuiteQL and `eid:` find a new transaction only then

    def __post_init__(self) -> None:
        for knob in fields(self):
            if knob.type is Probability and not 0 <= getattr(self, knob.name) <= 1:
                message = f"{knob.name} is a probability from 0 to 1"
                raise ValueError(message)


NO_FAULTS = Faults()


def read_faults(values: object) -> Faults:
    """Read faults from a JSON object of field -> value; what is not named does not happen.

    A window is a list of two ISO times with offset. Raises ValueError for anything else.
    """
    if not isinstance(values, dict):
        message = "faults are a JSON object of field and value"
        raise ValueError(message)  # noqa: TRY004 - the text is wrong, not the program
    kinds = {knob.name: knob.type for knob in fields(Faults)}
    read: dict[str, Any] = {}
    for name, value in values.items():
        if name not in kinds:
            message = f"there is no fault {name}; known: {', '.join(kinds)}"
            raise ValueError(message)
        try:
            read[name] = _READERS[kinds[name]](value)
        except (TypeError, ValueError, AttributeError) as error:
            message = f"{name} cannot be {value!r}: {error}"
            raise ValueError(message) from error
    return Faults(**read)


def shown_faults(faults: Faults) -> dict[str, Any]:
    """Write the knobs that are turned, in the form that `read_faults` takes."""
    return {
        knob.name: _shown(getattr(faults, knob.name))
        for knob in fields(faults)
        if getattr(faults, knob.name) != getattr(NO_FAULTS, knob.name)
    }


def _shown(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _shown(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return [_shown(one) for one in value]
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        message = "a text is needed"
        raise TypeError(message)
    return value


_READERS: dict[object, Callable[[Any], object]] = {
    str: _text,
    int: int,
    float: float,
    Probability: float,
    int | None: lambda value: None if value is None else int(value),
    Window | None: lambda value: None if value is None else Window.read(value),
    tuple[str, ...]: lambda value: tuple(_text(one) for one in value),
    tuple[int, ...]: lambda value: tuple(int(one) for one in value),
    Mapping[str, Window]: lambda value: {key: Window.read(one) for key, one in value.items()},
    Mapping[str, float]: lambda value: {key: float(one) for key, one in value.items()},
}
