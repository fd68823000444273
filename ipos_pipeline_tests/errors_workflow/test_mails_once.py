"""Several mails, a mail server in a bad mood, a reason that changes: each is told once."""

from __future__ import annotations

from ipos_pipeline.cli.main import run
from ipos_pipeline_tests.builders import raw_invoice, raw_line
from ipos_pipeline_tests.errors_workflow.conftest import Operation
from ipos_pipeline_tests.ports import reserved_port
from simulators.inbox import SmtpInbox

THREE_CAUSES = [
    raw_invoice(raw_line(PrimaryBarcode="999"), InvNo=1),
    raw_invoice(raw_line(PrimaryBarcode=None), InvNo=2),
    raw_invoice(raw_line(Qty=0, NetRate=0), InvNo=3),
]


class FallingInbox(SmtpInbox):
    """A mail server that is shut down right after its first mail."""

    async def handle_DATA(  # noqa: N802 - aiosmtpd names its hooks so
        self, _server: object, session: object, envelope: object
    ) -> str:
        if self.messages:
            return "421 4.3.2 Service shutting down"
        return await super().handle_DATA(_server, session, envelope)  # type: ignore[arg-type]


def subjects(inbox: SmtpInbox) -> list[str]:
    return sorted(one.subject for one in inbox.messages)


def test_three_mails_wait_for_a_server_that_is_down_for_three_ticks_and_go_out_once(
    operation: Operation,
) -> None:
    port = reserved_port()
    operation.pipeline.environment["SMTP_PORT"] = str(port)
    operation.pipeline.world.ipos.add_invoices(THREE_CAUSES)
    for _ in range(3):
        operation.tick()

    with SmtpInbox(port=port) as again:
        for _ in range(4):
            operation.tick()

    assert [subject.split()[2] for subject in subjects(again)] == ["1", "2", "3"]


def test_a_server_that_falls_in_the_middle_gets_the_rest_later_and_nothing_twice(
    operation: Operation,
) -> None:
    operation.pipeline.world.ipos.add_invoices(THREE_CAUSES)
    with FallingInbox(port=reserved_port()) as falling:
        operation.pipeline.environment["SMTP_PORT"] = str(falling.port)
        operation.tick()
        assert len(falling.messages) == 1
    with SmtpInbox(port=falling.port) as again:
        for _ in range(8):
            operation.tick()

    told = [subject.split()[2] for subject in (*subjects(falling), *subjects(again))]
    assert sorted(told) == ["1", "2", "3"]


def test_a_reason_that_changes_is_one_more_mail_in_the_thread_and_the_same_log_record(
    operation: Operation,
) -> None:
    world, pipeline = operation.pipeline.world, operation.pipeline
    world.ipos.add_invoices(THREE_CAUSES[:1])
    operation.tick()
    world.netsuite.add_item("9001", "SKU-9001", upccode="999", isinactive=True)
    retry = ("errors", "retry", "--all", "--yes")
    assert run(retry, connect=lambda: world.connections(**pipeline.environment)) == 0

    for _ in range(3):
        operation.tick()

    first, second = operation.mails
    assert second.subject == f"Re: {first.subject}"
    assert second.message["In-Reply-To"] == first.message["Message-ID"]
    assert "The reason has changed" in second.text
    assert "inactive" in second.text
    assert [one["code"] for one in operation.log_records()] == ["inactive_item"]
