"""The token endpoint accepts what Oracle documents and nothing else."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ipos_pipeline_tests.simulators.signed_in_account import (
    SALES,
    Account,
    assertion,
    details,
    document,
    public_pem,
    token_form,
)
from simulators.netsuite import TOKEN_PATH


@pytest.mark.parametrize(("algorithm", "kid"), [("ES256", "cert-ec"), ("PS256", "cert-rsa")])
def test_a_signed_assertion_is_exchanged_for_a_token(algorithm: str, kid: str) -> None:
    account = Account()
    account.simulator.register_client("client-1", "cert-rsa", public_pem("RSA"))

    answer = account.token(assertion(account.clock, algorithm=algorithm, kid=kid))

    assert answer.status_code == 200
    assert answer.json()["expires_in"] == "3600"
    assert set(answer.json()) == {"access_token", "expires_in", "token_type"}


def test_rs256_is_refused_although_the_signature_is_right() -> None:
    """NetSuite retired RS256; libraries still default to it."""
    account = Account()
    account.simulator.register_client("client-1", "cert-rsa", public_pem("RSA"))

    answer = account.token(assertion(account.clock, algorithm="RS256", kid="cert-rsa"))

    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


@pytest.mark.parametrize(
    ("claims", "status", "error"),
    [
        ({"iss": "somebody-else"}, 401, "invalid_client"),
        ({"kid": "cert-unknown"}, 401, "invalid_client"),
        ({"aud": "https://system.netsuite.com"}, 400, "invalid_grant"),
        ({"scope": "restlets"}, 400, "invalid_scope"),
        ({"iat": None}, 400, "invalid_request"),
    ],
)
def test_a_wrong_claim_is_refused(claims: dict[str, str], status: int, error: str) -> None:
    account = Account()

    answer = account.token(assertion(account.clock, **claims))

    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_an_unknown_client_is_challenged_with_basic() -> None:
    account = Account()

    answer = account.token(assertion(account.clock, iss="somebody-else"))

    assert answer.headers["WWW-Authenticate"] == 'Basic realm="1234567_SB1"'


@pytest.mark.parametrize(
    ("issued", "expires", "status"),
    [(0, 3600, 200), (0, 3601, 400), (60, 360, 400), (-600, -300, 400), (-60, 0, 400)],
)
def test_the_assertion_must_be_valid_now_and_for_an_hour_at_most(
    issued: int, expires: int, status: int
) -> None:
    """Oracle's text says less than 60 minutes, its sample has exactly 3600 seconds."""
    account = Account()
    now = int(account.clock().timestamp())

    answer = account.token(assertion(account.clock, iat=now + issued, exp=now + expires))

    assert answer.status_code == status


@pytest.mark.parametrize(
    "scope", ["rest_webservices", "restlets,rest_webservices", ["rest_webservices"]]
)
def test_the_scope_may_be_a_text_or_an_array(scope: object) -> None:
    account = Account()

    assert account.token(assertion(account.clock, scope=scope)).status_code == 200


def test_an_assertion_is_good_once() -> None:
    account = Account()
    once = assertion(account.clock, jti="a")

    assert account.token(once).status_code == 200
    assert account.token(once).json() == {"error": "invalid_grant"}
    assert account.token(assertion(account.clock, jti="b")).status_code == 200


def test_another_grant_type_is_unsupported() -> None:
    account = Account()
    form = {**token_form(assertion(account.clock)), "grant_type": "password"}

    answer = account.call("POST", TOKEN_PATH, data=form, signed=False)

    assert answer.json() == {"error": "unsupported_grant_type"}


def test_a_weak_rsa_key_cannot_be_registered() -> None:
    weak = rsa.generate_private_key(65537, 2048).public_key()
    pem = weak.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    with pytest.raises(ValueError, match="3072"):
        Account().simulator.register_client("client-1", "cert-weak", pem)


def test_a_call_without_a_good_token_is_an_invalid_login() -> None:
    account = Account()

    answer = account.call("POST", SALES, json=document(), signed=False)

    assert answer.status_code == 401
    assert details(answer)[0]["o:errorCode"] == "INVALID_LOGIN"
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="1234567_SB1"')
    assert account.simulator.transactions() == []


def test_a_token_ends_by_the_clock_and_by_revocation() -> None:
    account = Account()
    account.clock.advance(3599)
    assert account.call("GET", f"{SALES}/1").status_code == 404
    account.clock.advance(1)
    assert account.call("GET", f"{SALES}/1").status_code == 401

    revoked = Account()
    revoked.simulator.revoke_tokens()
    assert revoked.call("GET", f"{SALES}/1").status_code == 401


def test_the_record_of_requests_does_not_show_the_token() -> None:
    account = Account()
    account.post(SALES, document())

    made = account.simulator.requests[-1]

    assert (made.method, made.path, made.status) == ("POST", SALES, 204)
    assert made.headers["authorization"] == "<redacted>"
    assert "IPOS-1" in made.body
    assert account.authorization.removeprefix("Bearer ") not in str(made)
