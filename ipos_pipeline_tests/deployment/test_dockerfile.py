"""The images: from what they are made, as whom they run, and what must not be in them.

No Docker engine is needed: what a build would do is done piece by piece here and in
test_compose_commands.py, which starts the images' commands.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from benchmarks.runs import MEMORY
from ipos_pipeline.ledger.versions import SCHEMA_VERSION
from ipos_pipeline_tests.deployment import dockerfile
from ipos_pipeline_tests.repository_text import PACKAGE, ROOT

IMAGES = ["pipeline", "simulators"]
COMPILERS = re.compile(r"\b(gcc|g\+\+|build-essential|clang|cargo|rustc|python3-dev)\b")
SECRET = re.compile(r"secret|password|private_key|token", re.IGNORECASE)


def tracked() -> list[str]:
    """Name the files of a clean clone, and those that the next commit adds."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_base_of_every_stage_is_pinned_by_its_digest() -> None:
    stages = dockerfile.stages()
    bases = {stage.base for stage in stages.values()} - stages.keys()
    assert bases
    assert [
        one for one in bases if not re.fullmatch(r"python:3\.12\.\d+-\S+@sha256:\w{64}", one)
    ] == []


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_runs_as_a_user_with_a_fixed_number(image: str) -> None:
    assert dockerfile.last(image, "USER") == "10001:10001"
    assert dockerfile.lineage(image)[-1].all("USER") == []


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_has_no_compiler_and_no_pip(image: str) -> None:
    """What is built is copied from a stage that is thrown away; wheels alone are taken there."""
    run = " ".join(words for stage in dockerfile.lineage(image) for words in stage.all("RUN"))
    assert "pip" not in run.replace("ipos-pipeline", "")
    assert not COMPILERS.search(run)
    built = " ".join(words for stage in dockerfile.stages().values() for words in stage.all("RUN"))
    installs = re.findall(r"install (?=\S*--require-hashes)[^&]*", built)
    assert len(installs) == 3
    assert all("--only-binary :all:" in one for one in installs)


def test_nothing_but_sources_and_locks_is_sent_to_a_build() -> None:
    """A secret that lies about in a clone must not get into an image."""
    sent = {path.split("/")[0] for path in tracked() if dockerfile.is_sent(path)}
    assert sent == {"README.md", "deploy", "ipos_pipeline", "pyproject.toml", "simulators"}
    locks = {path for path in tracked() if path.startswith("deploy/") and dockerfile.is_sent(path)}
    assert locks == {"deploy/build.lock", "deploy/requirements.lock", "deploy/simulators.lock"}
    assert not dockerfile.is_sent("deploy/secrets/ledger_url")
    assert not dockerfile.is_sent(".env")
    assert not dockerfile.is_sent("ipos_pipeline/__pycache__/errors.pyc")


def test_all_that_is_copied_is_in_a_clean_clone_and_is_sent() -> None:
    files = [path for path in tracked() if dockerfile.is_sent(path)]
    sources = dockerfile.copied()
    assert sources
    missing = [
        source for source in sources if not any(f"{one}/".startswith(f"{source}/") for one in files)
    ]
    assert missing == []


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_sets_no_secret_and_keeps_memory_as_the_example_says(image: str) -> None:
    variables = dockerfile.environment(image)
    assert MEMORY.items() <= variables.items()
    assert [name for name in variables if SECRET.search(name)] == []
    assert [name for stage in dockerfile.stages().values() for name in stage.all("ARG")] == []


def test_all_that_a_container_writes_to_lies_in_a_volume_or_in_tmp() -> None:
    """So its root file system can be read-only, as deploy/compose.yaml and the Helm values ask."""
    variables = dockerfile.environment("pipeline")
    volumes = dockerfile.last("pipeline", "VOLUME")
    for name in ("DAGSTER_HOME", "IPOS_PIPELINE_DATA_DIR"):
        assert f'"{variables[name]}"' in volumes
    assert variables["HOME"] == "/tmp"  # noqa: S108 - of the container, a file system of its own
    assert variables["PYTHONDONTWRITEBYTECODE"] == "1"


def test_the_package_that_is_built_holds_its_templates_migrations_and_types(tmp_path: Path) -> None:
    """A file that only lies beside the source is missed where the package was installed."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    for path in tracked():
        if path.startswith("ipos_pipeline/"):
            target = source / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / path).read_bytes())
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "."]
    subprocess.run([sys.executable, "-m", "pip", *build], cwd=source, check=True)

    with ZipFile(next(source.glob("*.whl"))) as wheel:
        held = {name for name in wheel.namelist() if name.startswith("ipos_pipeline/")}
        entry_points = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
        assert b"ipos-pipeline = ipos_pipeline.cli.main:main" in wheel.read(entry_points)

    ours = {path for path in tracked() if path.startswith("ipos_pipeline/")}
    assert ours - held == set()
    assert any(f"/versions/{SCHEMA_VERSION}_" in name for name in held)
    assert any(name.endswith("day_report.html.jinja") for name in held)
    assert (PACKAGE / "py.typed").exists()
