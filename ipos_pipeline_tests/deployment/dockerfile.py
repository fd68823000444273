"""The Dockerfile taken apart: its stages with their instructions, as far as tests ask."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
from dataclasses import dataclass, field

from ipos_pipeline_tests.repository_text import ROOT

NOT_COMMANDS = re.compile(r"^\s*#.*\n", re.MULTILINE)


@dataclass
class Stage:
    """One stage: what it is built on, and its instructions in order."""

    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        """Give the arguments of each instruction of a kind."""
        return [words for kind, words in self.instructions if kind == instruction]


def arguments() -> dict[str, str]:
    """Give the defaults of the build arguments before the first stage."""
    return dict(words.partition("=")[::2] for kind, words in _lines() if kind == "ARG")


def stages() -> dict[str, Stage]:
    """Read the Dockerfile; build arguments in FROM are filled in."""
    found: dict[str, Stage] = {}
    stage: Stage | None = None
    for kind, words in _lines():
        if kind == "FROM":
            base, name = re.fullmatch(r"(\S+) AS (\S+)", words).groups()  # type: ignore[union-attr]
            for argument, value in arguments().items():
                base = base.replace(f"${{{argument}}}", value)
            stage = found[name] = Stage(name, base)
        elif stage is not None:
            stage.instructions.append((kind, words))
    return found


def lineage(name: str) -> list[Stage]:
    """Give a stage after those that it is built on, the oldest first."""
    stage = stages()[name]
    return [*(lineage(stage.base) if stage.base in stages() else []), stage]


def last(name: str, instruction: str) -> str:
    """Give what counts of an instruction in an image: the last one of its stages."""
    return [words for stage in lineage(name) for words in stage.all(instruction)][-1]


def environment(name: str) -> dict[str, str]:
    """Give the variables that an image sets."""
    lines = [one for stage in lineage(name) for one in stage.all("ENV")]
    return dict(word.partition("=")[::2] for line in lines for word in shlex.split(line))


def command(name: str) -> list[str]:
    """Give what an image starts by itself."""
    return list(json.loads(last(name, "CMD")))


def health_check(name: str) -> list[str]:
    """Give the command of an image's health check."""
    return list(json.loads(last(name, "HEALTHCHECK").partition("CMD")[2]))


def copied() -> list[str]:
    """Name each file and folder of the repository that some stage copies."""
    sources: list[str] = []
    for stage in stages().values():
        for words in stage.all("COPY"):
            parts = words.split()
            if not parts[0].startswith("--from"):
                sources += parts[:-1]
    return sources


def is_sent(path: str) -> bool:
    """Say whether .dockerignore lets a file into the build; the last line that matches counts."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        parts = path.split("/")
        whole = ["/".join(parts[: i + 1]) for i in range(len(parts))]
        candidates = parts if pattern.startswith("**/") else whole
        if any(fnmatch.fnmatchcase(one, pattern.removeprefix("**/")) for one in candidates):
            sent = line.startswith("!")
    return sent


def _lines() -> list[tuple[str, str]]:
    text = NOT_COMMANDS.sub("", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    lines = (line.partition(" ") for line in joined.splitlines() if line.strip())
    return [(kind, words.strip()) for kind, _, words in lines]
