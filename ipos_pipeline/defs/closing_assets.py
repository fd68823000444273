"""What closes a store-day: IPOS hears of it, errors are listed, three sides are compared."""

import dagster as dg

from ipos_pipeline.clients.netsuite import NETSUITE
from ipos_pipeline.defs import checks
from ipos_pipeline.defs.partitions import StoreDay
from ipos_pipeline.defs.reporting import amount, table
from ipos_pipeline.defs.resources import Frame, Opened, clear_failures
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.steps import ledger_frames
from ipos_pipeline.steps.acknowledging import acknowledge_store_day
from ipos_pipeline.steps.reconciling import reconcile_store_day
from ipos_pipeline.steps.watching_outages import note_recovery


def acknowledgements(context: dg.AssetExecutionContext, connections: Opened) -> Frame:
    """Which invoices IPOS has been told of: only those of which NetSuite has everything."""
    store_day = StoreDay.of(context.partition_key)
    code, day = store_day.location_code, store_day.day
    with clear_failures(connections, run=context.run.run_id):
        configuration = connections.configuration(code)
        done = connections.wait_for(
            acknowledge_store_day(
                connections.ipos(configuration),
                connections.ledger,
                profile=connections.profile(configuration),
                location_code=code,
                day=day,
                run=context.run.run_id,
                clock=connections.clock,
            )
        )
        frame = ledger_frames.acknowledgements(connections.ledger, location_code=code, day=day)
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "acknowledged": int(frame["acknowledged_at"].notna().sum()),
            "confirmed_by_this_run": done.confirmed,
            "refused_by_this_run": done.refused,
            "invoices": table(frame),
        },
        check_results=[checks.all_acknowledged(frame)],
    )


def integration_errors(context: dg.AssetExecutionContext, connections: Opened) -> Frame:
    """What is open for the store-day: one row for each document and stage, with what to do."""
    store_day = StoreDay.of(context.partition_key)
    with clear_failures(connections, run=context.run.run_id):
        frame = ledger_frames.open_errors(
            connections.ledger, location_code=store_day.location_code, day=store_day.day
        )
    by_code = frame.groupby("code").size().to_dict()
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "open": len(frame),
            "by_code": ", ".join(f"{code}: {n}" for code, n in by_code.items()) or "none",
            "errors": table(frame),
        },
    )


def store_day_reconciliation(context: dg.AssetExecutionContext, connections: Opened) -> Frame:
    """IPOS, ledger and NetSuite side by side, read afresh: one row for each difference."""
    store_day = StoreDay.of(context.partition_key)
    with clear_failures(connections, run=context.run.run_id):
        configuration = connections.configuration(store_day.location_code)
        found = connections.wait_for(
            reconcile_store_day(
                connections.ipos(configuration),
                connections.netsuite,
                connections.ledger,
                configuration=configuration,
                profile=connections.profile(configuration),
                day=store_day.day,
            )
        )
        systems = [NETSUITE, connections.ipos(configuration).system, PipelineError.system]
        note_recovery(connections.ledger, systems, run=context.run.run_id, at=connections.clock())
    frame = ledger_frames.differences_frame(found.differences)
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "shown_by_ipos": found.shown_invoices,
            "landed": found.landed_invoices,
            "filtered": found.filtered_invoices,
            "documents_planned": found.planned_documents,
            "documents_posted": found.posted_documents,
            "documents_in_netsuite": found.found_documents,
            "acknowledged": found.acknowledged_invoices,
            "open_errors": found.open_errors,
            "ipos_total": amount(found.ipos_total),
            "ledger_total": amount(found.ledger_total),
            "netsuite_total": amount(found.netsuite_total),
            "differences": table(frame),
        },
        check_results=[checks.totals_match_netsuite(found, frame)],
    )
