"""Frames for people and for Parquet: an invoice's lines, and the two sets they split into.

Belongs here: columns, their types, and the split as a filter over columns. Not here: reading the
ledger (steps/ledger_frames.py), storing (defs/parquet_io.py). Amounts in AED; quantities and rates
are shown with six places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from ipos_pipeline.domain.external_id import REFUND_SUFFIX, SALE_SUFFIX
from ipos_pipeline.domain.ipos_invoice import IposInvoice
from ipos_pipeline.domain.money import ZERO, total_of
from ipos_pipeline.domain.split import posted_amounts

MONEY = pa.decimal128(18, 2)
NUMBER = pa.decimal128(18, 6)
INSTANT = pa.timestamp("us", "UTC")
PLACES = Decimal("0.000001")

_DOCUMENT = [
    pa.field("document_key", pa.string()),
    pa.field("location_code", pa.string()),
    pa.field("business_date", pa.date32()),
    pa.field("inv_no", pa.string()),
    pa.field("doc_type", pa.string()),
    pa.field("inv_at", INSTANT),
]
_LINE = [
    pa.field("sl_no", pa.int64()),
    pa.field("barcode", pa.string()),
    pa.field("primary_barcode", pa.string()),
    pa.field("ref_no", pa.string()),
    pa.field("item_name", pa.string()),
    pa.field("tax", NUMBER),
]
RAW_LINES = pa.schema(
    [
        *_DOCUMENT,
        pa.field("state", pa.string()),
        pa.field("filter_rule", pa.string()),
        pa.field("currency", pa.string()),
        pa.field("header_discount", NUMBER),
        pa.field("tax_amount", NUMBER),
        pa.field("round_off", NUMBER),
        pa.field("net_amount", NUMBER),
        *_LINE,
        pa.field("qty", NUMBER),
        pa.field("conversion", NUMBER),
        pa.field("base_quantity", NUMBER),
        pa.field("rate", NUMBER),
        pa.field("discount", NUMBER),
        pa.field("net_rate", NUMBER),
    ]
)
"""Columns of `raw_invoices`: one row for each line of each landed invoice, header repeated."""

SPLIT_LINES = pa.schema(
    [
        pa.field("external_id", pa.string()),
        *_DOCUMENT,
        *_LINE,
        pa.field("quantity", NUMBER),
        pa.field("amount", MONEY),
    ]
)
"""Columns of `sale_lines` and `refund_lines`: quantity in base units and amount, both positive."""


def frame_of(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> pd.DataFrame:
    """Build a frame whose columns keep their types, decimals too, even without a row."""
    table = pa.Table.from_pylist(list(rows), schema=schema)
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def raw_rows(
    invoice: IposInvoice, *, state: str, filter_rule: str | None = None
) -> list[dict[str, Any]]:
    """Give the rows of `RAW_LINES` for one landed invoice."""
    header = {
        "document_key": invoice.document_key,
        "location_code": invoice.location_code,
        "business_date": invoice.business_date,
        "inv_no": invoice.inv_no,
        "doc_type": invoice.doc_type,
        "inv_at": invoice.inv_at,
        "state": state,
        "filter_rule": filter_rule,
        "currency": invoice.currency,
        "header_discount": _shown(invoice.discount),
        "tax_amount": _shown(invoice.tax_amount),
        "round_off": _shown(invoice.round_off),
        "net_amount": _shown(invoice.net_amount),
    }
    return [
        {
            **header,
            "sl_no": line.sl_no,
            "barcode": line.barcode,
            "primary_barcode": line.primary_barcode,
            "ref_no": line.ref_no,
            "item_name": line.item_name,
            "tax": _shown(line.tax),
            "qty": _shown(line.qty),
            "conversion": _shown(line.conversion),
            "base_quantity": _shown(line.base_quantity),
            "rate": _shown(line.rate),
            "discount": _shown(line.discount),
            "net_rate": _shown(line.net_rate),
        }
        for line in invoice.lines
    ]


def split_lines(raw_lines: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split `RAW_LINES` into the lines sold and the lines returned (`SPLIT_LINES`).

    Lines of quantity zero, and invoices that a filter or a problem keeps out, go to neither.
    """
    planned = raw_lines[raw_lines["state"] == "planned"]
    planned = planned.sort_values(["document_key", "sl_no"], kind="stable", ignore_index=True)
    amounts = pd.Series(_amounts(planned), dtype=pd.ArrowDtype(MONEY))
    posted = planned.assign(quantity=planned["base_quantity"].abs(), amount=amounts)
    sold = posted[posted["qty"] > 0]
    returned = posted[posted["qty"] < 0]
    return _side(sold, SALE_SUFFIX), _side(returned, REFUND_SUFFIX)


def _amounts(lines: pd.DataFrame) -> list[Decimal]:
    """Compute the posted amounts, document by document, in the order of the rows."""
    amounts: list[Decimal] = []
    quantities, net_rates = lines["qty"].tolist(), lines["net_rate"].tolist()
    discounts = lines["header_discount"].tolist()
    start = 0
    for length in lines.groupby("document_key", sort=True).size().tolist():
        end = start + length
        discount = discounts[start]
        amounts += posted_amounts(
            quantities[start:end],
            net_rates[start:end],
            discount=ZERO if discount is None or pd.isna(discount) else discount,
        )
        start = end
    return amounts


def _side(lines: pd.DataFrame, suffix: str) -> pd.DataFrame:
    with_key = lines.assign(external_id=lines["document_key"] + suffix)
    side: pd.DataFrame = with_key[SPLIT_LINES.names].reset_index(drop=True)
    return side


def _shown(number: Decimal | None) -> Decimal | None:
    return None if number is None else number.quantize(PLACES)


def column_total(lines: pd.DataFrame, column: str) -> Decimal:
    """Add up a column of amounts (AED), exactly."""
    return total_of(lines[column].tolist())
