"""What closes a store-day: IPOS hears of it, errors are listed, three sides are compared."""

import dagster as dg
import pandas as pd

from ipos_pipeline.clients.netsuite_requests import NETSUITE
from ipos_pipeline.defs.dates import keep_dates_shown
from ipos_pipeline.defs.day_page import PAGE_EVERY, chart_of, is_written_since, page_of, write_day
from ipos_pipeline.defs.dry_run import seen_dry
from ipos_pipeline.defs.posting_checks import all_acknowledged, all_items_known, all_mails_sent
from ipos_pipeline.defs.proof_checks import checks_of_proof
from ipos_pipeline.defs.reporting import Metadata, counts, table
from ipos_pipeline.defs.resources import Frame, clear_failures
from ipos_pipeline.defs.store_day_run import StoreDayRun
from ipos_pipeline.defs.telling import TOLD_PER_RUN, tell_nobody, tell_people
from ipos_pipeline.domain.failed_run import pipeline_system
from ipos_pipeline.domain.store_day_proof import StoreDayProof
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.settings.configuration_records import ConfigurationRecords
from ipos_pipeline.steps import ledger_frames
from ipos_pipeline.steps.acknowledging import Acknowledged, acknowledge_store_day
from ipos_pipeline.steps.comparing_sums import proof_that_stands
from ipos_pipeline.steps.reconciling import keep_proof, reconcile_store_day
from ipos_pipeline.steps.watching_outages import note_recovery


def acknowledgements(at: StoreDayRun) -> Frame:
    """Which invoices IPOS has been told of: only those of which NetSuite has everything."""
    connections, is_dry = at.connections, at.is_dry
    code, day = at.store_day.location_code, at.store_day.day
    with clear_failures(connections, run=at.run_id):
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
                    run=at.run_id,
                    clock=connections.clock,
                )
            )
        frame = ledger_frames.acknowledgements(connections.ledger, location_code=code, day=day)
    complete = all_acknowledged(frame)
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "dry_run": is_dry,
            "acknowledged": int(frame["acknowledged_at"].notna().sum()),
            "confirmed_by_this_run": done.confirmed,
            "refused_by_this_run": done.refused,
            "dagster/row_count": len(frame),
            "invoices": table(frame),
        },
        check_results=[seen_dry(complete) if is_dry else complete],
    )


def integration_errors(at: StoreDayRun) -> Frame:
    """What is open for the store-day: one row for each document and stage, with what to do.

    What people do not know of it yet is mailed, and NetSuite's Integration Log brought up to date.
    """
    store_day, connections, is_dry = at.store_day, at.connections, at.is_dry
    with clear_failures(connections, run=at.run_id):
        told = (
            tell_nobody(connections)
            if is_dry
            else tell_people(
                connections,
                run=at.run_id,
                count_max=TOLD_PER_RUN,
                concerns=lambda error: error.store_day == (store_day.location_code, store_day.day),
            )
        )
        frame = ledger_frames.open_errors(
            connections.ledger, location_code=store_day.location_code, day=store_day.day
        )
    results = [all_items_known(frame), all_mails_sent(told.mails)]
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "dry_run": is_dry,
            "open": len(frame),
            "by_code": counts(frame, "code"),
            **told.metadata(),
            "dagster/row_count": len(frame),
            "errors": table(frame),
        },
        check_results=[seen_dry(one) if is_dry else one for one in results],
    )


def store_day_reconciliation(at: StoreDayRun) -> Frame:
    """IPOS, ledger and NetSuite side by side, read afresh: one row for each difference."""
    store_day, connections, is_dry = at.store_day, at.connections, at.is_dry
    with clear_failures(connections, run=at.run_id):
        records = connections.records
        record = records.of(store_day.location_code)
        configuration = record.configuration
        standing = _standing_proof(at)
        proof = standing or connections.wait_for(
            reconcile_store_day(
                connections.ipos(configuration),
                connections.netsuite,
                connections.ledger,
                connections.mapping_rules(configuration),
                day=store_day.day,
                at=connections.clock(),
            )
        )
        systems = [
            NETSUITE,
            connections.ipos(configuration).system,
            PipelineError.system,
            pipeline_system(store_day.location_code),
        ]
        drawn: Metadata = {}
        if not is_dry:
            if standing is None:
                proof = keep_proof(connections.ledger, proof, run=at.run_id)
            drawn = _write_page(at, records)
            note_recovery(connections.ledger, systems, run=at.run_id, at=connections.clock())
    dates = "dry run: not written" if is_dry else keep_dates_shown(at, record)
    frame = ledger_frames.differences_frame(proof.differences)
    results = checks_of_proof(proof)
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "dry_run": is_dry,
            "dates_in_netsuite": dates,
            "day_report": dg.MetadataValue.path(page_of(connections, store_day.day)),
            **_shown(proof, frame),
            **drawn,
        },
        check_results=[seen_dry(one) if is_dry else one for one in results],
    )


def _write_page(at: StoreDayRun, records: ConfigurationRecords) -> Metadata:
    """Write the page of the day, unless others do so just now; draw the day once it is over."""
    connections, day = at.connections, at.store_day.day
    lately = connections.clock() - PAGE_EVERY
    if at.is_one_of_many or (at.is_only_new and is_written_since(connections, day, lately)):
        return {}
    report = write_day(at.instance, connections, records, day, run=at.run_id)
    return chart_of(report, at.store_day.location_code)


def _standing_proof(at: StoreDayRun) -> StoreDayProof | None:
    """Give the proof that need not be made anew, because this run only brings what is new."""
    if not at.is_only_new:
        return None
    return at.connections.wait_for(
        proof_that_stands(
            at.connections.netsuite,
            at.connections.ledger,
            location_code=at.store_day.location_code,
            day=at.store_day.day,
            at=at.connections.clock(),
        )
    )


def _shown(proof: StoreDayProof, differences: pd.DataFrame) -> Metadata:
    rules = sorted(proof.filtered_by_rule.items())
    return {
        "dagster/row_count": len(differences),
        "compared_at": dg.MetadataValue.timestamp(proof.reconciled_at),
        "is_proved": proof.is_proved,
        "shown_by_ipos": proof.shown,
        "landed": proof.landed,
        "filtered": proof.filtered,
        "filtered_by_rule": ", ".join(f"{rule}: {count}" for rule, count in rules) or "none",
        "quarantined": proof.quarantined,
        "documents_planned": proof.ledger.documents,
        "documents_posted": proof.posted_documents,
        "documents_in_netsuite": proof.netsuite.documents,
        "acknowledged": proof.acknowledged,
        "open_errors": proof.open_errors,
        "set_aside": proof.set_aside,
        "totals": table(ledger_frames.sides_frame(proof)),
        "differences": table(differences),
    }
