"""The figures that Prometheus collects: each says what the ledger and the other systems say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.selection import Selection
from ipos_pipeline.domain.store_day_proof import Side
from ipos_pipeline.ledger.counters import INVOICES_LANDED, NETSUITE_REFUSED
from ipos_pipeline.ledger.schema import metadata
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.measuring import Watched, measure
from ipos_pipeline.steps.resolving import By
from ipos_pipeline.steps.scraping import LedgerCollector
from ipos_pipeline.steps.withdrawing import withdraw
from ipos_pipeline_tests.builders import (
    DAY,
    LOCATION,
    NOON,
    failure,
    keys,
    posting_entry,
    raw_invoice,
    raw_line,
    source_document,
    store_day_proof,
)
from ipos_pipeline_tests.certificates import make_tls_files
from ipos_pipeline_tests.pipeline.conftest import Pipeline
from simulators.faults import Faults

SLOTS = 4
LEASE = timedelta(minutes=10)
Figures = dict[tuple[str, ...], float]
EVERY_SCAN = ("posting_entry", "source_document", "acknowledgement", "finished_run", "event")


@pytest.fixture
def world_ledger_url(ledger_url: str) -> str:
    """On either kind of database."""
    return ledger_url


def watched(clock: Callable[[], Any], certificate_file: Path | None = None) -> Watched:
    return Watched(SLOTS, LEASE, certificate_file, clock)


def figures_of(url: str, seen: Watched) -> Figures:
    """Give what Prometheus reads: name and labels' values -> value."""
    problems: list[Exception] = []
    registry = CollectorRegistry()
    opened = LedgerCollector(lambda: LedgerStore.open_as_it_is(url), seen, tell=problems.append)
    registry.register(opened)
    text = generate_latest(registry).decode()
    assert problems == []
    return {
        (sample.name.removeprefix("ipos_pipeline_"), *_words(sample.labels)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _words(labels: Mapping[str, str]) -> list[str]:
    return [labels[name] for name in sorted(labels, key=lambda name: (name != "location", name))]


@pytest.fixture
def figures(pipeline: Pipeline, ledger_url: str) -> Callable[[], Figures]:
    return lambda: figures_of(ledger_url, watched(pipeline.world.clock))


def test_after_a_run_the_figures_are_those_of_its_day(
    pipeline: Pipeline, figures: Callable[[], Figures]
) -> None:
    pipeline.world.ipos.add_invoices(
        [
            raw_invoice(),
            raw_invoice(raw_line(PrimaryBarcode="999"), InvNo=10379),
            raw_invoice(InvNo=10380, InvDate="some day"),
        ]
    )
    pipeline.run()

    found = figures()

    assert found["up",] == 1
    assert found["documents_posted_total", LOCATION, "cashSale"] == 1
    assert found["invoices_landed_total", LOCATION] == 2
    assert found["quarantined_invoices", LOCATION] == 1
    assert found["entries", LOCATION, "rejected"] == 1
    assert found["entries", LOCATION, "pending"] == 0
    assert found["open_errors", LOCATION, "unknown_item"] == 1
    assert found["open_errors", LOCATION, "malformed_invoice"] == 1
    sold_at = NOON.replace(hour=7, minute=7, second=33).timestamp()
    assert found["oldest_unposted_timestamp_seconds", LOCATION, "rejected"] == sold_at
    assert ("oldest_unposted_timestamp_seconds", LOCATION, "pending") not in found
    assert found["acknowledgements_due", LOCATION] == 0
    assert found["last_look_timestamp_seconds", LOCATION] == pytest.approx(NOON.timestamp(), abs=60)
    assert ("last_sync_timestamp_seconds", LOCATION, "cashSale") not in found
    assert found["netsuite_slots",] == SLOTS
    assert found["netsuite_slots_in_use",] == 0


def test_every_request_that_netsuite_answered_is_counted_once(
    pipeline: Pipeline, figures: Callable[[], Figures]
) -> None:
    """Also what a run asks after its last claim; a token is asked for elsewhere."""
    pipeline.world.netsuite.faults = Faults(
        throttled=1.0, only="POST /services/rest/record", faults_max=3
    )
    pipeline.world.ipos.add_invoices([raw_invoice(InvNo=number) for number in range(1, 6)])

    pipeline.run()
    first = figures()
    pipeline.run()

    asked = [one for one in pipeline.world.netsuite.requests if "oauth2" not in one.path]
    assert first["netsuite_refused_total",] == 3
    assert figures()["netsuite_requests_total",] == len(asked) > first["netsuite_requests_total",]


def test_a_withdrawn_document_takes_nothing_off_the_counter(
    pipeline: Pipeline, connections: Connections, figures: Callable[[], Figures]
) -> None:
    """To Prometheus a counter that falls is a restart, after which everything counts anew."""
    pipeline.world.ipos.add_invoices([raw_invoice()])
    pipeline.run()
    everything = Selection(everything=True)

    work = withdraw(
        connections.netsuite, connections.ledger, everything, By("amna", "test sale", NOON)
    )
    (verdict,) = connections.wait_for(work)

    assert verdict.applies
    found = figures()
    assert found["documents_posted_total", LOCATION, "cashSale"] == 1
    assert found["entries", LOCATION, "withdrawn"] == 1


def test_slots_in_use_are_those_of_living_runs_and_no_more_than_there_are(
    ledger: LedgerStore, ledger_url: str
) -> None:
    three, six = (_planned(ledger, count) for count in (3, 6))
    with ledger.write("run-1") as work:
        work.entries.claim(three, run="run-1", at=NOON)
    few = figures_of(ledger_url, watched(lambda: NOON))
    with ledger.write("run-2") as work:
        work.entries.claim(six, run="run-2", at=NOON)
    many = figures_of(ledger_url, watched(lambda: NOON))
    later = figures_of(ledger_url, watched(lambda: NOON + LEASE))

    assert [one["netsuite_slots_in_use",] for one in (few, many, later)] == [3, SLOTS, 0]
    assert [one["posting_runs",] for one in (few, many, later)] == [1, 2, 0]


def test_closed_days_without_a_whole_proof_are_counted_and_today_is_not(
    ledger: LedgerStore, ledger_url: str
) -> None:
    with ledger.write("run-1") as work:
        for days in range(5):
            work.store_days.note_list(
                LOCATION, DAY - timedelta(days=days), shown_documents=2, at=NOON
            )
        work.proofs.keep(store_day_proof(business_date=DAY - timedelta(days=1)))
        work.proofs.keep(store_day_proof(business_date=DAY - timedelta(days=2), netsuite=Side()))

    found = figures_of(ledger_url, watched(lambda: NOON))

    assert found["unproved_store_days", LOCATION, "not_reconciled"] == 2
    assert found["unproved_store_days", LOCATION, "differs"] == 1


def test_the_end_of_the_certificate_is_told_where_its_file_is_known(
    ledger: LedgerStore, ledger_url: str, tmp_path: Path
) -> None:
    ends_at = NOON + timedelta(days=20)
    file = make_tls_files(tmp_path, ends_at=ends_at).certificate
    name = ("netsuite_certificate_end_timestamp_seconds",)

    assert figures_of(ledger_url, watched(lambda: NOON, file))[name] == ends_at.timestamp()
    file.write_text("no certificate")
    assert name not in figures_of(ledger_url, watched(lambda: NOON, file))
    assert name not in figures_of(ledger_url, watched(lambda: NOON))
    ledger.close()


def test_counters_add_up_over_transactions_and_locations(ledger: LedgerStore) -> None:
    for location_code, count in (("DXB01", 2), ("AUH01", 1), ("DXB01", 3)):
        with ledger.write("run-1") as work:
            work.counters.add(INVOICES_LANDED, count, location_code=location_code)
            work.counters.add(NETSUITE_REFUSED, 0)

    with ledger.read() as work:
        found = {one.location_code: one.value for one in work.counters.all()}
    assert found == {"DXB01": 5, "AUH01": 1}


def test_a_look_reads_no_table_of_what_was_ever_posted(sqlite_url: str) -> None:
    """It is asked for every minute, of a ledger that only grows: what is open has its own index."""
    ledger = LedgerStore.open(sqlite_url)
    _planned(ledger, 3)
    asked: list[tuple[str, Any]] = []
    sqlalchemy.event.listen(
        ledger._engine,
        "before_cursor_execute",
        lambda _c, _u, statement, parameters, *_: asked.append((statement, parameters)),
    )
    with ledger.read() as work:
        list(measure(work, watched(lambda: NOON)))
        queries = [one for one in asked if one[0].startswith("SELECT")]
        plans = [
            f"{row[3]}  in  {statement}"
            for statement, parameters in queries
            for row in work.counters._connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", parameters
            )
        ]
    ledger.close()

    assert len(queries) >= 10
    partial = {str(one.name) for table in metadata.tables.values() for one in table.indexes}
    whole = [
        plan
        for plan in plans
        if plan.startswith(tuple(f"SCAN {table}" for table in EVERY_SCAN))
        and not any(f"INDEX {name}" in plan for name in partial if name.endswith(PARTIAL))
    ]
    assert whole == []


PARTIAL = ("_not_posted", "_sending", "_due", "_not_closed", "_queued")


def _planned(ledger: LedgerStore, count: int) -> list[Any]:
    """Land and plan some invoices that the ledger does not know yet."""
    with ledger.write("test") as work:
        known = sum(work.figures.entries().values())
        some = [f"IPOS-{known}-{key}" for key in keys(count)]
        work.documents.add([source_document(key) for key in some])
        entries = [posting_entry(f"{key}-CS", document_key=key) for key in some]
        work.entries.plan(entries, at=NOON)
        work.errors.fail(failure(entries[0].external_id), at=NOON)
    return entries
