"""A secret in a file is as good as one in the environment; a wrong file is told without content."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from ipos_pipeline.cli.store_day_runs import dagster_instance
from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.settings.environment import LocalSettings, MailSettings, Settings
from ipos_pipeline.settings.netsuite_access import OAuth2Settings, TbaSettings
from ipos_pipeline.settings.secret_values import SECRETS, secret_value
from ipos_pipeline.settings.yaml_file import load_yaml
from ipos_pipeline_tests.repository_text import ROOT
from ipos_pipeline_tests.unit.settings.test_environment import COMPLETE, MAIL, TBA

MARK = "s3cr3t"


def in_files(folder: Path, **secrets: str) -> dict[str, str]:
    """Write each secret to a file, with a line end as an editor leaves one; give the variables."""
    for name, secret in secrets.items():
        (folder / name).write_text(secret + "\n", encoding="utf-8")
        (folder / name).chmod(0o600)
    return {f"{name}_FILE": str(folder / name) for name in secrets}


def refusal(environment: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment(environment)
    assert MARK not in str(caught.value)
    return str(caught.value)


def test_each_setting_that_is_secret_may_stand_in_a_file() -> None:
    """Who adds a secret must name it among SECRETS; the private key has a file of its own."""
    fields = [
        field
        for group in (Settings, OAuth2Settings, TbaSettings, MailSettings)
        for field in group.model_fields.values()
    ]
    secret = {one.alias for one in fields if "SecretStr" in str(one.annotation) or not one.repr}
    assert secret - {"NETSUITE_PRIVATE_KEY"} == set(SECRETS) - {"DAGSTER_POSTGRES_URL"}


def test_secrets_in_files_give_the_same_settings_as_in_the_environment(tmp_path: Path) -> None:
    plain = {**TBA, **MAIL, "SMTP_USERNAME": "user", "SMTP_PASSWORD": " a b "}
    plain |= {"IPOS_PIPELINE_LEDGER_URL": "postgresql://ipos:p@db/ledger"}
    secrets = {name: value for name, value in plain.items() if name in SECRETS}
    others = {name: value for name, value in plain.items() if name not in SECRETS}

    found = Settings.from_environment({**others, **in_files(tmp_path, **secrets)})

    assert len(secrets) == len(SECRETS) - 1
    assert found == Settings.from_environment(plain)
    assert found.mail is not None
    assert found.mail.password == SecretStr(" a b ")


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    files = in_files(tmp_path, NETSUITE_TOKEN_SECRET=MARK)
    told = "NETSUITE_TOKEN_SECRET: NETSUITE_TOKEN_SECRET and NETSUITE_TOKEN_SECRET_FILE are both"
    assert told in refusal({**TBA, **files})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (MARK.encode() + b"\xff", "cannot be read: it is not UTF-8 text"),
    ],
    ids=["absent", "empty", "blank", "not UTF-8"],
)
def test_a_file_that_cannot_be_used_is_told_with_the_other_mistakes(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    given = {**TBA, "NETSUITE_TOKEN_SECRET": "", "NETSUITE_TOKEN_SECRET_FILE": str(path)}
    message = refusal({**given, "NETSUITE_CONCURRENCY": "0"})
    assert f"NETSUITE_TOKEN_SECRET: NETSUITE_TOKEN_SECRET_FILE {path} {told}" in message
    assert "NETSUITE_CONCURRENCY: " in message


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    given = {**COMPLETE, "IPOS_PIPELINE_LEDGER_URL_FILE": str(tmp_path)}
    assert f"_URL_FILE {tmp_path} cannot be read: Is a directory" in refusal(given)


def test_a_file_of_a_secret_that_is_not_needed_is_not_read(tmp_path: Path) -> None:
    """What the ledger's commands need not, must not stop them."""
    absent = {f"{name}_FILE": str(tmp_path / "absent") for name in SECRETS}
    del absent["IPOS_PIPELINE_LEDGER_URL_FILE"]
    assert LocalSettings.from_environment(absent).mail is None
    assert Settings.from_environment({**COMPLETE, **absent}).oauth2 is not None


def test_an_empty_name_counts_as_not_set() -> None:
    assert secret_value({"SMTP_PASSWORD_FILE": " ", "SMTP_PASSWORD": "p"}, "SMTP_PASSWORD") == "p"
    assert secret_value({"SMTP_PASSWORD_FILE": ""}, "SMTP_PASSWORD") is None


def test_a_secret_that_a_yaml_file_names_may_stand_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "tba.yaml"
    path.write_text("\n".join(f"{name}: {{env: {name}}}" for name in TBA if name in SECRETS))
    secrets = {name: value for name, value in TBA.items() if name in SECRETS}
    found = load_yaml(path, TbaSettings, environment=in_files(tmp_path, **secrets))
    assert found == TbaSettings.model_validate(TBA)


def test_dagster_reads_the_url_of_its_storage_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown by what it says of a file that is wrong: the URL itself needs a server."""
    (tmp_path / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    monkeypatch.delenv("DAGSTER_POSTGRES_URL", raising=False)
    monkeypatch.setenv("DAGSTER_POSTGRES_URL_FILE", str(tmp_path / "absent"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with (
        pytest.raises(ConfigurationError, match=r"DAGSTER_POSTGRES_URL_FILE .* cannot be read"),
        dagster_instance(os.environ) as instance,
    ):
        instance.get_runs_count()
