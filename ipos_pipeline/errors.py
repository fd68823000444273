"""Every error this package raises, named for what the caller should do next.

PipelineError
├── ConfigurationError        stop: a setting, a configuration record or a credential must change
│   ├── AuthenticationError       the other side refused our credential
│   └── LocationMismatchError     IPOS answered with another location's invoices
├── TransientError            the same request may be sent again later
│   └── ThrottledError            the account's concurrency or rate limit; wait, then send again
├── InDoubtError              a write whose outcome is unknown: look it up before anything else
├── RejectedError             the request was understood and refused: data must change first
│   ├── AlreadyExistsError        refused because a record with this external ID is there: adopt it
│   └── ClosedPeriodError         refused because its date lies in a closed accounting period
└── MalformedInvoiceError     one invoice cannot be read: quarantine it, go on with the others
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

HIDDEN = "(hidden)"
HIDDEN_LENGTH_MIN = 4
"""A shorter secret is part of too many words to be taken out of a message."""


CUT = "…"
"""What stands where a text was cut."""


def without(secrets: Iterable[str], text: str) -> str:
    """Take secrets out of a text: also as JSON, an address or base64 write them, and cut short."""
    for secret in secrets:
        if len(secret) < HIDDEN_LENGTH_MIN:
            continue
        for form in sorted(_forms(secret), key=len, reverse=True):
            text = text.replace(form, HIDDEN)
            for length in range(len(form) - 1, HIDDEN_LENGTH_MIN - 1, -1):
                text = text.replace(form[:length] + CUT, HIDDEN + CUT)
    return text


def _forms(secret: str) -> set[str]:
    in_json = json.dumps(secret)[1:-1]
    in_json_in_json = json.dumps(in_json)[1:-1]  # a server repeats a body inside its own answer
    base64 = b64encode(secret.encode("utf-8", "surrogatepass")).decode()
    in_urls = {quote(secret, safe=safe, errors="replace") for safe in ("", "/")}
    return {
        secret,
        in_json,
        in_json_in_json,
        base64,
        quote_plus(secret, errors="replace"),
        *in_urls,
    }


class PipelineError(Exception):
    """An error that says what happened and, in `recovery`, what to do next.

    `system` names whose trouble it is: NetSuite, IPOS of one location, our own settings, or one
    configuration record.
    """

    recovery = "Read the message and the log of this run, then run the partition again."
    system = "settings"

    def __init__(self, message: str, *, recovery: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if recovery is not None:
            self.recovery = recovery

    def hide(self, secrets: Iterable[str]) -> None:
        """Take secrets out of the message: the other side may have repeated what it was given."""
        self.message = without(secrets, self.message)
        self.args = (self.message,)


class ConfigurationError(PipelineError):
    """Nothing can be done until a person changes a setting or a configuration record."""

    recovery = "Correct the setting that the message names, then run the partition again."


@contextmanager
def trouble_of(system: str) -> Iterator[None]:
    """Name the system in whatever error passes through; the innermost name counts."""
    try:
        yield
    except PipelineError as error:
        if "system" not in error.__dict__:
            error.system = system
        raise


class AuthenticationError(ConfigurationError):
    """The other side refused our credential."""

    recovery = "Check the credential that the message names, and that it has not expired."


class LocationMismatchError(ConfigurationError):
    """IPOS answered with invoices of another location than the one asked for."""

    recovery = "Check the URL, the location code and the credential of this configuration record."


class TransientError(PipelineError):
    """The request had no effect or was a read; the same request may be sent again later."""

    recovery = "Nothing to do: it is tried again at the next run."


class ThrottledError(TransientError):
    """The other side limits us; `retry_after_seconds` is its own wish, where it gave one."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class InDoubtError(PipelineError):
    """A write that may have been applied; only a look-up by external ID can tell."""

    recovery = "Nothing to do: the next run looks the document up before it sends anything."


class RejectedError(PipelineError):
    """A write that was understood and refused; repeating it unchanged would fail again."""

    recovery = "Correct what the message names in NetSuite or IPOS; it is then tried again."

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        path: str | None = None,
        response: str | None = None,
        recovery: str | None = None,
    ) -> None:
        super().__init__(message, recovery=recovery)
        self.code = code
        self.status = status
        self.path = path
        self.response = response

    def hide(self, secrets: Iterable[str]) -> None:
        """Take secrets out of everything that the other side said."""
        known = tuple(secrets)
        super().hide(known)
        self.code = without(known, self.code)
        self.path = self.path and without(known, self.path)
        self.response = self.response and without(known, self.response)


class AlreadyExistsError(RejectedError):
    """NetSuite holds a record with this external ID already."""

    recovery = (
        "NetSuite says that it has this document and does not show it to the integration: look the"
        " external ID up as an administrator, and let the integration's role see it. Then retry it."
    )


class ClosedPeriodError(RejectedError):
    """The document's date lies in an accounting period that is closed or locked in NetSuite."""

    recovery = "Have the accounting period reopened in NetSuite; it is then tried again."


class MalformedInvoiceError(PipelineError):
    """One invoice that cannot be read; `field` is the vendor's name of what is wrong with it."""

    recovery = "Have the invoice corrected in IPOS; it is read again at the next run."

    def __init__(self, message: str, *, field: str, inv_no: str | None) -> None:
        super().__init__(message)
        self.field = field
        self.inv_no = inv_no
