"""What a benchmark says: rows of one table, each with its limit if it has one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `least` and `most` are the limits that the design sets, in the same unit."""

    benchmark: str
    what: str
    figure: float
    unit: str
    least: float | None = None
    most: float | None = None

    @property
    def is_kept(self) -> bool:
        """Whether the figure is within its limits; one without limits always is."""
        return (self.least is None or self.figure >= self.least) and (
            self.most is None or self.figure <= self.most
        )

    @property
    def limit(self) -> str:
        """The limit in words for the table."""
        if self.least is not None:
            return f">= {self.least:g}"
        return "" if self.most is None else f"<= {self.most:g}"
