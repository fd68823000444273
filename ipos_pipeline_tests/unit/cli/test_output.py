"""What commands print: it fits a terminal of the usual width."""

from datetime import date
from decimal import Decimal
from io import StringIO

from rich.console import Console

from ipos_pipeline.cli.output import summary_table
from ipos_pipeline.steps.summarising import StoreDaySummary

TERMINAL_COLUMNS = 80
BUSY_DAY = StoreDaySummary(
    location_code="DXB-MALL-01",
    day=date(2026, 11, 20),
    invoices=12_345,
    cash_sales=12_001,
    cash_refunds=1_234,
    acknowledged=12_344,
    open_errors=1_002,
    posted_total=Decimal("12345678.90"),
)


def printed(*summaries: StoreDaySummary, width: int) -> list[str]:
    out = StringIO()
    Console(file=out, width=width).print(summary_table(summaries))
    return out.getvalue().splitlines()


def test_the_summary_of_a_busy_day_needs_no_more_than_80_columns() -> None:
    """Given more, it takes no more; so nothing in it is wrapped or cut at 80."""
    lines = printed(BUSY_DAY, width=3 * TERMINAL_COLUMNS)

    assert max(len(line.rstrip()) for line in lines[1:]) <= TERMINAL_COLUMNS


def test_every_number_of_the_summary_is_whole_at_80_columns() -> None:
    (row,) = [line for line in printed(BUSY_DAY, width=TERMINAL_COLUMNS) if "2026-11-20" in line]

    cells = [cell.strip() for cell in row.strip("│ ").split("│")]
    assert cells[:2] == ["2026-11-20", "DXB-MALL-01"]
    assert cells[2:] == ["12345", "12001", "1234", "12344", "1002", "12,345,678.90"]
