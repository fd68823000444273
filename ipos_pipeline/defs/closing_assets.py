"""What closes a store-day: IPOS hears of it, errors are listed, three sides are compared."""

import dagster as dg

from ipos_pipeline.clients.netsuite import NETSUITE
from ipos_pipeline.defs import checks
from ipos_pipeline.defs.dates import keep_dates_shown
from ipos_pipeline.defs.dry_run import is_dry_run, seen_dry
from ipos_pipeline.defs.partitions import StoreDay
from ipos_pipeline.defs.reporting import amount, counts, table
from ipos_pipeline.defs.resources import Frame, Opened, clear_failures
from ipos_pipeline.defs.telling import TOLD_PER_RUN, tell_nobody, tell_people
from ipos_pipeline.domain.failed_run import pipeline_system
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.steps import ledger_frames
from ipos_pipeline.steps.acknowledging import Acknowledged, acknowledge_store_day
from ipos_pipeline.steps.reconciling import reconcile_store_day
from ipos_pipeline.steps.watching_outages import note_recovery


def acknowledgements(context: dg.AssetExecutionContext, connections: Opened) -> Frame:
    """Which invoices IPOS has been told of: only those of which NetSuite has everything."""
    store_day = StoreDay.of(context.partition_key)
    code, day = store_day.location_code, store_day.day
    is_dry = is_dry_run(context)
    with clear_failures(connections, run=context.run.run_id):
        configuration = connections.configuration(code)
        done = Acknowledged()
        if not is_dry:
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
    complete = checks.all_acknowledged(frame)
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "dry_run": is_dry,
            "acknowledged": int(frame["acknowledged_at"].notna().sum()),
            "confirmed_by_this_run": done.confirmed,
            "refused_by_this_run": done.refused,
            "invoices": table(frame),
        },
        check_results=[seen_dry(complete) if is_dry else complete],
    )


def integration_errors(context: dg.AssetExecutionContext, connections: Opened) -> Frame:
    """What is open for the store-day: one row for each document and stage, with what to do.

    What people do not know of it yet is mailed, and NetSuite's Integration Log brought up to date.
    """
    store_day = StoreDay.of(context.partition_key)
    is_dry = is_dry_run(context)
    with clear_failures(connections, run=context.run.run_id):
        told = (
            tell_nobody(connections)
            if is_dry
            else tell_people(
                connections,
                run=context.run.run_id,
                count_max=TOLD_PER_RUN,
                concerns=lambda error: error.store_day == (store_day.location_code, store_day.day),
            )
        )
        frame = ledger_frames.open_errors(
            connections.ledger, location_code=store_day.location_code, day=store_day.day
        )
    mailed = checks.all_mails_sent(told.mails)
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "dry_run": is_dry,
            "open": len(frame),
            "by_code": counts(frame, "code"),
            **told.metadata(),
            "errors": table(frame),
        },
        check_results=[seen_dry(mailed) if is_dry else mailed],
    )


def store_day_reconciliation(context: dg.AssetExecutionContext, connections: Opened) -> Frame:
    """IPOS, ledger and NetSuite side by side, read afresh: one row for each difference."""
    store_day = StoreDay.of(context.partition_key)
    is_dry = is_dry_run(context)
    with clear_failures(connections, run=context.run.run_id):
        record = connections.record(store_day.location_code)
        configuration = record.configuration
        found = connections.wait_for(
            reconcile_store_day(
                connections.ipos(configuration),
                connections.netsuite,
                connections.ledger,
                configuration=configuration,
                profile=connections.profile(configuration),
                day=store_day.day,
                seen_at=connections.clock(),
            )
        )
        systems = [
            NETSUITE,
            connections.ipos(configuration).system,
            PipelineError.system,
            pipeline_system(store_day.location_code),
        ]
        if not is_dry:
            note_recovery(
                connections.ledger, systems, run=context.run.run_id, at=connections.clock()
            )
    dates = "dry run: not written" if is_dry else keep_dates_shown(context, connections, record)
    frame = ledger_frames.differences_frame(found.differences)
    proof = checks.totals_match_netsuite(found, frame)
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "dry_run": is_dry,
            "dates_in_netsuite": dates,
            "shown_by_ipos": found.shown_invoices,
            "landed": found.landed_invoices,
            "filtered": found.filtered_invoices,
            "filtered_by_rule": ", ".join(
                f"{rule}: {count}" for rule, count in sorted(found.filtered_by_rule.items())
            )
            or "none",
            "documents_planned": found.planned_documents,
            "documents_posted": found.posted_documents,
            "documents_in_netsuite": found.found_documents,
            "acknowledged": found.acknowledged_invoices,
            "open_errors": found.open_errors,
            "set_aside": found.set_aside,
            "ipos_total": amount(found.ipos_total),
            "ledger_total": amount(found.ledger_total),
            "netsuite_total": amount(found.netsuite_total),
            "number_gaps": "; ".join(found.number_gaps) or "none",
            "differences": table(frame),
        },
        check_results=[seen_dry(proof) if is_dry else proof],
    )
