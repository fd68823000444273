"""Which invoices are landed and not posted: void ones, training, tests, and those in shadow.

Belongs here: the rules, in the order in which they count. Not here: what becomes of the others
(planning.py), whether IPOS is told (steps/landing.py).
"""

from __future__ import annotations

from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.ipos_invoice import IposInvoice, IposLine
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.domain.problem import Problem
from ipos_pipeline.domain.shadow import is_shadow

VOID = "void"
TRAINING = "training"
TEST_COUNTER = "test_counter"
TEST_ITEMS = "test_items"
SHADOW = "shadow"
"""Another script posts it: it keeps out what no other rule does."""


def filter_rule_of(
    invoice: IposInvoice, *, configuration: IposConfiguration, profile: IposProfile
) -> str | None:
    """Name the rule that keeps an invoice out, or None."""
    if invoice.void:
        return VOID
    if invoice.training:
        return TRAINING
    if invoice.counter_no in configuration.test_counters:
        return TEST_COUNTER
    test, other = _by_item(invoice, configuration=configuration, profile=profile)
    if test and not other:
        return TEST_ITEMS
    return SHADOW if is_shadow(configuration, invoice.business_date) else None


def mixed_test_items(
    invoice: IposInvoice, *, configuration: IposConfiguration, profile: IposProfile
) -> Problem | None:
    """Ask a person about an invoice that is neither a sale nor a test: only some lines are tests.

    Filtering it would drop what was sold; posting it would book what was not.
    """
    test, other = _by_item(invoice, configuration=configuration, profile=profile)
    if not test or not other:
        return None
    numbers = ", ".join(str(line.sl_no) for line in test)
    return Problem(
        "mixed_test_items",
        f"Lines {numbers} of the invoice are test items and the others are not.",
        "Have the test lines taken off the invoice in IPOS, or correct test_items in the"
        " location's configuration record.",
        path=getattr(profile.line, profile.item_key),
    )


def _by_item(
    invoice: IposInvoice, *, configuration: IposConfiguration, profile: IposProfile
) -> tuple[list[IposLine], list[IposLine]]:
    """Part the lines into test items and others; lines of zero quantity count only if all are."""
    lines = [line for line in invoice.lines if line.qty] or list(invoice.lines)
    tests = set(configuration.test_items)
    is_test = [getattr(line, profile.item_key) in tests for line in lines]
    test = [line for line, yes in zip(lines, is_test, strict=True) if yes]
    other = [line for line, yes in zip(lines, is_test, strict=True) if not yes]
    return test, other
