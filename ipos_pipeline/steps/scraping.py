"""Scraping: one look at the ledger for each time Prometheus asks, and an answer whatever happens.

Belongs here: a ledger that is locked, away, or of another version. Not here: what is measured
(measuring.py).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.metadata import version

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from ipos_pipeline.errors import TransientError
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.ledger.versions import SCHEMA_VERSION
from ipos_pipeline.logs import seconds_between
from ipos_pipeline.steps.measuring import PREFIX, Watched, measure

ANSWER_SECONDS_MAX = 8.0
"""Prometheus waits for 10 by default; by then it must have heard that the ledger is away."""


class LedgerCollector(Collector):
    """Asks the ledger whenever it is collected; at most one look is under way, and none is kept."""

    def __init__(
        self,
        open_ledger: Callable[[], LedgerStore],
        watched: Watched,
        *,
        tell: Callable[[Exception], None],
        answer_seconds_max: float = ANSWER_SECONDS_MAX,
    ) -> None:
        self._open_ledger = open_ledger
        self._watched = watched
        self._tell = tell
        self._answer_seconds_max = answer_seconds_max
        self._lock = threading.Lock()
        self._look: _Look | None = None

    def describe(self) -> list[Metric]:
        """Describe nothing beforehand: to be registered must not wait for the ledger."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give all figures, or that the ledger could not be read; raises nothing but tells why."""
        began = self._watched.clock()
        found: list[Metric] = []
        try:
            found = self._found()
        except Exception as error:  # noqa: BLE001 - whatever it is, Prometheus hears of it
            self._tell(error)
        yield _build()
        is_up = float(bool(found))
        yield _alone("up", "Whether the ledger could be read for this answer.", is_up)
        seconds = seconds_between(began, self._watched.clock())
        yield _alone("scrape_duration_seconds", "How long reading it took.", seconds)
        yield from found

    def _found(self) -> list[Metric]:
        """Look, or wait for the look that is under way. Raises what it raises, or TransientError.

        One that the database keeps waiting must not be joined by another every minute.
        """
        with self._lock:
            look = self._look = self._look or _Look(self._measured)
        if not look.has_ended.wait(self._answer_seconds_max):
            message = f"The ledger has not answered within {self._answer_seconds_max} s."
            raise TransientError(message)
        with self._lock:
            if self._look is look:
                self._look = None
        if look.error is not None:
            raise look.error
        return look.found

    def _measured(self) -> list[Metric]:
        with closing(self._open_ledger()) as ledger, ledger.read() as work:
            return list(measure(work, self._watched))


class _Look:
    """One look in a thread of its own, which ends with the process whatever it waits for."""

    def __init__(self, measured: Callable[[], list[Metric]]) -> None:
        self._measured = measured
        self.has_ended = threading.Event()
        self.found: list[Metric] = []
        self.error: Exception | None = None
        threading.Thread(target=self._run, name="look", daemon=True).start()

    def _run(self) -> None:
        try:
            self.found = self._measured()
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            self.error = error
        finally:
            self.has_ended.set()


def _build() -> Metric:
    named = {"version": version("ipos-pipeline"), "ledger_version": SCHEMA_VERSION}
    return InfoMetricFamily(
        PREFIX + "build", "This program, and its ledger's version.", value=named
    )


def _alone(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, meaning, value=value)
