"""What an invoice is to become in NetSuite: its documents, or the reason why none may be posted."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.filtering import filter_rule_of, mixed_test_items
from ipos_pipeline.domain.ipos_invoice import IposInvoice
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE, RecordType
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline.domain.split import (
    SplitLine,
    document_tax,
    document_total,
    problem_with_invoice,
    split_invoice,
)


@dataclass(frozen=True, slots=True)
class PlannedDocument:
    """One document to post; `total` in AED, tax included, positive; `tax` is that of its lines.

    NetSuite computes the tax anew from its own tax code: cents may differ.
    """

    external_id: str
    record_type: RecordType
    total: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """The documents of one invoice; or a filter that keeps it out; or a problem that holds it."""

    documents: tuple[PlannedDocument, ...] = ()
    filter_rule: str | None = None
    problem: Problem | None = None


def plan_invoice(
    invoice: IposInvoice, *, configuration: IposConfiguration, profile: IposProfile
) -> Plan:
    """Decide what is to be posted for an invoice."""
    rule = filter_rule_of(invoice, configuration=configuration, profile=profile)
    if rule is not None:
        return Plan(filter_rule=rule)
    split = split_invoice(invoice)
    inclusive = configuration.prices_include_tax
    problem = mixed_test_items(
        invoice, configuration=configuration, profile=profile
    ) or problem_with_invoice(invoice, split, profile=profile, prices_include_tax=inclusive)
    if problem is not None:
        return Plan(problem=problem)
    sides: tuple[tuple[RecordType, str, tuple[SplitLine, ...]], ...] = (
        (CASH_SALE, invoice.sale_external_id, split.sale_lines),
        (CASH_REFUND, invoice.refund_external_id, split.refund_lines),
    )
    return Plan(
        documents=tuple(
            PlannedDocument(
                external_id,
                record_type,
                document_total(lines, profile=profile, prices_include_tax=inclusive),
                document_tax(lines, profile=profile, prices_include_tax=inclusive),
            )
            for record_type, external_id, lines in sides
            if lines
        )
    )
