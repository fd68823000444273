"""The mail server over real SMTP: trusted, signed in, and every refusal named."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from ipos_pipeline.clients.mail import MAIL, MailClient, MailSecurity, MailServer
from ipos_pipeline.errors import (
    AuthenticationError,
    ConfigurationError,
    PipelineError,
    TransientError,
)
from ipos_pipeline_tests.certificates import make_tls_files
from simulators.inbox import SmtpInbox, TlsFiles

PASSWORD = "pa55word"  # noqa: S105 - made up


@pytest.fixture(scope="module")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return make_tls_files(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def strict_inbox(tls_files: TlsFiles) -> Iterator[SmtpInbox]:
    with SmtpInbox(username="pipeline", password=PASSWORD, starttls=tls_files) as inbox:
        yield inbox


def client(
    inbox: SmtpInbox,
    *,
    security: MailSecurity = "starttls",
    trusted: TlsFiles | None = None,
    **changes: Any,
) -> MailClient:
    login = {"username": "pipeline", "password": PASSWORD, **changes}
    server = MailServer(inbox.host, inbox.port, security, **login)
    ca_file = trusted.certificate if trusted else None
    return MailClient(server, ca_file=ca_file, timeout_seconds=5)


def refusal(mail: MailClient, kind: type[PipelineError]) -> PipelineError:
    with pytest.raises(PipelineError) as caught:
        mail.check()
    assert type(caught.value) is kind
    assert caught.value.system == MAIL
    assert PASSWORD not in caught.value.message + caught.value.recovery
    return caught.value


def test_a_trusted_server_lets_us_in_and_gets_no_mail(
    strict_inbox: SmtpInbox, tls_files: TlsFiles
) -> None:
    client(strict_inbox, trusted=tls_files).check()
    assert strict_inbox.messages == []


def test_a_certificate_of_an_unknown_authority_is_refused(strict_inbox: SmtpInbox) -> None:
    assert "certificate" in refusal(client(strict_inbox), ConfigurationError).message


def test_a_wrong_password_is_a_refused_login(strict_inbox: SmtpInbox, tls_files: TlsFiles) -> None:
    wrong = client(strict_inbox, trusted=tls_files, password="wrong")
    assert "SMTP_PASSWORD" in refusal(wrong, AuthenticationError).recovery


def test_a_server_without_starttls_is_not_used_unencrypted() -> None:
    with SmtpInbox(username="pipeline", password=PASSWORD) as inbox:
        assert "SMTP_SECURITY" in refusal(client(inbox), ConfigurationError).recovery


def test_tls_from_the_first_byte_where_the_server_speaks_plainly_is_named(
    strict_inbox: SmtpInbox,
) -> None:
    assert (
        "SMTP_SECURITY"
        in refusal(client(strict_inbox, security="tls"), ConfigurationError).recovery
    )


def test_without_security_and_login_a_local_server_is_enough() -> None:
    with SmtpInbox() as inbox:
        client(inbox, security="none", username=None, password=None).check()


def test_a_closed_port_and_an_unknown_host_are_transient() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        server = MailServer("127.0.0.1", port, "none")
        refusal(MailClient(server, timeout_seconds=2), TransientError)
    refusal(MailClient(MailServer("mail.invalid", 25, "none")), TransientError)


@pytest.mark.parametrize(
    "error", [FileNotFoundError("payload"), TransientError("The ledger cannot be written to.")]
)
def test_an_error_of_the_caller_is_not_blamed_on_the_mail_server(error: Exception) -> None:
    """Sending notes each mail in the ledger, whose trouble is another one."""
    with SmtpInbox() as inbox:
        plain = client(inbox, security="none", username=None, password=None)
        with pytest.raises(type(error)) as caught, plain.session():
            raise error
    assert caught.value is error
    assert getattr(error, "system", None) != MAIL


class DroppingInbox(SmtpInbox):
    """A mail server that hangs up when it is given a mail."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names its hooks so
        self, server: Any, _session: object, _envelope: object, _address: str, _options: object
    ) -> str:
        server.transport.abort()
        return "421 Closing"


def test_a_server_that_hangs_up_in_the_middle_is_transient() -> None:
    with DroppingInbox() as inbox:
        plain = client(inbox, security="none", username=None, password=None)
        with (
            pytest.raises(TransientError, match="does not answer") as caught,
            plain.session() as session,
        ):
            session.send("a@example.com", ["b@example.com"], b"Subject: x\r\n\r\nx")
    assert caught.value.system == MAIL


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = MailServer("127.0.0.1", silent.getsockname()[1], "none")
        refusal(MailClient(server, timeout_seconds=0.2), TransientError)
