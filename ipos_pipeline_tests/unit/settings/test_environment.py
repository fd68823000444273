"""Environment variables: every mistake named at once, no secret shown."""

from pathlib import Path

import pytest

from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.settings.environment import Settings
from ipos_pipeline.settings.netsuite_access import OAuth2Settings

COMPLETE = {
    "NETSUITE_ACCOUNT_ID": "1234567_SB1",
    "NETSUITE_CLIENT_ID": "client",
    "NETSUITE_CERTIFICATE_ID": "certificate",
    "NETSUITE_PRIVATE_KEY": "-----BEGIN s3cr3t-----",
}
LEDGER_URL = "postgresql+psycopg2://ipos:pa55word@db/ledger"


def settings(**changes: str) -> Settings:
    return Settings.from_environment({**COMPLETE, **changes})


def oauth2(**changes: str) -> OAuth2Settings:
    found = settings(**changes).oauth2
    assert found is not None
    return found


def refusal(**changes: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        settings(**changes)
    return str(caught.value)


@pytest.mark.parametrize("name", sorted(COMPLETE))
@pytest.mark.parametrize("value", ["", "  "])
def test_a_missing_variable_is_named_and_empty_counts_as_missing(name: str, value: str) -> None:
    assert name in refusal(**{name: value})


def test_all_missing_variables_are_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment({})
    assert [name for name in COMPLETE if name not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IPOS_PIPELINE_START_DATE", "20/11/2026"),
        ("IPOS_PIPELINE_LOOK_BACK_DAYS", "-1"),
        ("IPOS_PIPELINE_TRADING_HOURS", "8 to 24"),
        ("NETSUITE_BASE_URL", "suitetalk"),
        ("NETSUITE_JWT_ALGORITHM", "RS256"),
        ("NETSUITE_CONCURRENCY", "0"),
        ("NETSUITE_CONCURRENCY", "many"),
        ("NETSUITE_ITEM_FIELD", "displayname"),
        ("NETSUITE_ITEM_FIELD", "upccode FROM item; --"),
        ("NETSUITE_ITEM_FIELD", "custitem_Barcode"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str) -> None:
    assert f" {name}: " in refusal(**{name: value})


def test_several_wrong_variables_are_named_at_once() -> None:
    message = refusal(NETSUITE_CONCURRENCY="0", NETSUITE_ACCOUNT_ID="", NETSUITE_PRIVATE_KEY="")
    assert "NETSUITE_CONCURRENCY" in message
    assert "NETSUITE_ACCOUNT_ID" in message
    assert "NETSUITE_PRIVATE_KEY" in message


@pytest.mark.parametrize(
    "account", ["evil.example/", "1234567@evil", "a.b", "1234567#", "1234567:80", "12 34", "١٢"]
)
def test_an_account_id_that_would_change_the_host_is_refused(account: str) -> None:
    assert "NETSUITE_ACCOUNT_ID: must be an account ID" in refusal(NETSUITE_ACCOUNT_ID=account)


@pytest.mark.parametrize(
    ("account", "host"),
    [("1234567", "1234567"), ("1234567_SB1", "1234567-sb1"), ("tstdrv1_RP", "tstdrv1-rp")],
)
def test_the_address_follows_from_the_account(account: str, host: str) -> None:
    found = settings(NETSUITE_ACCOUNT_ID=account).netsuite_base_url
    assert found == f"https://{host}.suitetalk.api.netsuite.com"


def test_a_given_address_wins_and_loses_its_slash() -> None:
    found = settings(NETSUITE_BASE_URL="http://127.0.0.1:8000/").netsuite_base_url
    assert found == "http://127.0.0.1:8000"


def test_both_kinds_of_key_at_once_are_refused() -> None:
    assert "set one of NETSUITE_PRIVATE_KEY" in refusal(NETSUITE_PRIVATE_KEY_FILE="key.pem")


def test_a_missing_key_is_told_by_its_variable() -> None:
    assert " NETSUITE_PRIVATE_KEY_FILE: set one of" in refusal(NETSUITE_PRIVATE_KEY="")


def test_a_key_in_one_line_gets_its_lines_back() -> None:
    assert oauth2(NETSUITE_PRIVATE_KEY=r"a\nb").private_key_pem() == "a\nb"


def test_a_key_file_is_read_when_it_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.touch(0o600)
    path.write_text("PEM")
    found = oauth2(NETSUITE_PRIVATE_KEY="", NETSUITE_PRIVATE_KEY_FILE=str(path))
    assert found.private_key_pem() == "PEM"


@pytest.mark.parametrize("content", [None, b"\x30\x82\xff"], ids=["absent", "binary"])
def test_an_unreadable_key_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "key.der"
    if content is not None:
        path.touch(0o600)
        path.write_bytes(content)
    found = oauth2(NETSUITE_PRIVATE_KEY="", NETSUITE_PRIVATE_KEY_FILE=str(path))
    with pytest.raises(ConfigurationError, match=r"NETSUITE_PRIVATE_KEY_FILE .*key\.der"):
        found.private_key_pem()


def test_no_secret_is_in_the_settings_repr() -> None:
    shown = repr(settings(IPOS_PIPELINE_LEDGER_URL=LEDGER_URL))
    assert "s3cr3t" not in shown
    assert "pa55word" not in shown


def test_no_secret_is_in_a_refusal() -> None:
    message = refusal(IPOS_PIPELINE_LEDGER_URL=LEDGER_URL, NETSUITE_CONCURRENCY="0")
    assert "s3cr3t" not in message
    assert "pa55word" not in message


def test_the_ledger_is_a_file_beside_the_data_unless_named(tmp_path: Path) -> None:
    assert settings(IPOS_PIPELINE_LEDGER_URL=LEDGER_URL).ledger_url == LEDGER_URL
    found = settings(IPOS_PIPELINE_DATA_DIR=str(tmp_path)).ledger_url
    assert found == f"sqlite:///{tmp_path / 'ledger.db'}"


def test_other_variables_are_ignored() -> None:
    assert settings(HOME="/root") == settings()


TBA = {
    "NETSUITE_AUTH": "tba",
    "NETSUITE_ACCOUNT_ID": "1234567_SB1",
    "NETSUITE_CONSUMER_KEY": "consumer",
    "NETSUITE_CONSUMER_SECRET": "s3cr3t",
    "NETSUITE_TOKEN_ID": "token",
    "NETSUITE_TOKEN_SECRET": "t0ken",
}
MAIL = {
    "SMTP_HOST": "smtp.example.com",
    "ERROR_EMAIL_FROM": "pipeline@example.com",
    "ERROR_EMAIL_TO": "operations@example.com",
}


def test_with_tba_nothing_of_oauth2_is_required() -> None:
    found = Settings.from_environment(TBA)
    assert found.oauth2 is None
    assert found.tba is not None
    assert found.tba.token_secret.get_secret_value() == "t0ken"


def test_all_that_tba_lacks_is_named_at_once_and_nothing_of_oauth2() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment({"NETSUITE_AUTH": "tba"})
    assert [name for name in TBA if name not in str(caught.value)] == ["NETSUITE_AUTH"]
    assert "NETSUITE_CLIENT_ID" not in str(caught.value)


def test_with_oauth2_nothing_of_tba_is_required() -> None:
    assert settings().tba is None
    assert settings(NETSUITE_AUTH="oauth2").oauth2 is not None


def test_another_way_to_sign_in_is_refused() -> None:
    assert " NETSUITE_AUTH: " in refusal(NETSUITE_AUTH="password")


def test_without_a_mail_server_there_are_no_mail_settings() -> None:
    assert settings(ERROR_EMAIL_TO="operations@example.com").mail is None


@pytest.mark.parametrize(
    ("given", "port"),
    [
        ({}, 587),
        ({"SMTP_SECURITY": "tls"}, 465),
        ({"SMTP_SECURITY": "none"}, 25),
        ({"SMTP_PORT": "2525"}, 2525),
    ],
)
def test_the_mail_port_follows_from_the_security(given: dict[str, str], port: int) -> None:
    found = settings(**MAIL, **given).mail
    assert found is not None
    assert found.server.port == port
    assert found.group_above == 20


def test_summaries_go_to_finance_or_else_to_whom_errors_go() -> None:
    assert settings(**MAIL).mail.finance_to == MAIL["ERROR_EMAIL_TO"]
    finance = "finance@example.com"
    assert settings(**MAIL, FINANCE_EMAIL_TO=finance).mail.finance_to == finance


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ERROR_EMAIL_FROM": ""}, "ERROR_EMAIL_FROM: is required"),
        ({"ERROR_EMAIL_TO": ""}, "ERROR_EMAIL_TO: is required"),
        ({"ERROR_EMAIL_TO": "nobody"}, "ERROR_EMAIL_TO: "),
        ({"FINANCE_EMAIL_TO": "nobody"}, "FINANCE_EMAIL_TO: "),
        ({"ERROR_EMAIL_FROM": "a@b\r\nBcc: c@d"}, "ERROR_EMAIL_FROM: "),
        ({"SMTP_PORT": "70000"}, "SMTP_PORT: "),
        ({"SMTP_SECURITY": "ssl"}, "SMTP_SECURITY: "),
        ({"SMTP_USERNAME": "user"}, "SMTP_PASSWORD: set both of SMTP_USERNAME"),
        ({"SMTP_PASSWORD": "pa55word"}, "SMTP_PASSWORD: set both of SMTP_USERNAME"),
        ({"ERROR_EMAIL_GROUP_ABOVE": "0"}, "ERROR_EMAIL_GROUP_ABOVE: "),
    ],
)
def test_a_wrong_mail_variable_is_named(changes: dict[str, str], named: str) -> None:
    message = refusal(**{**MAIL, **changes})
    assert named in message
    assert "pa55word" not in message


def test_mistakes_of_all_groups_are_named_at_once() -> None:
    message = refusal(**{**MAIL, "SMTP_PORT": "0"}, NETSUITE_CLIENT_ID="", NETSUITE_CONCURRENCY="0")
    for name in ("SMTP_PORT", "NETSUITE_CLIENT_ID", "NETSUITE_CONCURRENCY"):
        assert name in message


def test_no_secret_of_mail_or_tba_is_in_the_settings_repr() -> None:
    login = {"SMTP_USERNAME": "user", "SMTP_PASSWORD": "pa55word"}
    found = Settings.from_environment({**TBA, **MAIL, **login})
    assert found.mail is not None
    shown = repr(found) + repr(found.mail.server)
    assert [secret for secret in ("s3cr3t", "t0ken", "pa55word") if secret in shown] == []
