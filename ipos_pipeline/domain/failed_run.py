"""Which failed runs nobody has explained yet: a killed process, an exception we did not foresee.

A run that one of our own errors has stopped was explained when it happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A step that failed; `is_explained`: it said itself what happened and what to do."""

    name: str
    exception: str
    is_explained: bool


def pipeline_system(location_code: str) -> str:
    """Name the pipeline itself in outages, apart for each location as IPOS is."""
    return f"pipeline {location_code}"


def ipos_system(location_code: str) -> str:
    """Name the IPOS of one location in errors and outages."""
    return f"IPOS {location_code}"


def job_system(job: str) -> str:
    """Name a job that is about all locations in outages."""
    return f"job {job}"


def unexplained(steps: Iterable[FailedStep]) -> str | None:
    """Say in one sentence why a run failed, or None if a step has explained it.

    An exception is told by its class alone: its text may hold anything, secrets too.
    """
    failed = list(steps)
    if any(step.is_explained for step in failed):
        return None
    if not failed:
        return "The run ended without a word: its process was killed or never started."
    first = failed[0]
    return f"The step {first.name} ended with an unexpected {first.exception}."
