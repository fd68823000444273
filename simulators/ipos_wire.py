"""IPOS invoices as JSON text: how one is kept, and how a page of them is written.

Belongs here: pure functions between a dict, its JSON text and the two envelopes (nested, flat).
Not here: what is stored (ipos_store.py), who may see it (ipos_access.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from simulators.json_text import from_json, to_json

JsonObject = dict[str, Any]
# An invoice as text: its header, and what stands between the brackets of a list `Lines`.
Row = tuple[str, str | None]

_NUMBER_WIDTH = 20


@dataclass(frozen=True)
class StoredInvoice:
    """One invoice in the form in which it is kept.

    `header` is the JSON object without its lines; `lines` the text between the brackets of
    `Lines`, or None where `Lines` is missing or no list (then whatever it is stays in `header`).
    """

    location: str
    doc_type: str
    inv_no: str
    inv_date: str
    business_day: str
    sort_key: str
    is_return: bool
    posted: bool
    header: str
    lines: str | None


def normal_time(value: object) -> str | None:
    """Write a wall-clock time in one comparable form, or None where it cannot be read.

    An offset is dropped: IPOS keeps the wall clock of the location.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds")


def identity_time(value: object) -> str:
    """Write the part of an invoice's identity that is its time: normal, or the text as it is."""
    return normal_time(value) or identity_text(value)


def identity_text(value: object) -> str:
    """Write the number or type of an invoice for comparison: 10377 and "10377" are the same."""
    return "" if value is None else str(value)


def stored_form(invoice: Mapping[str, Any], *, location: str, arrived: datetime) -> StoredInvoice:
    """Prepare an invoice, well-formed or not, for the store.

    An invoice without a readable time is listed at its business date, or at its time of creation,
    or at `arrived` (the location's wall clock): a database row always has some time [A].
    """
    header, lines = without_lines(invoice)
    times = (normal_time(invoice.get(key)) for key in ("InvDate", "BusinessDate", "CreatedOn"))
    listed_at = next(filter(None, times), arrived.isoformat(timespec="microseconds"))
    number = identity_text(invoice.get("InvNo"))
    return StoredInvoice(
        location=location,
        doc_type=identity_text(invoice.get("DocType")),
        inv_no=number,
        inv_date=identity_time(invoice.get("InvDate")),
        business_day=(normal_time(invoice.get("BusinessDate")) or listed_at)[:10],
        sort_key=f"{listed_at}|{number.zfill(_NUMBER_WIDTH)}",
        is_return=invoice.get("DocType") == "RETURN",
        posted=invoice.get("Posted") in (1, "1"),
        header=header,
        lines=lines,
    )


def without_lines(invoice: Mapping[str, Any]) -> Row:
    """Write an invoice as two texts; the reverse of `nested_invoice`."""
    lines = invoice.get("Lines")
    if not isinstance(lines, list):
        return to_json(invoice), None
    header = {key: value for key, value in invoice.items() if key != "Lines"}
    return to_json(header), to_json(lines)[1:-1]


def nested_invoice(header: str, lines: str | None) -> str:
    """Join the two stored texts to one invoice."""
    if lines is None:
        return header
    separator = "" if header == "{}" else ","
    return f'{header[:-1]}{separator}"Lines":[{lines}]}}'


def nested_page(rows: Iterable[Row], *, page: int, page_size: int, total: int) -> str:
    """Write a page of the default profile, by joining texts: nothing is parsed again."""
    data = ",".join(nested_invoice(header, lines) for header, lines in rows)
    pages = -(-total // page_size)
    return (
        f'{{"Status":1,"Message":"OK","Page":{page},"PageSize":{page_size},'
        f'"TotalPages":{pages},"TotalRecords":{total},"Data":[{data}]}}'
    )


def flat_page(rows: Iterable[Row]) -> str:
    """Write a page of the flat profile: headers in `Table`, lines in `Table1`, no page counts.

    A line carries `DocType` beside the `InvNo` it has anyway: numbers of sales and returns overlap.
    """
    headers, flat_lines = [], []
    for header, lines in rows:
        headers.append(header)
        document = from_json(header)
        key = {name: document[name] for name in ("DocType", "InvNo") if name in document}
        flat_lines += [_keyed(line, key) for line in from_json(f"[{lines or ''}]")]
    return f'{{"Table":[{",".join(headers)}],"Table1":[{",".join(flat_lines)}]}}'


def _keyed(line: object, key: JsonObject) -> str:
    return to_json({**key, **line} if isinstance(line, dict) else line)


def day_summary(location: str, day: str, headers: Sequence[JsonObject]) -> JsonObject:
    """Count and total a business day; a void invoice counts in neither side."""
    counted = [header for header in headers if not is_void(header)]
    returns = [header for header in counted if header.get("DocType") == "RETURN"]
    sales = [header for header in counted if header.get("DocType") != "RETURN"]
    uploads = [header["ReceivedOn"] for header in headers if header.get("ReceivedOn")]
    return {
        "LocationCode": location,
        "Date": day,
        "Sales": _side_summary(sales),
        "Returns": _side_summary(returns),
        "LastUpload": max(map(str, uploads), default=None),
    }


def is_void(header: Mapping[str, Any]) -> bool:
    """Say whether the till cancelled the invoice."""
    return header.get("Void") in (True, 1, "1", "true")


def _side_summary(headers: Sequence[JsonObject]) -> JsonObject:
    numbers = [header["InvNo"] for header in headers if header.get("InvNo") is not None]
    numbers.sort(key=lambda number: str(number).zfill(_NUMBER_WIDTH))
    return {
        "Count": len(headers),
        "First": numbers[0] if numbers else None,
        "Last": numbers[-1] if numbers else None,
        "NetAmount": net_total(headers),
    }


def net_total(headers: Iterable[Mapping[str, Any]]) -> Decimal:
    """Add up the net amounts; what is no number counts as nothing [A]."""
    return sum((_amount(header.get("NetAmount")) for header in headers), Decimal("0.00"))


def _amount(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
