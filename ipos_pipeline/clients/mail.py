"""The mail server over SMTP: a connection that is encrypted and signed in as the settings ask.

Belongs here: connecting, TLS, login, handing mails over. Not here: what a mail says.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ipos_pipeline.clients.tls import UNTRUSTED, trusted_authorities
from ipos_pipeline.errors import (
    AuthenticationError,
    ConfigurationError,
    TransientError,
    trouble_of,
)

MailSecurity = Literal["starttls", "tls", "none"]
DEFAULT_PORTS: dict[MailSecurity, int] = {"starttls": 587, "tls": 465, "none": 25}
MAIL = "mail server"
"""The system's name in errors and outages."""

TIMEOUT_SECONDS = 20
REFUSALS = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
"""The server does not take this mail; others it may take."""


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed over, and as whom; the password is never shown."""

    host: str
    port: int
    security: MailSecurity
    username: str | None = None
    password: str | None = field(default=None, repr=False)


class MailSession:
    """A connection that is ready for mails; `server` names the server in errors."""

    def __init__(self, connection: smtplib.SMTP, server: str) -> None:
        self._connection = connection
        self._server = server

    def send(self, sender: str, recipients: Sequence[str], content: bytes) -> str | None:
        """Hand one mail over; give the server's words if it refuses this one.

        Raises TransientError if it takes none any more.
        """
        with trouble_of(MAIL), _translated(self._server):
            try:
                self._connection.sendmail(sender, recipients, content)
            except REFUSALS as error:
                return str(error)
        return None


class MailClient:
    """One mail server. `ca_file` holds authorities that are trusted beside the system's."""

    def __init__(
        self,
        server: MailServer,
        *,
        ca_file: Path | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._server = server
        self._ca_file = ca_file
        self._timeout_seconds = timeout_seconds

    def check(self) -> None:
        """Connect, encrypt and sign in as if to send, and send nothing; raises like `session`."""
        with self.session():
            pass

    @contextmanager
    def session(self) -> Iterator[MailSession]:
        """Open a connection that is ready for mails, and close it politely.

        Raises TransientError if the server cannot be reached or gives up, AuthenticationError if
        it refuses the login, ConfigurationError if it cannot be trusted or lacks what we ask for.
        What the caller does meanwhile may raise whatever it likes.
        """
        name = f"{self._server.host}:{self._server.port}"
        with ExitStack() as opened:
            with trouble_of(MAIL), _translated(name):
                connection = self._connected()
                opened.callback(_leave, connection)
                self._make_ready(connection)
            yield MailSession(connection, name)

    def _make_ready(self, connection: smtplib.SMTP) -> None:
        connection.ehlo()
        if self._server.security == "starttls":
            connection.starttls(context=trusted_authorities(self._ca_file))
            connection.ehlo()
        if self._server.username is not None:
            connection.login(self._server.username, self._server.password or "")

    def _connected(self) -> smtplib.SMTP:
        address = self._server.host, self._server.port
        if self._server.security == "tls":
            tls = trusted_authorities(self._ca_file)
            return smtplib.SMTP_SSL(*address, timeout=self._timeout_seconds, context=tls)
        return smtplib.SMTP(*address, timeout=self._timeout_seconds)


def _leave(connection: smtplib.SMTP) -> None:
    """Say goodbye; what the server has taken it keeps, whatever it answers."""
    with suppress(OSError, smtplib.SMTPException):
        connection.quit()
    connection.close()


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """Turn what smtplib and TLS raise into our errors; a server's own words are kept."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        message = f"The certificate of the mail server {name} is refused: {error.verify_message}."
        raise ConfigurationError(
            message, recovery=f"Put the name that its certificate has into SMTP_HOST. {UNTRUSTED}"
        ) from error
    except ssl.SSLError as error:
        message = f"The mail server {name} does not speak TLS as asked ({error.reason})."
        raise ConfigurationError(
            message, recovery="Check SMTP_SECURITY and SMTP_PORT: starttls 587, tls 465."
        ) from error
    except smtplib.SMTPAuthenticationError as error:
        message = f"The mail server {name} refused the login ({error.smtp_code})."
        raise AuthenticationError(
            message, recovery="Check SMTP_USERNAME and SMTP_PASSWORD."
        ) from None  # the server's words may repeat what it was given
    except smtplib.SMTPNotSupportedError as error:
        message = f"The mail server {name} cannot do what the settings ask: {error}"
        raise ConfigurationError(
            message, recovery="Check SMTP_SECURITY, SMTP_USERNAME and SMTP_PORT."
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        message = f"The mail server {name} does not answer as one ({type(error).__name__})."
        raise TransientError(
            message, recovery="Check SMTP_HOST, SMTP_PORT and SMTP_SECURITY, and the network."
        ) from error
