"""The benchmark of reconciling brings a day to NetSuite and proves it, whatever its size."""

from __future__ import annotations

from rich.console import Console

from benchmarks import reconcile_10k


def test_a_small_day_is_proved_twice_within_the_limits() -> None:
    """Requests do not grow with the documents, so a small day needs no more than a large one."""
    rows = reconcile_10k.measure(Console(quiet=True), invoices=20)

    figures = {row.what: row.figure for row in rows}
    for what in ("right after posting", "again"):
        assert figures[f"{what}: proved (1 is yes)"] == 1
        assert figures[f"{what}: IPOS requests"] > 0
        assert figures[f"{what}: CPU"] > 0
    assert all(row.is_kept for row in rows)
    counts = [row.what for row in rows if "NetSuite requests" in row.what]
    assert len(counts) == 2
    assert all("documents" in what for what in counts)
