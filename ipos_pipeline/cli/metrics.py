"""`ipos-pipeline metrics`: the ledger as figures, for Prometheus or to be looked at."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from functools import partial

import click
from prometheus_client import CollectorRegistry, generate_latest, start_http_server

from ipos_pipeline.cli.acting import DONE
from ipos_pipeline.cli.output import in_words, shown
from ipos_pipeline.connections import utc_now
from ipos_pipeline.errors import ConfigurationError, PipelineError
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.settings.environment import WatchSettings
from ipos_pipeline.steps.measuring import Watched
from ipos_pipeline.steps.scraping import LedgerCollector

PORT = 9464


@click.group()
def metrics() -> None:
    """Show how the ledger stands as figures for Prometheus.

    Only the ledger is read, and nothing is written: no sign-in of NetSuite or IPOS is needed. What
    each figure means and which rules to alert by: docs/operations.md, "Watching it".
    """


@metrics.command()
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at. The figures name locations and are open to whoever reaches it.",
)
def serve(port: int, host: str) -> int:
    """Answer Prometheus at http://HOST:PORT/metrics until stopped.

    A ledger that is locked or away is answered with ipos_pipeline_up 0 within 8 seconds.

    \b
    Example:
      ipos-pipeline metrics serve --port 9464
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        server, _ = start_http_server(port, host, _registry(_tell))
    except OSError as error:
        message = f"Nothing can listen at {host}:{port}: {error.strerror}."
        raise ConfigurationError(message, recovery="Give another --host or --port.") from error
    click.echo(f"Serving http://{host}:{port}/metrics", err=True)
    stop.wait()
    server.shutdown()
    return DONE


@metrics.command()
def show() -> int:
    """Print the figures once, as Prometheus reads them.

    \b
    Example:
      ipos-pipeline metrics show | grep oldest_unposted

    Exit code 0: done; 1: the ledger could not be read; 2: wrong use or settings.
    """
    problems: list[Exception] = []
    click.echo(generate_latest(_registry(problems.append)).decode(), nl=False)
    for problem in problems:
        raise problem
    return DONE


def _tell(problem: Exception) -> None:
    """Say why a look has failed; only our own errors are fit to be shown."""
    what = type(problem).__name__
    if isinstance(problem, PipelineError):
        what = in_words(problem)
    click.echo(shown(f"{utc_now():%Y-%m-%dT%H:%M:%SZ} {what}"), err=True)


def _registry(tell: Callable[[Exception], None]) -> CollectorRegistry:
    """Give a registry of the ledger alone: figures of this process are nobody's concern."""
    settings = WatchSettings.from_environment(os.environ)
    watched = Watched(
        settings.concurrency, settings.claim_lease, settings.certificate_file, utc_now
    )
    open_ledger = partial(LedgerStore.open_as_it_is, settings.ledger_url)
    registry = CollectorRegistry()
    registry.register(LedgerCollector(open_ledger, watched, tell=tell))
    return registry
