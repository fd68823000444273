"""`errors list`, `errors show` and `status`: complete, and harmless whatever an invoice holds."""

from __future__ import annotations

import pytest

from ipos_pipeline_tests.builders import raw_invoice, raw_line
from ipos_pipeline_tests.operators.conftest import Command
from ipos_pipeline_tests.realities.shops import Shops

SALE = "IPOS-DXB01-2026-S-10377-CS"
HOSTILE = "\x1b[2J\x1b]0;owned\x07[bold red]\u202eexe.nohtap\u2028\x9b31m"
COMMANDS = (
    ["errors"],
    ["errors", "list"],
    ["errors", "show"],
    ["errors", "retry"],
    ["errors", "set-aside"],
    ["errors", "mark-posted"],
    ["withdraw"],
    ["repost"],
    ["status"],
)


@pytest.fixture
def failed(shop: Shops) -> Shops:
    """An invoice whose item is unknown, and one that is posted."""
    line = raw_line(PrimaryBarcode="999", ItemName=HOSTILE)
    shop.world.ipos.add_invoices([raw_invoice(line), raw_invoice(InvNo=2)])
    shop.run()
    return shop


@pytest.mark.usefixtures("failed")
def test_open_errors_are_listed_with_their_code_and_what_happened(command: Command) -> None:
    answer = command("errors", "list", "--json")

    (error,) = answer.json["errors"]
    assert error["external_id"] == SALE
    assert error["code"] == "unknown_item"
    assert error["attempts"] == 1
    assert command("errors", "list", "--location", "SHJ01", "--json").json == {"errors": []}
    assert command("errors", "list", "--status", "set-aside", "--json").json == {"errors": []}
    assert command("errors", "list", "--code", "unknown_item").out.count("DXB01") == 1


@pytest.mark.parametrize("name", [SALE, "1"], ids=["external ID", "number"])
@pytest.mark.usefixtures("failed")
def test_an_error_is_shown_with_payload_next_step_and_history(command: Command, name: str) -> None:
    shown = command("errors", "show", name, "--json").json

    (error,) = shown["errors"]
    assert '"InvNo":10377' in error["payload"]
    assert error["next_step"]
    assert {one["kind"] for one in shown["history"]} >= {"landed", "error_opened", "rejected"}
    assert command("errors", "show", name).code == 0


def test_an_unknown_name_is_not_found(command: Command) -> None:
    assert command("errors", "show", "IPOS-X").code == 1
    assert command("errors", "show", "99").code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["errors", "list"],
        ["errors", "list", "--json"],
        ["errors", "show", SALE],
        ["errors", "show", SALE, "--json"],
        ["errors", "show", HOSTILE],
        ["errors", "retry", "--all", "--yes"],
        ["status"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("failed")
def test_nothing_in_an_invoice_reaches_the_terminal_as_a_control_character(
    command: Command, arguments: list[str]
) -> None:
    """An item name may not clear the screen, set the title or turn the text around."""
    answer = command(*arguments)

    said = answer.out + answer.err
    assert said
    assert not [c for c in said if (ord(c) < 32 and c != "\n") or c in "\x7f\x9b\u2028\u202e"]


def test_status_tells_dates_open_errors_and_the_oldest_unposted_invoice(
    failed: Shops, command: Command
) -> None:
    (here,) = command("status", "--json").json["locations"]
    assert here["location_code"] == "DXB01"
    assert here["open_errors"] == 1
    assert here["oldest_unposted"] == "10377"
    assert here["dates"]["last_sales_error"] is not None

    assert command("errors", "set-aside", "--all", "--reason", "x", "--yes").code == 0
    (here,) = command("status", "--location", "DXB01", "--json").json["locations"]
    assert (here["open_errors"], here["set_aside"], here["oldest_unposted"]) == (0, 1, None)
    assert command("status", "--location", "NOPE").code == 2
    assert failed.open_errors() == []


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_the_help_of_each_command_teaches_with_an_example(
    command: Command, arguments: list[str]
) -> None:
    answer = command(*arguments, "--help")
    assert answer.code == 0
    assert f"  ipos-pipeline {' '.join(arguments)}" in answer.out
