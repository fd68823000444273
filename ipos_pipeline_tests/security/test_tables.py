"""What is typed into a configuration record acts in no table of the command line either."""

from io import StringIO

import pytest
from rich.console import Console, RenderableType

from ipos_pipeline.cli.acting import text_table
from ipos_pipeline.cli.output import summary_table
from ipos_pipeline.steps.summarising import StoreDaySummary
from ipos_pipeline_tests.builders import DAY

CODES = {
    "[red]A1": "[red]A1",
    "A1[/]": "A1[/]",
    "A\x1b[2J1": "A\\x1b[2J1",
    "\u202eA1": "\\u202eA1",
}


def printed(shown: RenderableType) -> str:
    file = StringIO()
    Console(file=file, width=120, force_terminal=False).print(shown)
    return file.getvalue()


@pytest.mark.parametrize(("code", "told"), CODES.items())
def test_a_location_code_is_shown_as_it_is(code: str, told: str) -> None:
    """As markup it could hide itself, or end the command with an error."""
    summary = StoreDaySummary(code, DAY, 0, 0, 0, 0, 0, 0)  # type: ignore[arg-type]
    for table in (summary_table([summary]), text_table(code, ["Kind"], [["a" * 40]])):
        assert told in printed(table)
        assert not {"\x1b", "\u202e"} & set(printed(table))
