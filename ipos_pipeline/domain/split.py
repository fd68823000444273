"""The split of an invoice: positive quantities are sold, negative ones are returned.

Belongs here: which line goes where and with which amount, and whether the header agrees with its
lines. Not here: NetSuite's field names (mapping.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ipos_pipeline.domain.ipos_invoice import IposInvoice, IposLine
from ipos_pipeline.domain.ipos_profile import IposProfile
from ipos_pipeline.domain.money import ZERO, round_money, spread, total_of
from ipos_pipeline.domain.problem import Problem

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
    sold = [line for line in ordered if line.qty > 0]
    returned = [line for line in ordered if line.qty < 0]
    sold_amounts = [round_money(line.net_rate) for line in sold]
    returned_amounts = [-round_money(line.net_rate) for line in returned]
    discount = round_money(invoice.discount or ZERO)
    if discount:
        if total_of(sold_amounts) >= total_of(returned_amounts):
            sold_amounts = _discounted(sold_amounts, discount)
        else:
            returned_amounts = _discounted(returned_amounts, -discount)
    return SplitInvoice(
        sale_lines=_split_lines(sold, sold_amounts),
        refund_lines=_split_lines(returned, returned_amounts),
        zero_lines=tuple(line for line in ordered if line.qty == 0),
    )


def _discounted(amounts: list[Decimal], discount: Decimal) -> list[Decimal]:
    """Take a header discount off the lines in proportion to their amounts."""
    if not total_of(amounts):
        return amounts
    shares = spread(discount, amounts)
    return [amount - share for amount, share in zip(amounts, shares, strict=True)]


def _split_lines(lines: list[IposLine], amounts: list[Decimal]) -> tuple[SplitLine, ...]:
    return tuple(
        SplitLine(line, abs(line.base_quantity), amount)
        for line, amount in zip(lines, amounts, strict=True)
    )


def line_tax(line: SplitLine, *, profile: IposProfile, prices_include_tax: bool) -> Decimal:
    """Give the tax contained in a line's amount, or to be added to it, rounded to the cent."""
    tax = line.ipos_line.tax or ZERO
    if profile.tax_is == "amount":
        return round_money(abs(tax))
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
    return total + total_of(
        line_tax(line, profile=profile, prices_include_tax=False) for line in lines
    )


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
    return _round_off_problem(invoice, profile) or _header_problem(
        invoice, split, profile=profile, prices_include_tax=prices_include_tax
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
            "tax_regime",
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
