"""Counting: how many requests NetSuite was sent, and how many it refused; the ledger adds them up.

A run counts with its claims, and the rest at its end: never for one request. What a killed run had
not counted yet is missing.
"""

from __future__ import annotations

from ipos_pipeline.clients.netsuite_requests import Traffic
from ipos_pipeline.ledger.counters import NETSUITE_REFUSED, NETSUITE_REQUESTS
from ipos_pipeline.ledger.store import LedgerStore, Transaction


def count_requests(work: Transaction, traffic: Traffic) -> None:
    """Add to the ledger's counters what was not counted yet."""
    taken = traffic.take()
    work.counters.add(NETSUITE_REQUESTS, taken.sent)
    work.counters.add(NETSUITE_REFUSED, taken.refused)


def count_the_rest(ledger: LedgerStore, traffic: Traffic, *, run: str) -> None:
    """Count at the end of a run what it asked since its last claim. Raises what `write` raises."""
    if traffic.sent:
        with ledger.write(run) as work:
            count_requests(work, traffic)
