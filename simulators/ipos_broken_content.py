"""Invoices as bad servers write them (M11): some cannot be understood, some are only strange.

Which fields a reader needs and which are optional is an assumption, like all of IPOS's format.
"""

from collections.abc import Callable
from decimal import Decimal
from random import Random

from simulators.ipos_wire import JsonObject

_NEEDED = ("InvNo", "InvDate", "Lines")
_NEEDED_IN_LINES = ("Qty", "NetRate")
_OPTIONAL = ("CounterNo", "CustomerCode", "Currency", "RefInvNo")

Change = Callable[[JsonObject, Random], None]


def break_content(invoice: JsonObject, random: Random) -> None:
    """Make an invoice unreadable in one of several ways."""
    random.choice(_BREAKS)(invoice, random)


def make_odd(invoice: JsonObject, random: Random) -> None:
    """Write an invoice strangely, without changing what it says."""
    random.choice(_ODDITIES)(invoice, random)


def _leave_out(invoice: JsonObject, random: Random) -> None:
    invoice.pop(random.choice(_NEEDED), None)


def _empty(invoice: JsonObject, random: Random) -> None:
    invoice[random.choice(_NEEDED)] = None


def _put_text_for_a_number(invoice: JsonObject, random: Random) -> None:
    invoice["NetAmount"] = "see receipt"
    for line in _lines(invoice):
        line[random.choice(_NEEDED_IN_LINES)] = "n/a"


def _put_text_for_a_line(invoice: JsonObject, random: Random) -> None:
    lines = invoice.get("Lines")
    if isinstance(lines, list) and lines:
        lines[random.randrange(len(lines))] = "122;TEST Item;1;3.99"
    else:
        invoice["Lines"] = ["122;TEST Item;1;3.99"]


def _write_numbers_as_texts(invoice: JsonObject, _random: Random) -> None:
    for part in (invoice, *_lines(invoice)):
        for name, value in part.items():
            if isinstance(value, int | Decimal) and not isinstance(value, bool):
                part[name] = str(value)


def _add_unknown_keys(invoice: JsonObject, random: Random) -> None:
    for part in (invoice, *_lines(invoice)):
        part["RowGuid"] = f"{random.getrandbits(128):032x}"
        part["ExtensionData"] = {"Loyalty": []}


def _empty_what_is_optional(invoice: JsonObject, _random: Random) -> None:
    invoice.update(dict.fromkeys(_OPTIONAL))


def _lines(invoice: JsonObject) -> list[JsonObject]:
    lines = invoice.get("Lines")
    return [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []


_BREAKS: tuple[Change, ...] = (
    _leave_out,
    _empty,
    _put_text_for_a_number,
    _put_text_for_a_line,
)
_ODDITIES: tuple[Change, ...] = (
    _write_numbers_as_texts,
    _add_unknown_keys,
    _empty_what_is_optional,
)
