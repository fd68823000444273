"""The key that makes a posting recognisable on every retry.

NetSuite keeps external IDs unique over all transaction types and allows only letters, digits,
`_` and `-` in them (netsuite_facts: help section_N3436356, section_156334828635).
"""

from __future__ import annotations

import re
from typing import Any, Literal

from ipos_pipeline.domain.json_text import canonical_hash

NAMESPACE = "IPOS-"
"""What all our external IDs begin with, whatever the location."""
SALE_SUFFIX = "-CS"
REFUND_SUFFIX = "-CR"
RAW_DIGITS = 16

_OTHER_BYTES = re.compile(rb"[^A-Za-z0-9]")

DocTypeLetter = Literal["S", "R"]


def escape(part: str) -> str:
    """Write each byte outside `[A-Za-z0-9]` as `_` and two hex digits.

    Escaped, never dropped: two invoices must never share a key.
    """
    return _OTHER_BYTES.sub(
        lambda match: b"_%02X" % match[0][0], part.encode("utf-8", "surrogatepass")
    ).decode("ascii")


def document_key(*, location: str, year: int, doc_type: DocTypeLetter, inv_no: str) -> str:
    """Build the part of an external ID that an invoice's sale and refund share.

    The number alone is unique only within a location, a document type and a year.
    """
    return f"{NAMESPACE}{escape(location)}-{year:04d}-{doc_type}-{escape(inv_no)}"


def doc_type_of(document_key: str) -> Literal["SALE", "RETURN"]:
    """Tell whether a key is that of a sale document or of a return document."""
    return "SALE" if document_key.split("-")[3] == "S" else "RETURN"


def location_prefix(location: str) -> str:
    """Build the beginning that all external IDs of one location share, and no other's."""
    return f"{NAMESPACE}{escape(location)}-"


def raw_key(*, location: str, raw: Any) -> str:  # noqa: ANN401 - whatever IPOS sent
    """Build the key of something that could not be read: it has no number we could trust."""
    return f"{location_prefix(location)}RAW-{canonical_hash(raw)[:RAW_DIGITS]}"
