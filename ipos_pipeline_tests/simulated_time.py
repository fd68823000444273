"""An event loop whose time passes at once: it counts the seconds that would have been waited.

For questions of who waits for whom. Everything that sleeps or times out inside the loop agrees on
one time. Not for real sockets or threads: only timers move the time.
"""

import asyncio
import selectors
from typing import Any

from ipos_pipeline_tests.builders import NOON
from ipos_pipeline_tests.simulated_world import Clock


class _Jumping(selectors.DefaultSelector):
    """Moves the time on instead of waiting."""

    seconds = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready and timeout is None:
            message = "everything waits and nothing will ever happen"
            raise RuntimeError(message)
        if not ready:
            self.seconds += timeout or 0.0
        return ready


class SimulatedTimeLoop(asyncio.SelectorEventLoop):
    """A loop that begins at second 0."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Tell the simulated seconds since the loop was made."""
        return self._jumping.seconds


class LoopClock(Clock):
    """The world's clock read off such a loop; whoever sleeps lets others run meanwhile."""

    def __init__(self, loop: SimulatedTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def __call__(self) -> Any:
        """Read the time."""
        self.now = NOON
        self.advance(self._loop.time())
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Wait in the loop's time."""
        await asyncio.sleep(seconds)
