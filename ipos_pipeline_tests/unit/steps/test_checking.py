"""What is seen of each dependency, and what is said about it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ipos_pipeline.clients.mail import MailServer
from ipos_pipeline.domain.finding import Finding, Seen, Verdict, ok
from ipos_pipeline.errors import ConfigurationError, TransientError
from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.ledger.versions import SCHEMA_VERSION
from ipos_pipeline.steps.checking_connections import (
    Probe,
    ask_data_folder,
    ask_ledger,
    ask_mail_server,
    ledger_seen,
    mail_seen,
    run_probes,
)
from ipos_pipeline.steps.checking_locations import REFERENCES, ipos_seen, references_seen
from ipos_pipeline.steps.checking_netsuite import (
    Needed,
    ask_certificate,
    certificate_seen,
    refused,
    table_seen,
)
from ipos_pipeline_tests.builders import configuration
from ipos_pipeline_tests.certificates import make_tls_files
from ipos_pipeline_tests.simulated_time import SimulatedTimeLoop

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
OK, WARNING, FAILED = Verdict.OK, Verdict.WARNING, Verdict.FAILED


def run(*probes: Probe, timeout_seconds: float = 5) -> tuple[list[Finding], list[str]]:
    """Run probes; give the findings, and the order in which they were told."""
    told: list[str] = []
    with asyncio.Runner(loop_factory=SimulatedTimeLoop) as runner:
        found = runner.run(
            run_probes(
                probes,
                on_done=lambda one: told.append(one.dependency),
                timeout_seconds=timeout_seconds,
            )
        )
    return found, told


def probe(name: str, *, seconds: float = 0, error: Exception | None = None) -> Probe:
    async def ask() -> Seen:
        await asyncio.sleep(seconds)
        if error is not None:
            raise error
        return ok("fine")

    return Probe(name, "ask", ask)


def test_one_probe_that_fails_hangs_or_breaks_hides_no_other() -> None:
    found, told = run(
        probe("hangs", seconds=60),
        probe("fails", error=TransientError("no answer", recovery="wait")),
        probe("breaks", error=KeyError("s3cr3t")),
        probe("works", seconds=0.01),
        timeout_seconds=0.2,
    )
    assert [one.dependency for one in found] == ["hangs", "fails", "breaks", "works"]
    assert [one.seen.verdict for one in found] == [FAILED, FAILED, FAILED, OK]
    assert told[-1] == "hangs"
    assert "0.2 seconds" in found[0].seen.message
    assert found[1].seen == Seen(FAILED, "no answer", "wait")
    assert "s3cr3t" not in str(found[2])


@pytest.mark.parametrize(
    ("version", "on_sqlite", "on_postgresql"),
    [
        (None, OK, OK),
        (SCHEMA_VERSION, OK, OK),
        ("0001", WARNING, FAILED),
        ("9999", FAILED, FAILED),
    ],
)
def test_a_ledger_is_judged_by_its_version(
    version: str | None, on_sqlite: Verdict, on_postgresql: Verdict
) -> None:
    """A server's ledger is upgraded by a person, since others may work on it; a file by the run."""
    assert ledger_seen(version, "sqlite:///ledger.db").verdict == on_sqlite
    assert ledger_seen(version, "postgresql://host/ledger").verdict == on_postgresql


def test_a_look_at_a_ledger_makes_no_tables_and_changes_no_version(ledger_url: str) -> None:
    empty = asyncio.run(ask_ledger(ledger_url))
    assert "the first run makes version" in empty.message
    assert "the first run makes version" in asyncio.run(ask_ledger(ledger_url)).message
    LedgerStore.open(ledger_url).close()
    assert asyncio.run(ask_ledger(ledger_url)).message.endswith(f"version {SCHEMA_VERSION}.")


def test_a_ledger_that_cannot_be_opened_shows_no_password() -> None:
    url = "postgresql+psycopg2://ipos:pa55word@127.0.0.1:9/ledger"
    with pytest.raises(TransientError, match="cannot be opened") as caught:
        asyncio.run(ask_ledger(url))
    assert "pa55word" not in caught.value.message


def test_a_file_that_is_no_ledger_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("no database, but long enough to be taken for a file" * 20)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        asyncio.run(ask_ledger(f"sqlite:///{tmp_path / 'ledger.db'}"))


def test_a_data_folder_is_written_to_and_left_as_it_was(tmp_path: Path) -> None:
    assert asyncio.run(ask_data_folder(tmp_path)).verdict == OK
    later = asyncio.run(ask_data_folder(tmp_path / "not" / "there"))
    assert "first run can make it" in later.message
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    seen = asyncio.run(ask_data_folder(file))
    assert seen.verdict == FAILED
    assert "IPOS_PIPELINE_DATA_DIR" in seen.advice


def test_no_mail_server_is_a_warning() -> None:
    assert asyncio.run(ask_mail_server(None)).verdict == WARNING


@pytest.mark.parametrize(
    ("server", "verdict"),
    [
        (MailServer("h", 25, "none"), OK),
        (MailServer("h", 587, "starttls", "user", "p"), OK),
        (MailServer("h", 25, "none", "user", "p"), WARNING),
    ],
)
def test_a_password_without_encryption_is_a_warning(server: MailServer, verdict: Verdict) -> None:
    assert mail_seen(server).verdict == verdict


@pytest.mark.parametrize(
    ("left", "verdict"),
    [
        (timedelta(days=61), OK),
        (timedelta(days=60), WARNING),
        (timedelta(hours=1), WARNING),
        (timedelta(0), FAILED),
        (timedelta(days=-400), FAILED),
    ],
)
def test_a_certificate_is_judged_by_the_time_it_has_left(left: timedelta, verdict: Verdict) -> None:
    assert certificate_seen(NOW + left, NOW).verdict == verdict


def test_the_end_of_a_certificate_is_read_from_its_file(tmp_path: Path) -> None:
    files = make_tls_files(tmp_path, ends_at=NOW + timedelta(days=30))
    assert "in 30 days" in asyncio.run(ask_certificate(files.certificate, NOW)).message
    assert asyncio.run(ask_certificate(files.key, NOW)).verdict == FAILED
    assert asyncio.run(ask_certificate(tmp_path / "absent", NOW)).verdict == FAILED
    assert asyncio.run(ask_certificate(None, NOW)).verdict == WARNING


def test_an_empty_table_is_a_warning_only_where_there_must_be_something() -> None:
    filled, other = Needed("item", "Lists > Items (View)", filled=True), Needed("log", "Any")
    assert table_seen(filled, has_row=True).verdict == OK
    assert table_seen(filled, has_row=False).verdict == WARNING
    assert "Lists > Items" in table_seen(filled, has_row=False).advice
    assert table_seen(other, has_row=False).verdict == OK


def test_a_refused_table_names_the_permission_and_what_else_it_may_be() -> None:
    assert "NETSUITE_ITEM_FIELD" in refused(Needed("item", "Lists > Items"), "no").advice
    assert "Lists > Items" in refused(Needed("item", "Lists > Items"), "no").advice
    assert "create it" in refused(Needed("customrecord_x", "Any"), "no").advice


def all_known(**inactive: bool) -> dict[str, dict[str, bool]]:
    """Say that everything the builder's record refers to exists."""
    record = configuration()
    return {
        one.table: {getattr(record, one.field): inactive.get(one.field, False)}
        for one in REFERENCES
    }


def test_references_that_exist_and_are_active_are_fine() -> None:
    assert references_seen(configuration(), all_known()).verdict == OK


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda one: one.field)
def test_each_reference_that_is_missing_or_inactive_is_named(reference) -> None:  # noqa: ANN001
    record = configuration(subsidiary="2")
    inactive = references_seen(
        record,
        {
            **all_known(),
            "subsidiary": {"2": False},
            reference.table: {getattr(record, reference.field): True},
        },
    )
    missing = references_seen(
        record, {**all_known(), "subsidiary": {"2": False}, reference.table: {}}
    )
    assert (inactive.verdict, missing.verdict) == (FAILED, FAILED)
    assert f"{reference.name} {getattr(record, reference.field)} is inactive" in inactive.message
    assert f"{reference.name} {getattr(record, reference.field)} does not exist" in missing.message


def test_a_list_that_cannot_be_read_is_a_warning_because_posting_may_work() -> None:
    known = {**all_known(), "account": ConfigurationError("Record 'account' was not found.")}
    seen = references_seen(configuration(), known)
    assert seen.verdict == WARNING
    assert "Record 'account' was not found." in seen.message


@pytest.mark.parametrize(
    ("seconds", "verdict", "said"),
    [
        (None, OK, "3 invoices"),
        (60, OK, "3 invoices"),
        (61, WARNING, "61 seconds ahead of ours"),
        (-61, WARNING, "61 seconds behind ours"),
    ],
)
def test_a_clock_more_than_a_minute_off_is_a_warning(
    seconds: int | None, verdict: Verdict, said: str
) -> None:
    seen = ipos_seen(3, None if seconds is None else timedelta(seconds=seconds))
    assert seen.verdict == verdict
    assert said in seen.message
