"""Measuring: the ledger as figures for Prometheus; nothing is kept from one look to the next.

Belongs here: what is measured, and under which name. Not here: SQL (ledger/figures.py), when and
how it is asked for (scraping.py, cli/metrics.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ipos_pipeline.domain.closing import ONE_DAY, WINDOW_DAYS, UnprovedState, last_closed_day
from ipos_pipeline.ledger.counters import (
    DOCUMENTS_POSTED,
    INVOICES_LANDED,
    NETSUITE_REFUSED,
    NETSUITE_REQUESTS,
    Counted,
)
from ipos_pipeline.ledger.entry import Status
from ipos_pipeline.ledger.store import Transaction
from ipos_pipeline.steps.checking_netsuite import certificate_end

PREFIX = "ipos_pipeline_"
NOT_POSTED = tuple(status for status in Status if status != Status.POSTED)
UNPROVED = (UnprovedState.DIFFERS, UnprovedState.NOT_RECONCILED)
Labelled = Mapping[tuple[str, ...], float]
"""Values by the words of their labels."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known beside the ledger: NetSuite's slots, when a claim is a dead run's, a file."""

    slots: int
    lease: timedelta
    certificate_file: Path | None
    clock: Callable[[], datetime]


def measure(work: Transaction, watched: Watched) -> Iterator[Metric]:
    """Measure everything at one moment of the ledger.

    Every location the ledger knows has its zeros, so that a rule can tell nothing from nobody.
    """
    now = watched.clock()
    # By UTC a day of a UAE shop is over some hours later: its night's runs had their time by then.
    closed = last_closed_day(now, ZoneInfo("UTC"))
    first_day = closed - WINDOW_DAYS * ONE_DAY
    counted, looks = work.counters.all(), work.figures.last_looks(first_day=first_day)
    known = {one.location_code for one in counted} | {code for (code,) in looks}
    locations = sorted(known - {""})
    yield from _counters(counted)
    yield from _what_is_open(work, locations)
    yield _gauge(
        "unproved_store_days",
        "Store-days of the last 60 that are over, with a proof that differs, or without one.",
        ("location", "state"),
        _with_zeros(
            work.figures.unproved_store_days(first_day, closed), _each(locations, UNPROVED)
        ),
    )
    yield _moments(
        "last_look_timestamp_seconds",
        "When IPOS was last asked what it has, by a tick or a run.",
        ("location",),
        looks,
    )
    yield _moments(
        "last_sync_timestamp_seconds",
        "When a run last left no document of a kind unposted.",
        ("location", "record_type"),
        work.figures.last_syncs(locations),
    )
    yield from _slots(work, watched, now)
    yield from _certificate(watched.certificate_file)


def _counters(counted: Iterable[Counted]) -> Iterator[Metric]:
    values = {(one.name, one.location_code, one.kind): one.value for one in counted}
    posted = CounterMetricFamily(
        PREFIX + "documents_posted",
        "Cash sales and refunds settled as posted.",
        labels=("location", "record_type"),
    )
    landed = CounterMetricFamily(
        PREFIX + "invoices_landed", "Invoices landed for the first time.", labels=("location",)
    )
    for (name, location_code, kind), value in sorted(values.items()):
        if name == DOCUMENTS_POSTED:
            posted.add_metric((location_code, kind), value)
        elif name == INVOICES_LANDED:
            landed.add_metric((location_code,), value)
    yield from (posted, landed)
    for name, meaning in (
        (NETSUITE_REQUESTS, "Requests that NetSuite has answered."),
        (NETSUITE_REFUSED, "Those it refused because too many were under way (429)."),
    ):
        yield CounterMetricFamily(PREFIX + name, meaning, value=values.get((name, "", ""), 0))


def _what_is_open(work: Transaction, locations: Iterable[str]) -> Iterator[Metric]:
    figures, codes = work.figures, _each(locations)
    by_status = _with_zeros(figures.entries(), _each(locations, NOT_POSTED))
    yield _gauge("entries", "Documents not posted.", ("location", "status"), by_status)
    yield _moments(
        "oldest_unposted_timestamp_seconds",
        "When the oldest invoice was sold that has a document of this status.",
        ("location", "status"),
        figures.oldest_unposted(),
    )
    meaning = "Errors that are open, by NetSuite's code or ours."
    yield _gauge("open_errors", meaning, ("location", "code"), figures.open_errors())
    for name, meaning, by_location in (
        ("quarantined_invoices", "Invoices that cannot be read.", figures.quarantined()),
        (
            "acknowledgements_due",
            "Invoices that are in NetSuite and of which IPOS is still to hear.",
            figures.acknowledgements_due(),
        ),
    ):
        yield _gauge(name, meaning, ("location",), _with_zeros(by_location, codes))
    yield _gauge("mails_due", "Mails that no server has taken.", (), {(): work.mails.queued()[0]})


def _slots(work: Transaction, watched: Watched, now: datetime) -> Iterator[Metric]:
    """Tell the slots that runs may fill now: a claimed document is sent as soon as one is free."""
    sending = work.figures.sending(claimed_after=now - watched.lease)
    runs = work.runs.posting(claimed_after=now - watched.lease)
    for name, meaning, value in (
        ("posting_runs", "Runs that are posting.", len(runs)),
        (
            "netsuite_slots_in_use",
            "Requests of posting runs in flight: claimed documents, up to the slots there are.",
            min(sending, watched.slots),
        ),
        ("netsuite_slots", "Requests in flight that NETSUITE_CONCURRENCY allows.", watched.slots),
    ):
        yield _gauge(name, meaning, (), {(): value})


def _certificate(file: Path | None) -> Iterator[Metric]:
    """Tell when NetSuite's certificate ends; of a file that cannot be read nothing is told."""
    if file is None:
        return
    try:
        ends_at = certificate_end(file)
    except (OSError, ValueError):
        return
    name, meaning = "netsuite_certificate_end_timestamp_seconds", "When the certificate ends."
    yield _moments(name, meaning, (), {(): ends_at})


def _gauge(name: str, meaning: str, labels: tuple[str, ...], values: Labelled) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, meaning, labels=labels)
    for words, value in sorted(values.items()):
        family.add_metric(words, value)
    return family


def _moments(
    name: str,
    meaning: str,
    labels: tuple[str, ...],
    moments: Mapping[tuple[str, ...], datetime],
) -> Metric:
    seconds = {words: at.astimezone(UTC).timestamp() for words, at in moments.items()}
    return _gauge(name, meaning, labels, seconds)


def _each(*words: Iterable[str]) -> list[tuple[str, ...]]:
    return [tuple(map(str, one)) for one in product(*words)]


def _with_zeros(values: Labelled, keys: Iterable[tuple[str, ...]]) -> Labelled:
    return dict.fromkeys(keys, 0.0) | dict(values)
