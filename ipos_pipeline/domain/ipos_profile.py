"""The vendor's words: paths, parameters, envelopes and field names of one kind of IPOS server.

No IPOS document is public, so every name here is a setting with a default. The first thing a real
deployment does is to put its vendor's names into the file behind `IPOS_PROFILE_FILE`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Paths(_Words):
    """Paths that are used where a configuration record has none of its own."""

    invoices: str = "/api/invoices"
    acknowledge: str = "/api/acknowledge"


class Parameters(_Words):
    """Query parameters of the invoice list, and the two values of `posted`."""

    location: str = "location"
    start: str = "from"
    end: str = "to"
    page: str = "page"
    page_size: str = "pageSize"
    posted: str = "posted"
    unacknowledged: str = "0"
    all: str = "all"
    summary_date: str = "date"


class Envelope(_Words):
    """Keys around the data; `total_records` and `total_pages` may be absent (flat profile)."""

    status: str = "Status"
    status_ok: int = 1
    message: str = "Message"
    data: str = "Data"
    lines: str = "Lines"
    total_records: str = "TotalRecords"
    headers_table: str = "Table"
    lines_table: str = "Table1"


class HeaderNames(_Words):
    """Vendor's name of each header field.

    No name is known of a flag that marks training; without one (`training: null`) none is looked
    for.
    """

    inv_no: str = "InvNo"
    inv_date: str = "InvDate"
    business_date: str = "BusinessDate"
    doc_type: str = "DocType"
    location_code: str = "LocationCode"
    counter_no: str = "CounterNo"
    customer_code: str = "CustomerCode"
    currency: str = "Currency"
    sub_total: str = "SubTotal"
    discount: str = "Discount"
    tax_amount: str = "TaxAmount"
    round_off: str = "RoundOff"
    net_amount: str = "NetAmount"
    ref_inv_no: str = "RefInvNo"
    void: str = "Void"
    training: str | None = None


class LineNames(_Words):
    """Vendor's name of each line field."""

    inv_no: str = "InvNo"
    sl_no: str = "SlNo"
    barcode: str = "Barcode"
    item_name: str = "ItemName"
    qty: str = "Qty"
    rate: str = "Rate"
    discount: str = "Discount"
    net_rate: str = "NetRate"
    tax: str = "Tax"
    primary_barcode: str = "PrimaryBarcode"
    ref_no: str = "RefNo"
    conversion: str = "Conversion"


class AcknowledgeNames(_Words):
    """Keys of the acknowledgement and of its answer.

    `posted` and the ERP numbers also stand on invoices of the list, where the vendor has them.
    """

    location_code: str = "LocationCode"
    documents: str = "Documents"
    doc_type: str = "DocType"
    inv_no: str = "InvNo"
    inv_date: str = "InvDate"
    erp_id: str = "ErpId"
    erp_refund_id: str = "ErpRefundId"
    status: str = "Status"
    status_posted: str = "POSTED"
    results: str = "Results"
    posted: str = "Posted"
    documents_max: int = Field(default=50, ge=1)


class SummaryNames(_Words):
    """Keys of the optional day summary: one object for sales, one for returns."""

    sales: str = "Sales"
    returns: str = "Returns"
    count: str = "Count"
    first: str = "First"
    last: str = "Last"
    net_amount: str = "NetAmount"


class TokenNames(_Words):
    """Keys of the optional token request and of its answer."""

    username: str = "UserName"
    password: str = "Password"  # noqa: S105 - the name of a field
    location_code: str = "LocationCode"
    access_token: str = "access_token"  # noqa: S105
    expires_in: str = "expires_in"


class DocTypeWords(_Words):
    """The words that tell a sale document from a return document."""

    sale: str = "SALE"
    return_: str = Field(default="RETURN", alias="return")


class IposProfile(_Words):
    """One kind of IPOS server: its words, and what its numbers mean.

    `item_key` is the line field that finds the item in NetSuite. `tax_is` says whether the line's
    tax is a rate in percent or an amount. `rounding_tolerance` (AED) is how far the header may be
    from its lines, and how large a round-off may be.
    """

    name: str = "nested"
    shape: Literal["nested", "flat"] = "nested"
    page_size: int = Field(default=200, ge=1)
    currency: str = "AED"
    item_key: Literal["primary_barcode", "barcode", "ref_no"] = "primary_barcode"
    tax_is: Literal["rate", "amount"] = "rate"
    returns_quantity_sign: Literal["negative", "positive"] = "negative"
    rounding_tolerance: Decimal = Field(default=Decimal("0.05"), ge=0)
    paths: Paths = Paths()
    parameters: Parameters = Parameters()
    envelope: Envelope = Envelope()
    header: HeaderNames = HeaderNames()
    line: LineNames = LineNames()
    acknowledge: AcknowledgeNames = AcknowledgeNames()
    summary: SummaryNames = SummaryNames()
    token: TokenNames = TokenNames()
    doc_types: DocTypeWords = DocTypeWords()


NESTED = IposProfile()
FLAT = IposProfile(name="flat", shape="flat")
BUILT_IN_PROFILES = {profile.name: profile for profile in (NESTED, FLAT)}
