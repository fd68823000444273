"""Files with secrets are refused while others may read them or put their own in their place."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.settings.configuration_records import read_configuration_file, read_profiles
from ipos_pipeline.settings.environment import Settings
from ipos_pipeline.settings.secret_files import is_open_folder
from ipos_pipeline_tests.builders import CREDENTIAL, configuration_values
from ipos_pipeline_tests.repository_text import environment_of_example


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir(mode=0o700)
    return tmp_path / "secrets"


def written(file: Path, text: str, *, mode: int) -> Path:
    file.write_text(text)
    file.chmod(mode)
    return file


def private_key(file: Path) -> str:
    environment = environment_of_example(with_optional=False)
    settings = Settings.from_environment({**environment, "NETSUITE_PRIVATE_KEY_FILE": str(file)})
    assert settings.oauth2 is not None
    return settings.oauth2.private_key_pem()


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_of_its_owner_alone_is_read(folder: Path, mode: int) -> None:
    assert private_key(written(folder / "key.pem", "PEM", mode=mode)) == "PEM"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o601])
def test_a_key_that_others_may_reach_is_refused_with_what_to_type(folder: Path, mode: int) -> None:
    file = written(folder / "key.pem", "PEM", mode=mode)
    with pytest.raises(ConfigurationError) as caught:
        private_key(file)
    assert f"NETSUITE_PRIVATE_KEY_FILE {file} holds a secret" in caught.value.message
    assert f"(mode {mode:04o})" in caught.value.message
    assert f"chmod 600 {file}" in caught.value.recovery


def test_the_file_behind_a_link_counts(folder: Path) -> None:
    link = folder / "link.pem"
    link.symlink_to(written(folder / "key.pem", "PEM", mode=0o644))
    with pytest.raises(ConfigurationError, match="mode 0644"):
        private_key(link)


def test_a_key_that_everyone_may_replace_is_refused(folder: Path) -> None:
    file = written(folder / "key.pem", "PEM", mode=0o600)
    folder.chmod(0o777)
    with pytest.raises(ConfigurationError, match="anyone may replace it"):
        private_key(file)


@pytest.mark.parametrize(
    ("mode", "is_open"), [(0o700, False), (0o775, False), (0o777, True), (0o1777, False)]
)
def test_a_folder_is_open_if_everyone_may_replace_files(mode: int, *, is_open: bool) -> None:
    """In a sticky folder such as /tmp only owners may."""
    assert is_open_folder(mode) is is_open


IN_A_MOUNT = """
set -e
mount -t tmpfs none "$1"
echo PEM > "$1/key.pem"
chmod 444 "$1/key.pem"
mount -o remount,"$2" "$1"
exec "$3" -c 'import sys, pathlib; from ipos_pipeline.settings.secret_files import refuse_exposed
refuse_exposed(pathlib.Path(sys.argv[1]), named="The file")' "$1/key.pem"
"""


@pytest.mark.skipif(
    subprocess.run(["unshare", "-rm", "true"], check=False).returncode != 0,  # noqa: S607
    reason="this machine lets nobody mount",
)
@pytest.mark.parametrize(("access", "is_fine"), [("ro", True), ("rw", False)])
def test_what_is_mounted_read_only_is_taken_as_it_is(
    folder: Path, access: str, *, is_fine: bool
) -> None:
    """Kubernetes and Compose mount secrets as root's, 0440 or 0444, whatever we would like."""
    command = ["unshare", "-rm", "sh", "-c", IN_A_MOUNT, "sh", str(folder), access, sys.executable]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (ended.returncode == 0) is is_fine, ended.stderr
    assert ("mode 0444" in ended.stderr) is not is_fine


def test_records_with_a_credential_written_out_are_refused_while_others_may_read_them(
    folder: Path,
) -> None:
    text = yaml.safe_dump({"configurations": [configuration_values()]})
    file = written(folder / "records.yaml", text, mode=0o644)
    with pytest.raises(ConfigurationError) as caught:
        read_configuration_file(file, environment={})
    assert f"The file {file} holds a secret" in caught.value.message
    assert CREDENTIAL not in caught.value.message
    file.chmod(0o600)
    assert len(read_configuration_file(file, environment={})) == 1


def test_records_that_name_the_environment_may_be_read_by_anyone(folder: Path) -> None:
    values = configuration_values(auth_value={"env": "DXB01_KEY"})
    text = yaml.safe_dump({"configurations": [values]})
    file = written(folder / "records.yaml", text, mode=0o644)
    assert len(read_configuration_file(file, environment={"DXB01_KEY": CREDENTIAL})) == 1


def test_the_vendors_word_for_a_password_is_no_secret(folder: Path) -> None:
    text = "profiles:\n  - name: acme\n    token:\n      password: Kennwort\n"
    file = written(folder / "profiles.yaml", text, mode=0o644)
    assert "acme" in read_profiles(file, environment={})
