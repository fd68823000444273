"""The script that posts the shops today: slow, days behind, and not without mistakes.

It does to the two simulators by hand what it would do over HTTP, so that their lists of requests
hold the product's alone. It knows an invoice by its number in one field of the transaction. Not
imitated: its items (every document has one line, with the right total), its errors.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from simulators.ipos import IposSimulator
from simulators.netsuite import NetSuiteSimulator
from simulators.world import configurations

BATCH = 30
"""Invoices of a location in one turn of a quarter of an hour."""

ITEM_ID = "2001"


@dataclass(frozen=True, slots=True)
class Mistakes:
    """Numbers of invoices that it tells IPOS of without posting, posts twice, or posts wrongly.

    A wrong total is one dirham too high.
    """

    missed: Collection[int] = ()
    doubled: Collection[int] = ()
    wrong: Collection[int] = ()


NO_MISTAKES = Mistakes()


class Incumbent:
    """One location's script; `behind` is how old an invoice is before it is posted."""

    def __init__(
        self,
        ipos: IposSimulator,
        netsuite: NetSuiteSimulator,
        *,
        location: str,
        clock: Callable[[], datetime],
        behind: timedelta = timedelta(0),
        field: str = "otherRefNum",
        dates_by_posting: bool = False,
        mistakes: Mistakes = NO_MISTAKES,
    ) -> None:
        """Post with `field` holding the number; dated by the business day or that of posting."""
        self._ipos = ipos
        self._netsuite = netsuite
        self._location = location
        self._clock = clock
        self._behind = behind
        self._field = field
        self._dates_by_posting = dates_by_posting
        self._mistakes = mistakes

    def take_a_turn(self, most: int = BATCH) -> list[int]:
        """Post what is old enough and not acknowledged, oldest first; answer the numbers."""
        shop = self._ipos.access.location(self._location)
        until = shop.wall_clock(self._clock() - self._behind).isoformat()
        due = [
            one
            for one in self._ipos.invoices(self._location)
            if not one["Posted"] and not one["Void"] and str(one["InvDate"]) <= until
        ]
        for invoice in sorted(due, key=lambda one: one["InvDate"])[:most]:
            self._post(invoice)
        return [one["InvNo"] for one in due[:most]]

    def _post(self, invoice: Mapping[str, Any]) -> None:
        number, mistakes = invoice["InvNo"], self._mistakes
        copies = 0 if number in mistakes.missed else 2 if number in mistakes.doubled else 1
        erp_id = ""
        for _ in range(copies):
            for record_type, amount in _sides(invoice):
                wrong = Decimal(1) if number in mistakes.wrong else Decimal(0)
                document = self._document(invoice, amount + wrong)
                erp_id = self._netsuite.add_transaction(record_type, document)
        told = {name: invoice[name] for name in ("DocType", "InvNo", "InvDate")}
        self._ipos.store.acknowledge(self._location, {**told, "ErpId": erp_id}, at=self._clock())

    def _document(self, invoice: Mapping[str, Any], amount: Decimal) -> dict[str, Any]:
        record = configurations(self._netsuite)[self._location]
        own = {name: record[f"custrecord_ipos_{name}"] for name in _REFERENCES}
        day = self._clock().date().isoformat() if self._dates_by_posting else _day(invoice)
        line = {
            "item": {"id": ITEM_ID},
            "quantity": 1,
            "grossAmt": amount,
            "taxCode": {"id": own["tax_code"]},
        }
        return {
            "entity": {"id": own["customer"]},
            "tranDate": day,
            **{name: {"id": own[name]} for name in ("location", "account", "currency")},
            "subsidiary": {"id": own["subsidiary"]},
            self._field: str(invoice["InvNo"]),
            "item": {"items": [line]},
        }


_REFERENCES = ("customer", "tax_code", "location", "subsidiary", "account", "currency")


def _day(invoice: Mapping[str, Any]) -> str:
    return str(invoice.get("BusinessDate") or invoice["InvDate"][:10])


def _sides(invoice: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """Add up what was sold and what came back; a header discount is off the larger of the two."""
    lines = invoice["Lines"]
    sold = [Decimal(str(line["NetRate"])) for line in lines if line["Qty"] > 0]
    returned = [-Decimal(str(line["NetRate"])) for line in lines if line["Qty"] < 0]
    off = abs(Decimal(str(invoice.get("Discount") or 0)))
    is_sale = sum(sold) >= sum(returned)
    if sold:
        yield "cashSale", sum(sold, Decimal(0)) - (off if is_sale else 0)
    if returned:
        yield "cashRefund", sum(returned, Decimal(0)) - (0 if is_sale else off)
