"""What the pages of the Dagster UI cost where 400 shops have traded for two years.

Run it with `python -m benchmarks.ui_queries` in the top folder of a clone; needs Chromium. A real
browser opens each page, and what it asks for is noted. A server that was just started is then asked
the same again, query by query, so that the seconds are the server's alone. What a page gets through
its web socket (the log of a run) and what the browser makes of the answers is not in them.

No query has a limit. The same is measured again with fewer days of partitions, which is what
`IPOS_PIPELINE_START_DATE` decides.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import httpx2
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.storage.partition_status_cache import AssetStatusCacheValue
from rich.console import Console
from rich.progress import track

from benchmarks.report import run_alone
from benchmarks.rows import Row
from benchmarks.runs import installed, run_here
from benchmarks.simulated import Scene
from ipos_pipeline.cli.store_day_runs import dagster_instance
from ipos_pipeline.defs.assets import ASSETS
from ipos_pipeline.defs.jobs import SYNC_INVOICES
from ipos_pipeline.defs.partitions import LOCATIONS, TIMEZONE, store_days
from ipos_pipeline_tests.browser import pages
from ipos_pipeline_tests.browser.chromium import MISSING, Browser, browser_on, is_installed

BENCHMARK = "ui_queries"
SHOPS, DAYS, FEWER_DAYS, LOGGED_DAYS = 400, 730, 90, 3
CLOSED_ONE_DAY_IN = 20
STORE_DAY_ASSETS = ("sale_lines", "refund_lines", *(asset.name for asset in ASSETS))
REFERENCE_ASSETS = ("ipos_configuration", "netsuite_items")
JOB = "/locations/__repository__@ipos_pipeline/jobs/sync_invoices"

ANSWER_SECONDS_MAX = 300
POLL_SECONDS = 0.2
SETTLING_SECONDS = 4.0
"""A page repeats its questions for ever; this long without another one, it is complete."""

NOTABLE_SECONDS = 0.5
"""A query that takes more than this has a row of its own."""

BYTES_IN_MB = 1_000_000
NOTE_QUESTIONS = """
window.asked = new Map();
const send = window.fetch;
window.fetch = (address, options) => {
  const answer = send(address, options);
  if (String(address).includes("/graphql")) {
    const question = options.body;
    if (!window.asked.has(question)) window.asked.set(question, false);
    answer.finally(() => window.asked.set(question, true));
  }
  return answer;
};
"""


@dataclass(frozen=True)
class Page:
    """A page, its address below the server's, and a button to press on it, if any."""

    name: str
    path: str
    button: str | None = None


@dataclass(frozen=True)
class Question:
    """A GraphQL request of a page, as its browser sent it."""

    page: str
    body: str

    @property
    def name(self) -> str:
        """The name that the UI gives to it."""
        return str(json.loads(self.body)["operationName"])


@dataclass(frozen=True)
class Answer:
    """How long the server took for a question, the first time and once more, and its size."""

    question: Question
    first_seconds: float
    again_seconds: float
    megabytes: float


@dataclass(frozen=True)
class Chain:
    """Shops that trade each day up to today, but for one day in 20, not all the same."""

    shops: Sequence[str]
    today: date
    days: int

    @property
    def first_day(self) -> date:
        """The first day of the partitions."""
        return self.today - timedelta(days=self.days - 1)

    def partition_keys(self, *, latest: int | None = None) -> list[dg.MultiPartitionKey]:
        """Name the store-days of the latest days, or of all."""
        ages = range(latest or self.days)
        return [
            dg.MultiPartitionKey({"day": str(self.today - timedelta(days=age)), "location": shop})
            for age in reversed(ages)
            for number, shop in enumerate(self.shops)
            if (age + number + 1) % CLOSED_ONE_DAY_IN
        ]


def measure(
    console: Console,
    *,
    shops: int = SHOPS,
    days: Sequence[int] = (DAYS, FEWER_DAYS),
    to_open: Callable[[], list[Page]] | None = None,
) -> list[Row]:
    """Measure each number of days on one instance; no rows where there is no browser."""
    if not is_installed():
        console.print(f"[red]{MISSING}[/]")
        return []
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        with chains(state, console, shops=shops, days=days) as known:
            for chain in known:
                remember_older_days(chain)
                console.print(f"Opening pages: {shops:,} shops, {chain.days:,} days ...")
                with web_server(state) as site:
                    questions = questions_of(site, (to_open or pages_to_open)())
                with web_server(state) as site:
                    answers = answers_to(questions, site, console)
                rows += rows_of(f"{shops:,} x {chain.days:,}", answers)
    return rows


@contextmanager
def chains(
    state: Path, console: Console, *, shops: int, days: Sequence[int]
) -> Iterator[list[Chain]]:
    """Install the product with the event log of as many shops; one chain for each number of days.

    The first four shops are those of the simulators.
    """
    today = datetime.now(ZoneInfo(TIMEZONE)).date()
    with installed(Scene(invoices=5, day=today), state) as simulated:
        names = [*simulated["locations"], *(f"SHOP{n:03d}" for n in range(1, shops + 1))][:shops]
        known = [Chain(names, today, count) for count in days]
        write_log(known[0], console)
        yield known


def write_log(chain: Chain, console: Console) -> None:
    """Write the runs and materializations of the last days into Dagster's event log.

    The newest run is a real one, of a shop that the simulators know and that is open today.
    """
    keys = chain.partition_keys(latest=min(LOGGED_DAYS, chain.days))
    with dagster_instance(os.environ) as instance:
        instance.add_dynamic_partitions(LOCATIONS, list(chain.shops))
        for name in REFERENCE_ASSETS:
            instance.report_runless_asset_event(dg.AssetMaterialization(name))
        for key in track(keys, description="Event log", console=console):
            tags = {"dagster/partition": key, "ipos/location": key.keys_by_dimension["location"]}
            instance.add_run(
                dg.DagsterRun(SYNC_INVOICES, status=dg.DagsterRunStatus.SUCCESS, tags=tags)
            )
            for name in STORE_DAY_ASSETS:
                instance.report_runless_asset_event(dg.AssetMaterialization(name, partition=key))
    run_here(chain.shops[0], day=chain.today)


def remember_older_days(chain: Chain) -> None:
    """Set the first day, and let Dagster know of all older store-days as if it had their events.

    It keeps which partitions of an asset are there beside the asset, and reads only newer events.
    Two years of 400 shops are 2.2 million events: they would take hours to write.
    """
    os.environ["IPOS_PIPELINE_START_DATE"] = chain.first_day.isoformat()
    definition = store_days(chain.first_day)
    with dagster_instance(os.environ) as instance, partition_loading_context(None, instance):
        there = definition.empty_subset().with_partition_keys(chain.partition_keys()).serialize()
        for record in instance.get_asset_records([dg.AssetKey(name) for name in STORE_DAY_ASSETS]):
            newest = record.asset_entry.last_materialization_storage_id or 0
            identity = definition.get_serializable_unique_identifier()
            status = AssetStatusCacheValue(newest, identity, there)
            instance.update_asset_cached_status_data(record.asset_entry.asset_key, status)


def pages_to_open() -> list[Page]:
    """Name the pages that people open every day."""
    with dagster_instance(os.environ) as instance:
        newest = instance.get_runs(limit=1)[0].run_id
    return [
        Page("asset graph", pages.GRAPH),
        Page("partitions of cash_sales", "/assets/cash_sales?view=partitions"),
        Page("store-days of the job", pages.STORE_DAYS),
        Page("launch dialog", JOB, button="Materialize"),
        Page("runs", pages.RUNS),
        Page("one run", f"/runs/{newest}"),
    ]


def questions_of(site: str, to_open: Sequence[Page]) -> list[Question]:
    """Open pages in a browser and note what they ask, each question once."""
    questions: list[Question] = []
    with browser_on(site) as browser:
        browser.driver.execute_cdp_cmd(
            "Page.addScriptToEvaluateOnNewDocument", {"source": NOTE_QUESTIONS}
        )
        for page in to_open:
            browser.open(page.path)
            _wait_until_complete(browser)
            if page.button:
                browser.press(page.button)
                _wait_until_complete(browser)
            asked = browser.driver.execute_script("return [...window.asked.keys()]")
            questions += [Question(page.name, body) for body in asked]
    return questions


def _wait_until_complete(browser: Browser) -> None:
    """Wait until each question had an answer, and none has been added for a while."""
    deadline = time.monotonic() + ANSWER_SECONDS_MAX
    quiet_since, known = time.monotonic(), 0
    while time.monotonic() < min(deadline, quiet_since + SETTLING_SECONDS):
        answered = browser.driver.execute_script("return [...window.asked.values()]")
        if len(answered) > known or not all(answered):
            quiet_since, known = time.monotonic(), len(answered)
        time.sleep(POLL_SECONDS)


def answers_to(questions: Sequence[Question], site: str, console: Console) -> list[Answer]:
    """Ask a server each question twice, one after the other."""
    answers = []
    with httpx2.Client(base_url=site, timeout=ANSWER_SECONDS_MAX) as client:
        for question in track(questions, description="Queries", console=console):
            first, _ = _asked(client, question)
            again, size = _asked(client, question)
            answers.append(Answer(question, first, again, size / BYTES_IN_MB))
    return answers


def _asked(client: httpx2.Client, question: Question) -> tuple[float, int]:
    """Ask; gives seconds and bytes. Raises RuntimeError for an error, which costs nothing."""
    started = time.monotonic()
    answer = client.post(
        "/graphql", content=question.body, headers={"Content-Type": "application/json"}
    )
    seconds = time.monotonic() - started
    if not answer.is_success or "errors" in answer.json():
        message = f"{question.name} of {question.page}: {answer.text[:500]}"
        raise RuntimeError(message)
    return seconds, len(answer.content)


def rows_of(size: str, answers: Sequence[Answer]) -> list[Row]:
    """Sum up each page, and name the queries that take most of its seconds."""
    rows = []
    for page in dict.fromkeys(answer.question.page for answer in answers):
        of_page = [answer for answer in answers if answer.question.page == page]
        what = f"{size}: {page}, {len(of_page)} queries"
        rows += [
            Row(BENCHMARK, f"{what}, first", sum(one.first_seconds for one in of_page), "s"),
            Row(BENCHMARK, f"{what}, again", sum(one.again_seconds for one in of_page), "s"),
            Row(BENCHMARK, f"{what}, size", sum(one.megabytes for one in of_page), "MB"),
        ]
        for name in dict.fromkeys(answer.question.name for answer in of_page):
            same = [answer.again_seconds for answer in of_page if answer.question.name == name]
            if max(same) >= NOTABLE_SECONDS:
                what = f"{size}: {page}, {len(same)} x {name}, again"
                rows.append(Row(BENCHMARK, what, sum(same), "s"))
    return rows


@contextmanager
def web_server(state: Path) -> Iterator[str]:
    """Run `dagster-webserver` as the environment says, on a free port; gives its address.

    Raises RuntimeError if it ends by itself.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = f"http://127.0.0.1:{port}"
    program = Path(sys.executable).parent / "dagster-webserver"
    with (state / "dagster-webserver.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [program, "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            while not _answers(site):
                if process.poll() is not None:
                    message = Path(log.name).read_text(encoding="utf-8")
                    raise RuntimeError(message)
                time.sleep(POLL_SECONDS)
            yield site
        finally:
            process.terminate()
            process.wait(ANSWER_SECONDS_MAX)


def _answers(site: str) -> bool:
    try:
        return httpx2.get(f"{site}/server_info").is_success
    except httpx2.TransportError:
        return False


if __name__ == "__main__":
    sys.exit(run_alone(measure))
