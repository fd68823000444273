"""Checks of `store_day_reconciliation`: what the proof of a store-day says, by kind."""

from __future__ import annotations

import dagster as dg

from ipos_pipeline.defs.checks import (
    NO_DRIFT_AFTER_POSTING,
    NO_DUPLICATES_IN_NETSUITE,
    NO_GAPS_IN_NUMBERS,
    TOTALS_MATCH_NETSUITE,
)
from ipos_pipeline.defs.reporting import amount, check
from ipos_pipeline.domain.store_day_proof import DRIFT, DUPLICATES, DifferenceKind, StoreDayProof
from ipos_pipeline.steps.ledger_frames import differences_frame


def checks_of_proof(proof: StoreDayProof) -> list[dg.AssetCheckResult]:
    """Make the checks of `store_day_reconciliation`."""
    return [
        totals_match_netsuite(proof),
        no_duplicates_in_netsuite(proof),
        no_drift_after_posting(proof),
        no_gaps_in_numbers(proof),
    ]


def totals_match_netsuite(proof: StoreDayProof) -> dg.AssetCheckResult:
    """Tell whether the store-day is proved three ways."""
    return check(
        TOTALS_MATCH_NETSUITE,
        passed=proof.is_in_order,
        count=len(proof.breaking),
        recovery="Each row names what differs. `open_error`, `not_posted` and `in_doubt` follow"
        " from other checks; anything else: compare the two sides before you change either. What"
        " needs a person has an integration error of its own; setting that aside accepts it.",
        sample=differences_frame(proof.breaking),
        ipos=amount(proof.ipos.gross),
        ledger=amount(proof.ledger.gross),
        netsuite=amount(proof.netsuite.gross),
        rounding=amount(proof.rounding),
        set_aside=amount(proof.set_aside_invoices_total + proof.set_aside_documents_total),
        accepted=amount(proof.accepted_total),
    )


def no_duplicates_in_netsuite(proof: StoreDayProof) -> dg.AssetCheckResult:
    """List what NetSuite holds twice, or without the ledger's knowing."""
    return _without(
        proof,
        NO_DUPLICATES_IN_NETSUITE,
        DUPLICATES,
        recovery="Open both records in NetSuite. If they are the same sale, delete the one that"
        " this pipeline did not create; nothing is deleted by itself.",
    )


def no_drift_after_posting(proof: StoreDayProof) -> dg.AssetCheckResult:
    """List what was changed on one side after it was posted."""
    return _without(
        proof,
        NO_DRIFT_AFTER_POSTING,
        DRIFT,
        recovery="A later change is applied to no other system. Decide which side is right and"
        " correct the other by hand; `ipos-pipeline withdraw` takes a document back, `repost`"
        " posts one again that was deleted in NetSuite; `ipos-pipeline errors set-aside` accepts"
        " a difference that is right as it is.",
    )


def no_gaps_in_numbers(proof: StoreDayProof) -> dg.AssetCheckResult:
    """List the numbers that IPOS does not show; a till may skip some, so this only warns."""
    return _without(
        proof,
        NO_GAPS_IN_NUMBERS,
        frozenset({DifferenceKind.NUMBER_GAP}),
        recovery="Look the numbers up at the shop's till. If they are invoices, they have not"
        " reached IPOS's main server: have them uploaded; they are posted when they arrive.",
        severity=dg.AssetCheckSeverity.WARN,
    )


def _without(
    proof: StoreDayProof,
    name: str,
    kinds: frozenset[DifferenceKind],
    *,
    recovery: str,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> dg.AssetCheckResult:
    found = proof.of_kinds(*kinds)
    return check(
        name,
        passed=not found,
        count=len(found),
        recovery=recovery,
        sample=differences_frame(found),
        severity=severity,
    )
