"""A credential is kept by nobody and told to nobody, even where IPOS itself repeats it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import httpx2
import pytest

from ipos_pipeline.cli.main import run
from ipos_pipeline.definitions import build_definitions
from ipos_pipeline.domain.integration_log import INTEGRATION_LOG
from ipos_pipeline_tests.builders import LOCATION, raw_invoice, raw_line
from ipos_pipeline_tests.configuration.conftest import record_of
from ipos_pipeline_tests.contract.faulty import InFront
from ipos_pipeline_tests.errors_workflow.conftest import mail_environment
from ipos_pipeline_tests.pipeline.conftest import Pipeline, failure_of
from ipos_pipeline_tests.pipeline.test_sensors import tick
from simulators.inbox import SmtpInbox
from simulators.world import CONFIGURATION

KEY = "Bearer dxb01-s3cr3t-key"
BARE_KEY = "dxb01-s3cr3t-key"
PASSWORD = "the-shops-s3cr3t-word"  # noqa: S105 - made up
ANSWERS = {
    "refused": httpx2.Response(401, text=f"The key {KEY} ({BARE_KEY}) or {PASSWORD} is not valid"),
    "broken": httpx2.Response(500, text=f"Cannot look up {BARE_KEY} {PASSWORD}"),
    "no JSON": httpx2.Response(200, text=f"<html>{BARE_KEY} {PASSWORD}</html>"),
    "failure": httpx2.Response(
        200, json={"Status": 0, "Message": f"{BARE_KEY} {PASSWORD} is blocked", "Data": None}
    ),
}
SIGN_INS: dict[str, dict[str, Any]] = {
    "key": {"auth_header": "Authorization", "auth_value": KEY},
    "login": {
        "auth_header": None,
        "auth_value": None,
        "username": "dubai",
        "password": PASSWORD,
        "token_url": "/api/token",
    },
}


class Repeating(Pipeline):
    """A pipeline whose IPOS answers everything with what it was given."""

    answer = httpx2.Response(200)

    @property
    def definitions(self) -> dg.Definitions:
        """Put the answer in place of IPOS's own."""

        def replace(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
            return self.answer if request.url.host == "ipos.test" else answer

        transport = InFront(self.world.transport(), replace)
        return build_definitions(
            {**self.world.environment, **self.environment},
            connect=lambda: self.world.connections(transport, **self.environment),
        )


@pytest.mark.parametrize("sign_in", SIGN_INS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_what_ipos_repeats_of_its_credential_is_hidden_everywhere(
    pipeline: Pipeline, tmp_path: Path, answer: str, sign_in: str
) -> None:
    record = record_of(pipeline)
    fields = {f"custrecord_ipos_{name}": value for name, value in SIGN_INS[sign_in].items()}
    pipeline.world.netsuite.put_custom_record(CONFIGURATION, {**record, **fields}, id=record["id"])
    repeating = Repeating(pipeline.world, pipeline.instance, pipeline.environment)
    repeating.answer = ANSWERS[answer]
    with SmtpInbox() as inbox:
        repeating.environment |= mail_environment(inbox)
        failed = repeating.run()
        tick(repeating)
        mails = "".join(one.message.as_string() for one in inbox.messages)

    assert f"IPOS {LOCATION}" in mails
    assert failure_of(failed)[0].startswith("IPOS ")
    events = "\n".join(str(event) for event in failed.all_events)
    logs = "\n".join(str(entry) for entry in pipeline.instance.all_logs(failed.run_id))
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    secret = BARE_KEY if sign_in == "key" else PASSWORD
    for kept in (mails, events, logs):
        assert secret not in kept
    assert secret.encode() not in files


def test_a_key_in_a_header_is_in_nothing_that_a_run_with_errors_leaves(
    pipeline: Pipeline, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Mails, Integration Log, ledger, Parquet, events, and what an operator is shown."""
    key = record_of(pipeline)["custrecord_ipos_auth_value"]
    pipeline.world.ipos.add_invoices([raw_invoice(raw_line(PrimaryBarcode="999"))])
    with SmtpInbox() as inbox:
        pipeline.environment |= mail_environment(inbox)
        result = pipeline.run()
        mails = "".join(one.message.as_string() for one in inbox.messages)
    for arguments in (["status"], ["errors", "list"], ["errors", "show", "1", "--json"]):
        assert run(arguments, connect=pipeline.world.connections) == 0

    said = capfd.readouterr()
    events = "\n".join(str(event) for event in result.all_events)
    logs = "\n".join(str(entry) for entry in pipeline.instance.all_logs(result.run_id))
    log_records = str(pipeline.world.netsuite.custom_records(INTEGRATION_LOG))
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for kept in (mails, log_records, events, logs, said.out, said.err):
        assert kept
        assert key not in kept
    assert key.encode() not in files
