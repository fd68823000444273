"""IPOS document + configuration + items -> NetSuite record, or the reasons why it cannot be one.

Belongs here: which value goes into which field. Not here: the split (split.py), sending (steps/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ipos_pipeline.domain.configuration import DATES_FOR_PEOPLE, IposConfiguration
from ipos_pipeline.domain.external_id import doc_type_of
from ipos_pipeline.domain.ipos_invoice import IposInvoice
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.domain.money import ZERO
from ipos_pipeline.domain.netsuite_item import NetSuiteItem, resolve_item
from ipos_pipeline.domain.netsuite_record import (
    CASH_SALE,
    AmountField,
    NetSuiteLine,
    NetSuiteRecord,
    RecordType,
)
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline.domain.split import SplitInvoice, SplitLine, document_total

INVOICE_VALUES = frozenset(
    {"inv_no", "doc_type", "location_code", "counter_no", "customer_code", "ref_inv_no"}
)
INCUMBENT_VALUES = frozenset({"inv_no", "doc_type", "location_code"})
LINE_VALUES = frozenset({"barcode", "primary_barcode", "ref_no", "sl_no", "item_name"})


FieldId = Annotated[str, Field(pattern=r"^custrecord_[a-z0-9_]+$")]
"""The ID of a custom record's field."""

RECORD_FIELDS = {
    name: field
    for name, field in IposConfiguration.model_fields.items()
    if name not in {"name", "isinactive"}
}
"""The custom fields of the configuration record."""

CustomFields = dict[str, str | int | bool]
Templates = TypeVar("Templates", str, CustomFields)


def _checked(given: Templates, known: frozenset[str]) -> Templates:
    """Refuse a template whose braces name no IPOS value: it would fail on every document."""
    for template in [given] if isinstance(given, str) else given.values():
        try:
            str(template).format_map(dict.fromkeys(known))
        except (KeyError, ValueError, IndexError, AttributeError, TypeError):
            message = f"{template!r} must name values such as {{inv_no}} among {sorted(known)}"
            raise ValueError(message) from None
    return given


class Incumbent(BaseModel):
    """By what the script that this pipeline replaces is recognised: a field of its transactions.

    `key` is what it writes there of an invoice; `{doc_type}` is SALE or RETURN.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str = Field(pattern=r"^(memo|otherrefnum|externalid|custbody_[a-z0-9_]+)$")
    key: str = "{inv_no}"

    @field_validator("key")
    @classmethod
    def _names_the_invoice(cls, value: str) -> str:
        if "{inv_no}" not in value:
            message = f"{value!r} must hold {{inv_no}}: it is to tell invoices apart"
            raise ValueError(message)
        return _checked(value, INCUMBENT_VALUES)

    def key_of(self, document_key: str, *, number: str, location_code: str) -> str:
        """Give what the field of an invoice's documents holds."""
        return self.key.format(
            inv_no=number, doc_type=doc_type_of(document_key), location_code=location_code
        )


class FieldMapping(BaseModel):
    """What an account adds to the built-in mapping (`NETSUITE_MAPPING_FILE`).

    `amount_field` overrides the line field that carries the amount. `body_fields` and
    `line_fields` add custom fields: NetSuite field -> the name of an IPOS value in braces, such as
    `{inv_no}`, or a fixed value. `configuration_fields` says where a field of the configuration
    record has another ID in the account, or none: name -> ID, or null. `incumbent` tells the
    documents of the script that this pipeline replaces (ADR 0025).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount_field: AmountField | None = None
    memo: str = "IPOS {doc_type} {inv_no}"
    body_fields: CustomFields = Field(default_factory=dict)
    line_fields: CustomFields = Field(default_factory=dict)
    configuration_fields: dict[str, FieldId | None] = Field(default_factory=dict)
    incumbent: Incumbent | None = None

    @field_validator("memo", "body_fields")
    @classmethod
    def _names_invoice_values(cls, value: Templates) -> Templates:
        return _checked(value, INVOICE_VALUES)

    @field_validator("line_fields")
    @classmethod
    def _names_line_values(cls, value: CustomFields) -> CustomFields:
        return _checked(value, LINE_VALUES)

    @field_validator("configuration_fields")
    @classmethod
    def _names_fields_of_the_record(cls, value: dict[str, str | None]) -> dict[str, str | None]:
        for name, field_id in value.items():
            if name not in (*RECORD_FIELDS, *DATES_FOR_PEOPLE):
                message = f"{name!r} is no field of the configuration record"
                raise ValueError(message)
            field = RECORD_FIELDS.get(name)
            if field_id is None and field is not None and field.is_required():
                message = f"{name} cannot be null: every record needs it"
                raise ValueError(message)
        given = [field_id for field_id in value.values() if field_id is not None]
        if len(given) != len(set(given)):
            message = "two fields have the same ID"
            raise ValueError(message)
        return value


@dataclass(frozen=True, slots=True)
class MappingRules:
    """Everything static that the mapping of one location's documents needs."""

    configuration: IposConfiguration
    profile: IposProfile
    fields: FieldMapping

    @property
    def amount_field(self) -> AmountField:
        """The line field that carries the amount: gross when prices include tax."""
        if self.fields.amount_field is not None:
            return self.fields.amount_field
        return "grossAmt" if self.configuration.prices_include_tax else "amount"


def map_document(
    record_type: RecordType,
    invoice: IposInvoice,
    split: SplitInvoice,
    *,
    rules: MappingRules,
    catalogue: Mapping[str, list[NetSuiteItem]],
) -> NetSuiteRecord | list[Problem]:
    """Map one side of an invoice; all reasons against it are reported at once."""
    is_sale = record_type == CASH_SALE
    split_lines = split.sale_lines if is_sale else split.refund_lines
    lines: list[NetSuiteLine] = []
    problems: list[Problem] = []
    for line in split_lines:
        mapped = _map_line(line, rules=rules, catalogue=catalogue)
        if isinstance(mapped, Problem):
            problems.append(mapped)
        else:
            lines.append(mapped)
    configuration = rules.configuration
    total = document_total(
        split_lines, profile=rules.profile, prices_include_tax=configuration.prices_include_tax
    )
    if total < ZERO:
        problems.append(_negative_total(total))
    if problems:
        return problems
    values = {name: getattr(invoice, name) for name in INVOICE_VALUES}
    return NetSuiteRecord(
        record_type=record_type,
        external_id=invoice.sale_external_id if is_sale else invoice.refund_external_id,
        entity_id=configuration.customer,
        tran_date=invoice.business_date,
        location_id=configuration.location,
        subsidiary_id=configuration.subsidiary,
        currency_id=configuration.currency,
        account_id=configuration.account,
        memo=memo_of(invoice, rules.fields),
        lines=tuple(lines),
        total=total,
        extra=_extra(rules.fields.body_fields, values),
    )


def memo_of(invoice: IposInvoice, fields: FieldMapping) -> str:
    """Give the memo that an invoice's documents carry in NetSuite."""
    return fields.memo.format_map({name: getattr(invoice, name) for name in INVOICE_VALUES})


def barcode_of(line: SplitLine, profile: IposProfile) -> str | None:
    """Give the value that finds the line's item in NetSuite, or None where IPOS sent none."""
    value: str | None = getattr(line.ipos_line, profile.item_key)
    return value or None


def _map_line(
    line: SplitLine, *, rules: MappingRules, catalogue: Mapping[str, list[NetSuiteItem]]
) -> NetSuiteLine | Problem:
    ipos_line = line.ipos_line
    barcode = barcode_of(line, rules.profile)
    if barcode is None:
        word = getattr(rules.profile.line, rules.profile.item_key)
        return Problem(
            "missing_barcode",
            f"Line {ipos_line.sl_no} ({ipos_line.item_name or 'no name'}) has no {word}.",
            "Have the invoice corrected in IPOS.",
            path=word,
        )
    item = resolve_item(barcode, ipos_line.item_name, catalogue)
    if isinstance(item, Problem):
        return item
    return NetSuiteLine(
        item_id=item.internal_id,
        quantity=line.quantity,
        amount=line.amount,
        amount_field=rules.amount_field,
        tax_code_id=rules.configuration.tax_code,
        location_id=rules.configuration.location,
        description=ipos_line.item_name,
        extra=_extra(
            rules.fields.line_fields, {name: getattr(ipos_line, name) for name in LINE_VALUES}
        )
        if rules.fields.line_fields
        else {},
    )


def _extra(fields: CustomFields, values: Mapping[str, Any]) -> dict[str, Any]:
    """Fill custom fields; a field that is one value alone passes a null through."""
    return {
        name: _filled(template, values) if isinstance(template, str) else template
        for name, template in fields.items()
    }


def _filled(template: str, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
    name = template[1:-1]
    if template == f"{{{name}}}" and name in values:
        return values[name]
    return template.format_map(values)


def _negative_total(total: object) -> Problem:
    return Problem(
        "negative_total",
        f"The document's total is {total}; NetSuite takes no negative totals.",
        "Have the invoice corrected in IPOS, or book it by hand and set it aside.",
    )
