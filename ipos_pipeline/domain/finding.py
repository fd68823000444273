"""What a look at one dependency showed: is it fit, and if not, what is to be done."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a dependency was found. A warning does not keep the pipeline from working."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen, and what to do about it; there is advice unless all is well."""

    verdict: Verdict
    message: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was tried with one dependency, and what was seen."""

    dependency: str
    tried: str
    seen: Seen

    def to_payload(self) -> dict[str, str]:
        """Write it for machines, with one key for each part."""
        return {"dependency": self.dependency, "tried": self.tried, **asdict(self.seen)}


def ok(message: str) -> Seen:
    """Say that all is well."""
    return Seen(Verdict.OK, message)


def warning(message: str, advice: str) -> Seen:
    """Say what will matter later, or cannot be told."""
    return Seen(Verdict.WARNING, message, advice)


def failed(message: str, advice: str) -> Seen:
    """Say what keeps the pipeline from working."""
    return Seen(Verdict.FAILED, message, advice)


def not_tried(message: str, advice: str) -> Seen:
    """Say what must be mended before this can be looked at."""
    return Seen(Verdict.NOT_TRIED, message, advice)
