"""Whom the clients believe: only who proves to be the server that the settings name."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from ipos_pipeline.clients.bounded import new_client
from ipos_pipeline.clients.http import read, write
from ipos_pipeline.clients.tls import trusted_authorities
from ipos_pipeline.errors import ConfigurationError, InDoubtError, PipelineError, TransientError
from ipos_pipeline_tests.certificates import make_tls_files
from ipos_pipeline_tests.security.servers import body, serving

SECRET = "s3cret-credential"  # noqa: S105 - made up
HELLO = body(b"{}")


def ask(
    url: str, *, ca_file: Path | None = None, times: int = 1, is_write: bool = False
) -> list[httpx2.Response]:
    """Send requests with a credential, as both clients do."""

    async def send() -> list[httpx2.Response]:
        how = write if is_write else read
        async with new_client(transport=None, connections_max=1, ca_file=ca_file) as client:
            headers = {"Authorization": f"Bearer {SECRET}"}
            method = "POST" if is_write else "GET"
            return [
                await how(client, client.build_request(method, url, headers=headers), what="Test")
                for _ in range(times)
            ]

    return asyncio.run(send())


def refusal(url: str, kind: type[PipelineError], **how: object) -> PipelineError:
    with pytest.raises(PipelineError) as caught:
        ask(url, **how)  # type: ignore[arg-type]
    assert type(caught.value) is kind
    assert SECRET not in caught.value.message + caught.value.recovery
    return caught.value


def test_a_private_authority_is_believed_once_it_is_named(tmp_path: Path) -> None:
    files = make_tls_files(tmp_path)
    with serving(HELLO, tls=files) as url:
        assert ask(url, ca_file=files.certificate)[0].json() == {}


@pytest.mark.parametrize("is_write", [False, True])
def test_an_unknown_authority_is_refused_and_the_setting_named(
    tmp_path: Path, *, is_write: bool
) -> None:
    """Trying again would not help: a person must decide whom to trust."""
    with serving(HELLO, tls=make_tls_files(tmp_path)) as url:
        error = refusal(url, ConfigurationError, is_write=is_write)
    assert "certificate of 127.0.0.1 is refused: self-signed certificate" in error.message
    assert "IPOS_PIPELINE_CA_FILE" in error.recovery


def test_another_servers_certificate_is_refused(tmp_path: Path) -> None:
    files = make_tls_files(tmp_path, address="127.0.0.2")
    with serving(HELLO, tls=files) as url:
        error = refusal(url, ConfigurationError, ca_file=files.certificate)
    assert "IP address mismatch" in error.message


def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    files = make_tls_files(tmp_path, ends_at=datetime(2021, 1, 1, tzinfo=UTC))
    with serving(HELLO, tls=files) as url:
        error = refusal(url, ConfigurationError, ca_file=files.certificate)
    assert "certificate has expired" in error.message


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_without_authorities_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    error = refusal("https://127.0.0.1:9", ConfigurationError, ca_file=file)
    assert f"IPOS_PIPELINE_CA_FILE {file} holds no certificate authority" in error.message


def test_the_systems_authorities_stay_trusted_beside_the_private_one(tmp_path: Path) -> None:
    """One setting serves all systems: IPOS may have a private certificate, NetSuite has not."""
    alone = trusted_authorities(None).cert_store_stats()
    both = trusted_authorities(make_tls_files(tmp_path).certificate).cert_store_stats()
    assert alone["x509_ca"] > 0
    assert both["x509"] == alone["x509"] + 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_its_secret_not_shown(status: int) -> None:
    """A credential must not travel to where an answer points."""
    seen: list[str] = []

    def note(handler: object) -> None:
        seen.append("followed")
        HELLO(handler)  # type: ignore[arg-type]

    with serving(note) as elsewhere:
        target = f"{elsewhere}/login?key={SECRET}".replace("http://", f"http://u:{SECRET}@")
        with serving(body(b"", status=status, Location=target)) as url:
            read_error = refusal(url, TransientError)
            refusal(url, InDoubtError, is_write=True)
    assert seen == []
    assert "redirects to http://127.0.0.1, which is not followed" in read_error.message


def test_a_session_of_one_location_is_not_carried_to_another() -> None:
    """All locations share a client and often a host; a cookie would mix their identities."""
    sent: list[str | None] = []

    def answer(handler: object) -> None:
        sent.append(handler.headers.get("Cookie"))  # type: ignore[attr-defined]
        body(b"{}", Set_Cookie="session=of-the-first; Path=/")(handler)  # type: ignore[arg-type]

    with serving(answer) as url:
        ask(url, times=2)
    assert sent == [None, None]


def test_netrc_adds_no_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login somebody password else\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    monkeypatch.setenv("HOME", str(tmp_path))
    sent: list[str] = []

    def answer(handler: object) -> None:
        sent.append(handler.headers["Authorization"])  # type: ignore[attr-defined]
        HELLO(handler)  # type: ignore[arg-type]

    with serving(answer) as url:
        ask(url)
    assert sent == [f"Bearer {SECRET}"]


def test_a_proxy_is_used_for_others_and_never_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Companies reach NetSuite through one; the simulators stand on this machine."""
    asked: list[str] = []

    def proxy(handler: object) -> None:
        asked.append(handler.path)  # type: ignore[attr-defined]
        body(b"", status=502)(handler)  # type: ignore[arg-type]

    with serving(proxy) as proxy_url, serving(HELLO) as url:
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy_url.replace("http://", f"http://u:{SECRET}@"))
        assert ask(url)[0].json() == {}
        assert asked == []
        refusal("https://ipos.invalid/api", TransientError, is_write=True)


@pytest.mark.parametrize("proxy", ["http://proxy:port", "gopher://u:s3cret-credential@proxy:70"])
def test_a_proxy_that_is_none_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    error = refusal("https://ipos.invalid/api", ConfigurationError)
    assert "HTTPS_PROXY" in error.message
