"""Which dependencies there are for the settings at hand, and in which order they can be looked at.

Belongs here: putting settings, clients and probes together, and Dagster's own probe. Not here: how
an answer is judged (steps/checking_*.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path

from ipos_pipeline.clients.netsuite import NetSuiteClient
from ipos_pipeline.connections import Connections
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline.domain.finding import Finding, Seen, Verdict, failed, not_tried, ok, warning
from ipos_pipeline.errors import ConfigurationError, PipelineError
from ipos_pipeline.settings.configuration_records import ConfigurationRecords
from ipos_pipeline.settings.environment import LocalSettings, Settings
from ipos_pipeline.steps.checking_connections import (
    Probe,
    ask_data_folder,
    ask_ledger,
    ask_mail_server,
    run_probes,
    seen_of,
    settings_seen,
)
from ipos_pipeline.steps.checking_locations import (
    Known,
    ask_ipos,
    read_references,
    references_seen,
)
from ipos_pipeline.steps.checking_netsuite import (
    ACCOUNTING_PERIODS,
    CONFIGURATION_RECORD,
    CONFIGURATION_TABLE,
    RECORD_TYPES,
    Needed,
    ask_certificate,
    ask_record_type,
    ask_sign_in,
    ask_table,
    tables,
)

SIGN_IN = "NetSuite sign-in"
CONFIGURATION_TRIED = "its configuration record, and what that refers to in NetSuite"
READ_RECORDS = "read the records"
IPOS_TRIED = "count today's invoices"
OnDone = Callable[[Finding], None]


def check_all(
    connections: Connections,
    environment: Mapping[str, str],
    *,
    locations: Collection[str],
    on_done: OnDone,
) -> list[Finding]:
    """Look at everything; `locations` are the codes of interest, none for all active ones."""
    settings = _settings_finding(connections)
    on_done(settings)
    is_set = settings.seen.verdict != Verdict.FAILED
    first = list(_local_probes(environment))
    if is_set:
        first += _sign_in_probes(connections)
    found = [settings, *connections.wait_for(run_probes(first, on_done=on_done))]
    if not is_set:
        missing = not_tried("Nothing was sent to NetSuite or IPOS.", "Correct the settings first.")
        return [*found, Finding("NetSuite and IPOS", "to reach them", missing)]
    is_in = any(one.dependency == SIGN_IN and one.seen.verdict == Verdict.OK for one in found)
    if is_in:
        permissions = list(_permission_probes(connections))
        found += connections.wait_for(run_probes(permissions, on_done=on_done))
    else:
        found.append(Finding("NetSuite permissions", "to read tables", _after_sign_in()))
    return [*found, *_locations(connections, locations, is_in=is_in, on_done=on_done)]


def _settings_finding(connections: Connections) -> Finding:
    try:
        settings = connections.settings
    except ConfigurationError as error:
        seen = seen_of(error)
    else:
        seen = settings_seen(settings.auth, settings.foreign_netsuite_host)
    return Finding("settings", "read all environment variables", seen)


def _local_probes(environment: Mapping[str, str]) -> Iterator[Probe]:
    """Give what needs no NetSuite; these settings may be right where others are missing."""
    try:
        local = LocalSettings.from_environment(environment)
    except ConfigurationError:
        local = None  # the line about the settings says why
    if local is not None:
        yield Probe("ledger", "open it, begin to write", partial(ask_ledger, local.ledger_url))
        yield Probe("data folder", "write a file", partial(ask_data_folder, local.data_dir))
        server = local.mail.server if local.mail else None
        ask_mail = partial(ask_mail_server, server, local.ca_file)
        yield Probe("mail server", "connect, encrypt, sign in; no mail", ask_mail)
    yield Probe("Dagster", "open the instance", partial(_ask_dagster, environment))


def _sign_in_probes(connections: Connections) -> Iterator[Probe]:
    settings: Settings = connections.settings
    if settings.oauth2 is not None:
        file = settings.certificate_file
        ask = partial(ask_certificate, file, connections.clock())
        yield Probe("NetSuite certificate", "read when it ends", ask)

    async def ask_to_be_let_in() -> Seen:
        return await ask_sign_in(connections.netsuite)

    yield Probe(SIGN_IN, f"one request by {settings.auth}", ask_to_be_let_in)


def _permission_probes(connections: Connections) -> Iterator[Probe]:
    settings, netsuite = connections.settings, connections.netsuite
    needed_tables, record_types = tables(settings.item_field), list(RECORD_TYPES)
    if settings.configuration_file is None:
        needed_tables.append(CONFIGURATION_TABLE)
        record_types.append(CONFIGURATION_RECORD)
    for table in needed_tables:
        yield _table_probe(netsuite, table)
    for record_type in record_types:
        ask = partial(ask_record_type, netsuite, record_type)
        yield Probe(f"NetSuite record {record_type.name}", "open one that is not there", ask)


def _table_probe(netsuite: NetSuiteClient, table: Needed) -> Probe:
    ask = partial(ask_table, netsuite, table)
    return Probe(f"NetSuite table {table.name}", "SuiteQL, one row", ask)


def _locations(
    connections: Connections, wanted: Collection[str], *, is_in: bool, on_done: OnDone
) -> list[Finding]:
    """Look at each location; also at those whose record is wrong or missing."""
    if not is_in and connections.settings.configuration_file is None:
        return [Finding("configuration", READ_RECORDS, _after_sign_in())]
    try:
        records = connections.records
    except PipelineError as error:
        return [Finding("configuration", READ_RECORDS, seen_of(error))]
    chosen = [
        record.configuration
        for code, record in records.usable.items()
        if not wanted or code in wanted
    ]
    found = list(_problem_findings(records, wanted))
    if not found and not chosen:
        none = warning("There is no active record.", "Make one for each location that sells.")
        found.append(Finding("configuration", READ_RECORDS, none))
    known: Known | None = None
    if is_in:
        known = connections.wait_for(read_references(connections.netsuite, chosen))
    found += [_record_finding(one, known) for one in chosen]
    for one in found:
        on_done(one)
    probes = [_ipos_probe(connections, one) for one in chosen]
    if is_in and any(one.closed_period == "first_open_day" for one in chosen):
        probes.append(_table_probe(connections.netsuite, ACCOUNTING_PERIODS))
    return [*found, *connections.wait_for(run_probes(probes, on_done=on_done))]


def _problem_findings(records: ConfigurationRecords, wanted: Collection[str]) -> Iterator[Finding]:
    """Tell of records that cannot be used, and of wanted locations that have none."""
    unusable = {one.location_code for one in records.problems}
    for problem in records.problems:
        if not wanted or problem.location_code is None or problem.location_code in wanted:
            yield Finding(problem.error.system, READ_RECORDS, seen_of(problem.error))
    for code in wanted:
        if code not in records.usable and code not in unusable:
            seen = failed("It has no active record.", "Correct the code, or make its record.")
            yield Finding(f"configuration {code}", CONFIGURATION_TRIED, seen)


def _record_finding(record: IposConfiguration, known: Known | None) -> Finding:
    if known is None:
        seen = not_tried("The record is valid; nothing was looked up.", _after_sign_in().advice)
    else:
        seen = references_seen(record, known)
    return Finding(f"configuration {record.location_code}", CONFIGURATION_TRIED, seen)


def _ipos_probe(connections: Connections, configuration: IposConfiguration) -> Probe:
    async def ask() -> Seen:
        ipos = connections.ipos(configuration)
        return await ask_ipos(ipos, configuration, connections.clock)

    return Probe(f"IPOS {configuration.location_code}", IPOS_TRIED, ask)


def _after_sign_in() -> Seen:
    return not_tried("NetSuite does not let us in.", f"Mend what {SIGN_IN} says first.")


async def _ask_dagster(environment: Mapping[str, str]) -> Seen:
    return await asyncio.to_thread(_dagster_seen, environment)


def _dagster_seen(environment: Mapping[str, str]) -> Seen:
    """Open the instance and count its runs; a folder that is not there is not made."""
    from ipos_pipeline.cli.store_day_runs import dagster_instance  # noqa: PLC0415

    home = environment.get("DAGSTER_HOME", "").strip()
    if home and not Path(home, "dagster.yaml").is_file():
        return failed(
            f"DAGSTER_HOME {home} holds no dagster.yaml.",
            "Copy dagster.yaml of this project there.",
        )
    try:
        with dagster_instance(environment) as instance:
            runs = instance.get_runs_count()
            storage = type(instance.run_storage).__name__
    except PipelineError:
        raise
    except Exception as error:  # noqa: BLE001 - Dagster and its storage raise all kinds
        return failed(
            f"The instance in {home} cannot be opened ({type(error).__name__}).",
            "Check dagster.yaml, DAGSTER_POSTGRES_URL and that its database runs.",
        )
    kind = "PostgreSQL" if "Postgres" in storage else "SQLite"
    return ok(f"The instance opens; {runs} runs in {kind}.")
