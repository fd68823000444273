"""What people get wrong: each mistake is told in one sentence, and loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipos_pipeline_tests.builders import raw_invoice
from ipos_pipeline_tests.pipeline.conftest import Pipeline, failure_of

MISTAKES = {
    "a missing variable": ({"NETSUITE_CLIENT_ID": ""}, "NETSUITE_CLIENT_ID: is required"),
    "an account that is none": (
        {"NETSUITE_ACCOUNT_ID": "evil.example/"},
        "NETSUITE_ACCOUNT_ID: must be an account ID",
    ),
    "no key": ({"NETSUITE_PRIVATE_KEY": ""}, "set one of NETSUITE_PRIVATE_KEY"),
    "a key that is none": (
        {"NETSUITE_PRIVATE_KEY": "not a key"},
        "NETSUITE_PRIVATE_KEY is not a private key that ES256 can use",
    ),
    "a key file that is not there": (
        {"NETSUITE_PRIVATE_KEY": "", "NETSUITE_PRIVATE_KEY_FILE": "/nowhere/key.pem"},
        "NETSUITE_PRIVATE_KEY_FILE /nowhere/key.pem cannot be read",
    ),
    "a certificate that NetSuite does not know": (
        {"NETSUITE_CERTIFICATE_ID": "another"},
        "NetSuite gave no usable token: 401",
    ),
    "a ledger that is none": (
        {"IPOS_PIPELINE_LEDGER_URL": "ledger.db"},
        "IPOS_PIPELINE_LEDGER_URL is not a database URL",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_setting_stops_the_run_with_one_clear_sentence(
    pipeline: Pipeline, mistake: str
) -> None:
    changes, said = MISTAKES[mistake]
    pipeline.world.ipos.add_invoices([raw_invoice()])
    pipeline.environment.update(changes)

    result = pipeline.run()

    assert not result.success
    sentence, recovery = failure_of(result)
    assert said in sentence
    assert recovery
    assert pipeline.posted() == {}
    assert pipeline.world.ipos.acknowledgements() == []


def test_what_a_wrong_setting_stopped_is_posted_once_it_is_corrected(pipeline: Pipeline) -> None:
    pipeline.world.ipos.add_invoices([raw_invoice()])
    pipeline.environment["NETSUITE_CERTIFICATE_ID"] = "another"
    pipeline.run()
    del pipeline.environment["NETSUITE_CERTIFICATE_ID"]

    result = pipeline.run()

    assert result.success
    assert list(pipeline.posted()) == ["IPOS-DXB01-2026-S-10377-CS"]


def test_a_mistake_in_the_yaml_file_is_told_with_file_line_and_field(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    path = tmp_path / "configurations.yaml"
    path.write_text("configurations:\n  - location_code: DXB01\n    domain_url: ipos.example\n")
    pipeline.environment["IPOS_CONFIGURATION_FILE"] = str(path)

    result = pipeline.run()

    sentence, _ = failure_of(result)
    assert f"{path}, line 3, configurations.0.domain_url: must be an address" in sentence
    assert "configurations.0.customer: Field required" in sentence


def test_a_location_without_an_active_record_is_refused_by_name(pipeline: Pipeline) -> None:
    pipeline.instance.add_dynamic_partitions("ipos_locations", ["XXX99"])

    result = pipeline.run(location="XXX99")

    sentence, _ = failure_of(result)
    assert sentence == (
        "Location 'XXX99' has no active IPOS Configuration record; active locations are DXB01."
    )


def test_invoices_of_another_location_stop_the_run_and_nothing_is_landed(
    pipeline: Pipeline,
) -> None:
    """Another shop's sales under the right address must never be booked to this shop."""
    pipeline.world.ipos.add_invoice(raw_invoice(LocationCode="DXB02"), location="DXB01")

    result = pipeline.run()

    sentence, _ = failure_of(result)
    assert "asked for location DXB01 and answered with an invoice of DXB02" in sentence
    assert pipeline.open_errors() == []
    assert pipeline.posted() == {}


def test_a_refused_ipos_credential_stops_the_run_and_names_the_location(
    pipeline: Pipeline,
) -> None:
    pipeline.world.change_record(auth_value="an-old-key")

    result = pipeline.run()

    sentence, recovery = failure_of(result)
    assert "DXB01" in sentence
    assert "refused the credential" in sentence
    assert "configuration record" in recovery
