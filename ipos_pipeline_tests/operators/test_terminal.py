"""What IPOS, NetSuite or an invoice says is read on a terminal and never obeyed by it."""

from __future__ import annotations

import httpx2
import pytest

from ipos_pipeline.cli.main import run
from ipos_pipeline.cli.output import say
from ipos_pipeline_tests.builders import raw_invoice
from ipos_pipeline_tests.contract.faulty import InFront
from ipos_pipeline_tests.contract.test_netsuite_refusals import refusal
from ipos_pipeline_tests.realities.shops import Shops

CLEARS_THE_SCREEN = "\x1b[2J\x1b]0;owned\x07\x9b31m"
HOSTILE = f"{CLEARS_THE_SCREEN}[bold red]\u202eexe.nohtap\u2028"


def is_harmless(said: str) -> bool:
    return not [c for c in said if (ord(c) < 32 and c != "\n") or c in "\x7f\x9b\u2028\u202e"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["withdraw", "--all", "--reason", "x", "--yes"],
        ["repost", "--all", "--reason", "x", "--yes"],
        ["withdraw", "--all", "--reason", "x", "--yes", "--json"],
    ],
    ids=" ".join,
)
def test_an_answer_of_netsuite_is_shown_and_moves_no_cursor(
    shop: Shops, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    shop.world.ipos.add_invoices([raw_invoice()])
    shop.run()

    def hostile(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        is_question = request.url.path.endswith("/suiteql")
        return refusal(400, "INVALID_CONTENT", HOSTILE) if is_question else answer

    transport = InFront(shop.world.transport(), hostile)

    code = run(arguments, connect=lambda: shop.world.connections(transport))

    said = capsys.readouterr()
    assert code != 0
    assert "owned" in said.err
    assert is_harmless(said.out + said.err)


def test_a_reason_and_a_name_that_a_person_types_are_shown_as_they_are(
    shop: Shops, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.world.ipos.add_invoices([raw_invoice(Currency="USD")])
    shop.run()
    aside = ["errors", "set-aside", "--all", "--yes", "--reason", HOSTILE]
    assert run(aside, connect=shop.world.connections) == 0
    capsys.readouterr()

    assert run(["errors", "show", "1"], connect=shop.world.connections) == 0

    said = capsys.readouterr()
    assert "owned" in said.out
    assert is_harmless(said.out + said.err)


def test_a_message_of_several_lines_keeps_them(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"NETSUITE_ACCOUNT_ID: missing\nSMTP_PORT: {CLEARS_THE_SCREEN}")

    said = capsys.readouterr().err
    assert said.splitlines()[0] == "NETSUITE_ACCOUNT_ID: missing"
    assert len(said.splitlines()) == 2
    assert is_harmless(said)
