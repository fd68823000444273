"""From IPOS to lines: what was landed, what of it was sold, what was returned."""

import dagster as dg
import pandas as pd

from ipos_pipeline.defs.invoice_checks import TO_COUNT, checks_of_invoices, every_line_split_once
from ipos_pipeline.defs.reporting import amount, counts, table
from ipos_pipeline.defs.resources import Frame, clear_failures
from ipos_pipeline.defs.shadow import seen_in_shadow
from ipos_pipeline.defs.store_day_run import StoreDayRun
from ipos_pipeline.domain.line_frames import TO_SPLIT, column_total, split_lines
from ipos_pipeline.steps import ledger_frames
from ipos_pipeline.steps.landed_lines import landed_day
from ipos_pipeline.steps.landing import land_store_day


def raw_invoices(at: StoreDayRun) -> Frame:
    """Invoices as IPOS shows them, landed in the ledger before anything else happens to them.

    Reads what IPOS has not been told of yet; returns everything landed for the store-day, one row
    for each line. An invoice of another day is landed under its own day.
    """
    store_day, connections = at.store_day, at.connections
    with clear_failures(connections, run=at.run_id):
        configuration = connections.configuration(store_day.location_code)
        profile = connections.profile(configuration)
        landed = connections.wait_for(
            land_store_day(
                connections.ipos(configuration),
                connections.ledger,
                configuration=configuration,
                profile=profile,
                day=store_day.day,
                run=at.run_id,
                clock=connections.clock,
            )
        )
        there = landed_day(
            connections.ledger,
            configuration=configuration,
            profile=profile,
            day=store_day.day,
            before=at.frame_before("raw_invoices") if at.is_only_new else None,
        )
        errors = ledger_frames.open_errors(
            connections.ledger, location_code=store_day.location_code, day=store_day.day
        )
        in_shadow = at.is_shadow
    lines = there.lines
    results = checks_of_invoices(landed, lines, errors, there.suspicious)
    filtered = lines[["document_key", "filter_rule"]].drop_duplicates("document_key")
    return dg.MaterializeResult(
        value=lines,
        metadata={
            "shadow": in_shadow,
            "invoices": lines["document_key"].nunique(),
            "new": landed.new,
            "replaced": landed.replaced,
            "changed_after_posting": landed.drifted,
            "arrived_late": there.arrived_late,
            "unreadable": landed.unreadable,
            "filtered": counts(filtered, "filter_rule"),
            "other_days": ", ".join(sorted(map(str, landed.other_days))) or "none",
            "lines": table(lines),
        },
        check_results=seen_in_shadow(results) if in_shadow else results,
    )


def split_invoice_lines(at: StoreDayRun) -> tuple[Frame, Frame]:
    """Lines sold and lines returned; quantities and amounts are positive in both from here on."""
    with clear_failures(at.connections, run=at.run_id):
        in_shadow = at.is_shadow
        planned = ledger_frames.planned_documents(
            at.connections.ledger,
            location_code=at.store_day.location_code,
            day=at.store_day.day,
        )
    sale_lines, refund_lines = split_lines(
        at.frame("raw_invoices", columns=TO_SPLIT), with_shadow=in_shadow
    )
    # Read again rather than held: of a large day the lines and both their sides are much memory.
    to_split = at.frame("raw_invoices", columns=TO_COUNT)
    complete = every_line_split_once(
        to_split, sale_lines, refund_lines, planned=planned, in_shadow=in_shadow
    )
    return (
        _line_set("sale_lines", sale_lines, [complete]),
        _line_set("refund_lines", refund_lines, []),
    )


def _line_set(name: str, lines: pd.DataFrame, results: list[dg.AssetCheckResult]) -> Frame:
    return dg.MaterializeResult(
        asset_key=name,
        value=lines,
        metadata={
            "documents": lines["external_id"].nunique(),
            "amount": amount(column_total(lines, "amount")),
            "lines": table(lines),
        },
        check_results=results,
    )
