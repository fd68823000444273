"""The message: headers that nobody can add to, threads, two bodies, all ASCII on the wire."""

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipos_pipeline.domain.mail import (
    MESSAGE_ID_MAX,
    Attachment,
    Envelope,
    addresses_in,
    build_message,
    layout,
    message_id_of,
)
from ipos_pipeline_tests.builders import NOON

SENDER = "pipeline@example.com"
FIRST = message_id_of("first", at=NOON, sender=SENDER)
RUBBISH = st.text(st.characters(exclude_categories=()), max_size=300)


def received(subject: str = "Hello", value: str = "1", **changes: Any) -> EmailMessage:
    """Build a mail and read it as a mail program does."""
    usual: dict[str, Any] = {
        "sender": SENDER,
        "recipients": ("shop@example.com",),
        "message_id": message_id_of("this", at=NOON, sender=SENDER),
        "thread_id": None,
        "at": NOON,
    }
    content = layout(
        subject,
        value,
        {"Name": value},
        table=[("Head", "Other"), (value, value)],
        attachment=Attachment("errors.csv", value),
    )
    wire = build_message(content, Envelope(**{**usual, **changes})).as_bytes()
    assert wire.isascii()
    read = message_from_bytes(wire, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def test_a_mail_has_the_headers_that_mail_programs_need() -> None:
    mail = received()
    assert {name: str(mail[name]) for name in mail} == {
        "From": SENDER,
        "To": "shop@example.com",
        "Subject": "Hello",
        "Date": "Fri, 20 Nov 2026 08:00:00 +0000",
        "Message-ID": message_id_of("this", at=NOON, sender=SENDER),
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": str(mail["Content-Type"]),
    }


def test_a_mail_that_follows_another_names_it() -> None:
    mail = received(thread_id=FIRST)
    assert (mail["In-Reply-To"], mail["References"]) == (FIRST, FIRST)


@given(RUBBISH, RUBBISH)
def test_no_text_adds_a_header_a_recipient_or_a_tag(subject: str, value: str) -> None:
    mail = received(f"{subject}\r\nBcc: thief@example.com", f"{value}</td><script>x</script>")
    assert set(mail.keys()) == set(received().keys())
    assert mail["To"] == "shop@example.com"
    html = mail.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()


def test_arabic_arrives_in_subject_text_and_page() -> None:
    mail = received("فاتورة", "لبن")
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert mail["Subject"] == "فاتورة"
    assert "لبن" in text.get_content()
    assert "لبن" in html.get_content()


@pytest.mark.parametrize("sender", [SENDER, f"a@{'sub.' * 40}example.com"])
def test_message_ids_differ_by_what_they_are_about_and_are_never_folded(sender: str) -> None:
    ids = {
        message_id_of(*about, at=at, sender=sender)
        for about in (["a"], ["b"], ["a", "b"])
        for at in (NOON, NOON + timedelta(seconds=1))
    }
    assert len(ids) == 6
    assert max(map(len, ids)) <= MESSAGE_ID_MAX
    one = ids.pop()
    assert received(message_id=one, thread_id=one)["References"] == one


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        (None, ()),
        ("", ()),
        ("a@b.example", ("a@b.example",)),
        ("a@b.example; c@d.example,a@b.example", ("a@b.example", "c@d.example")),
        ("ask the manager", ()),
        ("a@b.example, nobody", ()),
        ("a@b.example\nBcc: c@d.example", ()),
        ("<a@b.example>", ()),
        ("Noor <a@b.example>", ()),
    ],
)
def test_addresses_are_read_or_none_counts(text: str | None, addresses: tuple[str, ...]) -> None:
    assert addresses_in(text) == addresses
