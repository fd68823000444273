"""IPOS invoices and sales returns as IPOS names them, parsed strictly into one canonical model.

Belongs here: what a field may hold. Not here: how pages are fetched (clients/ipos.py), what a
line becomes in NetSuite (split.py, mapping.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)
from pydantic.fields import FieldInfo

from ipos_pipeline.domain.business_day import business_date_of
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.external_id import REFUND_SUFFIX, SALE_SUFFIX, document_key
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.errors import LocationMismatchError, MalformedInvoiceError

AMOUNT_DIGITS_MAX = 9
QUANTITY_DIGITS_MAX = 6
"""Digits before the decimal point: beyond that a number is a mistake, not a sale, such as a barcode
scanned as a quantity. Whatever is computed of such numbers fits the columns of frames and ledger.
"""
LINES_MAX = 5000
YEARS = range(2000, 2100)
"""Years a shop can have sold in; M19's clocks are wrong by hours or days, not by centuries."""

Day = TypeVar("Day", bound=date)


def _text(value: object) -> object:
    """Take a number as its text: IPOS sends codes both ways, and 10377 is the same as "10377"."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _keepable(value: object) -> object:
    """Refuse text that no database takes: halves of surrogate pairs."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            message = "must be text that UTF-8 can hold"
            raise ValueError(message) from None
    return value


def _code(value: object) -> object:
    """Refuse NUL too, which PostgreSQL takes in no text."""
    if isinstance(value, str) and "\0" in value:
        message = "must be text without the character NUL"
        raise ValueError(message)
    return _keepable(_text(value))


def _name(value: object) -> object:
    return _keepable(str(value) if isinstance(value, int) else value)


def _whole(value: object) -> object:
    """Refuse what is no number, and one whose digits it would take hours to write out."""
    is_absurd = isinstance(value, Decimal) and abs(value.adjusted()) > LINE_DIGITS_MAX
    if isinstance(value, bool) or is_absurd:
        message = "must be a number"
        raise ValueError(message)
    return value


def _dashed_date(value: object) -> object:
    """Refuse numbers, written as text too: they would be read as seconds since 1970."""
    if value is None or (isinstance(value, str) and "-" in value.strip()[1:]):
        return value
    message = "must be a date such as 2026-11-20T21:07:33"
    raise ValueError(message)


def _plausible(value: Day) -> Day:
    """Refuse dates such as .NET's 0001-01-01, which stand for "never set"."""
    if value.year not in YEARS:
        message = f"must lie between {YEARS[0]} and {YEARS[-1]}"
        raise ValueError(message)
    return value


# Constraints stand next to their type: there pydantic checks them without calling Python.
Code = Annotated[str, Field(min_length=1, max_length=100), BeforeValidator(_code)]
OptionalCode = Annotated[str | None, BeforeValidator(_code)]


def _digits(most: int) -> FieldInfo:
    return Field(allow_inf_nan=False, lt=10**most, gt=-(10**most))  # type: ignore[no-any-return]


Number = Annotated[Decimal, _digits(AMOUNT_DIGITS_MAX)]
Quantity = Annotated[Decimal, _digits(QUANTITY_DIGITS_MAX)]
LocalDateTime = Annotated[datetime, BeforeValidator(_dashed_date), AfterValidator(_plausible)]
LocalDate = Annotated[
    date,
    BeforeValidator(lambda value: _day_part(_dashed_date(value))),
    AfterValidator(_plausible),
]


def _day_part(value: object) -> object:
    return value.strip().partition("T")[0].partition(" ")[0] if isinstance(value, str) else value


LINE_DIGITS_MAX = 9
"""Digits of a line's number; pydantic would write 1e999999999 out before it compares it."""


class IposLine(BaseModel):
    """One line. `qty` and `net_rate` (the amount of the whole line, AED) are signed alike."""

    model_config = ConfigDict(frozen=True)

    sl_no: Annotated[int, Field(lt=2**31, gt=-(2**31)), BeforeValidator(_whole)]
    qty: Quantity
    net_rate: Number
    rate: Number | None = None
    discount: Number | None = None
    tax: Quantity | None = None
    conversion: Quantity | None = None
    barcode: OptionalCode = None
    primary_barcode: OptionalCode = None
    ref_no: OptionalCode = None
    item_name: Annotated[str | None, BeforeValidator(_name)] = None

    @property
    def base_quantity(self) -> Decimal:
        """Quantity in the item's base unit: `Qty x Conversion`."""
        return self.qty if self.conversion is None else self.qty * self.conversion


def _not_empty(lines: tuple[IposLine, ...]) -> tuple[IposLine, ...]:
    if not lines:
        message = "must hold at least one line"
        raise ValueError(message)
    return lines


class IposInvoice(BaseModel):
    """One invoice or sales return. Amounts in AED; `inv_at` aware, in the location's zone."""

    model_config = ConfigDict(frozen=True)

    location_code: str
    doc_type: Literal["SALE", "RETURN"]
    inv_no: Code
    inv_at: datetime
    business_date: LocalDate
    currency: OptionalCode = None
    counter_no: OptionalCode = None
    customer_code: OptionalCode = None
    ref_inv_no: OptionalCode = None
    void: bool = False
    training: bool = False
    sub_total: Number | None = None
    discount: Number | None = None
    tax_amount: Number | None = None
    round_off: Number | None = None
    net_amount: Number | None = None
    lines: Annotated[tuple[IposLine, ...], Field(max_length=LINES_MAX), AfterValidator(_not_empty)]

    @property
    def document_key(self) -> str:
        """What the external IDs of this invoice's sale and refund begin with."""
        return document_key(
            location=self.location_code,
            year=self.inv_at.year,
            doc_type="S" if self.doc_type == "SALE" else "R",
            inv_no=self.inv_no,
        )

    @property
    def sale_external_id(self) -> str:
        """External ID of the cash sale."""
        return self.document_key + SALE_SUFFIX

    @property
    def refund_external_id(self) -> str:
        """External ID of the cash refund."""
        return self.document_key + REFUND_SUFFIX


def parse_invoice(
    raw: Any,  # noqa: ANN401 - whatever IPOS sent
    *,
    configuration: IposConfiguration,
    profile: IposProfile,
    from_returns_feed: bool = False,
) -> IposInvoice:
    """Read one invoice of the list (profile `nested`: header with its lines inside).

    Raises MalformedInvoiceError with the vendor's field name, or LocationMismatchError when the
    invoice says that it belongs to another location.
    """
    if not isinstance(raw, Mapping):
        message = f"an invoice must be a JSON object, not {type(raw).__name__}"
        raise MalformedInvoiceError(message, field="Data", inv_no=None)
    _refuse_other_location(raw, configuration=configuration, profile=profile)
    fields = _canonical_header(raw, profile)
    fields["location_code"] = configuration.location_code
    fields["doc_type"] = _doc_type(fields, profile, from_returns_feed=from_returns_feed)
    fields["lines"] = _canonical_lines(raw, profile)
    for flag in ("void", "training"):
        if fields[flag] is None:
            del fields[flag]
    try:
        fields["inv_at"] = _aware(fields.pop("inv_date"), configuration.zone)
        if fields["business_date"] is None:
            fields["business_date"] = business_date_of(
                fields["inv_at"], cutoff_hour=configuration.day_cutoff_hour
            ).isoformat()
        invoice = IposInvoice.model_validate(fields)
    except ValidationError as error:
        raise _malformed(error, raw, profile) from None
    if from_returns_feed and profile.returns_quantity_sign == "positive":
        return _negated(invoice)
    return invoice


def _canonical_header(raw: Mapping[str, Any], profile: IposProfile) -> dict[str, Any]:
    return {
        name: None if word is None else raw.get(word)
        for name, word in profile.header.__dict__.items()
    }


def _canonical_lines(raw: Mapping[str, Any], profile: IposProfile) -> list[Any]:
    lines = raw.get(profile.envelope.lines)
    if not isinstance(lines, list):
        message = f"{profile.envelope.lines} must be a list of lines, not {type(lines).__name__}"
        raise MalformedInvoiceError(
            message, field=profile.envelope.lines, inv_no=inv_no_of(raw, profile)
        )
    words = profile.line.__dict__.items()
    return [
        {name: line.get(word) for name, word in words} if isinstance(line, Mapping) else line
        for line in lines
    ]


def _refuse_other_location(
    raw: Mapping[str, Any], *, configuration: IposConfiguration, profile: IposProfile
) -> None:
    found = _text(raw.get(profile.header.location_code))
    if found not in (None, "", configuration.location_code):
        message = (
            f"IPOS was asked for location {configuration.location_code} and answered with an"
            f" invoice of {found} (InvNo {inv_no_of(raw, profile)}). No invoice of that location"
            " was landed."
        )
        raise LocationMismatchError(message)


def _doc_type(fields: dict[str, Any], profile: IposProfile, *, from_returns_feed: bool) -> Any:  # noqa: ANN401
    word = fields["doc_type"]
    if word is None:
        return "RETURN" if from_returns_feed else "SALE"
    words = ((profile.doc_types.sale, "SALE"), (profile.doc_types.return_, "RETURN"))
    return next((canonical for vendors, canonical in words if word == vendors), word)


class _InvDate(BaseModel):
    inv_date: LocalDateTime


def _aware(value: object, zone: ZoneInfo) -> datetime:
    """Read the wall clock of the shop; IPOS sends it without an offset."""
    moment = _InvDate.model_validate({"inv_date": value}).inv_date
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _negated(invoice: IposInvoice) -> IposInvoice:
    """Turn a return of a feed that counts returned goods upwards into the canonical signs."""
    header = ("sub_total", "discount", "tax_amount", "round_off", "net_amount")
    lines = tuple(
        line.model_copy(update=_minus(line, ("qty", "net_rate", "discount")))
        for line in invoice.lines
    )
    return invoice.model_copy(update={**_minus(invoice, header), "lines": lines})


def _minus(model: BaseModel, names: tuple[str, ...]) -> dict[str, Decimal | None]:
    values = {name: getattr(model, name) for name in names}
    return {name: None if value is None else -value for name, value in values.items()}


def inv_no_of(raw: Any, profile: IposProfile) -> str | None:  # noqa: ANN401
    """Read the number of an invoice that may be malformed, for messages."""
    value = raw.get(profile.header.inv_no) if isinstance(raw, Mapping) else None
    if not isinstance(value, (str, int)):
        return None
    return str(value)[:200].encode("utf-8", "replace").decode()


def _malformed(error: ValidationError, raw: Any, profile: IposProfile) -> MalformedInvoiceError:  # noqa: ANN401
    first = error.errors(include_url=False, include_context=False)[0]
    field = _vendor_path(first["loc"], profile)
    message = f"{field}: {first['msg'].removeprefix('Value error, ')}"
    if error.error_count() > 1:
        message += f" (and {error.error_count() - 1} more)"
    return MalformedInvoiceError(message, field=field, inv_no=inv_no_of(raw, profile))


def _vendor_path(loc: tuple[int | str, ...], profile: IposProfile) -> str:
    if not loc:
        return "invoice"
    if loc[0] == "lines":
        words = [profile.envelope.lines]
        words += [
            str(part + 1) if isinstance(part, int) else getattr(profile.line, part, part)
            for part in loc[1:]
        ]
        return " ".join(words)
    name = "inv_date" if loc[0] == "inv_at" else str(loc[0])
    return str(getattr(profile.header, name, name))
