"""`ipos-pipeline withdraw` and `repost`: take postings back, and post them again."""

from __future__ import annotations

import click

from ipos_pipeline.cli.acting import (
    all_option,
    by_person,
    carry_out,
    json_option,
    opened,
    reason_option,
    selection_options,
    yes_option,
)
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.steps import replanning, withdrawing


@click.command()
@selection_options
@all_option
@reason_option
@yes_option
@json_option
def withdraw(*, selection: Selection, reason: str, yes: bool, as_json: bool) -> int:
    """Delete postings in NetSuite that this pipeline made and nobody has changed since.

    Shows first what it would do. Refused by name are documents that a person booked, that have
    another external ID, type or total in NetSuite, or that were changed there after posting: the
    date of the last change is compared. What is withdrawn is not posted again until `repost`.

    \b
    Examples:
      ipos-pipeline withdraw --location DXB01 --day 2026-11-20 --reason "wrong customer"
      ipos-pipeline withdraw --invoice 10377 --reason "wrong customer" --yes --json

    Exit code 0: all of them were deleted; 1: some were refused or failed; 2: wrong use or settings.
    """
    selection.checked()
    with opened() as connections:
        by = by_person(connections, reason)
        return carry_out(
            "withdraw",
            lambda is_preview: connections.wait_for(
                withdrawing.withdraw(
                    connections.netsuite,
                    connections.ledger,
                    selection,
                    by,
                    is_preview=is_preview,
                )
            ),
            yes=yes,
            as_json=as_json,
        )[0]


@click.command()
@selection_options
@all_option
@reason_option
@yes_option
@json_option
def repost(*, selection: Selection, reason: str, yes: bool, as_json: bool) -> int:
    """Post again what was withdrawn, or what someone deleted in NetSuite.

    The landed invoice is planned with the present configuration, under the same external ID; the
    next run posts it. Posted documents are taken only if NetSuite verifiably has them no more.

    \b
    Examples:
      ipos-pipeline repost --location DXB01 --day 2026-11-20 --reason "customer is corrected"
      ipos-pipeline repost --external-id IPOS-DXB01-2026-S-10377-CS --reason "deleted by mistake"
    """
    selection.checked()
    with opened() as connections:
        by, rules = by_person(connections, reason), connections.rules_by_location()
        return carry_out(
            "repost",
            lambda is_preview: connections.wait_for(
                replanning.repost(
                    connections.netsuite,
                    connections.ledger,
                    rules,
                    selection,
                    by,
                    is_preview=is_preview,
                )
            ),
            yes=yes,
            as_json=as_json,
        )[0]
