"""Where credentials may travel: to the server that is named, encrypted, and nowhere else."""

import asyncio
import re
from datetime import date

import httpx2
import pytest
from pydantic import ValidationError

from ipos_pipeline.domain.addresses import address_on, server_address
from ipos_pipeline.domain.ipos_profile import NESTED, IposProfile, Paths
from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.settings.environment import Settings
from ipos_pipeline.steps.checking_connections import settings_seen
from ipos_pipeline_tests.builders import configuration
from ipos_pipeline_tests.contract.faulty import ipos_client
from ipos_pipeline_tests.repository_text import environment_of_example
from ipos_pipeline_tests.simulated_world import Clock

DAY = date(2026, 11, 20)
SERVER = "https://ipos.test"
PASSWORD = "pa55word"  # noqa: S105 - made up


@pytest.mark.parametrize(
    "url",
    [
        "https://ipos.test",
        "https://ipos.test:8443/app/",
        "https://ipos_1.intern",
        "https://192.0.2.7",
        "https://[2001:db8::1]",
        "http://127.0.0.1:8000",
        "http://localhost:8000",
        "http://[::1]:8000",
    ],
)
def test_an_encrypted_server_or_this_machine_is_an_address(url: str) -> None:
    checked = server_address(url)
    assert checked == url.rstrip("/")
    assert httpx2.URL(checked).host


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ipos.test", "must be an address"),
        ("ftp://ipos.test", "must be an address"),
        ("https://", "must be an address"),
        ("https://ipos.test\\@evil.test", "must be an address"),
        ("https://ipos.test\n.evil.test", "must be an address"),
        ("https://ipos%2etest", "must be an address"),
        ("http://ipos.test", "must begin with https://"),
        ("http://127.0.0.1.evil.test", "must begin with https://"),
        ("http://localhost.evil.test", "must begin with https://"),
        (f"https://user:{PASSWORD}@ipos.test", "user name or password"),
        ("https://ipos.test@evil.test", "user name or password"),
        (f"https://ipos.test?key={PASSWORD}", "without ? and #"),
        ("https://ipos.test/#", "without ? and #"),
        ("https://ipos.test:port", "Port could not be cast"),
    ],
)
def test_any_other_is_refused_without_being_shown(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)) as caught:
        server_address(url)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/api/invoices", "https://ipos.test/api/invoices"),
        ("api/invoices?company=1", "https://ipos.test/api/invoices?company=1"),
        ("../invoices", "https://ipos.test/invoices"),
        ("https://ipos.test:443/api", "https://ipos.test:443/api"),
        ("HTTPS://IPOS.test/api", "HTTPS://IPOS.test/api"),
    ],
)
def test_a_path_stays_on_its_server(path: str, address: str) -> None:
    assert address_on(SERVER, path) == address
    assert httpx2.URL(address).host == "ipos.test"


ESCAPES = [
    "https://evil.test/",
    "//evil.test/",
    "///evil.test/",
    "\\\\evil.test/",
    "/\\evil.test/",
    "https:evil.test",
    "https:/evil.test",
    "http://ipos.test/api",
    "https://ipos.test:8443/api",
    "https://ipos.test.evil.test/",
    "https://ipos.test@evil.test/",
    f"https://user:{PASSWORD}@ipos.test/",
    "javascript:alert(1)",
    "/api\nHost: evil.test",
    "/api invoices",
    "/api#x",
    "/\u202eapi",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_a_path_that_leaves_its_server_makes_the_record_unusable(path: str) -> None:
    """Who may edit a path must not be able to have the credential sent to himself."""
    with pytest.raises(ValidationError) as caught:
        configuration(domain_url=SERVER, invoices_url=path)
    assert [one["loc"] for one in caught.value.errors()] == [("invoices_url",)]
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("field", ["returns_url", "acknowledge_url", "summary_url", "token_url"])
def test_every_path_of_a_record_is_held_to_it(field: str) -> None:
    with pytest.raises(ValidationError, match="credential goes nowhere else"):
        configuration(domain_url=SERVER, **{field: "https://evil.test/"})


@pytest.mark.parametrize("path", ESCAPES)
def test_a_path_of_the_vendors_profile_is_held_to_it_too(path: str, clock: Clock) -> None:
    sent: list[httpx2.URL] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.url)
        return httpx2.Response(200, json={})

    profile: IposProfile = NESTED.model_copy(update={"paths": Paths(invoices=path)})
    ipos = ipos_client(httpx2.MockTransport(answer), clock, profile=profile, domain_url=SERVER)

    with pytest.raises(ConfigurationError, match="A path in the profile 'nested' must "):
        asyncio.run(ipos.count(DAY, "all"))
    assert sent == []


def settings(url: str) -> Settings:
    return Settings.from_environment(
        {**environment_of_example(with_optional=False), "NETSUITE_BASE_URL": url}
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://netsuite.test",
        f"https://user:{PASSWORD}@netsuite.test",
        "https://netsuite.test/proxy",
        "https://netsuite.test?x",
        "https://netsuite.test#x",
    ],
)
def test_netsuites_address_is_a_server_alone(url: str) -> None:
    with pytest.raises(ConfigurationError, match="NETSUITE_BASE_URL: must ") as caught:
        settings(url)
    assert PASSWORD not in caught.value.message


@pytest.mark.parametrize(
    ("url", "foreign"),
    [
        ("https://gateway.example.com", "gateway.example.com"),
        ("https://7654321.suitetalk.api.netsuite.com", "7654321.suitetalk.api.netsuite.com"),
        ("https://1234567-sb1.suitetalk.api.netsuite.com", None),
        ("http://127.0.0.1:8000", None),
    ],
)
def test_another_host_than_the_accounts_is_told_by_check_connections(
    url: str, foreign: str | None
) -> None:
    """It is allowed, for a gateway; nobody should overlook that all sales and the key go there."""
    found = settings(url).foreign_netsuite_host
    assert found == foreign
    seen = settings_seen("oauth2", found)
    assert seen.verdict == ("ok" if foreign is None else "warning")
    assert (foreign or "complete") in seen.message
