"""Frames for people and for Parquet: an invoice's lines, and the two sets they split into.

Belongs here: columns, their types, and the split as a filter over columns. Not here: reading the
ledger (steps/ledger_frames.py), storing (defs/parquet_io.py). Amounts in AED; quantities and rates
are shown with six places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ipos_pipeline.domain.external_id import REFUND_SUFFIX, SALE_SUFFIX
from ipos_pipeline.domain.filtering import SHADOW
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
        pa.field("payload_hash", pa.string()),
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
"""Columns of `raw_invoices`: one row for each line of each landed invoice, header repeated.

`payload_hash` names the landed version."""

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
    return frame_of_arrow(pa.Table.from_pylist(list(rows), schema=schema))


def frame_of_arrow(table: pa.Table) -> pd.DataFrame:
    """Show an Arrow table as a frame; its columns stay Arrow's."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def arrow_of(frame: pd.DataFrame, schema: pa.Schema | None = None) -> pa.Table:
    """Give a frame, or the columns of a schema of it, as an Arrow table."""
    return pa.Table.from_pandas(frame, schema=schema, preserve_index=False)


def raw_rows(
    invoice: IposInvoice, *, state: str, filter_rule: str | None = None, payload_hash: str = ""
) -> list[dict[str, Any]]:
    """Give the rows of `RAW_LINES` for one landed invoice."""
    header = {
        "document_key": invoice.document_key,
        "location_code": invoice.location_code,
        "business_date": invoice.business_date,
        "inv_no": invoice.inv_no,
        "doc_type": invoice.doc_type,
        "inv_at": invoice.inv_at,
        "payload_hash": payload_hash,
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


AMOUNT_OF = ["qty", "net_rate", "header_discount"]
"""Columns of `RAW_LINES` that a line's posted amount is made of."""
SIDE = [*(field.name for field in (*_DOCUMENT, *_LINE)), "base_quantity"]
"""Columns of `RAW_LINES` that a line keeps on its side."""
TO_SPLIT = [*SIDE, "state", "filter_rule", *AMOUNT_OF]
"""Columns of `RAW_LINES` that the split reads."""


def order_of(lines: pa.Table, *columns: str) -> pa.Array:
    """Tell in which order lines stand when sorted by some columns; like ones stay as they were."""
    return pc.sort_indices(lines, [(name, "ascending") for name in columns])


def split_lines(
    raw_lines: pd.DataFrame, *, with_shadow: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split `RAW_LINES`, or their columns `TO_SPLIT`, into lines sold and returned (`SPLIT_LINES`).

    Lines of quantity zero, and invoices that a filter or a problem keeps out, go to neither; what
    is in shadow only on request.
    """
    lines = arrow_of(raw_lines, pa.schema([RAW_LINES.field(name) for name in TO_SPLIT]))
    rows = _planned_rows(lines, with_shadow=with_shadow)
    amounts = _amounts(lines.select(["document_key", *AMOUNT_OF]).take(rows))
    quantities = lines["qty"].take(rows)
    sold, returned = pc.greater(quantities, ZERO), pc.less(quantities, ZERO)
    return (
        _side(lines, rows.filter(sold), amounts.filter(sold), SALE_SUFFIX),
        _side(lines, rows.filter(returned), amounts.filter(returned), REFUND_SUFFIX),
    )


def is_to_split(lines: pa.Table, *, with_shadow: bool) -> pa.ChunkedArray:
    """Tell which lines are of invoices that are to be posted, or would be if they were live."""
    is_planned = pc.equal(lines["state"], "planned")
    in_shadow = pc.fill_null(pc.equal(lines["filter_rule"], SHADOW), fill_value=False)
    return pc.or_(is_planned, in_shadow) if with_shadow else is_planned


def _planned_rows(lines: pa.Table, *, with_shadow: bool) -> pa.Array:
    """Give the numbers of the rows that are to be posted, in order of documents and lines.

    Numbers, because a large day's lines are many, and each copy of them would count (ADR 0017).
    """
    planned = pc.indices_nonzero(is_to_split(lines, with_shadow=with_shadow))
    keys = lines.select(["document_key", "sl_no"]).take(planned)
    return planned.take(order_of(keys, *keys.column_names))


def _amounts(lines: pa.Table) -> pa.ChunkedArray:
    """Compute the posted amounts of lines that are in order of their documents.

    Where nothing is to be spread or rounded, the amount is the line's own.
    """
    rates, discounts = lines["net_rate"], lines["header_discount"]
    is_plain = pc.and_(
        pc.equal(rates, pc.round(rates, ndigits=2)),
        pc.equal(pc.fill_null(discounts, ZERO.quantize(PLACES)), ZERO),
    )
    unsigned = pc.if_else(pc.less(lines["qty"], ZERO), pc.negate(rates), rates)
    own = pc.if_else(is_plain, unsigned, pa.scalar(None, NUMBER)).cast(MONEY)
    not_plain = pc.unique(lines["document_key"].filter(pc.invert(is_plain)))
    to_compute = pc.is_in(lines["document_key"], not_plain).combine_chunks()
    computed = pa.array(_computed(lines.filter(to_compute)), MONEY)
    return pc.replace_with_mask(own.combine_chunks(), to_compute, computed)


def _computed(lines: pa.Table) -> list[Decimal]:
    """Compute amounts document by document, in the order of the rows."""
    amounts: list[Decimal] = []
    documents = lines["document_key"].to_pylist()
    quantities, net_rates = lines["qty"].to_pylist(), lines["net_rate"].to_pylist()
    discounts = lines["header_discount"].to_pylist()
    start = 0
    for _, group in groupby(documents):
        end = start + sum(1 for _ in group)
        amounts += posted_amounts(
            quantities[start:end], net_rates[start:end], discount=discounts[start] or ZERO
        )
        start = end
    return amounts


def _side(lines: pa.Table, rows: pa.Array, amounts: pa.ChunkedArray, suffix: str) -> pd.DataFrame:
    side = lines.select(SIDE).take(rows)
    made = {
        "external_id": pc.binary_join_element_wise(side["document_key"], suffix, ""),
        "quantity": pc.abs(side["base_quantity"]),
        "amount": amounts,
    }
    columns = [made[name] if name in made else side[name] for name in SPLIT_LINES.names]
    return frame_of_arrow(pa.Table.from_arrays(columns, names=SPLIT_LINES.names).cast(SPLIT_LINES))


def _shown(number: Decimal | None) -> Decimal | None:
    return None if number is None else number.quantize(PLACES)


def column_total(lines: pd.DataFrame, column: str) -> Decimal:
    """Add up a column of amounts (AED), exactly."""
    known = arrow_of(lines[[column]])[column].drop_null()
    return total_of([pc.sum(known).as_py()] if len(known) else [])
