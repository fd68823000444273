"""The mail server: down, slow to come back, choosy, encrypted; each mail goes out once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from ipos_pipeline.clients.mail import MailClient, MailServer, MailSession
from ipos_pipeline.domain.error_mail import Shop
from ipos_pipeline.errors import TransientError
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.sending_mails import MailsSent, send_mails
from ipos_pipeline_tests.builders import NOON, failure, keys, raw_invoice, raw_line
from ipos_pipeline_tests.certificates import make_tls_files
from ipos_pipeline_tests.errors_workflow.conftest import Operation, compose, mail_environment
from ipos_pipeline_tests.pipeline.conftest import checks_of
from ipos_pipeline_tests.ports import reserved_port
from ipos_pipeline_tests.simulated_world import Clock
from simulators.inbox import SmtpInbox

LEASE_SECONDS = 10 * 60


def client_of(inbox: SmtpInbox) -> MailClient:
    return MailClient(MailServer(inbox.host, inbox.port, "none"))


def queue(ledger: LedgerStore, count: int) -> None:
    with ledger.write("run-1") as work:
        for number, key in enumerate(keys(count)):
            work.errors.fail(failure(f"{key}-CS", code=f"CODE_{number}"), at=NOON)
    assert compose(ledger) == count


def send(
    ledger: LedgerStore, client: MailClient, clock: Clock, *, count_max: int = 100
) -> MailsSent:
    return send_mails(ledger, client, run="run-1", clock=clock, count_max=count_max)


def test_a_mail_server_down_for_three_ticks_delays_each_mail_and_repeats_none(
    operation: Operation,
) -> None:
    pipeline = operation.pipeline
    port = reserved_port()
    pipeline.environment["SMTP_PORT"] = str(port)
    pipeline.world.ipos.add_invoices(
        [raw_invoice(raw_line(PrimaryBarcode="999"), InvNo=1), raw_invoice(InvNo=2)]
    )

    result = pipeline.run()

    assert result.success, "mails never stop posting"
    assert list(pipeline.posted()) == ["IPOS-DXB01-2026-S-2-CS"]
    assert [name for name, passed in checks_of(result).items() if not passed] == [
        "cash_sales:no_failed_postings",
        "acknowledgements:all_acknowledged",
        "integration_errors:all_items_known",
        "integration_errors:all_mails_sent",
        "store_day_reconciliation:totals_match_netsuite",
    ]
    for _ in range(3):
        operation.tick()
    with SmtpInbox(port=port) as again:
        for _ in range(3):
            operation.tick()
        assert len(again.messages) == 1
    assert checks_of(pipeline.run())["integration_errors:all_mails_sent"]


class DyingClient(MailClient):
    """Hands its n-th mail over and dies before it can tell anybody."""

    def __init__(self, server: MailServer, *, dies_after: int) -> None:
        super().__init__(server)
        self._left = dies_after

    @contextmanager
    def session(self) -> Iterator[MailSession]:
        with super().session() as session:
            send = session.send

            def send_and_die(*arguments: Any) -> str | None:
                self._left -= 1
                refusal = send(*arguments)
                if self._left == 0:
                    raise SystemExit
                return refusal

            session.send = send_and_die  # type: ignore[method-assign]
            yield session


def test_a_kill_between_sending_and_noting_repeats_that_one_mail_and_no_other(
    ledger: LedgerStore, inbox: SmtpInbox, clock: Clock
) -> None:
    """Nothing can make the two one; the same Message-ID lets mail programs show it once."""
    queue(ledger, 4)
    server = MailServer(inbox.host, inbox.port, "none")
    with pytest.raises(SystemExit):
        send(ledger, DyingClient(server, dies_after=2), clock)

    send(ledger, client_of(inbox), clock)
    clock.advance(LEASE_SECONDS)
    assert send(ledger, client_of(inbox), clock) == MailsSent(sent=1, queued=0)

    ids = [one.message["Message-ID"] for one in inbox.messages]
    assert (len(ids), len(set(ids))) == (5, 4)
    assert ids[1] == ids[4]


def test_two_senders_at_once_send_each_mail_once(
    ledger: LedgerStore, inbox: SmtpInbox, clock: Clock
) -> None:
    queue(ledger, 12)
    senders = [
        threading.Thread(target=send, args=(ledger, client_of(inbox), clock)) for _ in range(3)
    ]
    for one in senders:
        one.start()
    for one in senders:
        one.join()

    ids = [one.message["Message-ID"] for one in inbox.messages]
    assert (len(ids), len(set(ids))) == (12, 12)


class ChoosyInbox(SmtpInbox):
    """A mail server that does not know one of its users."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names its hooks so
        self, _server: object, _session: object, envelope: object, address: str, _options: object
    ) -> str:
        if address == "nobody@example.com":
            return "550 No such user"
        envelope.rcpt_tos.append(address)  # type: ignore[attr-defined]
        return "250 OK"


def test_a_refused_address_holds_up_no_other_mail(ledger: LedgerStore, clock: Clock) -> None:
    with ledger.write("run-1") as work:
        work.errors.fail(failure("A-CS"), at=NOON)
    compose(ledger, shop=Shop("DXB01", addresses=("nobody@example.com",)))
    with ledger.write("run-1") as work:
        work.errors.fail(failure("B-CS"), at=NOON)
    compose(ledger)
    with ChoosyInbox() as inbox:
        result = send(ledger, client_of(inbox), clock)

    assert (result.sent, result.queued) == (1, 1)
    assert "No such user" in str(result.problem)
    assert [one.recipients for one in inbox.messages] == [("operations@example.com",)]


def test_a_ledger_that_fails_while_mails_are_sent_is_not_told_as_the_mail_servers_trouble(
    sqlite_url: str, inbox: SmtpInbox, clock: Clock
) -> None:
    """Nothing of it may stand beside a mail as the reason why it waits."""
    ledger = LedgerStore.open(sqlite_url)
    queue(ledger, 2)
    engine = sqlalchemy.create_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(
            sqlalchemy.text(
                "CREATE TRIGGER broken BEFORE UPDATE OF sent_at ON mail"
                " BEGIN INSERT INTO gone VALUES (1); END"
            )
        )

    with pytest.raises(TransientError, match=r"^The ledger .* cannot be written to"):
        send(ledger, client_of(inbox), clock)

    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("DROP TRIGGER broken"))
    engine.dispose()
    with ledger.read() as work:
        assert work.mails.queued() == (2, None)
    assert send(ledger, client_of(inbox), clock).sent == 1, "the other one is not held up"
    ledger.close()


def test_only_so_many_are_sent_at_once_and_the_rest_next_time(
    ledger: LedgerStore, inbox: SmtpInbox, clock: Clock
) -> None:
    queue(ledger, 5)
    assert send(ledger, client_of(inbox), clock, count_max=3) == MailsSent(sent=3, queued=2)
    assert send(ledger, client_of(inbox), clock, count_max=3) == MailsSent(sent=2, queued=0)


def test_mails_go_over_starttls_with_a_login_to_a_server_whose_certificate_is_verified(
    operation: Operation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = make_tls_files(tmp_path)
    operation.pipeline.world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999"))])
    with SmtpInbox(username="pipeline", password="secret-word", starttls=files) as strict:
        operation.pipeline.environment |= mail_environment(strict) | {
            "SMTP_SECURITY": "starttls",
            "SMTP_USERNAME": "pipeline",
            "SMTP_PASSWORD": "secret-word",
        }
        refused = operation.pipeline.run()
        assert not checks_of(refused)["integration_errors:all_mails_sent"]
        assert strict.messages == [], "an unknown authority is not trusted"

        monkeypatch.setenv("SSL_CERT_FILE", str(files.certificate))
        operation.pipeline.world.clock.advance(LEASE_SECONDS)
        operation.tick()

        (mail,) = strict.messages
        assert "secret-word" not in mail.message.as_string()


def test_a_mail_server_that_is_not_set_is_told_where_there_is_something_to_tell(
    operation: Operation,
) -> None:
    pipeline = operation.pipeline
    for name in mail_environment(operation.inbox):
        del pipeline.environment[name]
    assert checks_of(pipeline.run())["integration_errors:all_mails_sent"]
    pipeline.world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999"))])

    assert not checks_of(pipeline.run())["integration_errors:all_mails_sent"]
