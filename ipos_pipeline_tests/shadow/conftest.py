"""One simulated shop in shadow, the script that still posts it, and what either has written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from ipos_pipeline.cli.main import run
from ipos_pipeline.domain.shadow_comparison import ShadowComparison
from ipos_pipeline.steps.comparing_shadow import compare_shadow_day
from ipos_pipeline_tests.builders import DAY, LOCATION, amount_line, raw_invoice, raw_line
from ipos_pipeline_tests.configuration.conftest import metadata_of
from ipos_pipeline_tests.errors_workflow.conftest import inbox, operation
from ipos_pipeline_tests.operators.conftest import Answer, Command
from ipos_pipeline_tests.pipeline.conftest import Pipeline, instance, pipeline
from simulators.incumbent import NO_MISTAKES, Incumbent, Mistakes

__all__ = ["inbox", "instance", "metadata_of", "operation", "pipeline"]

FIRST_DAY, SECOND_DAY = DAY - timedelta(days=2), DAY - timedelta(days=1)
EXCHANGE = (amount_line(1, 2, "20.00"), amount_line(2, -1, "-7.50"))


def sold(number: int, day: date = DAY, hour: int = 11, *lines: Any, **changes: Any) -> Any:
    """Build an invoice of a day by its number."""
    moment = f"{day}T{hour:02}:07:33"
    return raw_invoice(
        *lines, **{"InvNo": number, "InvDate": moment, "BusinessDate": f"{day}", **changes}
    )


def key(number: int, end: str = "-CS") -> str:
    """Give the external ID of an invoice's document."""
    return f"IPOS-{LOCATION}-2026-S-{number}{end}"


def warnings_of(result: dg.ExecuteInProcessResult) -> set[str]:
    """Name the checks of a run that are not green; a red one is no warning."""
    found = [one for one in result.get_asset_check_evaluations() if not one.passed]
    assert {one.severity for one in found} <= {dg.AssetCheckSeverity.WARN}
    return {one.check_name for one in found}


@dataclass
class Beside:
    """The pipeline in shadow beside the script."""

    pipeline: Pipeline
    mistakes: Mistakes = NO_MISTAKES
    script: dict[str, Any] = field(default_factory=dict)

    @property
    def incumbent(self) -> Incumbent:
        """The script of the one shop."""
        world = self.pipeline.world
        return Incumbent(
            world.ipos,
            world.netsuite,
            location=LOCATION,
            clock=world.clock,
            mistakes=self.mistakes,
            **self.script,
        )

    def sell(self, *invoices: Any) -> None:
        """Have the shop sell something."""
        self.pipeline.world.ipos.add_invoices(invoices)

    def run(self, day: date = DAY) -> dg.ExecuteInProcessResult:
        """Run a store-day a minute later; it must succeed."""
        self.pipeline.world.clock.advance(60)
        result = self.pipeline.run(day)
        assert result.success
        return result

    def be_on(self, day: date) -> None:
        """Move the time to noon of a day."""
        clock = self.pipeline.world.clock
        clock.advance((day - clock.now.date()).days * 24 * 3600)

    def compared(self, day: date = DAY) -> ShadowComparison:
        """Compare a store-day, afresh."""
        with self.pipeline.world.connections(**self.pipeline.environment) as opened:
            configuration = opened.configuration(LOCATION)
            return opened.wait_for(
                compare_shadow_day(
                    opened.netsuite,
                    opened.ledger,
                    opened.mapping_rules(configuration),
                    day=day,
                    item_field=opened.settings.item_field,
                    at=opened.clock(),
                )
            )

    def kinds(self, day: date = DAY) -> dict[str, list[str]]:
        """Give what a comparison finds that differs: kind -> the subjects."""
        found: dict[str, list[str]] = {}
        for one in self.compared(day).differing:
            found.setdefault(one.kind, []).append(one.subject)
        return found

    def ours_in_netsuite(self) -> list[str]:
        """List the external IDs of what the pipeline has posted."""
        found = self.pipeline.world.netsuite.transactions()
        return sorted(one["externalId"] for one in found if one["externalId"])

    def writes(self) -> list[str]:
        """List the requests of the product that wrote, or tried to write, to either side."""
        world = self.pipeline.world
        asked = [*world.netsuite.requests, *world.ipos.requests]
        reads = ("/suiteql", "/oauth2/v1/token", "/api/token")
        return [
            f"{one.method} {one.path}"
            for one in asked
            if one.method != "GET" and not one.path.endswith(reads)
        ]


def map_incumbent(pipeline: Pipeline, tmp_path: Path, **incumbent: str) -> None:
    """Say in the mapping by what the script's documents are found."""
    path = tmp_path / "mapping.yaml"
    path.write_text(yaml.safe_dump({"incumbent": incumbent}))
    pipeline.environment["NETSUITE_MAPPING_FILE"] = str(path)


@pytest.fixture
def beside(pipeline: Pipeline, tmp_path: Path) -> Beside:
    """A shop in shadow whose script writes the number into `otherRefNum`."""
    pipeline.world.change_record(mode="shadow")
    map_incumbent(pipeline, tmp_path, field="otherrefnum")
    return Beside(pipeline)


def unknown_item(number: int, day: date = DAY) -> Any:
    """Build an invoice whose item NetSuite does not have."""
    return sold(number, day, 11, raw_line(PrimaryBarcode="999"))


@pytest.fixture
def command(beside: Beside, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command of operators in this process, on the shop."""
    pipeline = beside.pipeline

    def execute(*arguments: str) -> Answer:
        capsys.readouterr()
        code = run(arguments, connect=lambda: pipeline.world.connections(**pipeline.environment))
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return execute
