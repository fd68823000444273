"""What must be true of a store-day after each kill, and once it is quiet.

What is expected is worked out from IPOS's invoices alone, not by the product's code.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline_tests.builders import LOCATION
from ipos_pipeline_tests.processes.shop import Shop, invoices_of, posted_total

Posted = Mapping[str, list[dict[str, Any]]]


def broken_at_any_time(shop: Shop, day: date) -> Iterator[str]:
    """Tell what may never be, not even right after a kill: a duplicate, an early "done"."""
    told = {one["InvNo"] for one in shop.ipos.acknowledgements()}
    posted = _posted(shop)
    for invoice in invoices_of(shop, day):
        for external_id in _external_ids(invoice):
            if len(posted[external_id]) > 1:
                yield f"{external_id} was posted {len(posted[external_id])} times"
            if invoice["InvNo"] in told and not posted[external_id]:
                yield f"{external_id} is not in NetSuite, but IPOS was told that it is"


def broken_when_quiet(shop: Shop, day: date) -> Iterator[str]:
    """Tell what is not as it must be at the end: all posted once, to the cent, and told."""
    yield from broken_at_any_time(shop, day)
    posted = _posted(shop)
    told = Counter(one["InvNo"] for one in shop.ipos.acknowledgements())
    expected: set[str] = set()
    for invoice in invoices_of(shop, day):
        documents = [one for key in _external_ids(invoice) for one in posted[key]]
        expected.update(_external_ids(invoice))
        total = sum((_signed(one) for one in documents), start=Decimal(0))
        if len(documents) != len(_external_ids(invoice)) or total != posted_total(invoice):
            yield f"invoice {invoice['InvNo']}: {total} is posted of {posted_total(invoice)}"
        if not told[invoice["InvNo"]]:
            yield f"invoice {invoice['InvNo']} was not acknowledged"
    there = {key for key, of_it in posted.items() if of_it and of_it[0]["tranDate"] == str(day)}
    yield from (f"{key} belongs to no invoice" for key in sorted(there - expected))
    yield from _broken_in_ledger(shop, day, expected)


def is_quiet(shop: Shop, day: date) -> bool:
    """Say whether the ledger has nothing left to do for the day, now or soon."""
    now = datetime.now(UTC)
    with _ledger(shop) as ledger, ledger.read() as work:
        due = work.store_days.with_due_work([LOCATION], claimed_before=now, now=now)
    return (LOCATION, day) not in due


def _broken_in_ledger(shop: Shop, day: date, expected: set[str]) -> Iterator[str]:
    with _ledger(shop) as ledger, ledger.read() as work:
        entries = {one.external_id: one for one in work.entries.of_day(LOCATION, day)}
        errors = work.errors.open_of_day(LOCATION, day)
    if entries.keys() != expected:
        yield f"the ledger plans other documents: {sorted(entries.keys() ^ expected)}"
    for entry in entries.values():
        if entry.status != Status.POSTED or entry.internal_id is None:
            yield f"{entry.external_id} is left {entry.status} in the ledger"
    yield from (f"open error {one.code} of {one.external_id}: {one.message}" for one in errors)


def _external_ids(invoice: Mapping[str, Any]) -> list[str]:
    letter = "R" if invoice["DocType"] == "RETURN" else "S"
    key = f"IPOS-{LOCATION}-{invoice['InvDate'][:4]}-{letter}-{invoice['InvNo']}"
    quantities = [Decimal(str(line["Qty"])) for line in invoice["Lines"]]
    sides = (("CS", max(quantities) > 0), ("CR", min(quantities) < 0))
    return [f"{key}-{suffix}" for suffix, is_there in sides if is_there]


def _posted(shop: Shop) -> Posted:
    posted: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in shop.netsuite.transactions():
        posted[one["externalId"]].append(one)
    return posted


def _signed(transaction: Mapping[str, Any]) -> Decimal:
    total = Decimal(str(transaction["total"]))
    return -total if transaction["type"] == "cashRefund" else total


@contextmanager
def _ledger(shop: Shop) -> Iterator[LedgerStore]:
    store = LedgerStore.open(shop.ledger_url)
    try:
        yield store
    finally:
        store.close()
