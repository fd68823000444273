"""What is logged: one JSON object a line, with names and counts, and nothing that anybody said."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import dagster as dg
import pytest

from ipos_pipeline.connections import Connections, log_as_set
from ipos_pipeline.defs.resolving import RESOLVE_ERRORS
from ipos_pipeline.errors import TransientError
from ipos_pipeline.logs import LogFormat, about, start_logging
from ipos_pipeline.steps.watching_outages import note_look, note_outage, note_recovery
from ipos_pipeline_tests.builders import (
    CREDENTIAL,
    DAY,
    LOCATION,
    NOON,
    amount_line,
    raw_invoice,
    raw_line,
)
from ipos_pipeline_tests.errors_workflow.conftest import inbox, mail_environment
from ipos_pipeline_tests.observability.conftest import Line, lines_in, of_event
from ipos_pipeline_tests.pipeline.conftest import Pipeline
from ipos_pipeline_tests.processes.runs import inherited
from simulators.faults import Faults
from simulators.inbox import SmtpInbox

__all__ = ["inbox"]

SOLD = "IPOS-DXB01-2026-S-10377"
UNKNOWN = "IPOS-DXB01-2026-S-10379"
PRICE = Decimal("98765.43")
Lines = Callable[[], list[Line]]


@pytest.fixture
def a_day(pipeline: Pipeline) -> Pipeline:
    """One invoice that can be posted, one with an unknown item, one that cannot be read."""
    pipeline.world.ipos.add_invoices(
        [
            raw_invoice(),
            raw_invoice(raw_line(PrimaryBarcode="no-such-item", NetRate=PRICE), InvNo=10379),
            raw_invoice(InvNo=10380, InvDate="some day", CustomerName="Layla Haddad"),
        ]
    )
    return pipeline


def test_a_run_tells_its_start_its_documents_and_its_end(a_day: Pipeline, log_lines: Lines) -> None:
    result = a_day.run()

    lines = log_lines()
    started, ended = (of_event(lines, event) for event in ("run_started", "run_ended"))
    named = {"run": result.run_id, "location": LOCATION, "day": DAY.isoformat()}
    assert [line | named for line in (*started, *ended)] == [*started, *ended]
    assert ended[0]["seconds"] >= 0
    (posted,) = of_event(lines, "document_posted")
    assert posted["level"] == "info"
    assert posted | named == posted
    assert (posted["invoice"], posted["external_id"]) == (SOLD, f"{SOLD}-CS")
    assert posted["internal_id"] == a_day.posted()[f"{SOLD}-CS"]["id"]
    steps = {line["step"]: line["counts"] for line in of_event(lines, "step_finished")}
    assert steps["raw_invoices"]["new"] == 2
    assert steps["cash_sales"]["created_by_this_run"] == 1
    assert "store_day_reconciliation" in steps


def test_what_went_wrong_is_a_warning_with_its_code(a_day: Pipeline, log_lines: Lines) -> None:
    a_day.run()

    lines = log_lines()
    (rejected,) = of_event(lines, "document_rejected")
    assert (rejected["invoice"], rejected["code"]) == (UNKNOWN, "unknown_item")
    (unreadable,) = of_event(lines, "invoice_quarantined")
    assert (unreadable["code"], unreadable["field"]) == ("malformed_invoice", "InvDate")
    assert {rejected["level"], unreadable["level"]} == {"warning"}
    assert {rejected["location"], unreadable["location"]} == {LOCATION}


def test_each_line_begins_with_the_time_in_utc_its_level_and_its_event(
    a_day: Pipeline, log_lines: Lines
) -> None:
    a_day.run()

    lines = log_lines()
    assert len(lines) >= 10
    for line in lines:
        assert list(line)[:3] == ["time", "level", "event"]
        assert datetime.fromisoformat(line["time"]).utcoffset().total_seconds() == 0


def test_no_line_holds_a_payload_a_secret_or_the_name_of_a_customer(
    a_day: Pipeline, log_lines: Lines
) -> None:
    """Log lines are collected, kept and read by many who may not see the books."""
    a_day.run()

    text = json.dumps(log_lines())
    environment = a_day.world.environment
    for never in (
        *("Layla Haddad", "PrimaryBarcode", "no-such-item", "TEST Item", str(PRICE), "some day"),
        *(CREDENTIAL, environment["NETSUITE_PRIVATE_KEY"][60:100], "Bearer", "password"),
    ):
        assert never not in text, never


def test_a_refusal_of_netsuite_is_told_by_its_code_and_not_by_its_words(
    pipeline: Pipeline, log_lines: Lines
) -> None:
    pipeline.world.change_record(customer="987654321")
    pipeline.world.ipos.add_invoices([raw_invoice()])

    pipeline.run()

    (rejected,) = of_event(log_lines(), "document_rejected")
    (error,) = pipeline.open_errors()
    assert rejected["code"] == error.code
    assert "987654321" not in json.dumps(rejected)


def test_an_answer_that_is_lost_is_in_doubt(pipeline: Pipeline, log_lines: Lines) -> None:
    pipeline.world.netsuite.faults = Faults(
        reply_lost=1.0, only="POST /services/rest/record", faults_max=1
    )
    pipeline.world.ipos.add_invoices([raw_invoice()])

    pipeline.run()

    (doubtful,) = of_event(log_lines(), "document_in_doubt")
    assert (doubtful["level"], doubtful["external_id"]) == ("warning", f"{SOLD}-CS")


def test_an_acknowledgement_that_ipos_refuses_is_told(pipeline: Pipeline, log_lines: Lines) -> None:
    """It was deleted in IPOS between reading and acknowledging."""
    pipeline.world.ipos.add_invoices([raw_invoice()])
    pipeline.world.ipos.faults = Faults(acknowledgement_lost=1.0)
    pipeline.run()
    pipeline.world.ipos.faults = Faults()
    pipeline.world.ipos.delete_invoice(LOCATION, "SALE", 10377, raw_invoice()["InvDate"])
    log_lines()

    pipeline.run()

    (refused,) = of_event(log_lines(), "acknowledgement_refused")
    assert (refused["level"], refused["invoice"]) == ("warning", SOLD)
    assert (refused["location"], refused["day"]) == (LOCATION, DAY.isoformat())


def test_each_mail_that_is_sent_or_refused_is_told(
    a_day: Pipeline, inbox: SmtpInbox, log_lines: Lines
) -> None:
    a_day.environment |= mail_environment(inbox)

    a_day.run()

    sent = of_event(log_lines(), "mail_sent")
    assert len(sent) == len(inbox.messages) > 0
    assert all(line["run"] for line in sent)


def test_a_mail_server_that_is_down_is_told(a_day: Pipeline, log_lines: Lines) -> None:
    nobody = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": "9", "SMTP_SECURITY": "none"}
    people = {"ERROR_EMAIL_FROM": "a@example.com", "ERROR_EMAIL_TO": "b@example.com"}
    a_day.environment |= nobody | people

    a_day.run()

    (failed,) = of_event(log_lines(), "mail_server_failed")
    assert failed["level"] == "warning"
    assert "example.com" not in json.dumps(failed)


def test_outages_are_told_when_they_are_noted_and_when_they_are_over(
    connections: Connections, log_lines: Lines
) -> None:
    error = TransientError("NetSuite says: Layla Haddad")
    error.system = "NetSuite"
    ledger = connections.ledger

    note_outage(ledger, error, run="run-1", at=NOON)
    note_recovery(ledger, ["NetSuite"], run="run-2", at=NOON)
    note_look(ledger, [error], among="NetSuite", run="tick", at=NOON)
    note_look(ledger, [], among="NetSuite", run="tick", at=NOON)

    lines = log_lines()
    assert [(line["event"], line["level"], line["run"], line["system"]) for line in lines] == [
        ("outage", "warning", "run-1", "NetSuite"),
        ("outage_over", "info", "run-2", "NetSuite"),
        ("outage", "warning", "tick", "NetSuite"),
        ("outage_over", "info", "tick", "NetSuite"),
    ]
    assert "Layla" not in json.dumps(lines)


def test_a_run_that_stops_tells_the_step_and_the_kind_of_error(
    pipeline: Pipeline, log_lines: Lines
) -> None:
    pipeline.world.netsuite.faults = Faults(unauthorized=1.0, only="cashSale")
    pipeline.world.ipos.add_invoices([raw_invoice()])

    result = pipeline.run()

    assert not result.success
    lines = log_lines()
    (failed,) = of_event(lines, "step_failed")
    assert (failed["step"], failed["error"]) == ("cash_sales", "AuthenticationError")
    assert of_event(lines, "run_ended")
    assert of_event(lines, "document_not_sent")


def test_how_many_requests_are_allowed_is_told_when_it_changes(
    pipeline: Pipeline, log_lines: Lines
) -> None:
    pipeline.world.netsuite.faults = Faults(
        request_limit=1.0, only="POST /services/rest/record", faults_max=2
    )
    pipeline.world.ipos.add_invoices(
        [raw_invoice(amount_line(1, 1, "5.00"), InvNo=number) for number in range(10400, 10430)]
    )

    pipeline.run()

    changes = of_event(log_lines(), "requests_allowed")
    assert changes
    assert {line["level"] for line in changes} == {"debug"}
    assert all(line["most"] >= line["requests"] >= 1 for line in changes)


def test_asynchronous_work_says_whose_it_is_also_after_the_loop_began(
    connections: Connections, log_lines: Lines
) -> None:
    """An event loop keeps the context in which it began; each store-day has another."""
    log = logging.getLogger("ipos_pipeline.test")

    async def work() -> None:
        log.info("worked")

    for location in ("DXB01", "AUH01"):
        with about(location=location):
            connections.wait_for(work())
    connections.wait_for(work())

    assert [line.get("location") for line in log_lines()] == ["DXB01", "AUH01", None]


@pytest.mark.parametrize(
    ("otherwise", "environment", "events"),
    [
        ("json", {}, ["posted"]),
        ("off", {}, []),
        ("off", {"IPOS_PIPELINE_LOG": "json"}, ["posted"]),
        ("json", {"IPOS_PIPELINE_LOG": "off"}, []),
        ("json", {"IPOS_PIPELINE_LOG_LEVEL": "debug"}, ["small", "posted"]),
        ("json", {"IPOS_PIPELINE_LOG_LEVEL": "warning"}, []),
        ("json", {"IPOS_PIPELINE_LOG": "a wrong word"}, ["posted"]),
    ],
)
@pytest.mark.usefixtures("fresh_logging")
def test_the_environment_says_what_is_logged_once_however_often_it_is_asked(
    capsys: pytest.CaptureFixture[str],
    otherwise: LogFormat,
    environment: dict[str, str],
    events: list[str],
) -> None:
    log = logging.getLogger("ipos_pipeline.steps.settling")
    log_as_set(environment, otherwise=otherwise)
    log_as_set(environment, otherwise="json")

    log.debug("small")
    log.info("posted")

    said = capsys.readouterr()
    assert said.out == ""
    assert [line["event"] for line in lines_in(said.err)] == events
    assert len(said.err.splitlines()) == len(events)


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.usefixtures("fresh_logging")
def test_a_hostile_name_can_neither_begin_a_line_nor_move_a_terminal(
    capsys: pytest.CaptureFixture[str], form: LogFormat
) -> None:
    start_logging(form)

    hostile = {"external_id": "A\x1b[31mB\u202e\nC", "code": "X\u202e", "field": "\x1b[2J"}
    logging.getLogger("ipos_pipeline.test").info("posted", extra=hostile)

    (line,) = capsys.readouterr().err.splitlines()
    assert line.isascii()
    assert line.isprintable()
    assert "posted" in line


def test_nothing_is_logged_or_set_up_by_an_import() -> None:
    code = (
        "import logging, ipos_pipeline.definitions, ipos_pipeline.cli.main;"
        "top = logging.getLogger('ipos_pipeline');"
        "print(top.handlers, top.level, top.propagate)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=inherited(), capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("[] 0 True\n", "")


@pytest.fixture
def decide(pipeline: Pipeline) -> Callable[..., dg.ExecuteInProcessResult]:
    """Launch the job with which operators decide."""

    def execute(**config: Any) -> dg.ExecuteInProcessResult:
        return pipeline.definitions.resolve_job_def(RESOLVE_ERRORS).execute_in_process(
            instance=pipeline.instance, run_config={"ops": {"resolve": {"config": config}}}
        )

    return execute


def test_the_decisions_of_operators_are_told_with_who_made_them(
    a_day: Pipeline, decide: Callable[..., dg.ExecuteInProcessResult], log_lines: Lines
) -> None:
    a_day.run()
    decided = {"action": "set_aside", "codes": ["unknown_item"], "reason": "Layla Haddad asked"}

    decide(**decided, only_look=True)
    assert of_event(log_lines(), "operator_acted") == []
    done = decide(**decided)

    (acted,) = of_event(log_lines(), "operator_acted")
    assert (acted["action"], acted["external_id"]) == ("set_aside", f"{UNKNOWN}-CS")
    assert acted["actor"].endswith(f"by Dagster run {done.run_id}")
    assert "Layla" not in json.dumps(acted)
