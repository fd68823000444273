"""The split of an invoice: positive quantities are sold, negative ones are returned.

Belongs here: which line goes where and with which amount, and whether the header agrees with its
lines. Not here: NetSuite's field names (mapping.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ipos_pipeline.domain.ipos_invoice import IposInvoice, IposLine
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.domain.money import ZERO, round_money, spread, total_of
from ipos_pipeline.domain.problem import TAX_REGIME, Problem

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class SplitLine:
    """One line of a sale or a refund: quantity in base units and amount in AED, both positive."""

    ipos_line: IposLine
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class SplitInvoice:
    """An invoice by what its lines become; a line of zero quantity becomes nothing."""

    sale_lines: tuple[SplitLine, ...]
    refund_lines: tuple[SplitLine, ...]
    zero_lines: tuple[IposLine, ...]


def split_invoice(invoice: IposInvoice) -> SplitInvoice:
    """Split an invoice's lines, in order of `SlNo`, with the header discount spread over them."""
    ordered = sorted(invoice.lines, key=lambda line: line.sl_no)
    amounts = posted_amounts(
        [line.qty for line in ordered],
        [line.net_rate for line in ordered],
        discount=invoice.discount or ZERO,
    )
    split = [
        SplitLine(line, abs(line.base_quantity), amount)
        for line, amount in zip(ordered, amounts, strict=True)
    ]
    return SplitInvoice(
        sale_lines=tuple(line for line in split if line.ipos_line.qty > 0),
        refund_lines=tuple(line for line in split if line.ipos_line.qty < 0),
        zero_lines=tuple(line.ipos_line for line in split if line.ipos_line.qty == 0),
    )


def posted_amounts(
    quantities: Sequence[Decimal], net_rates: Sequence[Decimal], *, discount: Decimal
) -> list[Decimal]:
    """Give the amount of each line as it is posted: positive on sales and on refunds (AED).

    The header discount, signed like what it reduces, comes off the larger side in proportion
    (ipos_api.md, "Meaning of the numbers").
    """
    amounts = [
        -round_money(net_rate) if quantity < 0 else round_money(net_rate)
        for quantity, net_rate in zip(quantities, net_rates, strict=True)
    ]
    if not discount:
        return amounts
    sold = [i for i, quantity in enumerate(quantities) if quantity > 0]
    returned = [i for i, quantity in enumerate(quantities) if quantity < 0]
    total_sold = total_of(amounts[i] for i in sold)
    total_returned = total_of(amounts[i] for i in returned)
    larger, whole, off = sold, total_sold, round_money(discount)
    if total_returned > total_sold:
        larger, whole, off = returned, total_returned, -off
    if whole:
        for i, share in zip(larger, spread(off, [amounts[i] for i in larger]), strict=True):
            amounts[i] -= share
    return amounts


def line_tax(line: SplitLine, *, profile: IposProfile, prices_include_tax: bool) -> Decimal:
    """Give the tax contained in a line's amount, or to be added to it, rounded to the cent."""
    tax = abs(line.ipos_line.tax or ZERO)
    if profile.tax_is == "amount":
        return round_money(tax)
    if prices_include_tax:
        return line.amount - round_money(line.amount / (1 + tax / HUNDRED))
    return round_money(line.amount * tax / HUNDRED)


def document_total(
    lines: tuple[SplitLine, ...], *, profile: IposProfile, prices_include_tax: bool
) -> Decimal:
    """Give the total that NetSuite should show for these lines, tax included (AED, positive)."""
    total = total_of(line.amount for line in lines)
    if prices_include_tax:
        return total
    return total + document_tax(lines, profile=profile, prices_include_tax=False)


def document_tax(
    lines: tuple[SplitLine, ...], *, profile: IposProfile, prices_include_tax: bool
) -> Decimal:
    """Give the tax of these lines, contained in the total or added to it (AED, positive)."""
    return total_of(
        line_tax(line, profile=profile, prices_include_tax=prices_include_tax) for line in lines
    )


def tax_of_invoice(
    invoice: IposInvoice, *, profile: IposProfile, prices_include_tax: bool
) -> Decimal:
    """Give an invoice's tax (AED, signed): the header's, or what its lines come to."""
    if invoice.tax_amount is not None:
        return round_money(invoice.tax_amount)
    split = split_invoice(invoice)
    sold, returned = (
        document_tax(lines, profile=profile, prices_include_tax=prices_include_tax)
        for lines in (split.sale_lines, split.refund_lines)
    )
    return sold - returned


def problem_with_invoice(
    invoice: IposInvoice, split: SplitInvoice, *, profile: IposProfile, prices_include_tax: bool
) -> Problem | None:
    """Say why no part of this invoice may be posted, or None."""
    if invoice.currency not in (None, "", profile.currency):
        return Problem(
            "currency",
            f"The invoice is in {invoice.currency}; only {profile.currency} is posted.",
            "Have the invoice corrected in IPOS, or set it aside.",
            path=profile.header.currency,
        )
    if not split.sale_lines and not split.refund_lines:
        return Problem(
            "nothing_to_post",
            "All lines have quantity zero, so there is nothing to post.",
            "Set it aside once you know why the shop made it.",
            path=profile.line.qty,
        )
    return (
        _round_off_problem(invoice, profile)
        or _header_problem(invoice, split, profile=profile, prices_include_tax=prices_include_tax)
        or _discount_problem(invoice, split, profile)
    )


def _round_off_problem(invoice: IposInvoice, profile: IposProfile) -> Problem | None:
    round_off = invoice.round_off or ZERO
    if abs(round_off) <= profile.rounding_tolerance:
        return None
    return Problem(
        "round_off",
        f"The round-off of {round_off} is larger than the {profile.rounding_tolerance} allowed.",
        "Have the invoice corrected in IPOS, or raise rounding_tolerance in the profile.",
        path=profile.header.round_off,
    )


def header_difference(
    invoice: IposInvoice, split: SplitInvoice, *, prices_include_tax: bool
) -> Decimal | None:
    """Give NetAmount less what the lines make of it (AED), or None where the header has none.

    NetAmount = sum of NetRate - Discount + RoundOff, plus TaxAmount when prices exclude tax.
    """
    if invoice.net_amount is None:
        return None
    expected = _lines_net(split) + (invoice.round_off or ZERO)
    if not prices_include_tax:
        expected += invoice.tax_amount or ZERO
    return invoice.net_amount - expected


def _lines_net(split: SplitInvoice) -> Decimal:
    sold = total_of(line.amount for line in split.sale_lines)
    return sold - total_of(line.amount for line in split.refund_lines)


def _header_problem(
    invoice: IposInvoice, split: SplitInvoice, *, profile: IposProfile, prices_include_tax: bool
) -> Problem | None:
    difference = header_difference(invoice, split, prices_include_tax=prices_include_tax)
    if difference is None or abs(difference) <= profile.rounding_tolerance:
        return None
    other = header_difference(invoice, split, prices_include_tax=not prices_include_tax)
    if other is not None and abs(other) <= profile.rounding_tolerance:
        configured, found = ("include", "exclude") if prices_include_tax else ("exclude", "include")
        return Problem(
            TAX_REGIME,
            f"The configuration says that prices {configured} tax, but the header of this invoice"
            f" adds up only if they {found} it.",
            "Correct prices_include_tax in the location's configuration record, or the invoice.",
            path=profile.header.net_amount,
        )
    return Problem(
        "header_totals",
        f"NetAmount {invoice.net_amount} differs by {difference} from what the lines add up to.",
        "Have the invoice corrected in IPOS; header and lines must agree.",
        path=profile.header.net_amount,
    )


def _discount_problem(
    invoice: IposInvoice, split: SplitInvoice, profile: IposProfile
) -> Problem | None:
    """Refuse to drop a header discount that found no line: its side comes to nothing."""
    before = total_of(round_money(line.net_rate) for line in invoice.lines if line.qty)
    if before - _lines_net(split) == round_money(invoice.discount or ZERO):
        return None
    return Problem(
        "header_totals",
        f"The discount of {invoice.discount} is on an invoice whose lines come to nothing.",
        "Have the invoice corrected in IPOS; header and lines must agree.",
        path=profile.header.discount,
    )
