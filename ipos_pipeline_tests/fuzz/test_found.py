"""What these searches have found, as plain examples: each once ended in another exception."""

from __future__ import annotations

import asyncio
import json
import traceback
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ipos_pipeline.cli.main import run
from ipos_pipeline.clients.ipos_pages import summary_of
from ipos_pipeline.clients.netsuite_rows import id_of, text_row, transaction_of
from ipos_pipeline.domain.ipos_profile import NESTED
from ipos_pipeline.domain.json_text import read_json, whole_number
from ipos_pipeline.domain.plain_text import is_storable
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.domain.split import document_total, split_invoice
from ipos_pipeline.errors import (
    ConfigurationError,
    InDoubtError,
    MalformedInvoiceError,
    RejectedError,
    TransientError,
    without,
)
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.settings.configuration_records import read_configuration_file
from ipos_pipeline.settings.environment import LocalSettings
from ipos_pipeline_tests.builders import (
    DAY,
    LOCATION,
    NOON,
    failure,
    invoice,
    raw_invoice,
    raw_line,
    read_invoice,
)
from ipos_pipeline_tests.contract.faulty import Scripted, ipos_client, netsuite_client
from ipos_pipeline_tests.simulated_world import Clock

SECRET = "a/very+secret word"  # noqa: S105 - made up


@pytest.mark.parametrize("text", ["[" * 2000, '{"a":' * 2000, "[" * 60 + "]" * 60])
def test_json_that_is_nested_deeply_is_no_json(text: str) -> None:
    """It ended in RecursionError, when it was read or when it was written again."""
    with pytest.raises(ValueError, match="nested more than 50 deep"):
        read_json(text)


@pytest.mark.parametrize(
    "number", ["9" * 5000, "1e99999999999999999999", "-1e-99999999999999999999"]
)
def test_one_number_that_python_cannot_hold_spoils_no_page(number: str) -> None:
    """It is kept as the text it arrived as, and spoils the one invoice that it stands in."""
    assert read_json(f'[{number}, 7, 7.5, {{"a": null}}]') == [
        number,
        7,
        Decimal("7.5"),
        {"a": None},
    ]


@pytest.mark.parametrize(
    ("value", "number"), [(7, 7), ("7", 7), (Decimal("7.0"), 7), ("9" * 18, 10**18 - 1)]
)
def test_a_whole_number_may_arrive_as_text(value: Any, number: int) -> None:
    assert whole_number(value) == number


@pytest.mark.parametrize(
    "value", [Decimal("1e999999999"), float("inf"), "9" * 19, "7.5", "-7", "²", True, None, ""]
)
def test_nothing_else_is_a_whole_number(value: Any) -> None:
    """`int` works for hours on the first, and fails with OverflowError on the second."""
    with pytest.raises(ValueError, match="not a whole number"):
        whole_number(value)


@pytest.mark.parametrize("count", [Decimal("1e999999999"), float("inf"), None])
def test_a_summary_without_a_count_is_told(count: Any) -> None:
    sides = {name: {"Count": count, "NetAmount": 1} for name in ("Sales", "Returns")}
    with pytest.raises(TransientError, match="without counts and totals"):
        summary_of({"Status": 1, "Data": sides}, NESTED, what="summary")


@pytest.mark.parametrize(
    ("seconds", "is_usable"), [("1e999999999", False), ("1e400", False), ("9" * 18, True)]
)
def test_a_token_may_say_that_it_lives_for_ever(seconds: str, *, is_usable: bool) -> None:
    login = {"auth_value": None, "token_url": "/api/token", "username": "u", "password": "p"}

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/api/token":
            body = f'{{"access_token": "t", "expires_in": {seconds}}}'
            return httpx2.Response(200, text=body)
        return httpx2.Response(200, json={"Status": 1, "Data": [], "TotalRecords": 0})

    client = ipos_client(Scripted(answer), Clock(), **login)
    refused = pytest.raises(ConfigurationError, match="without a usable")
    with nullcontext() if is_usable else refused:
        asyncio.run(client.count(DAY, "all"))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"Qty": 10**11, "Conversion": 10**11}, "Lines 1 Qty"),
        ({"Qty": 600129000001}, "Lines 1 Qty"),
        ({"Conversion": 10**6}, "Lines 1 Conversion"),
        ({"SlNo": 10**30}, "Lines 1 SlNo"),
        ({"NetRate": 10**9}, "Lines 1 NetRate"),
        ({"PrimaryBarcode": "a\0b"}, "Lines 1 PrimaryBarcode"),
    ],
)
def test_what_no_column_can_hold_is_quarantined_by_its_field(change: Any, field: str) -> None:
    """A quantity such as a scanned barcode stopped the whole location with an error of Arrow."""
    with pytest.raises(MalformedInvoiceError) as caught:
        read_invoice(raw_invoice(raw_line(**change), NetAmount=None, SubTotal=None))
    assert caught.value.field == field


@pytest.mark.parametrize("rate", [-100, 5, -5])
def test_a_rate_of_tax_may_be_negative_on_returned_goods(rate: int) -> None:
    """A rate of -100 was a division by zero, which stopped the run."""
    lines = split_invoice(invoice(raw_line(Tax=rate))).sale_lines
    total = document_total(lines, profile=NESTED, prices_include_tax=False)
    assert total == Decimal("3.99") + (Decimal("0.20") if abs(rate) == 5 else Decimal("3.99"))


@pytest.mark.parametrize(
    "row", [None, [], "x", {}, {"id": "7"}, {"id": "x" * 5000, "externalid": "1"}]
)
def test_a_row_that_lacks_something_is_a_failed_read(row: Any) -> None:
    with pytest.raises(TransientError, match=r"^SuiteQL gave .{1,150}$"):
        transaction_of(text_row(row))


def test_a_row_may_show_numbers_as_numbers() -> None:
    row = {
        "id": 7,
        "externalid": "1",
        "type": "CashSale",
        "foreigntotal": Decimal("3.99"),
        "links": [],
    }
    read = transaction_of(text_row({**row, "dated": "2026-11-20"}))
    assert (read.internal_id, read.total) == ("7", Decimal("3.99"))
    assert id_of({"id": "-5"}) == "-5"


@pytest.mark.parametrize("location", [b"\xb2", b"/" + b"9" * 5000, b"https://evil.test/"])
def test_only_digits_are_an_internal_id(location: bytes) -> None:
    """`isdigit` takes a raised 2 for one."""
    answer = httpx2.Response(204, headers=[(b"Location", location)])
    with pytest.raises(InDoubtError, match="without the record's ID"):
        asyncio.run(netsuite_client(Scripted(answer), Clock()).create("cashSale", {}))


def test_a_body_in_an_encoding_of_its_own_is_shown() -> None:
    """`hex` is a codec of Python, and none of text."""
    answer = httpx2.Response(
        500, headers={"Content-Type": "text/html; charset=hex"}, content=b"busy"
    )
    with pytest.raises(TransientError, match="answered 500 busy"):
        asyncio.run(ipos_client(Scripted(answer), Clock()).count(DAY, "all"))


@pytest.mark.parametrize(
    "said",
    [
        f"The key {SECRET} is wrong",
        "The key a%2Fvery%2Bsecret%20word is wrong",
        "The key a/very%2Bsecret%20word is wrong",
        "The key a%2Fvery%2Bsecret+word is wrong",
        "The key YS92ZXJ5K3NlY3JldCB3b3Jk is wrong",
        "The key a/very+sec…",
        "The key a%2Fver…",
    ],
)
def test_a_secret_is_hidden_in_every_form_and_where_it_was_cut(said: str) -> None:
    assert without([SECRET], said) in ("The key (hidden) is wrong", "The key (hidden)…")


def test_a_secret_is_hidden_where_json_stands_inside_json() -> None:
    """A server that repeats the body of a login in its own answer escapes it a second time."""
    secret = 'pass"w0rd'  # noqa: S105 - made up
    body = json.dumps({"Password": secret})
    for said in (body, json.dumps({"Message": body}), f"{json.dumps(body)[:24]}…"):
        assert "w0rd" not in without([secret], said)


@pytest.mark.parametrize("start", ["postgresql:///", "postgresql://a/", "postgresql://\ud800"])
def test_a_ledger_url_that_is_read_otherwise_than_meant_shows_no_password(start: str) -> None:
    """A slash in the user name ends the host, for who reads URLs; half a character, for nobody."""
    with pytest.raises(ConfigurationError) as caught:
        LedgerStore.open(f"{start}:{SECRET}@127.0.0.1:9/ledger")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_what_netsuite_refuses_is_kept_without_the_credential() -> None:
    error = RejectedError(f"x {SECRET}", code=SECRET, path=SECRET, response=f'{{"a": "{SECRET}"}}')
    error.hide([SECRET])
    assert SECRET not in str([error.args, error.__dict__])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("&a [*a]", "line 1: write it out, without *a"),
        ("configurations: &a\n- *a", "line 2: write it out, without *a"),
        ("- " * 1000 + "x", "nested too deeply"),
        ("a: !!int ''", "a date or number that does not exist"),
        ("a: !!bool x", "a date or number that does not exist"),
        ("a: !!timestamp x", "a date or number that does not exist"),
    ],
)
def test_yaml_that_its_own_reader_fails_on_is_told(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        read_configuration_file(path, environment={})
    assert said in caught.value.message


def test_a_variable_that_is_no_text_is_named_and_not_shown() -> None:
    with pytest.raises(ConfigurationError, match=r"SMTP_PASSWORD must be text in UTF-8\.$"):
        LocalSettings.from_environment({"SMTP_PASSWORD": "\udcff"})


def test_an_argument_that_is_no_text_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["errors", "list", "--location", "\udcff"]) == 2
    assert "not text in UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["a\0b", "\ud800"])
def test_a_selection_of_what_no_database_takes_is_refused(word: str) -> None:
    assert not is_storable(word)
    with pytest.raises(ConfigurationError, match="characters that no text can hold"):
        Selection(external_ids=frozenset([word])).checked()


def test_words_that_no_database_takes_are_kept_as_escapes(ledger: LedgerStore) -> None:
    """An error that cannot be written would be a document that nobody hears of."""
    with ledger.write("run-1") as work:
        work.errors.fail(failure(message="a\0b \ud800 c"), at=NOON)
        work.outages.fail("NetSuite", message="\udfff", recovery="\0", at=NOON)
    with ledger.read() as work:
        (kept,) = work.errors.open_of_day(LOCATION, DAY)
        (outage,) = work.outages.all()
    assert kept.message == "a\\0b \\ud800 c"
    assert (outage.message, outage.recovery) == ("\\udfff", "\\0")
