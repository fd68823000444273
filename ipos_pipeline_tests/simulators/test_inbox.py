"""The inbox: what is sent is kept, and what is required is insisted on."""

import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path

import pytest

from ipos_pipeline_tests.certificates import make_tls_files
from simulators.inbox import SmtpInbox, TlsFiles


def make_mail(subject: str = "رفض 10377") -> EmailMessage:
    """Make a mail with Arabic in subject and text."""
    mail = EmailMessage()
    mail["From"] = "pipeline@example.com"
    mail["To"] = "operations@example.com"
    mail["Subject"] = subject
    mail.set_content("الصنف غير معروف\n")
    return mail


@pytest.fixture(scope="module")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    """A certificate for 127.0.0.1 that is its own authority."""
    return make_tls_files(tmp_path_factory.mktemp("tls"))


def test_a_mail_is_kept_with_its_envelope() -> None:
    """The envelope says who really gets it, blind copies too."""
    with SmtpInbox() as inbox, smtplib.SMTP(inbox.host, inbox.port) as client:
        client.send_message(make_mail(), to_addrs=["operations@example.com", "boss@example.com"])
    [mail] = inbox.messages
    assert (mail.subject, mail.text.strip()) == ("رفض 10377", "الصنف غير معروف")
    assert mail.sender == "pipeline@example.com"
    assert mail.recipients == ("operations@example.com", "boss@example.com")


def test_mails_are_written_as_files_that_a_restart_does_not_overwrite(tmp_path: Path) -> None:
    """The demo shows them with any mail program."""
    for subject in ("one", "two"):
        with (
            SmtpInbox(directory=tmp_path / "mails") as inbox,
            smtplib.SMTP(inbox.host, inbox.port) as client,
        ):
            client.send_message(make_mail(subject))
    files = sorted((tmp_path / "mails").glob("*.eml"))
    assert [file.name for file in files] == ["0001.eml", "0002.eml"]
    assert b"Subject: two" in files[1].read_bytes()


def test_without_the_login_that_is_required_nothing_is_accepted() -> None:
    """A pipeline with a wrong password must notice."""
    with SmtpInbox(username="pipeline", password="secret") as inbox:
        with smtplib.SMTP(inbox.host, inbox.port) as client:
            with pytest.raises(smtplib.SMTPException):
                client.send_message(make_mail())
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login("pipeline", "guess")
        with smtplib.SMTP(inbox.host, inbox.port) as client:
            client.login("pipeline", "secret")
            client.send_message(make_mail())
    assert len(inbox.messages) == 1


def test_with_starttls_a_mail_in_the_clear_is_refused(tls_files: TlsFiles) -> None:
    """And an encrypted one is accepted, with a login inside."""
    context = ssl.create_default_context(cafile=str(tls_files.certificate))
    with SmtpInbox(username="pipeline", password="secret", starttls=tls_files) as inbox:
        with (
            smtplib.SMTP(inbox.host, inbox.port) as client,
            pytest.raises(smtplib.SMTPException),
        ):
            client.send_message(make_mail())
        with smtplib.SMTP(inbox.host, inbox.port) as client:
            client.starttls(context=context)
            client.login("pipeline", "secret")
            client.send_message(make_mail())
    assert len(inbox.messages) == 1


def test_a_port_that_is_taken_is_an_error_that_names_it() -> None:
    """Not a server that silently hears nothing."""
    with SmtpInbox() as first, pytest.raises(OSError, match=str(first.port)):
        SmtpInbox(port=first.port).start()
