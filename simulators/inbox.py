"""A mail server that delivers nothing: it keeps every mail for tests and people to read."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from simulators.serving import open_port

START_SECONDS_MAX = 60


@dataclass(frozen=True)
class TlsFiles:
    """A certificate and its key, both PEM files."""

    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        """Build the context with which the server answers STARTTLS."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context


@dataclass(frozen=True)
class ReceivedMail:
    """A mail and its envelope: what the client said on the wire, not what the headers claim."""

    message: EmailMessage
    sender: str
    recipients: tuple[str, ...]
    at: datetime

    @property
    def subject(self) -> str:
        """The decoded subject, "" without one."""
        return str(self.message["Subject"] or "")

    @property
    def text(self) -> str:
        """The plain text part, "" without one."""
        body = self.message.get_body(preferencelist=("plain",))
        return "" if body is None else str(body.get_content())


class SmtpInbox:
    """An SMTP server that accepts everything for everybody and keeps it in memory.

    With a user name it insists on a login, with `starttls` on encryption before that. Does not
    imitate: relaying, bounces, size limits, grey-listing, implicit TLS, spam filters. With a
    `directory` each mail is also written there as `0001.eml`, `0002.eml` and so on; the numbers
    go on after those that are there already.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        username: str | None = None,
        password: str | None = None,
        starttls: TlsFiles | None = None,
        directory: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare the server; it listens from `start` on. Port 0 is a free one."""
        self.messages: list[ReceivedMail] = []
        self._username = username
        self._password = password
        self._directory = directory
        self._clock = clock
        self._controller = _PortAwareController(
            self,
            hostname=host,
            port=port,
            authenticator=self._authenticate if username else None,
            auth_require_tls=starttls is not None,
            tls_context=starttls.server_context() if starttls else None,
            require_starttls=starttls is not None,
            decode_data=False,
            server_hostname="localhost",  # it would ask the network for its own name
            ready_timeout=START_SECONDS_MAX,
        )

    @property
    def host(self) -> str:
        """The address it listens on."""
        return str(self._controller.hostname)

    @property
    def port(self) -> int:
        """The port it listens on; once started, the real one."""
        return int(self._controller.port)

    def start(self) -> Self:
        """Listen, in a thread of its own; OSError, naming the port, if it is taken."""
        if self._directory is not None:
            self._directory.mkdir(parents=True, exist_ok=True)
        try:
            if self.port:
                open_port(self.host, self.port).close()  # aiosmtpd takes 5 s to say it is taken
            self._controller.start()
        except OSError:
            self._controller.loop.close()
            raise
        return self

    def stop(self) -> None:
        """Stop listening; the messages stay readable."""
        self._controller.stop()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    async def handle_MAIL(  # noqa: N802 - aiosmtpd names its hooks so
        self,
        _server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Begin a mail, after a login where one is required; called by aiosmtpd.

        Its own `auth_required` is not used: it warns where there is no encryption.
        """
        if self._username and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd names its hooks so
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail; called by aiosmtpd."""
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=policy.default)
        if not isinstance(message, EmailMessage):
            return "554 The mail cannot be read"
        self._write(content)
        self.messages.append(
            ReceivedMail(
                message=message,
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                at=self._clock(),
            )
        )
        return "250 OK"

    def _write(self, content: bytes) -> None:
        if self._directory is None:
            return
        taken = [int(path.stem) for path in self._directory.glob("*.eml") if path.stem.isdigit()]
        number = max(taken, default=0) + 1
        (self._directory / f"{number:04d}.eml").write_bytes(content)

    def _authenticate(
        self,
        _server: SMTP,
        _session: Session,
        _envelope: Envelope,
        _mechanism: str,
        login: object,
    ) -> AuthResult:
        expected = ((self._username or "").encode(), (self._password or "").encode())
        given = (login.login, login.password) if isinstance(login, LoginPassword) else None
        return AuthResult(success=given == expected, handled=False)


class _PortAwareController(Controller):
    """A controller that may be given port 0 and then knows the port it got."""

    def _trigger_server(self) -> None:
        """Note the real port; aiosmtpd connects to it once, to see that the server is up."""
        if self.port == 0 and isinstance(self.server, asyncio.Server):
            self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd has it untyped
