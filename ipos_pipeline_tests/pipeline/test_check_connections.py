"""`ipos-pipeline check-connections`: each dependency in each colour."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx2
import pytest
import simplejson

from ipos_pipeline.cli.connection_probes import check_all
from ipos_pipeline.domain.finding import Seen, Verdict
from ipos_pipeline_tests.builders import LOCATION
from ipos_pipeline_tests.contract.faulty import Answer, InFront
from ipos_pipeline_tests.pipeline.processes import ROOT
from ipos_pipeline_tests.repository_text import DOCS
from ipos_pipeline_tests.simulated_world import IPOS_URL, TBA, SimulatedWorld
from simulators.faults import Faults

LOG = "customrecord_ipos_integration_log"
CONFIGURATION = "customrecord_ipos_configuration"
FINE = {Verdict.OK, Verdict.WARNING}


@dataclass
class Look:
    """A way to look at a simulated world; `environment` comes on top of the world's own."""

    world: SimulatedWorld
    environment: dict[str, str]

    def __call__(
        self,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        locations: Sequence[str] = (),
        **changes: str,
    ) -> dict[str, Seen]:
        environment = {**self.environment, **changes}
        with self.world.connections(transport, **environment) as connections:
            findings = check_all(
                connections,
                {**self.world.environment, **environment},
                locations=locations,
                on_done=lambda _: None,
            )
        assert all(one.seen.advice for one in findings if one.seen.verdict != Verdict.OK)
        seen = {one.dependency: one.seen for one in findings}
        assert len(seen) == len(findings)
        return seen


@pytest.fixture
def look(world: SimulatedWorld, tmp_path: Path) -> Look:
    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copy(ROOT / "dagster.yaml", home)
    data = {"IPOS_PIPELINE_DATA_DIR": str(tmp_path / "data"), "DAGSTER_HOME": str(home)}
    return Look(world, data)


@pytest.fixture(autouse=True)
def _no_postgres(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Dagster's storage is chosen by this process's own environment (dagster.yaml)."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.delenv("DAGSTER_POSTGRES_URL", raising=False)


def failures(seen: dict[str, Seen]) -> list[str]:
    return [name for name, one in seen.items() if one.verdict not in FINE]


def test_a_world_in_order_fails_nowhere(look: Look) -> None:
    seen = look()

    assert failures(seen) == []
    warnings = [name for name, one in seen.items() if one.verdict == Verdict.WARNING]
    assert warnings == ["settings", "mail server", "NetSuite certificate"]
    assert "leads to 1234567-sb1.suitetalk.test" in seen["settings"].message


def test_nothing_is_written_to_netsuite_or_ipos(look: Look) -> None:
    look()

    assert {one.method for one in look.world.ipos.requests} == {"GET"}
    sent = {(one.method, one.path.rpartition("/")[2]) for one in look.world.netsuite.requests}
    assert {path for method, path in sent if method != "GET"} == {"token", "suiteql"}


def test_tba_needs_no_certificate(look: Look) -> None:
    seen = look(**TBA)

    assert failures(seen) == []
    assert "NetSuite certificate" not in seen
    assert "; NetSuite by tba." in seen["settings"].message


def test_each_line_of_the_command_is_in_the_runbook(look: Look) -> None:
    """An operator who sees a line must find it; `...` stands for a table or a location."""
    runbook = (DOCS / "runbook.md").read_text(encoding="utf-8")
    section = runbook.partition("\n## Is everything there?")[2].partition("\n## ")[0]
    explained = set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE))
    names = (
        look().keys()
        | look(NETSUITE_CLIENT_ID="another").keys()
        | look(NETSUITE_CLIENT_ID="").keys()
    )
    one_of_many = re.compile(r"(NetSuite table|NetSuite record|configuration|IPOS) \w+")
    kinds = {one_of_many.sub(r"\1 ...", name) for name in names}
    assert explained == kinds


def test_missing_settings_leave_what_needs_no_netsuite(look: Look) -> None:
    seen = look(NETSUITE_ACCOUNT_ID="", NETSUITE_CLIENT_ID="")

    assert "NETSUITE_ACCOUNT_ID" in seen["settings"].message
    assert "NETSUITE_CLIENT_ID" in seen["settings"].message
    assert failures(seen) == ["settings", "NetSuite and IPOS"]
    assert {seen[name].verdict for name in ("ledger", "data folder", "Dagster")} == {Verdict.OK}


def test_a_refused_sign_in_is_told_once_and_the_rest_is_not_tried(look: Look) -> None:
    seen = look(NETSUITE_CLIENT_ID="another")

    assert "NETSUITE_CERTIFICATE_ID" in seen["NetSuite sign-in"].advice
    assert failures(seen) == ["NetSuite sign-in", "NetSuite permissions", "configuration"]
    assert seen["configuration"].verdict == Verdict.NOT_TRIED


def test_a_key_that_is_none_fails_the_sign_in_and_is_not_shown(look: Look) -> None:
    seen = look(NETSUITE_PRIVATE_KEY="s3cr3t")

    assert seen["NetSuite sign-in"].verdict == Verdict.FAILED
    assert "s3cr3t" not in str(seen)


@pytest.mark.parametrize(
    ("forbidden", "failed"),
    [
        ("transaction", ["NetSuite table transaction", "NetSuite table transactionline"]),
        ("item", ["NetSuite table item"]),
        ("cashSale", ["NetSuite record cashSale"]),
        ("cashRefund", ["NetSuite record cashRefund"]),
        (LOG, [f"NetSuite table {LOG}", f"NetSuite record {LOG}"]),
        (
            CONFIGURATION,
            [
                f"NetSuite table {CONFIGURATION}",
                f"NetSuite record {CONFIGURATION}",
                "configuration",
            ],
        ),
    ],
)
def test_a_permission_that_is_missing_fails_its_own_lines_only(
    look: Look, forbidden: str, failed: list[str]
) -> None:
    look.world.netsuite.faults = Faults(forbidden=(forbidden,))

    seen = look()

    assert failures(seen) == failed
    assert all("role" in seen[name].advice for name in failed)


def test_a_list_without_permission_fails_its_table_and_leaves_a_doubt_on_the_record(
    look: Look,
) -> None:
    look.world.netsuite.faults = Faults(forbidden=("customer",))

    seen = look()

    assert failures(seen) == ["NetSuite table customer"]
    assert "customer 501" in seen[f"configuration {LOCATION}"].message


def test_accounting_periods_are_looked_at_only_for_a_location_that_posts_by_them(
    look: Look,
) -> None:
    line = "NetSuite table accountingperiod"
    look.world.netsuite.faults = Faults(forbidden=("accountingperiod",))

    assert line not in look()
    look.world.change_record(closed_period="first_open_day")
    seen = look()

    assert failures(seen) == [line]
    assert "Manage Accounting Periods" in seen[line].advice


def test_an_item_field_that_does_not_exist_is_told(look: Look) -> None:
    seen = look(NETSUITE_ITEM_FIELD="custitem_nothing")

    assert failures(seen) == ["NetSuite table item"]
    assert "NETSUITE_ITEM_FIELD" in seen["NetSuite table item"].advice


def test_a_record_type_that_does_not_exist_is_not_taken_for_permitted(look: Look) -> None:
    def unknown(request: httpx2.Request, answer: httpx2.Response) -> Answer:
        if f"/{LOG}/" not in request.url.path:
            return answer
        detail = {"detail": f"Record type {LOG} does not exist.", "o:errorCode": "NONEXISTENT_ID"}
        return httpx2.Response(404, json={"o:errorDetails": [detail]})

    seen = look(transport=InFront(look.world.transport(), unknown))

    assert failures(seen) == [f"NetSuite record {LOG}"]


@pytest.mark.parametrize("fault", ["server_error", "throttled", "html_page"])
def test_a_netsuite_that_is_not_itself_is_told_as_such(look: Look, fault: str) -> None:
    look.world.netsuite.faults = Faults(**{fault: 1.0})  # type: ignore[arg-type]

    seen = look()

    assert failures(seen) == ["NetSuite sign-in", "NetSuite permissions", "configuration"]


def test_a_reference_that_is_inactive_or_missing_is_named(look: Look) -> None:
    look.world.netsuite.add_customer(501, "Walk-in", isinactive=True)
    look.world.change_record(tax_code="99")

    seen = look()

    assert failures(seen) == [f"configuration {LOCATION}"]
    message = seen[f"configuration {LOCATION}"].message
    assert "customer 501 is inactive" in message
    assert "tax code 99 does not exist" in message


def test_a_record_that_is_not_valid_does_not_hide_the_others(look: Look) -> None:
    look.world.netsuite.put_custom_record(
        CONFIGURATION, {"name": "Half a shop", "custrecord_ipos_location_code": "AUH01"}
    )

    seen = look()

    assert failures(seen) == ["configuration AUH01 (record 2)"]
    assert "Half a shop" in seen["configuration AUH01 (record 2)"].message
    assert seen[f"IPOS {LOCATION}"].verdict == Verdict.OK
    assert failures(look(locations=[LOCATION])) == [], "nobody asked for the other one"
    assert failures(look(locations=["AUH01"])) == ["configuration AUH01 (record 2)"]


def test_a_code_that_two_records_have_is_told_once(look: Look) -> None:
    (record,) = look.world.netsuite.custom_records(CONFIGURATION)
    copy = {name: value for name, value in record.items() if name not in {"id", "externalid"}}
    look.world.netsuite.put_custom_record(CONFIGURATION, copy)

    seen = look()

    assert failures(seen) == [f"configuration {LOCATION}"]
    assert "2 active IPOS Configuration records" in seen[f"configuration {LOCATION}"].message
    assert f"IPOS {LOCATION}" not in seen, "which credential is the right one?"


def test_a_location_without_a_record_is_told_and_the_named_one_is_looked_at(look: Look) -> None:
    seen = look(locations=[LOCATION, "XXX99"])

    assert failures(seen) == ["configuration XXX99"]
    assert f"IPOS {LOCATION}" in seen


def test_no_active_record_at_all_is_a_warning(look: Look) -> None:
    look.world.change_record(isinactive=True)

    assert look()["configuration"].verdict == Verdict.WARNING


def test_a_wrong_credential_of_ipos_is_its_own_line(look: Look) -> None:
    look.world.change_record(auth_value="rotated-s3cr3t")

    seen = look()

    assert failures(seen) == [f"IPOS {LOCATION}"]
    assert "s3cr3t" not in str(seen)


def test_an_unknown_profile_is_told_by_the_location(look: Look) -> None:
    look.world.change_record(profile="unheard-of")

    assert failures(look()) == [f"configuration {LOCATION} (record 1)"]


@pytest.mark.parametrize(("minutes", "verdict"), [(0, Verdict.OK), (2, Verdict.WARNING)])
def test_the_clock_of_ipos_is_compared_with_ours(
    look: Look, minutes: int, verdict: Verdict
) -> None:
    world = look.world

    def dated(request: httpx2.Request, answer: httpx2.Response) -> Answer:
        if str(request.url).startswith(IPOS_URL):
            at = world.clock.now + timedelta(minutes=minutes)
            answer.headers["Date"] = format_datetime(at, usegmt=True)
        return answer

    seen = look(transport=InFront(world.transport(), dated))

    assert seen[f"IPOS {LOCATION}"].verdict == verdict


def test_ipos_is_looked_at_although_netsuite_is_down(look: Look, tmp_path: Path) -> None:
    """A configuration file needs no NetSuite."""
    file = tmp_path / "configuration.yaml"
    (record,) = look.world.netsuite.custom_records(CONFIGURATION)
    named = {
        name.removeprefix("custrecord_ipos_"): value
        for name, value in record.items()
        if name.startswith("custrecord_ipos_") and value is not None
    }
    file.touch(0o600)
    file.write_text(simplejson.dumps({"configurations": [named]}))
    look.world.netsuite.faults = Faults(server_error=1.0)

    seen = look(IPOS_CONFIGURATION_FILE=str(file))

    assert seen[f"IPOS {LOCATION}"].verdict == Verdict.OK
    assert seen[f"configuration {LOCATION}"].verdict == Verdict.NOT_TRIED


@pytest.mark.parametrize("home", ["", "relative", "/nonexistent"])
def test_a_dagster_home_that_is_none_is_told(look: Look, home: str) -> None:
    seen = look(DAGSTER_HOME=home)

    assert failures(seen) == ["Dagster"]
    assert "dagster.yaml" in seen["Dagster"].advice


def test_a_dagster_yaml_that_is_broken_is_told(look: Look) -> None:
    Path(look.environment["DAGSTER_HOME"], "dagster.yaml").write_text("storage: [")

    assert failures(look()) == ["Dagster"]


def test_a_key_file_that_others_may_read_is_told_with_what_to_type(
    look: Look, tmp_path: Path
) -> None:
    file = tmp_path / "netsuite.pem"
    file.write_text(look.world.environment["NETSUITE_PRIVATE_KEY"].replace("\\n", "\n"))
    file.chmod(0o644)

    seen = look(NETSUITE_PRIVATE_KEY="", NETSUITE_PRIVATE_KEY_FILE=str(file))

    assert seen["NetSuite sign-in"].verdict == Verdict.FAILED
    assert f"chmod 600 {file}" in seen["NetSuite sign-in"].advice
