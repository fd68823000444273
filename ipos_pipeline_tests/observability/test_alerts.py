"""The sample alerts: as Prometheus takes them, on figures that there are, with a way out."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest
import yaml
from prometheus_client.core import Metric

from ipos_pipeline.ledger.store import LedgerStore
from ipos_pipeline.steps.measuring import Watched
from ipos_pipeline.steps.scraping import LedgerCollector
from ipos_pipeline_tests.builders import NOON
from ipos_pipeline_tests.certificates import make_tls_files
from ipos_pipeline_tests.observability.promql import read
from ipos_pipeline_tests.repository_text import DOCS, ROOT

FILE = ROOT / "deploy" / "prometheus" / "alerts.yaml"
GROUPS: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["groups"]
RULES = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}

# The parts of a rule file by Prometheus's documentation ("Alerting rules"); it refuses others.
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
RULE = {
    "type": "object",
    "required": ["alert", "expr", "for", "labels", "annotations"],
    "additionalProperties": False,
    "properties": {
        "alert": {"type": "string", "pattern": "^IposPipeline[A-Z][A-Za-z]+$"},
        "expr": {"type": "string"},
        "for": {"type": "string", "pattern": "^[0-9]+[smhd]$"},
        "labels": {
            **TEXTS,
            "required": ["severity"],
            "properties": {"severity": {"enum": ["critical", "warning"]}},
        },
        "annotations": {**TEXTS, "required": ["summary", "runbook_url"]},
    },
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "groups": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "rules"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "rules": {"type": "array", "minItems": 1, "items": RULE},
                },
            },
        }
    },
}


@pytest.fixture
def families(sqlite_url: str, tmp_path: Any) -> list[Metric]:
    """Give all that is exposed, of an empty ledger and with a certificate."""
    file = make_tls_files(tmp_path).certificate
    watched = Watched(4, NOON - NOON, file, lambda: NOON)
    collector = LedgerCollector(
        lambda: LedgerStore.open(sqlite_url), watched, tell=lambda error: pytest.fail(str(error))
    )
    return list(collector.collect())


def test_the_file_has_the_form_that_prometheus_takes() -> None:
    jsonschema.validate({"groups": GROUPS}, SCHEMA)
    assert len(RULES) == sum(len(group["rules"]) for group in GROUPS)


def test_each_alert_asks_for_figures_and_labels_that_there_are(families: list[Metric]) -> None:
    """A rule on a figure that nobody exposes never fires, and nobody notices."""
    exposed = {
        one.name + ("_total" if one.type == "counter" else ""): set(one._labelnames)
        for one in families
    }
    for name, rule in RULES.items():
        asked = read(rule["expr"])
        assert asked.metrics, name
        for metric, labels in asked.metrics:
            assert metric in exposed, f"{name}: {metric}"
            assert labels <= exposed[metric], f"{name}: {metric} has no {labels}"
        known = set().union(*(exposed[metric] for metric, _ in asked.metrics))
        assert asked.labels <= known, f"{name}: {asked.labels}"


def test_each_summary_uses_only_labels_that_its_figures_have(families: list[Metric]) -> None:
    labels = {one.name: set(one._labelnames) for one in families}
    for name, rule in RULES.items():
        asked = read(rule["expr"])
        there = asked.labels or set().union(
            *(labels.get(metric.removesuffix("_total"), set()) for metric, _ in asked.metrics)
        )
        said = rule["annotations"]["summary"]
        assert set(re.findall(r"\$labels\.(\w+)", said)) <= there, name


def test_each_alert_leads_to_its_own_section_of_the_runbook() -> None:
    headings = re.findall(r"^### (\w+)$", (DOCS / "runbook.md").read_text(), re.MULTILINE)
    assert [one for one in headings if one.startswith("IposPipeline")] == list(RULES)
    for name, rule in RULES.items():
        assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{name.lower()}"


def test_what_people_must_be_told_at_once_is_critical_and_little_else_is() -> None:
    critical = {name for name, rule in RULES.items() if rule["labels"]["severity"] == "critical"}
    assert critical == {
        *("IposPipelineNotScraped", "IposPipelineLedgerAway", "IposPipelineNobodyLooks")
    }


@pytest.mark.parametrize(
    "wrong",
    [
        "sum by location (up)",
        "up >",
        "rate(up) > 1",
        "increase(up[5m] > 1",
        'up{a="b} == 1',
        "up == 1 == ",
        "nobody(up)",
        "up[5m]",
        "5x > 1",
    ],
)
def test_the_reader_of_expressions_refuses_what_is_wrong(wrong: str) -> None:
    with pytest.raises(SyntaxError):
        read(wrong)


def test_every_figure_has_our_prefix_and_a_meaning(families: list[Metric]) -> None:
    names = [one.name for one in families]
    assert len(names) == len(set(names))
    for one in families:
        assert one.name.startswith("ipos_pipeline_")
        assert one.documentation.endswith((".", ")."))
        assert set(one._labelnames) <= {"location", "record_type", "status", "code", "state"} or (
            one.name == "ipos_pipeline_build"
        )
