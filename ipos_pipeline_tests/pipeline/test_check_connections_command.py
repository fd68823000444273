"""`ipos-pipeline check-connections` as a command: what it prints, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipos_pipeline_tests.builders import DAY
from ipos_pipeline_tests.certificates import make_tls_files
from ipos_pipeline_tests.pipeline.processes import command, simulated
from simulators.inbox import SmtpInbox


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with simulated(tmp_path_factory.mktemp("world"), [DAY]) as made:
        yield made


def test_the_command_is_green_with_mail_over_starttls(
    environment: dict[str, str], tmp_path: Path
) -> None:
    files = make_tls_files(tmp_path)
    with SmtpInbox(username="pipeline", password="pa55word", starttls=files) as inbox:
        mail = {
            "SMTP_HOST": inbox.host,
            "SMTP_PORT": str(inbox.port),
            "SMTP_USERNAME": "pipeline",
            "SMTP_PASSWORD": "pa55word",
            "ERROR_EMAIL_FROM": "pipeline@example.com",
            "ERROR_EMAIL_TO": "operations@example.com",
            "IPOS_PIPELINE_CA_FILE": str(files.certificate),
        }
        done = command(["ipos-pipeline", "check-connections"], {**environment, **mail})

    assert done.returncode == 0, done.stdout + done.stderr
    assert inbox.messages == []
    for name in ("mail server", "NetSuite table transaction", "configuration SHJ01", "IPOS AUH01"):
        assert name in done.stdout
    assert "failed" not in done.stdout + done.stderr


def test_the_command_tells_several_failures_at_once_and_ends_with_1(
    environment: dict[str, str], tmp_path: Path
) -> None:
    wrong = {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": "9",
        "ERROR_EMAIL_FROM": "pipeline@example.com",
        "ERROR_EMAIL_TO": "operations@example.com",
        "DAGSTER_HOME": str(tmp_path),
        "NETSUITE_ITEM_FIELD": "custitem_nothing",
        "NETSUITE_CERTIFICATE_FILE": str(tmp_path / "absent.pem"),
    }
    done = command(
        ["ipos-pipeline", "check-connections", "--location", "DXB01", "--location", "X", "--json"],
        {**environment, **wrong},
    )

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    found = {one["dependency"]: one for one in json.loads(done.stdout)["findings"]}
    assert {name for name, one in found.items() if one["verdict"] == "failed"} == {
        "mail server",
        "Dagster",
        "NetSuite certificate",
        "NetSuite table item",
        "configuration X",
    }
    assert found["IPOS DXB01"]["verdict"] == "ok"
    assert "IPOS DXB02" not in found


def test_wrong_use_ends_with_2(environment: dict[str, str]) -> None:
    assert command(["ipos-pipeline", "check-connections", "DXB01"], environment).returncode == 2
