"""What tests of the ledger share."""

from collections.abc import Callable, Iterable

import pytest

from ipos_pipeline.ledger.entry import PostingEntry
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline_tests.builders import NOON, posting_entry, source_document

Plan = Callable[[Iterable[str]], None]


@pytest.fixture
def plan(ledger: LedgerStore) -> Plan:
    """Land documents and plan these external IDs of theirs."""

    def planned(external_ids: Iterable[str]) -> None:
        entries: list[PostingEntry] = [posting_entry(one) for one in external_ids]
        document_keys = dict.fromkeys(entry.document_key for entry in entries)
        with ledger.write("landing") as work:
            work.documents.add([source_document(key) for key in document_keys])
            work.entries.plan(entries, at=NOON)

    return planned
