"""Preparing: from entries of the ledger to NetSuite records, with items looked up in bulk.

Belongs here: joining landed IPOS invoices with the catalogue and the mapping. Not here: the
mapping itself (domain/mapping.py), sending (posting.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.domain.chunks import chunked
from ipos_pipeline.domain.ipos_invoice import IposInvoice, parse_invoice
from ipos_pipeline.domain.json_text import read_json
from ipos_pipeline.domain.mapping import MappingRules, barcode_of, map_document
from ipos_pipeline.domain.netsuite_item import NetSuiteItem, items_by_barcode
from ipos_pipeline.domain.split import SplitInvoice, split_invoice
from ipos_pipeline.ledger.documents import SourceDocument
from ipos_pipeline.ledger.entry import PostingEntry
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.posting import Prepared
from ipos_pipeline.steps.settling import Source

PREPARE_AT_ONCE = 200


class Preparer:
    """Maps one location's entries; remembers the items it has looked up."""

    def __init__(
        self, netsuite: NetSuiteClient, ledger: LedgerStore, rules: MappingRules, *, item_field: str
    ) -> None:
        self._netsuite = netsuite
        self._ledger = ledger
        self._rules = rules
        self._item_field = item_field
        self._catalogue: dict[str, list[NetSuiteItem]] = {}

    async def prepare(self, entries: Sequence[PostingEntry]) -> AsyncIterator[Prepared]:
        """Map entries to records, or to the reasons against them, some hundred at a time."""
        for chunk in chunked(entries, PREPARE_AT_ONCE):
            with self._ledger.read() as work:
                documents = work.documents.by_key({entry.document_key for entry in chunk})
            # An invoice may be planned from two versions, one for each side (replanning.py).
            payloads = {
                (entry.document_key, entry.payload_hash): documents[entry.document_key].payload_of(
                    entry.payload_hash
                )
                for entry in chunk
            }
            invoices = {
                version: self._invoice(documents[version[0]], payload)
                for version, payload in payloads.items()
                if payload is not None
            }
            splits = {key: split_invoice(invoice) for key, invoice in invoices.items()}
            await self._look_items_up(splits.values())
            for entry in chunk:
                document = documents[entry.document_key]
                version = (entry.document_key, entry.payload_hash)
                payload = payloads[version]
                if payload is None:
                    continue  # landed anew since the entries were read: the next run takes it
                mapped = map_document(
                    entry.record_type,
                    invoices[version],
                    splits[version],
                    rules=self._rules,
                    catalogue=self._catalogue,
                )
                yield Prepared(entry, Source(document.number, payload), mapped)

    def _invoice(self, document: SourceDocument, payload: str) -> IposInvoice:
        return parse_invoice(
            read_json(payload),
            configuration=self._rules.configuration,
            profile=self._rules.profile,
            from_returns_feed=document.from_returns_feed,
        )

    async def _look_items_up(self, splits: Iterable[SplitInvoice]) -> None:
        barcodes = {
            barcode
            for split in splits
            for line in (*split.sale_lines, *split.refund_lines)
            if (barcode := barcode_of(line, self._rules.profile)) is not None
        }
        missing = sorted(barcodes - self._catalogue.keys())
        if missing:
            items = await self._netsuite.items_by_barcode(missing, item_field=self._item_field)
            found = items_by_barcode(items)
            self._catalogue.update((barcode, found.get(barcode, [])) for barcode in missing)
