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
from ipos_pipeline.defs.shadow import (
    NOBODY_IS_TOLD,
    NOT_WRITTEN,
    comparison_shown,
    no_differences_in_shadow,
    seen_in_shadow,
)
from ipos_pipeline.defs.store_day_run import StoreDayRun
from ipos_pipeline.defs.telling import TOLD_PER_RUN, tell_nobody, tell_people
from ipos_pipeline.domain.failed_run import pipeline_system
from ipos_pipeline.domain.shadow_comparison import ShadowComparison
from ipos_pipeline.domain.store_day_proof import StoreDayProof
from ipos_pipeline.errors import PipelineError
from ipos_pipeline.settings.configuration_records import ConfigurationRecords
from ipos_pipeline.steps import ledger_frames
from ipos_pipeline.steps.acknowledging import Acknowledged, acknowledge_store_day
from ipos_pipeline.steps.comparing_shadow import compare_shadow_day
from ipos_pipeline.steps.comparing_sums import proof_that_stands
from ipos_pipeline.steps.reconciling import keep_proof, reconcile_store_day
from ipos_pipeline.steps.watching_outages import note_recovery


def acknowledgements(at: StoreDayRun) -> Frame:
    """Which invoices IPOS has been told of: only those of which NetSuite has everything.

    In shadow only of what was posted here before; else the other script would post it again.
    """
    connections, is_dry = at.connections, at.is_dry
    code, day = at.store_day.location_code, at.store_day.day
    with clear_failures(connections, run=at.run_id):
        configuration, in_shadow = connections.configuration(code), at.is_shadow
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
    results = [all_acknowledged(frame)]
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "dry_run": is_dry,
            "shadow": in_shadow,
            "acknowledged": int(frame["acknowledged_at"].notna().sum()),
            "confirmed_by_this_run": done.confirmed,
            "refused_by_this_run": done.refused,
            "dagster/row_count": len(frame),
            "invoices": table(frame),
        },
        check_results=_seen(results, is_dry=is_dry, in_shadow=in_shadow),
    )


def integration_errors(at: StoreDayRun) -> Frame:
    """What is open for the store-day: one row for each document and stage, with what to do.

    What people do not know of it yet is mailed, and NetSuite's Integration Log brought up to date.
    """
    store_day, connections, is_dry = at.store_day, at.connections, at.is_dry
    with clear_failures(connections, run=at.run_id):
        in_shadow = at.is_shadow
        if in_shadow:
            told = tell_nobody(connections, NOBODY_IS_TOLD)
        elif is_dry:
            told = tell_nobody(connections)
        else:
            told = tell_people(
                connections,
                run=at.run_id,
                count_max=TOLD_PER_RUN,
                concerns=lambda error: error.store_day == (store_day.location_code, store_day.day),
            )
        frame = ledger_frames.open_errors(
            connections.ledger, location_code=store_day.location_code, day=store_day.day
        )
    results = [all_items_known(frame), all_mails_sent(told.mails)]
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "dry_run": is_dry,
            "shadow": in_shadow,
            "open": len(frame),
            "by_code": counts(frame, "code"),
            **told.metadata(),
            "dagster/row_count": len(frame),
            "errors": table(frame),
        },
        check_results=_seen(results, is_dry=is_dry, in_shadow=in_shadow),
    )


def store_day_reconciliation(at: StoreDayRun) -> Frame:
    """IPOS, ledger and NetSuite side by side, read afresh: one row for each difference.

    In shadow it is what would be posted beside what the other script has posted.
    """
    store_day, connections, is_dry = at.store_day, at.connections, at.is_dry
    with clear_failures(connections, run=at.run_id):
        records = connections.records
        record = records.of(store_day.location_code)
        configuration, in_shadow = record.configuration, at.is_shadow
        comparison = _compared(at) if in_shadow else None
        standing = None if in_shadow else _standing_proof(at)
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
    if in_shadow or is_dry:
        dates = NOT_WRITTEN if in_shadow else "dry run: not written"
    else:
        dates = keep_dates_shown(at, record)
    differing = () if comparison is None else comparison.differing
    frame = ledger_frames.differences_frame([*proof.differences, *differing])
    results = [*checks_of_proof(proof), no_differences_in_shadow(comparison)]
    return dg.MaterializeResult(
        value=frame,
        metadata={
            "dry_run": is_dry,
            "dates_in_netsuite": dates,
            "day_report": dg.MetadataValue.path(page_of(connections, store_day.day)),
            **_shown(proof, frame),
            **drawn,
            **({} if comparison is None else comparison_shown(comparison)),
        },
        check_results=_seen(results, is_dry=is_dry, in_shadow=in_shadow),
    )


def _seen(
    results: list[dg.AssetCheckResult], *, is_dry: bool, in_shadow: bool
) -> list[dg.AssetCheckResult]:
    """Say of checks how they were made, where that is a reason for them not to be green."""
    if in_shadow:
        return seen_in_shadow(results)
    return list(map(seen_dry, results)) if is_dry else results


def _compared(at: StoreDayRun) -> ShadowComparison:
    connections = at.connections
    configuration = connections.configuration(at.store_day.location_code)
    return connections.wait_for(
        compare_shadow_day(
            connections.netsuite,
            connections.ledger,
            connections.mapping_rules(configuration),
            day=at.store_day.day,
            item_field=connections.settings.item_field,
            at=connections.clock(),
        )
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
