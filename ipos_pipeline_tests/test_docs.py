"""The documents say what the code does: names, paths, variables and examples are compared with it.

What must be documented is collected from the code (repository_text.py), so that nothing is
forgotten in a list here.
"""

import re
import tomllib

from benchmarks.runs import MEMORY
from ipos_pipeline.defs.checks import TOTALS_MATCH_NETSUITE
from ipos_pipeline.domain.mapping import FieldMapping
from ipos_pipeline.domain.store_day_proof import TOLD_ONLY, DifferenceKind
from ipos_pipeline.settings.configuration_records import (
    read_configuration_file,
    read_mapping,
    read_profiles,
    sort_records,
)
from ipos_pipeline.settings.environment import Settings
from ipos_pipeline.settings.secret_values import SECRETS
from ipos_pipeline_tests.repository_text import (
    DOCS,
    DOCUMENTS,
    FENCED_CODE,
    ROOT,
    check_names,
    environment_of_example,
    error_codes,
    exception_names,
    names_defined_in,
    references,
    text_files,
    variables_read,
)

DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
RUNBOOK = (DOCS / "runbook.md").read_text(encoding="utf-8")
README_LINES_MAX = 120
DECISION_LINES_MAX = 60
LINK = re.compile(r"\]\(([^)\s]+)\)")
RUNBOOK_ENTRY = re.compile(r"^### `([^`]+)`$(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
NOT_IN_THE_REPOSITORY = {"uv.lock", ".demo/data", "build/sbom.cdx.json"}
REGISTRY_HOST = re.compile(
    r"pypi\.|pythonhosted\.|npmjs\.|docker\.io|ghcr\.io|quay\.io|artifactor[y]|--index-ur[l]"
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|work|tmp|Users)/\w|[A-Z]:\\\\?Users")
DECISION_CITED = re.compile(r"(?:ADR |docs/decisions/)(\d{4})")


def test_each_check_error_code_and_exception_has_a_runbook_entry_and_nothing_else_has() -> None:
    """An operator who meets a name must find it; one that is gone must not lead them astray."""
    entries = [name for name, _ in RUNBOOK_ENTRY.findall(RUNBOOK)]
    assert len(entries) == len(set(entries))
    assert set(entries) == check_names() | error_codes() | exception_names()


def test_each_runbook_entry_says_what_it_means_how_to_look_what_to_do_and_what_never() -> None:
    incomplete = {
        name
        for name, body in RUNBOOK_ENTRY.findall(RUNBOOK)
        if re.findall(r"^- \*\*(\w+):\*\*", body, re.MULTILINE) != ["Means", "Look", "Do", "Never"]
    }
    assert incomplete == set()


def test_each_kind_of_difference_is_explained_in_the_runbook() -> None:
    entry = dict(RUNBOOK_ENTRY.findall(RUNBOOK))[TOTALS_MATCH_NETSUITE]
    explained = re.findall(r"^ +\| `(\w+)`( \*)? \|", entry, re.MULTILINE)
    assert {kind for kind, _ in explained} == set(DifferenceKind)
    assert {kind for kind, star in explained if star} == TOLD_ONLY


def test_the_example_environment_holds_each_variable_that_is_read_and_no_other() -> None:
    read_by_libraries = MEMORY.keys()
    workspace = (ROOT / "deploy" / "workspace.yaml").read_text(encoding="utf-8")
    read_by_dagster = re.findall(r"env: (\w+)", workspace)
    named = environment_of_example(with_optional=True).keys()
    assert named == variables_read() | read_by_libraries | set(read_by_dagster)


def test_each_variable_is_explained_with_its_default_or_as_required() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    meanings = re.findall(r"((?:^# .*\n)+)#?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE)
    assert {name for _, name in meanings} == environment_of_example(with_optional=True).keys()
    assert [n for said, n in meanings if not re.search(r"Required|Default", said)] == []


def test_the_example_environment_is_valid_with_and_without_its_optional_lines() -> None:
    Settings.from_environment(environment_of_example(with_optional=False))
    everything = environment_of_example(with_optional=True)
    del everything["NETSUITE_PRIVATE_KEY"]  # it stands for NETSUITE_PRIVATE_KEY_FILE
    for name in SECRETS:
        del everything[f"{name}_FILE"]  # each stands for NAME
    settings = Settings.from_environment(everything)
    for path in (settings.configuration_file, settings.profile_file, settings.mapping_file):
        assert path is not None
        assert (ROOT / path).exists()


def test_the_example_files_are_read_by_the_loaders_of_the_product() -> None:
    file = DOCS / "configuration.example.yaml"
    secrets = dict.fromkeys(re.findall(r"{env: (\w+)}", file.read_text(encoding="utf-8")), "fake")
    del secrets["NAME"]
    profiles = read_profiles(DOCS / "profile.example.yaml", environment={})
    records = sort_records(read_configuration_file(file, environment=secrets), profiles=profiles)
    assert set(records.usable) == {"DXB01", "SHJ01"}
    assert records.problems == ()
    assert len(profiles) == len(read_profiles(None, environment={})) + 1
    assert read_mapping(DOCS / "mapping.example.yaml", environment={}) != FieldMapping()


def test_each_path_in_a_document_exists() -> None:
    missing = [
        f"{document.relative_to(ROOT)}: {word}"
        for document, word, match in references()
        if match["path"] not in NOT_IN_THE_REPOSITORY and not (ROOT / match["path"]).exists()
    ]
    assert missing == []


def test_each_function_named_after_a_path_is_defined_there() -> None:
    found = [(document, match) for document, _, match in references() if match["name"]]
    missing = [
        f"{document.relative_to(ROOT)}: {match[0]}"
        for document, match in found
        if match["name"] not in names_defined_in(ROOT / match["path"])
    ]
    assert missing == []
    assert found


def test_each_relative_link_leads_somewhere() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in DOCUMENTS
        for target in LINK.findall(document.read_text(encoding="utf-8"))
        if "://" not in target and not (document.parent / target.partition("#")[0]).exists()
    ]
    assert broken == []


def test_each_make_target_that_a_document_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named: set[str] = set()
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        named |= set(re.findall(r"`make ([a-z]+)", text))
        for block in FENCED_CODE.findall(text):
            named |= set(re.findall(r"^make ([a-z]+)", block, re.MULTILINE))
    assert {"demo", "test", "ui"} <= named <= targets


def test_the_readme_and_the_decisions_stay_short() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in DOCUMENTS}
    assert lines[ROOT / "README.md"] <= README_LINES_MAX
    assert [path.name for path in DECISIONS if lines[path] > DECISION_LINES_MAX] == []


def test_each_decision_has_its_number_and_its_four_parts() -> None:
    for number, path in enumerate(DECISIONS, start=1):
        text = path.read_text(encoding="utf-8")
        assert path.name.startswith(f"{number:04d}-")
        assert text.startswith(f"# {number:04d}: ")
        assert "**Status:**" in text
        headings = re.findall(r"^## (\w+)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"]


def test_each_decision_that_is_cited_exists() -> None:
    known = {path.name[:4] for path in DECISIONS}
    cited = {number for _, text in text_files() for number in DECISION_CITED.findall(text)}
    assert cited
    assert cited <= known


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first = re.search(r"^## \[([^\]]+)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert first is not None
    assert first[1] == project["version"]


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    """A clone must install from wherever pip is told to, on whatever machine it is."""
    files = list(text_files())
    assert ROOT / "requirements.lock" in {path for path, _ in files}
    offending = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path, text in files
        for pattern in (REGISTRY_HOST, MACHINE_PATH)
        for match in pattern.finditer(text)
    ]
    assert offending == []
