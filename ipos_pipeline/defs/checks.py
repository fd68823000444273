"""Checks of a store-day: each is a sentence that is true when it is green.

Belongs here: what a check compares and how it tells people. They run with their asset, as
`check_specs`, because a partitioned `@asset_check` is a preview in Dagster 1.13.
"""

from __future__ import annotations

from collections import Counter

import dagster as dg
import pandas as pd

from ipos_pipeline.defs.reporting import amount, check
from ipos_pipeline.domain.line_frames import column_total
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.steps.landing import Landed
from ipos_pipeline.steps.reconciling import StoreDayReconciliation
from ipos_pipeline.steps.sending_mails import MailsSent

NO_MISSING_INVOICES = "no_missing_invoices"
EVERY_LINE_SPLIT_ONCE = "every_line_split_once"
NO_FAILED_POSTINGS = "no_failed_postings"
ALL_ACKNOWLEDGED = "all_acknowledged"
ALL_MAILS_SENT = "all_mails_sent"
TOTALS_MATCH_NETSUITE = "totals_match_netsuite"

DESCRIPTIONS = {
    NO_MISSING_INVOICES: "The ledger holds as many invoices of the day as IPOS shows.",
    EVERY_LINE_SPLIT_ONCE: "Every line of non-zero quantity is in exactly one of sale and refund"
    " lines, and each document's lines add up to what is planned for it.",
    NO_FAILED_POSTINGS: "Every document of the day is in NetSuite, or a person has set it aside.",
    ALL_ACKNOWLEDGED: "IPOS has confirmed every invoice whose documents are all in NetSuite, and"
    " there is no other but those that a filter keeps out.",
    ALL_MAILS_SENT: "The mail server has taken every mail about errors and outages.",
    TOTALS_MATCH_NETSUITE: "IPOS, ledger and NetSuite agree document by document, to the cent.",
}


def spec(name: str, asset: str) -> dg.AssetCheckSpec:
    """Declare a check of an asset."""
    return dg.AssetCheckSpec(name, asset=asset, description=DESCRIPTIONS[name])


def no_missing_invoices(landed: Landed) -> dg.AssetCheckResult:
    """Compare how many invoices IPOS shows for the day with how many are accounted for."""
    missing = max(landed.shown_in_all - landed.accounted_for, 0)
    return check(
        NO_MISSING_INVOICES,
        passed=missing == 0,
        count=missing,
        recovery="Materialize raw_invoices again; if it stays red, compare the day in IPOS with"
        " the ledger and ask the vendor which invoices its list leaves out.",
        shown_by_ipos=landed.shown_in_all,
        in_the_ledger=landed.accounted_for,
    )


def every_line_split_once(
    raw_lines: pd.DataFrame,
    sale_lines: pd.DataFrame,
    refund_lines: pd.DataFrame,
    *,
    planned: set[str],
) -> dg.AssetCheckResult:
    """Compare the split columns with the raw lines, and with what the ledger has planned.

    `planned` are the external IDs that the ledger means to post.
    """
    to_split = raw_lines[(raw_lines["state"] == "planned") & (raw_lines["qty"] != 0)]
    misplaced = _line_counts(to_split) - _line_counts(sale_lines, refund_lines)
    misplaced += _line_counts(sale_lines, refund_lines) - _line_counts(to_split)
    documents = {*sale_lines["external_id"].tolist(), *refund_lines["external_id"].tolist()}
    unplanned = sorted(documents ^ planned)
    return check(
        EVERY_LINE_SPLIT_ONCE,
        passed=not misplaced and not unplanned,
        count=misplaced.total() + len(unplanned),
        recovery="Materialize raw_invoices and the lines again; if it stays red, this is a defect:"
        " the frames and the ledger disagree on what is to be posted.",
        sample=pd.DataFrame({"external_id": unplanned}),
        lines_to_split=len(to_split),
        sale_lines=len(sale_lines),
        refund_lines=len(refund_lines),
    )


def _line_counts(*frames: pd.DataFrame) -> Counter[tuple[str, int]]:
    """Count lines by document and line number; a document may use a number twice."""
    return Counter(
        key
        for frame in frames
        for key in zip(frame["document_key"].tolist(), frame["sl_no"].tolist(), strict=True)
    )


def no_failed_postings(postings: pd.DataFrame) -> dg.AssetCheckResult:
    """List the documents that are not in NetSuite and that no person has set aside."""
    failed = postings[~postings["status"].isin([Status.POSTED, Status.SET_ASIDE])]
    return check(
        NO_FAILED_POSTINGS,
        passed=failed.empty,
        count=len(failed),
        recovery="Read integration_errors of this partition: each row says what to do. Documents"
        " without an error are sent at the next run.",
        sample=failed,
        documents=len(postings),
        not_posted=amount(column_total(failed, "total")),
    )


def all_acknowledged(acknowledgements: pd.DataFrame) -> dg.AssetCheckResult:
    """List the invoices that IPOS is to confirm and has not."""
    to_confirm = acknowledgements[acknowledgements["is_awaited"]]
    waiting = to_confirm[to_confirm["acknowledged_at"].isna()]
    return check(
        ALL_ACKNOWLEDGED,
        passed=waiting.empty,
        count=len(waiting),
        recovery="An invoice waits here until all of it is in NetSuite: read integration_errors."
        " If nothing is open there, IPOS did not confirm; the next run tells it again.",
        sample=waiting,
        severity=dg.AssetCheckSeverity.WARN,
        invoices=len(to_confirm),
    )


def all_mails_sent(mails: MailsSent) -> dg.AssetCheckResult:
    """Tell how many mails wait, whatever store-day they are about, and why."""
    return check(
        ALL_MAILS_SENT,
        passed=mails.queued == 0,
        count=mails.queued,
        recovery="Read `problem`; `ipos-pipeline check-connections` tries the mail server. What"
        " waits is sent by itself once it works; posting goes on meanwhile.",
        problem=mails.problem or "none",
    )


def totals_match_netsuite(
    reconciliation: StoreDayReconciliation, differences: pd.DataFrame
) -> dg.AssetCheckResult:
    """Tell whether the store-day is proved three ways."""
    return check(
        TOTALS_MATCH_NETSUITE,
        passed=reconciliation.is_proved,
        count=len(differences),
        recovery="Each row names what differs. `not_posted` and `held` follow an open error;"
        " anything else: compare the two sides before you change either.",
        sample=differences,
        ipos=amount(reconciliation.ipos_total),
        ledger=amount(reconciliation.ledger_total),
        netsuite=amount(reconciliation.netsuite_total),
    )
