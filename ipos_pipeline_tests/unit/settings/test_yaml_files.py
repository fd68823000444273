"""YAML written by people: a mistake is told with file, line and field, never with its value."""

import traceback
from pathlib import Path

import pytest
import yaml

from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.settings.configuration_records import (
    read_configuration_file,
    read_mapping,
    read_profiles,
)
from ipos_pipeline_tests.builders import CREDENTIAL, configuration, configuration_values

GOOD = yaml.safe_dump(configuration_values(), sort_keys=False)
RECORD = "configurations:\n  - " + GOOD.strip().replace("\n", "\n    ")
"""A file of one record; `domain_url` stands in its line 4."""


def read(tmp_path: Path, text: str, **environment: str) -> list[IposConfiguration]:
    path = tmp_path / "records.yaml"
    path.touch(0o600)
    path.write_text(text, encoding="utf-8")
    records = read_configuration_file(path, environment=environment)
    return [record.configuration for record in records]


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text)
    return str(caught.value).removeprefix(str(tmp_path / "records.yaml"))


def test_a_good_file_gives_its_records(tmp_path: Path) -> None:
    assert read(tmp_path, RECORD) == [configuration()]


def test_a_secret_may_stand_in_the_environment(tmp_path: Path) -> None:
    text = RECORD.replace(CREDENTIAL, "{env: DXB01_KEY}")
    (record,) = read(tmp_path, text, DXB01_KEY="from outside")
    assert record.auth_value is not None
    assert record.auth_value.get_secret_value() == "from outside"


def test_an_environment_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    assert "DXB01_KEY" in refusal(tmp_path, RECORD.replace(CREDENTIAL, "{env: DXB01_KEY}"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("'501'", "Walk-in", ", line 7, configurations.0.customer: "),
        ("https://ipos.test", "ipos.test", ", line 4, configurations.0.domain_url: "),
        ("customer:", "custmer:", ", line 7, configurations.0.custmer: "),
        ("customer:", "custmer:", ", line 2, configurations.0.customer: "),
        ("auth_header:", "error_email:", ", line 2, configurations.0: no credential"),
    ],
)
def test_a_wrong_field_is_told_with_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert told in refusal(tmp_path, RECORD.replace(old, new))


def test_a_fault_in_the_second_record_is_told_there(tmp_path: Path) -> None:
    second = RECORD.removeprefix("configurations:\n").replace("https://ipos.test", "x")
    message = refusal(tmp_path, f"{RECORD}\n{second}")
    assert message.startswith(", line 15, configurations.1.domain_url: ")


def test_all_faults_are_told_each_in_its_own_line(tmp_path: Path) -> None:
    text = RECORD.replace("'501'", "x").replace("https://ipos.test", "y")
    assert len(refusal(tmp_path, text).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ", line 1: expected a mapping"),
        ("- a\n", ", line 1: expected a mapping"),
        ("configurations: 5\n", ", line 1, configurations: "),
        ("configuration: []\n", ", line 1, configurations: Field required"),
        ("a: 1\nb: [\n", ", line 3: not valid YAML"),
        ("a: 1\n\tb: 2\n", ", line 2: not valid YAML"),
        ("a: !!python/object:os.system x\n", ", line 1: not valid YAML"),
        ("a: 2026-13-45\n", ", not valid YAML: it holds a date"),
        ("a: \x00\n", ", not valid YAML: unacceptable character"),
    ],
)
def test_a_file_of_another_shape_is_told(tmp_path: Path, text: str, told: str) -> None:
    assert refusal(tmp_path, text).startswith(told)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["absent", "not UTF-8"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "records.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"records\.yaml cannot be read"):
        read_configuration_file(path, environment={})


@pytest.mark.parametrize(
    "text",
    [
        f'configurations:\n  - auth_value: "{CREDENTIAL}\\q"\n',
        f"configurations:\n  - auth_value: '{CREDENTIAL}\n",
        f"configurations:\n  - auth_value: [{CREDENTIAL}\n",
        f"configurations:\n  - auth_value: [{CREDENTIAL}]\n",
        f"configurations:\n  - customer: {CREDENTIAL}\n",
        f"configurations:\n  - {CREDENTIAL}: x: y\n",
    ],
)
def test_no_traceback_of_a_bad_file_shows_a_value(tmp_path: Path, text: str) -> None:
    """Dagster logs the chain of causes too, and YAML's own errors quote the line."""
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text)
    assert CREDENTIAL not in "".join(traceback.format_exception(caught.value))


def test_an_inactive_record_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    inactive = RECORD.removeprefix("configurations:\n") + "\n    isinactive: true"
    assert read(tmp_path, f"{RECORD}\n{inactive}") == [configuration()]


def test_profiles_of_a_file_come_on_top_of_the_built_in_ones(tmp_path: Path) -> None:
    path = tmp_path / "profiles.yaml"
    path.write_text(
        "profiles:\n  - name: acme\n    shape: flat\n    line: {qty: Menge}\n"
        "    doc_types: {sale: VK, return: RG}\n    rounding_tolerance: 0.10\n"
    )
    profiles = read_profiles(path, environment={})
    assert sorted(profiles) == ["acme", "flat", "nested"]
    assert (profiles["acme"].line.qty, profiles["acme"].doc_types.return_) == ("Menge", "RG")


def test_a_word_that_no_profile_has_is_told(tmp_path: Path) -> None:
    path = tmp_path / "profiles.yaml"
    path.write_text("profiles:\n  - name: acme\n    line:\n      quantity: Menge\n")
    with pytest.raises(ConfigurationError, match=r"line 4, profiles\.0\.line\.quantity: "):
        read_profiles(path, environment={})


def test_without_a_file_there_are_the_built_in_profiles_and_mapping() -> None:
    assert sorted(read_profiles(None, environment={})) == ["flat", "nested"]
    assert read_mapping(None, environment={}).amount_field is None


def test_a_mapping_with_an_unknown_value_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text("amount_field: amount\nmemo: '{number}'\n")
    with pytest.raises(ConfigurationError, match=r"line 2, memo: .*must name values"):
        read_mapping(path, environment={})
