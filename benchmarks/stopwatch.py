"""What something costs this process: seconds of its processor, and on the wall."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took; CPU seconds are those of this process alone."""

    cpu_seconds: float
    wall_seconds: float


class Stopwatch:
    """Measures from its making on."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.monotonic()

    def cost(self) -> Cost:
        """Give what was spent since."""
        return Cost(time.process_time() - self._cpu, time.monotonic() - self._wall)
