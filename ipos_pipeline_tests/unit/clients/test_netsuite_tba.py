"""OAuth 1.0a signatures against published examples."""

import re
from urllib.parse import unquote

import httpx2
import pytest

from ipos_pipeline.clients.netsuite_tba import (
    TbaCredentials,
    authorization_header,
    encoded,
    signature,
    signature_base_string,
)

RFC_5849_BASE_STRING = (
    "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D"
    "%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a"
    "%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token"
    "%3Dkkk9d7dh3k39sjv7"
)
CREDENTIALS = TbaCredentials(
    account_id="1234567-sb1",
    consumer_key="consumer",
    consumer_secret="consumer s3cr3t",
    token_id="token",
    token_secret="t0ken&secret",
)
SUITEQL = "https://1234567-sb1.suitetalk.test/services/rest/query/v1/suiteql?limit=1000&offset=0"


def header(url: str = SUITEQL, method: str = "POST", nonce: str = "n0nce", at: int = 100) -> str:
    request = httpx2.Request(method, url, content=b"{}")
    return authorization_header(request, CREDENTIALS, nonce=nonce, timestamp=at)


def fields(shown: str) -> dict[str, str]:
    assert shown.startswith("OAuth ")
    return {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', shown)}


def test_the_base_string_is_the_one_of_the_rfc() -> None:
    """RFC 5849, 3.4.1.1; the two parameters of its form stand in the query here."""
    url = httpx2.URL("http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2&a3=2+q")
    protocol = [
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
    ]
    made = signature_base_string("post", url, [*url.params.multi_items(), *protocol])
    assert made == RFC_5849_BASE_STRING


def test_the_signature_is_the_published_one_for_that_base_string() -> None:
    """The tests of oauthlib publish it, made with openssl; the secret has spaces."""
    made = signature(
        RFC_5849_BASE_STRING,
        consumer_secret="ECrDNoq1VYzzzzzzzzzyAK7TwZNtPnkqatqZZZZ",
        token_secret="just-a-string    asdasd",
    )
    assert made == "wdfdHUKXHbOnOGZP8WFAWMSAmWzN3EVBWWgXGlC/Eo4="


@pytest.mark.parametrize(
    ("text", "shown"),
    [("-._~aZ9", "-._~aZ9"), (" +/%&=", "%20%2B%2F%25%26%3D"), ("é", "%C3%A9")],
)
def test_all_but_the_unreserved_characters_are_encoded(text: str, shown: str) -> None:
    assert encoded(text) == shown


def test_the_port_counts_unless_it_is_the_usual_one() -> None:
    strange = signature_base_string("GET", httpx2.URL("https://Host.test:8443/a%20b"), [])
    usual = signature_base_string("GET", httpx2.URL("https://host.test:443/"), [])
    assert strange == "GET&https%3A%2F%2Fhost.test%3A8443%2Fa%2520b&"
    assert usual == "GET&https%3A%2F%2Fhost.test%2F&"


def test_a_parameter_sorts_before_a_longer_name_that_begins_like_it() -> None:
    made = signature_base_string("GET", httpx2.URL("http://h/"), [("a1", "x"), ("a", "y")])
    assert made.endswith("&a%3Dy%26a1%3Dx")


def test_the_realm_is_the_account_in_upper_case_with_an_underscore() -> None:
    assert fields(header())["realm"] == "1234567_SB1"


def test_the_header_holds_what_netsuite_asks_for_and_no_secret() -> None:
    shown = header()
    assert (
        fields(shown).items()
        >= {
            "oauth_consumer_key": "consumer",
            "oauth_token": "token",
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": "100",
            "oauth_nonce": "n0nce",
            "oauth_version": "1.0",
        }.items()
    )
    assert "s3cr3t" not in shown + repr(CREDENTIALS)
    assert "t0ken" not in shown + repr(CREDENTIALS)


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "GET"},
        {"url": SUITEQL.replace("offset=0", "offset=1000")},
        {"url": SUITEQL.replace("suiteql", "other")},
        {"nonce": "another"},
        {"at": 101},
    ],
)
def test_the_signature_depends_on_each_part_of_the_request(changed: dict[str, object]) -> None:
    usual, other = header(), header(**changed)  # type: ignore[arg-type]
    assert fields(usual)["oauth_signature"] != fields(other)["oauth_signature"]
