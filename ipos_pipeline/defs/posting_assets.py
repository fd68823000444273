"""From lines to NetSuite: cash sales and cash refunds."""

from collections.abc import Callable
from functools import partial

import dagster as dg
import pandas as pd

from ipos_pipeline.defs.dry_run import seen_dry
from ipos_pipeline.defs.posting_checks import checks_of_postings
from ipos_pipeline.defs.reporting import SAMPLE_ROWS, amount, links, table
from ipos_pipeline.defs.resources import Frame, clear_failures
from ipos_pipeline.defs.shadow import seen_in_shadow
from ipos_pipeline.defs.store_day_run import StoreDayRun
from ipos_pipeline.domain.line_frames import column_total
from ipos_pipeline.domain.money import total_of
from ipos_pipeline.domain.netsuite_page import transaction_page
from ipos_pipeline.domain.netsuite_record import CASH_REFUND, CASH_SALE, RecordType
from ipos_pipeline.ledger.entries import PartitionScope
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.steps import ledger_frames
from ipos_pipeline.steps.posting_ipos import post_store_day
from ipos_pipeline.steps.previewing import (
    CREATE,
    TAKE_OVER,
    preview_shadow_day,
    preview_store_day,
)
from ipos_pipeline.steps.settling import Posted

POSTED_LINES = ["external_id", "amount"]
"""What a posting is shown beside: the lines of its document, and what they come to."""
LINKS = 5
"""How many of the newest postings are shown as links; Dagster folds a text of 1000 characters."""


def cash_sales(at: StoreDayRun) -> Frame:
    """Cash sales in NetSuite: one for each invoice that has lines sold.

    Posts what the ledger holds as due, so that a stale frame can never be posted; the frame tells
    what became of each document of `sale_lines`.
    """
    return _post_or_preview(at, at.frame("sale_lines", columns=POSTED_LINES), record_type=CASH_SALE)


def cash_refunds(at: StoreDayRun) -> Frame:
    """Cash refunds in NetSuite: one for each invoice that has lines returned.

    Posts what the ledger holds as due, so that a stale frame can never be posted; the frame tells
    what became of each document of `refund_lines`.
    """
    return _post_or_preview(
        at, at.frame("refund_lines", columns=POSTED_LINES), record_type=CASH_REFUND
    )


def _post_or_preview(at: StoreDayRun, lines: pd.DataFrame, *, record_type: RecordType) -> Frame:
    scope = PartitionScope(at.store_day.location_code, at.store_day.day, record_type)
    with clear_failures(at.connections, run=at.run_id):
        in_shadow = at.is_shadow
    if in_shadow or at.is_dry:
        return _preview(at, lines, scope, in_shadow=in_shadow)
    return _post(at, lines, scope)


def _post(at: StoreDayRun, lines: pd.DataFrame, scope: PartitionScope) -> Frame:
    connections = at.connections
    with clear_failures(connections, run=at.run_id):
        configuration = connections.configuration(scope.location_code)
        posted = _post_due(at, scope)
        frame = ledger_frames.postings(connections.ledger, lines, scope=scope)
    is_posted = frame["status"] == Status.POSTED
    with_pages = partial(
        _with_pages, account_id=connections.settings.account_id, record_type=scope.record_type
    )
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "documents": len(frame),
            "posted": int(is_posted.sum()),
            "total": amount(column_total(frame[is_posted], "total")),
            "created_by_this_run": posted.created,
            "found_in_netsuite": posted.adopted,
            "rejected_by_this_run": posted.rejected,
            "in_doubt": posted.in_doubt,
            "not_sent": "; ".join(posted.reasons_not_sent) or "none",
            "newest_in_netsuite": links(_newest(frame[is_posted], with_pages)),
            "postings": table(with_pages(frame[:SAMPLE_ROWS])),
        },
        check_results=checks_of_postings(
            frame,
            configuration,
            at.store_day,
            now=connections.clock(),
        ),
    )


def _post_due(at: StoreDayRun, scope: PartitionScope) -> Posted:
    """Post what is due; in shadow only what was sent before is looked up."""
    connections = at.connections
    configuration = connections.configuration(scope.location_code)
    return connections.wait_for(
        post_store_day(
            connections.netsuite,
            connections.ledger,
            connections.mapping_rules(configuration),
            scope=scope,
            item_field=connections.settings.item_field,
            run=at.run_id,
            clock=connections.clock,
            lease=connections.settings.claim_lease,
        )
    )


def _with_pages(frame: pd.DataFrame, account_id: str, record_type: RecordType) -> pd.DataFrame:
    """Add where each posting is seen in NetSuite, for people; the stored frame goes without."""
    pages = [
        None if pd.isna(internal_id) else transaction_page(account_id, record_type, internal_id)
        for internal_id in frame["internal_id"]
    ]
    return frame.assign(netsuite_page=pd.array(pages, dtype="string[pyarrow]"))


def _newest(
    posted: pd.DataFrame, with_pages: Callable[[pd.DataFrame], pd.DataFrame]
) -> dict[str, str]:
    """Give the pages of the postings that were made last, by external ID, newest first."""
    newest = with_pages(posted.sort_values("posted_at", ascending=False, kind="stable")[:LINKS])
    return dict(zip(newest["external_id"], newest["netsuite_page"], strict=True))


def _preview(
    at: StoreDayRun, lines: pd.DataFrame, scope: PartitionScope, *, in_shadow: bool
) -> Frame:
    """Show what posting would do; the frame tells what the ledger holds, as ever."""
    connections = at.connections
    with clear_failures(connections, run=at.run_id):
        configuration = connections.configuration(scope.location_code)
        if in_shadow:
            _post_due(at, scope)
        preview_day = preview_shadow_day if in_shadow else preview_store_day
        preview = connections.wait_for(
            preview_day(
                connections.netsuite,
                connections.ledger,
                connections.mapping_rules(configuration),
                scope=scope,
                item_field=connections.settings.item_field,
            )
        )
        frame = ledger_frames.postings(connections.ledger, lines, scope=scope)
    to_create = preview.doing(CREATE)
    results = checks_of_postings(frame, configuration, at.store_day, now=connections.clock())
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "shadow" if in_shadow else "dry_run": True,
            "documents": len(frame),
            "would_create": len(to_create),
            "would_create_total": amount(total_of(one.total for one in to_create)),
            "would_take_over": len(preview.doing(TAKE_OVER)),
            "problems": len(preview.problems),
            "would_post": table(ledger_frames.previewed_documents(preview.documents), rows=None),
            "problem_list": table(ledger_frames.previewed_problems(preview.problems), rows=None),
        },
        check_results=seen_in_shadow(results) if in_shadow else list(map(seen_dry, results)),
    )
