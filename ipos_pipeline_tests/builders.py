"""The one builder of what tests are about: invoices, configurations, items, ledger rows.

Each builder gives something ordinary; a test names only what it is about. Invoices are built as
they are on the wire, with the vendor's words, and read by the product's own parser.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.ipos_invoice import IposInvoice, parse_invoice
from ipos_pipeline.domain.ipos_profile import NESTED, IposProfile
from ipos_pipeline.domain.json_text import write_json
from ipos_pipeline.domain.mapping import FieldMapping, MappingRules
from ipos_pipeline.domain.netsuite_item import NetSuiteItem, items_by_barcode
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE
from ipos_pipeline.domain.planning import PlannedDocument
from ipos_pipeline.domain.store_day_proof import Side, StoreDayProof
from ipos_pipeline.ledger.documents import SourceDocument, State
from ipos_pipeline.ledger.entry import PostingEntry
from ipos_pipeline.ledger.integration_errors import Failure, Stage

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
"""Noon in Dubai on `DAY`."""
LOCATION = "DXB01"
BARCODE = "600129"
KEY = "IPOS-DXB01-2026-S-10377"
CREDENTIAL = "dxb01-very-secret-key"


def raw_line(sl_no: int = 1, **changes: Any) -> dict[str, Any]:
    """Build a line as on the wire: one piece for 3.99 unless told otherwise."""
    return {
        "SlNo": sl_no,
        "Barcode": "122",
        "ItemName": "TEST Item",
        "Qty": 1,
        "Rate": Decimal("3.99"),
        "Discount": 0,
        "NetRate": Decimal("3.99"),
        "Tax": 5,
        "PrimaryBarcode": BARCODE,
        "RefNo": "11669",
        "Conversion": 1,
        **changes,
    }


def amount_line(sl_no: int, qty: int, net_rate: str, **changes: Any) -> dict[str, Any]:
    """Build a line by its quantity and its amount."""
    return raw_line(sl_no, Qty=qty, NetRate=Decimal(net_rate), **changes)


def raw_invoice(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Build an invoice as on the wire, its header adding up to its lines (prices include tax)."""
    inside = list(lines) or [raw_line()]
    sub_total = sum((Decimal(str(line["NetRate"])) for line in inside), start=Decimal("0.00"))
    discount = Decimal(str(changes.get("Discount") or 0))
    round_off = Decimal(str(changes.get("RoundOff") or 0))
    return {
        "InvNo": 10377,
        "InvDate": "2026-11-20T11:07:33",
        "BusinessDate": "2026-11-20",
        "DocType": "SALE",
        "LocationCode": LOCATION,
        "CounterNo": 3,
        "CustomerCode": None,
        "Currency": "AED",
        "SubTotal": sub_total,
        "Discount": discount,
        "TaxAmount": Decimal("0.19"),
        "RoundOff": round_off,
        "NetAmount": sub_total - discount + round_off,
        "RefInvNo": None,
        "Void": False,
        "Posted": 0,
        "Lines": inside,
        **changes,
    }


def configuration_values(**changes: Any) -> dict[str, Any]:
    """Build a configuration record as a mapping, as it stands in YAML."""
    return {
        "name": "Dubai, Al Rigga",
        "location_code": LOCATION,
        "domain_url": "https://ipos.test",
        "auth_header": "X-Api-Key",
        "auth_value": CREDENTIAL,
        "customer": "501",
        "tax_code": "5",
        "location": "11",
        "subsidiary": "2",
        "account": "129",
        "currency": "1",
        **changes,
    }


def configuration(**changes: Any) -> IposConfiguration:
    """Build a location's configuration record."""
    return IposConfiguration.model_validate(configuration_values(**changes))


def read_invoice(
    raw: Any,
    *,
    profile: IposProfile = NESTED,
    from_returns_feed: bool = False,
    **record: Any,
) -> IposInvoice:
    """Read an invoice as the location does whose configuration record has these changes."""
    return parse_invoice(
        raw,
        configuration=configuration(**record),
        profile=profile,
        from_returns_feed=from_returns_feed,
    )


def invoice(*lines: dict[str, Any], **changes: Any) -> IposInvoice:
    """Build an invoice that has been read."""
    return read_invoice(raw_invoice(*lines, **changes))


def item(internal_id: str = "2001", barcode: str = BARCODE, **changes: Any) -> NetSuiteItem:
    """Build an active inventory item."""
    usual = {"itemid": f"SKU-{internal_id}", "itemtype": "InvtPart", "isinactive": False}
    return NetSuiteItem(internal_id=internal_id, barcode=barcode, **{**usual, **changes})


def catalogue(*items: NetSuiteItem) -> dict[str, list[NetSuiteItem]]:
    """Build a catalogue; of one ordinary item if none is given."""
    return items_by_barcode(items or [item()])


def mapping_rules(
    *,
    profile: IposProfile = NESTED,
    fields: FieldMapping | None = None,
    **record: Any,
) -> MappingRules:
    """Build what is static in the mapping of a location."""
    return MappingRules(configuration(**record), profile, fields or FieldMapping())


def source_document(document_key: str = KEY, **changes: Any) -> SourceDocument:
    """Build an invoice as the ledger lands it."""
    usual: dict[str, Any] = {
        "source": "ipos",
        "location_code": LOCATION,
        "business_date": DAY,
        "number": document_key.rpartition("-")[2],
        "occurred_at": NOON,
        "state": State.PLANNED,
        "filter_rule": None,
        "payload": write_json(raw_invoice()),
        "payload_hash": "a" * 64,
        "source_total": Decimal("3.99"),
        "first_seen_at": NOON,
        "from_returns_feed": False,
    }
    return SourceDocument(document_key=document_key, **{**usual, **changes})


def posting_entry(external_id: str = f"{KEY}-CS", **changes: Any) -> PostingEntry:
    """Build an entry that nothing has been done with yet."""
    record_type = CASH_REFUND if external_id.endswith("-CR") else CASH_SALE
    planned = PostingEntry.planned(
        PlannedDocument(external_id, record_type, Decimal("3.99"), tax=Decimal("0.19")),
        document_key=external_id.removesuffix("-CS").removesuffix("-CR"),
        location_code=LOCATION,
        business_date=DAY,
        payload_hash="a" * 64,
    )
    return replace(planned, **changes)


def failure(external_id: str = f"{KEY}-CS", **changes: Any) -> Failure:
    """Build a document's failed attempt."""
    usual: dict[str, Any] = {
        "stage": Stage.POST,
        "location_code": LOCATION,
        "business_date": DAY,
        "number": "10377",
        "record_type": "cashSale",
        "code": "USER_ERROR",
        "message": "Please enter value(s) for: Account.",
        "next_step": "Correct it.",
    }
    return Failure(external_id=external_id, **{**usual, **changes})


def store_day_proof(**changes: Any) -> StoreDayProof:
    """Build the proof of a store-day with one cash sale, which is proved."""
    sold = Side(1, Decimal("3.99"))
    return StoreDayProof(
        **{
            "location_code": LOCATION,
            "business_date": DAY,
            "reconciled_at": NOON,
            "shown": 1,
            "landed": 1,
            "filtered_by_rule": {},
            "quarantined": 0,
            "acknowledged": 1,
            "posted_documents": 1,
            "open_errors": 0,
            "set_aside": 0,
            "ipos": sold,
            "ledger": sold,
            "netsuite": sold,
            **changes,
        }
    )


def keys(count: int) -> list[str]:
    """Build distinct document keys."""
    return [f"IPOS-DXB01-2026-S-{number}" for number in range(1, count + 1)]


def sales_of(document_keys: Iterable[str]) -> list[str]:
    """Give the external IDs of the cash sales of some documents."""
    return [f"{key}-CS" for key in document_keys]
