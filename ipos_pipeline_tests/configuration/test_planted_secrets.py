"""A secret planted in every setting, and a day of failures that repeat it: it is found nowhere.

Real processes on PostgreSQL with passwords, with mail, with both ways to sign in. The servers on
the other side repeat every header and body that they were sent. A setting that is added and holds a
secret must be planted here too: the first test fails until it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import make_url

from ipos_pipeline.domain.integration_log import INTEGRATION_LOG
from ipos_pipeline_tests.builders import raw_invoice, raw_line
from ipos_pipeline_tests.configuration.planted import (
    Echo,
    Watched,
    files_below,
    found,
    secret_record_fields,
    secret_variables,
    word_for,
)
from ipos_pipeline_tests.conftest import _signing_key
from ipos_pipeline_tests.pipeline.processes import wait_for
from ipos_pipeline_tests.pipeline.test_dagster_ui import ask, dagster_dev
from ipos_pipeline_tests.postgres import PostgresServer, dump_of
from ipos_pipeline_tests.processes.runs import inherited
from ipos_pipeline_tests.processes.shop import ROOT
from simulators.inbox import SmtpInbox
from simulators.ipos import IposSimulator
from simulators.netsuite import NetSuiteSimulator
from simulators.serving import serve
from simulators.world import CONFIGURATION, Sales, build_world, configurations, stock_items

DAY = date(2026, 1, 2)
BY_KEY, BY_LOGIN = "DXB01", "DXB02"
TBA = (
    "NETSUITE_CONSUMER_KEY",
    "NETSUITE_CONSUMER_SECRET",
    "NETSUITE_TOKEN_ID",
    "NETSUITE_TOKEN_SECRET",
)
DATABASES = ("IPOS_PIPELINE_LEDGER_URL", "DAGSTER_POSTGRES_URL")
WORDS = {name: word_for(name) for name in (*TBA, *DATABASES, "SMTP_PASSWORD")}
RECORD_WORDS = {name: word_for(name) for name in ("auth_value", "password")}
KEY = _signing_key("ES256", ec.generate_private_key(ec.SECP256R1()))
KEY_LINES = {
    f"line {n} of the key": line for n, line in enumerate(KEY.private_pem.split()) if len(line) > 40
}
RUNS = """{ runsOrError { ... on Runs { results { runId status tags { key value } runConfigYaml
  eventConnection { events { __typename ... on MessageEvent { message }
  ... on ExecutionStepFailureEvent { error { message stack causes { message stack } }
  failureMetadata { metadataEntries { label ... on TextMetadataEntry { text } } } } } } } } } }"""
TICKS = """{ sensorsOrError(repositorySelector: {repositoryName: "__repository__",
  repositoryLocationName: "ipos_pipeline"}) { ... on Sensors { results { name
  sensorState { ticks(limit: 5) { status skipReason error { message stack } } } } } } }"""


def test_every_secret_setting_is_planted() -> None:
    """Fails when a setting is added that holds a secret: plant it, and let a process use it."""
    assert secret_variables() == WORDS.keys() | {"NETSUITE_PRIVATE_KEY"}
    assert secret_record_fields() == RECORD_WORDS.keys()


@dataclass
class PlantedWorld:
    """Two shops, NetSuite, a mail server and databases: each knows its planted word."""

    folder: Path
    ipos: Echo
    netsuite: Echo
    account: NetSuiteSimulator
    inbox: SmtpInbox
    environment: dict[str, str]
    watched: Watched

    def run(self, *arguments: str, **changes: str) -> int:
        """Run a command with some settings changed."""
        environment = {**self.environment, **changes}
        return self.watched.run(arguments, environment, self.folder)

    def sync(self, **changes: str) -> int:
        """Post the day of both shops."""
        return self.run("ipos-pipeline", "sync", "--day", str(DAY), **changes)

    @property
    def secrets(self) -> dict[str, str]:
        """Give everything that must be found nowhere, by name; assertions and tokens too."""
        sent = self.ipos.sent | self.netsuite.sent
        passing = {f"credential {n}": one for n, one in enumerate(sorted(sent)) if len(one) > 10}
        return {**WORDS, **RECORD_WORDS, **KEY_LINES, **passing}


@pytest.fixture
def planted(tmp_path: Path, postgres_server: PostgresServer) -> Iterator[PlantedWorld]:
    """Everything is served on real sockets."""
    account, ipos = NetSuiteSimulator(), IposSimulator()
    account.register_client("client-1", "certificate-1", KEY.public_pem)
    account.register_token(*(WORDS[name] for name in TBA))
    echoes = Echo(ipos.app), Echo(account.app)
    with ExitStack() as opened:
        opened.callback(ipos.close)
        ipos_url, netsuite_url = (opened.enter_context(serve(one)) for one in echoes)
        sales = Sales([BY_KEY, BY_LOGIN], [], stock_items())
        build_world(account, ipos, ipos_base_url=ipos_url, sales=sales)
        _plant_in_records(account, ipos)
        inbox = opened.enter_context(
            SmtpInbox(username="pipeline", password=WORDS["SMTP_PASSWORD"])
        )
        databases = {
            name: postgres_server.database_of_a_role(f"planted_{n}", WORDS[name])
            for n, name in enumerate(DATABASES)
        }
        home = tmp_path / "dagster"
        home.mkdir()
        (home / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
        environment = {
            **inherited(),
            **databases,
            **{name: WORDS[name] for name in (*TBA, "SMTP_PASSWORD")},
            "DAGSTER_HOME": str(home),
            "IPOS_PIPELINE_DATA_DIR": str(tmp_path / "data"),
            "IPOS_PIPELINE_START_DATE": str(DAY),
            "NETSUITE_ACCOUNT_ID": "1234567_SB1",
            "NETSUITE_BASE_URL": netsuite_url,
            "NETSUITE_CLIENT_ID": "client-1",
            "NETSUITE_CERTIFICATE_ID": "certificate-1",
            "NETSUITE_JWT_ALGORITHM": KEY.algorithm,
            "NETSUITE_PRIVATE_KEY": KEY.private_pem,
            "SMTP_HOST": inbox.host,
            "SMTP_PORT": str(inbox.port),
            "SMTP_SECURITY": "none",
            "SMTP_USERNAME": "pipeline",
            "ERROR_EMAIL_FROM": "pipeline@example.com",
            "ERROR_EMAIL_TO": "operations@example.com",
        }
        yield PlantedWorld(tmp_path, *echoes, account, inbox, environment, Watched())


def _plant_in_records(account: NetSuiteSimulator, ipos: IposSimulator) -> None:
    """One shop signs in by a header, the other one with a password."""
    own = {
        BY_KEY: {"auth_value": RECORD_WORDS["auth_value"]},
        BY_LOGIN: {
            "auth_header": None,
            "auth_value": None,
            "token_url": "/api/token",
            "username": "dubai",
            "password": RECORD_WORDS["password"],
        },
    }
    for code, fields in own.items():
        record = configurations(account)[code]
        changes = {f"custrecord_ipos_{name}": value for name, value in fields.items()}
        account.put_custom_record(CONFIGURATION, {**record, **changes}, id=record["id"])
    ipos.add_location(BY_KEY, auth_header="X-Api-Key", auth_value=RECORD_WORDS["auth_value"])
    ipos.add_location(BY_LOGIN, username="dubai", password=RECORD_WORDS["password"])
    at = {"InvDate": f"{DAY}T11:07:33", "BusinessDate": str(DAY)}
    ipos.add_invoices(
        [
            raw_invoice(raw_line(PrimaryBarcode=item), LocationCode=code, InvNo=n, **at)
            for code in own
            for n, item in enumerate([stock_items()[0].barcode, "999"], start=1)
        ]
    )


def test_no_planted_secret_is_found_anywhere(planted: PlantedWorld, tmp_path: Path) -> None:
    codes = _good_and_bad_runs(planted)
    shown = _what_the_ui_answers(planted)

    kept = [
        *((f"output {n}", text) for n, text in enumerate(planted.watched.said)),
        *(
            (f"command line {n}", one.decode())
            for n, one in enumerate(planted.watched.command_lines)
        ),
        *((f"dump of {name}", dump_of(planted.environment[name])) for name in DATABASES),
        *((f"mail {n}", one.message.as_string()) for n, one in enumerate(planted.inbox.messages)),
        *((f"text of mail {n}", one.text) for n, one in enumerate(planted.inbox.messages)),
        (
            "Integration Log",
            json.dumps(planted.account.custom_records(INTEGRATION_LOG), default=str),
        ),
        ("GraphQL", shown),
        *files_below(tmp_path / "dagster", tmp_path / "data"),
        *files_below(*tmp_path.glob("*.log")),
        ("output of dagster dev", (tmp_path / "dagster-dev.log").read_text()),
    ]
    assert codes == {"good": 0, "tba": 0, "bad": [1, 2, 2, 1, 1]}, planted.watched.said
    for place, text in kept:
        assert text or ".lock" in place or place.startswith(str(tmp_path)), place
    assert len(planted.inbox.messages) > 2
    assert planted.watched.command_lines
    assert len(planted.secrets) > len(WORDS) + 4
    assert found(kept, planted.secrets) == []


def _good_and_bad_runs(planted: PlantedWorld) -> dict[str, object]:
    """Let it go well twice, and badly in every way in which somebody may repeat a credential."""
    good = planted.sync()
    planted.netsuite.status, planted.netsuite.path_part = 400, "/record/v1/cash"
    rejected = planted.run("ipos-pipeline", "errors", "retry", "--all", "--reason", "x", "--yes")
    assert rejected == 0
    planted.sync(NETSUITE_AUTH="tba")
    planted.netsuite.status = 0
    tba = planted.sync(NETSUITE_AUTH="tba")
    bad = []
    planted.ipos.status = 401
    bad.append(planted.sync())
    planted.ipos.status = 0
    planted.netsuite.status, planted.netsuite.path_part = 401, "/oauth2/"
    bad.append(planted.sync())
    planted.netsuite.path_part = ""
    bad.append(planted.sync(NETSUITE_AUTH="tba"))
    planted.netsuite.status = 0
    closed = make_url(planted.environment["IPOS_PIPELINE_LEDGER_URL"]).set(host="127.0.0.1", port=9)
    nobody = closed.render_as_string(hide_password=False).partition("?")[0]
    bad.append(planted.sync(IPOS_PIPELINE_LEDGER_URL=nobody))
    bad.append(planted.sync(DAGSTER_POSTGRES_URL=nobody))
    planted.run("ipos-pipeline", "check-connections", SMTP_USERNAME="somebody-else")
    for looked_at in (["status"], ["errors", "list", "--json"], ["errors", "show", "1"]):
        planted.run("ipos-pipeline", *looked_at)
    return {"good": good, "tba": tba, "bad": bad}


def _what_the_ui_answers(planted: PlantedWorld) -> str:
    """Let the daemon post by itself while IPOS repeats everything; read what the UI then shows."""
    planted.ipos.status = 500
    environment = {**planted.environment, "IPOS_TEST_MARK": "watched"}
    with planted.watched.looking(), dagster_dev(environment, planted.folder) as (url, _):
        wait_for(lambda: _tells_of_an_outage(planted.inbox), what="mail of the daemon", seconds=180)
        return json.dumps([ask(url, RUNS), ask(url, TICKS)])


def _tells_of_an_outage(inbox: SmtpInbox) -> bool:
    return any("Stopped by IPOS" in str(one.message["Subject"]) for one in inbox.messages)
