"""What NetSuite can answer to a document (netsuite_facts 4), and what people then read of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import dagster as dg
import httpx2
import pytest

from ipos_pipeline.clients.netsuite_answers import error_of
from ipos_pipeline.definitions import build_definitions
from ipos_pipeline.domain.error_words import NETSUITE_REFUSED, words_for
from ipos_pipeline.errors import PipelineError
from ipos_pipeline_tests.builders import raw_invoice
from ipos_pipeline_tests.contract.faulty import InFront
from ipos_pipeline_tests.contract.test_netsuite_refusals import bare, refusal
from ipos_pipeline_tests.errors_workflow.conftest import Operation
from ipos_pipeline_tests.pipeline.conftest import Pipeline, failure_of
from ipos_pipeline_tests.repository_text import DOCS

RUNBOOK = (DOCS / "runbook.md").read_text(encoding="utf-8")
INVALID_FIELD = (
    "Error while accessing resource: You have entered an Invalid Field Value 9999 for the"
    " following field: entity"
)
MALFORMED = "The request could not be understood by the server due to malformed syntax."
PERIOD = (
    "The transaction date you specified is not within the date range of your accounting period."
)
REPEATED = "A request with the same idempotency key is already submitted."

REFUSALS = {
    "INVALID_CONTENT": refusal(400, "INVALID_CONTENT", INVALID_FIELD, **{"o:errorPath": "entity"}),
    "USER_ERROR": refusal(400, "USER_ERROR", "Please enter value(s) for: Account."),
    "INVALID_REQUEST": refusal(400, "INVALID_REQUEST", MALFORMED),
    "NONEXISTENT_ID": refusal(404, "NONEXISTENT_ID", "Record does not exist."),
    "IDEMPOTENCY_ERROR": refusal(400, "IDEMPOTENCY_ERROR", REPEATED),
    "closed_period": refusal(400, "USER_ERROR", PERIOD),
}
"""What concerns one document, by the code under which people meet it."""

OUTAGES = {
    "AuthenticationError": refusal(401, "INVALID_LOGIN", "Invalid login attempt."),
    "ConfigurationError": refusal(403, "INSUFFICIENT_PERMISSION", "Permission Violation."),
    "ThrottledError": refusal(429, "CONCURRENCY_LIMIT_EXCEEDED", "Request blocked."),
    "InDoubtError": refusal(500, "UNEXPECTED_ERROR", "An unexpected error occurred."),
    "TransientError": bare(503),
}
"""What concerns every document, by the exception that the runbook explains."""


@dataclass
class Answered(Pipeline):
    """A pipeline whose documents NetSuite answers in one way."""

    answer: httpx2.Response | None = None

    @property
    def definitions(self) -> dg.Definitions:
        """Put the answer in place of NetSuite's own, to each document."""

        def replace(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
            is_document = request.method == "POST" and "/record/v1/cash" in request.url.path
            return self.answer if is_document and self.answer is not None else answer

        transport = InFront(self.world.transport(), replace)
        return build_definitions(
            {**self.world.environment, **self.environment},
            connect=lambda: self.world.connections(transport, **self.environment),
        )


def answered(operation: Operation, answer: httpx2.Response, *, invoices: int) -> Operation:
    usual = operation.pipeline
    usual.world.ipos.add_invoices([raw_invoice(InvNo=number + 1) for number in range(invoices)])
    refusing = Answered(usual.world, usual.instance, usual.environment, answer)
    return Operation(refusing, operation.inbox)


def runbook_names() -> set[str]:
    return set(re.findall(r"^### `([^`]+)`$", RUNBOOK, re.MULTILINE))


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refused_document_is_told_with_what_to_do_and_has_a_runbook_entry(
    operation: Operation, code: str
) -> None:
    refused = answered(operation, REFUSALS[code], invoices=1)

    refused.tick()

    (error,) = refused.pipeline.open_errors()
    assert error.code == code
    assert "NetSuite answered" in error.message
    (mail,) = refused.mails
    assert mail.text.startswith(words_for(code).sentence)
    assert words_for(code) != NETSUITE_REFUSED
    assert error.next_step != PipelineError.recovery
    assert f"What to do:   {error.next_step}" in mail.text
    assert code in runbook_names()


def test_each_refusal_has_its_own_advice() -> None:
    """The same sentence for all of them would be none."""
    advice = {error_of(one, what="x", is_write=True).recovery for one in REFUSALS.values()}
    assert len(advice) == len(REFUSALS)


@pytest.mark.parametrize("name", OUTAGES)
def test_what_concerns_every_document_fails_the_run_with_what_to_do(
    operation: Operation, name: str
) -> None:
    stopped = answered(operation, OUTAGES[name], invoices=6)

    message, recovery = failure_of(stopped.pipeline.run())

    assert "NetSuite" in message
    assert recovery != PipelineError.recovery
    assert "the message names" not in recovery or "'" in message
    assert stopped.pipeline.open_errors() == [], "no error for each invoice"
    assert name in runbook_names()


def test_the_runbook_names_the_entry_that_an_answer_leads_to() -> None:
    section = RUNBOOK.partition("\n## Error codes: NetSuite")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| (\d{3}) ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    entries = {(int(status), code): names for status, codes, names in rows
               for code in re.findall(r"`([A-Z_]+)`", codes)}  # fmt: skip
    assert {code for _, code in entries} >= {"INVALID_LOGIN", "UNEXPECTED_ERROR", "DUP_RCRD"}
    for (status, code), names in entries.items():
        found = {
            type(error_of(refusal(status, code), what="x", is_write=is_write)).__name__
            for is_write in (True, False)
        }
        assert found & set(re.findall(r"`(\w+)`", names)), code
    assert set(re.findall(r"`(\w+)`", " ".join(entries.values()))) <= runbook_names()
