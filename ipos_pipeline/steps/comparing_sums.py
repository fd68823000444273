"""Comparing sums: the ledger and NetSuite, by count and total of a store-day, with one query each.

Belongs here: whether a proof may stand for a while. Not here: comparing document by document
(reconciling.py).
"""

from __future__ import annotations

from datetime import date, datetime

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.external_id import location_prefix
from ipos_pipeline.domain.store_day_proof import StoreDayProof
from ipos_pipeline.domain.whole_look import sums_are_enough
from ipos_pipeline.ledger.store import LedgerStore


async def proof_that_stands(
    netsuite: NetSuiteClient,
    ledger: LedgerStore,
    *,
    location_code: str,
    day: date,
    at: datetime,
) -> StoreDayProof | None:
    """Give a large store-day's latest proof, if it is young and the sums tie to the cent.

    None says that the day is to be compared whole. Raises TransientError when NetSuite cannot be
    read: a failed read proves nothing.
    """
    with ledger.read() as work:
        proof = work.proofs.of(location_code, day)
        landed = work.documents.count_of_day(location_code, day)
        posted = work.store_day_rows.posted(location_code, day)
    if proof is None or proof.is_shadow or not sums_are_enough(proof, landed=landed, now=at):
        return None
    there = await netsuite.sum_of_day(location_prefix(location_code), day)
    return proof if there == posted else None
