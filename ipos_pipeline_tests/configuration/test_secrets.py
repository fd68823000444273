"""Credentials of the configuration records show nowhere: values, errors, logs, metadata, ledger."""

from __future__ import annotations

import traceback
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ipos_pipeline.definitions import build_definitions
from ipos_pipeline.domain.configuration import IposConfiguration
from ipos_pipeline_tests.builders import LOCATION, configuration_values, raw_invoice
from ipos_pipeline_tests.configuration.conftest import record_of
from ipos_pipeline_tests.contract.faulty import InFront
from ipos_pipeline_tests.pipeline.conftest import Pipeline
from simulators.world import CONFIGURATION

MARK = "s3cr3t"
SECRETS = st.text(max_size=20).map(lambda text: f"{MARK}{text}")
PASSWORD = "the-shops-very-secret-password"  # noqa: S105 - made up


@given(
    auth_value=SECRETS,
    password=SECRETS,
    change=st.dictionaries(
        st.sampled_from(sorted(IposConfiguration.model_fields.keys() - {"auth_value", "password"})),
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        max_size=3,
    ),
)
def test_no_record_valid_or_not_shows_its_credential(
    auth_value: str, password: str, change: dict[str, Any]
) -> None:
    values = configuration_values(auth_value=auth_value, password=password, username="u") | change
    try:
        record = IposConfiguration.model_validate(values)
    except ValidationError as error:
        shown = "".join(traceback.format_exception(error))
    else:
        shown = f"{record!r} {record} {record.model_dump()} {record.model_dump_json()}"
    assert MARK not in shown


class Watched(Pipeline):
    """A pipeline that keeps the tokens it sends to IPOS."""

    @cached_property
    def tokens(self) -> set[str]:
        """Give what was sent; the simulators record no credential."""
        return set()

    @property
    def definitions(self) -> dg.Definitions:
        """Look at each request on its way."""

        def look(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
            sent = request.headers.get("Authorization", "")
            if request.url.host == "ipos.test" and sent:
                self.tokens.add(sent.removeprefix("Bearer "))
            return answer

        transport = InFront(self.world.transport(), look)
        return build_definitions(
            {**self.world.environment, **self.environment},
            connect=lambda: self.world.connections(transport, **self.environment),
        )


@pytest.mark.parametrize("is_dry", [True, False])
def test_no_run_of_a_location_that_logs_in_shows_password_or_token(
    pipeline: Pipeline, tmp_path: Path, *, is_dry: bool
) -> None:
    """Logs, metadata, ledger and Parquet are read by many; the login belongs to IPOS alone."""
    login = {"username": "dubai", "password": PASSWORD, "token_url": "/api/token"}
    header = {"auth_header": None, "auth_value": None}
    record = record_of(pipeline)
    fields = {f"custrecord_ipos_{name}": value for name, value in (login | header).items()}
    pipeline.world.netsuite.put_custom_record(CONFIGURATION, {**record, **fields}, id=record["id"])
    pipeline.world.ipos.add_location(LOCATION, username="dubai", password=PASSWORD)
    pipeline.world.ipos.add_invoices([raw_invoice()])

    watched = Watched(pipeline.world, pipeline.instance, pipeline.environment)
    good = watched.run(tags={"ipos/dry_run": str(is_dry).lower()})
    pipeline.world.ipos.rotate_credential(LOCATION)
    failed = watched.run()

    assert good.success
    assert not failed.success
    assert watched.tokens
    events = "\n".join(str(event) for run in (good, failed) for event in run.all_events)
    logs = "\n".join(
        str(entry) for run in (good, failed) for entry in pipeline.instance.all_logs(run.run_id)
    )
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for secret in (PASSWORD, *watched.tokens):
        assert secret not in events
        assert secret not in logs
        assert not any(secret.encode() in content for content in files)
