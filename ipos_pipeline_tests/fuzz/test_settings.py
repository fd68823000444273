"""What people type: YAML files, environment variables, keys, records, partition keys."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ipos_pipeline.connections import Connections
from ipos_pipeline.defs.partitions import StoreDay
from ipos_pipeline.domain.external_id import doc_type_of, document_key, escape
from ipos_pipeline.errors import ConfigurationError, PipelineError
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.settings.configuration_records import (
    _record,
    read_configuration_file,
    read_mapping,
    read_profiles,
)
from ipos_pipeline.settings.environment import LocalSettings, Settings, first_day
from ipos_pipeline_tests.builders import configuration_values
from ipos_pipeline_tests.fuzz.hostile import SECRET, few, told
from ipos_pipeline_tests.fuzz.hostile import hostile_text as any_text

hostile_text = any_text.filter(lambda text: SECRET not in text)
"""The secret stands only where one belongs."""
ENVIRONMENT = {
    "NETSUITE_ACCOUNT_ID": "1234567_SB1",
    "NETSUITE_CLIENT_ID": "client-1",
    "NETSUITE_CERTIFICATE_ID": "certificate-1",
    "NETSUITE_PRIVATE_KEY": SECRET,
    "SMTP_HOST": "mail.test",
    "SMTP_USERNAME": "pipeline",
    "SMTP_PASSWORD": SECRET,
    "ERROR_EMAIL_FROM": "a@example.com",
    "ERROR_EMAIL_TO": "b@example.com",
    "IPOS_PIPELINE_TRADING_HOURS": "08:00-24:00",
    "NETSUITE_AUTH": "oauth2",
}
VARIABLES = sorted(
    {
        one.alias
        for one in (*Settings.model_fields.values(), *LocalSettings.model_fields.values())
        if one.alias
    }
    | ENVIRONMENT.keys()
)
typed = (
    hostile_text
    | st.sampled_from(
        [
            *("08:00-08:00", "٠٨:00-24:00", "https://[", "https://a:b@c:99999", "http://", "//x"),
            *("https://x\ny", "1_000", "0x1f", "1e5", "5.0", "٣", "9" * 400, "2026-W47-5"),
        ]
    )
).map(lambda text: text.replace("\0", ""))  # an environment holds no NUL


@given(st.dictionaries(st.sampled_from(VARIABLES), typed, max_size=4))
def test_any_environment_is_taken_or_told(given_: dict[str, str]) -> None:
    """What is taken can be used: it is put into addresses and files."""
    environment = {**ENVIRONMENT, **given_}
    told(lambda: LocalSettings.from_environment(environment).ledger_url)
    settings = told(lambda: Settings.from_environment(environment))
    if not isinstance(settings, PipelineError):
        assert SECRET not in repr(settings)
        settings.netsuite_base_url.encode()
    told(lambda: first_day(environment))


private_keys = st.sampled_from(
    [
        "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZI\n-----END PUBLIC KEY-----",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----",
    ]
)


@few(2)
@given(st.sampled_from(["PS256", "ES256"]), typed | private_keys)
def test_any_text_for_a_private_key_is_told(algorithm: str, pem: str) -> None:
    given_ = {"NETSUITE_PRIVATE_KEY": pem, "NETSUITE_JWT_ALGORITHM": algorithm}
    with Connections({**ENVIRONMENT, **given_}) as opened:
        assert isinstance(told(lambda: opened.netsuite), ConfigurationError)


urls = typed | st.builds(
    "{}://{}:{}@{}/{}?{}".format,
    st.sampled_from(["sqlite", "postgresql", "postgresql+psycopg2", "mysql", "oracle", "x"]),
    typed,
    st.just(SECRET),
    st.sampled_from(["127.0.0.1:9", "127.0.0.1:x", "", "[::1]:9", "127.0.0.1:99999999"]),
    st.sampled_from(["ledger", "", "a/b", "%ff"]),
    st.sampled_from(["", "timeout=x", "sslmode=zzz", "connect_timeout=1", "host=/"]),
)


@few()
@pytest.mark.usefixtures("elsewhere")
@pytest.mark.filterwarnings("ignore:Query string argument")
@given(url=urls)
def test_any_ledger_url_is_opened_or_told(url: str) -> None:
    """Behind sqlite:/// stands the path of a file, which is shown; a password stands nowhere."""
    if url.startswith("sqlite:///"):
        url = url.replace(SECRET, "file")
    opened = told(lambda: LedgerStore.open(url))
    if not isinstance(opened, PipelineError):
        opened.close()


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Keep files that a URL names without a folder out of the repository."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("anywhere"))
        yield


plain = st.none() | st.booleans() | st.integers() | st.floats() | hostile_text | st.dates()
trees = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile_text, inner, max_size=3),
    max_leaves=6,
)
NASTY_YAML = [
    *("&a [*a]", "a: &a {b: *a}", "[" * 1000, "{" * 1000, "- " * 1000 + "x", "a: !!int ''"),
    *(
        "a: !!float ''",
        "a: !!bool x",
        "a: !!timestamp x",
        "a: !!binary ü",
        "a: !!set {x}",
        "? [a]\n: b",
    ),
    *("a: 2026-13-45", "a: " + "9" * 5000, "a: 0o9", "a: 1:99:99", "a: .inf", "<<: x", "a: !x y"),
    *(
        "a: !!python/object/apply:os.system [id]",
        "---\n---\n",
        "\t",
        "a: 'x",
        "%YAML 9.9\n---\na: 1",
    ),
    *(
        "a: 2026-01-01T00:00:00+99:99",
        "a: {env: X, b: c}",
        "configurations: [{env: X}]",
        "a: \u2028",
    ),
    "a0: &a0 [x, x]\n"
    + "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)),
]


def files_of(model_key: str | None, usual: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Build YAML files: nearly right ones, any tree, known traps, and any bytes."""
    near = st.dictionaries(
        st.sampled_from(sorted(usual)) | hostile_text, trees | st.just({"env": "X"}), max_size=3
    ).map(lambda changes: {**usual, **changes})
    whole = near.map(lambda one: {model_key: [one]} if model_key else one) | trees
    dumped = whole.map(
        lambda one: yaml.safe_dump(one, allow_unicode=True).encode("utf-8", "replace")
    )
    return dumped | st.sampled_from(NASTY_YAML).map(str.encode) | st.binary(max_size=30)


record = files_of("configurations", configuration_values(auth_value=SECRET))
profile = files_of("profiles", {"name": "own", "page_size": 5, "envelope": {}, "header": {}})
mapping = files_of(None, {"memo": "{inv_no}", "body_fields": {}, "configuration_fields": {}})


@given(record, profile, mapping)
def test_any_yaml_file_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, record: bytes, profile: bytes, mapping: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    readers = (
        (record, lambda: read_configuration_file(path, environment={"X": SECRET})),
        (profile, lambda: read_profiles(path, environment={})),
        (mapping, lambda: read_mapping(path, environment={})),
    )
    for content, read in readers:
        path.write_bytes(content)
        told(read)


@given(
    st.dictionaries(st.sampled_from(sorted(configuration_values())) | hostile_text, hostile_text)
)
def test_any_custom_record_is_usable_or_told(row: dict[str, str]) -> None:
    made = _record({"id": "7", **configuration_values(auth_value=SECRET), **row}, {})
    assert SECRET not in repr(made)
    error = getattr(made, "error", None)
    if error is not None:
        f"{error} {error.recovery} {error.system}".encode()


@given(hostile_text, hostile_text, st.integers(0, 9999), hostile_text, st.integers(0, 9999))
def test_external_ids_are_one_to_one(
    number: str, other: str, year: int, location: str, other_year: int
) -> None:
    def key(number: str, year: int) -> str:
        return document_key(location=location, year=year, doc_type="S", inv_no=number)

    assert (key(number, year) == key(other, other_year)) == ((number, year) == (other, other_year))
    assert escape(number).isascii()
    assert doc_type_of(key(number, year)) == "SALE"


@given(hostile_text | st.tuples(st.dates().map(str) | hostile_text, hostile_text).map("|".join))
def test_any_partition_key_is_a_store_day_or_told(key: str) -> None:
    read = told(lambda: StoreDay.of(key))
    if isinstance(read, StoreDay):
        assert isinstance(read.day, date)
        assert StoreDay.of(read.partition_key) == read
